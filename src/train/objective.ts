/**
 * What the networks are trained for: the losses of the generator, of the patch discriminator and of the code discriminator, each as one
 * value per sample. Gradients are meant to be those of the sum over the batch. Constants and formulas are those of the
 * reference trainer. Both sides go through every operation together, src before dst on the batch axis.
 */
import { abs, clip, concat, input, reduceMean, reshape, sign, slice, stopGradient, type Value } from '../graph/index.ts';
import {
  codeDiscriminator,
  encodedPart,
  type Face,
  type ModelConfig,
  type PatchLogits,
  part,
  patchDiscriminator,
  wiring,
} from '../models/index.ts';
import { crossEntropy, dssim, gaussianBlur, type Scope, sampleMean, styleLoss, totalVariation, type VariationAxes } from '../nn/index.ts';

export interface ObjectiveOptions {
  /** Limits the picture losses to the blurred face mask. */
  readonly maskedTraining: boolean;
  /** Adds the weight on eyes and mouth. */
  readonly eyesMouthPriority: boolean;
  /** Smooths the targets outside the mask. */
  readonly blurOutMask: boolean;
  /** 0…100; 0 is off, here and below. */
  readonly faceStylePower: number;
  readonly bgStylePower: number;
  readonly ganPower: number;
  readonly ganPatchSize: number;
  readonly ganDims: number;
  /** df only. */
  readonly trueFacePower: number;
  readonly variationAxes: VariationAxes;
}

/** One side of a batch, as in SideBatch: (res, res, n, 3) pictures and (res, res, n, 1) masks. */
export interface SideValues {
  readonly warped: Value;
  readonly target: Value;
  readonly mask: Value;
  readonly em: Value;
}

export interface BatchValues {
  readonly src: SideValues;
  readonly dst: SideValues;
}

/** Inputs of the graph for a batch: `src/warped` … `dst/em`. */
export function batchInputs(resolution: number, n: number): BatchValues {
  const side = (name: string): SideValues => {
    const image = (what: string, channels: number): Value => input(`${name}/${what}`, [resolution, resolution, n, channels]);
    return { warped: image('warped', 3), target: image('target', 3), mask: image('mask', 1), em: image('em', 1) };
  };
  return { src: side('src'), dst: side('dst') };
}

/** What the losses compare with, both sides on the batch axis: derived from the data alone, so no gradient passes. */
export interface Targets {
  /** The pictures, smoothed outside the mask where that is asked for. */
  readonly picture: Value;
  readonly mask: Value;
  readonly em: Value;
  /** The blurred mask, (res, res, 2n, 1). */
  readonly soft: Value;
}

function targetsOf({ src, dst }: BatchValues, { blurOutMask }: Pick<ObjectiveOptions, 'blurOutMask'>): Targets {
  const [picture, mask, em] = [
    [src.target, dst.target],
    [src.mask, dst.mask],
    [src.em, dst.em],
  ].map((sides) => concat(sides, 2)) as [Value, Value, Value];
  return { picture: blurOutMask ? smoothedOutside(picture, mask) : picture, mask, em, soft: softMask(mask) };
}

/** 1 well inside the mask, 0 well outside: 2·clip(blur, 0, 0.5). */
function softMask(mask: Value): Value {
  const sigma = Math.max(1, Math.floor(mask.shape[0]! / 32));
  return clip(gaussianBlur(mask, sigma), 0, 0.5).mul(2);
}

/** Outside the mask, each pixel becomes the blur of what lies outside: blur(t·A) / blur(A), with A = 1 − mask. */
function smoothedOutside(picture: Value, mask: Value): Value {
  const outside = mask.rsub(1);
  const sigma = picture.shape[0]! / 128;
  const weight = gaussianBlur(mask, sigma).rsub(1);
  const safe = weight.add(sign(abs(weight)).rsub(1)); // 1 where the weight is exactly 0
  return picture.mul(mask).add(gaussianBlur(picture.mul(outside), sigma).div(safe).mul(outside));
}

type TermName = `${'src' | 'dst'}/${string}`;

export interface GeneratorObjective {
  /** (n) each, already weighted, as `src/dssim` or `dst/mask`. They sum to srcLoss and dstLoss. */
  readonly terms: Readonly<Record<TermName, Value>>;
  readonly srcLoss: Value;
  readonly dstLoss: Value;
  /** (n): srcLoss + dstLoss + what the adversaries add. This is what the generator minimises. */
  readonly total: Value;
  readonly targets: Targets;
  /** Src before dst on the batch axis. */
  readonly predicted: Face;
}

/** @param p the root scope; the discriminators are `D_src` and `dis` below it. */
export function generatorObjective(p: Scope, c: ModelConfig, options: ObjectiveOptions, batch: BatchValues): GeneratorObjective {
  const net = wiring(c);
  const n = batch.src.warped.shape[2]!;
  const targets = targetsOf(batch, options);
  const encoded = net.encode(p, concat([batch.src.warped, batch.dst.warped], 2));
  const [onSrc, onDst] = [encodedPart(encoded, 0, n), encodedPart(encoded, n, 2 * n)];
  const srcCode = net.srcCode(p, onSrc);

  // The face style teaches the decoder alone, the background style the whole path of the swap.
  const faceStyle = options.faceStylePower > 0;
  const bgStyle = options.bgStylePower > 0;
  const swapCode = net.srcCode(p, onDst);
  const swapCodes = [...(faceStyle ? [stopGradient(swapCode)] : []), ...(bgStyle ? [swapCode] : [])];
  const { both, swaps } = net.decode(p, { src: srcCode, dst: net.dstCode(p, onDst), swaps: swapCodes });

  const face = masked(both.face, targets, options);
  const terms: Record<TermName, Value> = {};
  for (const [name, loss] of Object.entries(pictureTerms(both, face, targets, options))) {
    terms[`src/${name}`] = slice(loss, 0, 0, n);
    terms[`dst/${name}`] = slice(loss, 0, n, 2 * n);
  }
  if (faceStyle) terms['src/face_style'] = faceStyleTerm(swaps[0]!, part(both, n, 2 * n), options.faceStylePower);
  if (bgStyle) terms['src/bg_style'] = bgStyleTerm(swaps.at(-1)!.face, targets, options.bgStylePower);
  const sumOf = (side: 'src/' | 'dst/'): Value =>
    Object.entries(terms)
      .filter(([name]) => name.startsWith(side))
      .map(([, loss]) => loss)
      .reduce((a, b) => a.add(b));
  const [srcLoss, dstLoss] = [sumOf('src/'), sumOf('dst/')];

  let total = srcLoss.add(dstLoss);
  if (options.ganPower > 0) total = total.add(ganTerm(p, slice(both.face, 2, 0, n), slice(face, 2, 0, n), targets, options));
  if (usesTrueFace(c, options)) total = total.add(crossEntropy(1, codeDiscriminator(p.in('dis'), srcCode)).mul(options.trueFacePower));
  return { terms, srcLoss, dstLoss, total, targets, predicted: both };
}

export const usesTrueFace = (c: ModelConfig, { trueFacePower }: Pick<ObjectiveOptions, 'trueFacePower'>): boolean =>
  c.type === 'df' && trueFacePower > 0;

const masked = (picture: Value, { soft }: Targets, { maskedTraining }: Pick<ObjectiveOptions, 'maskedTraining'>): Value =>
  maskedTraining ? picture.mul(soft) : picture;

/** Sides of the DSSIM windows: one, or two at 256 pixels and more. */
const windowsOf = (resolution: number): readonly number[] =>
  (resolution < 256 ? [11.6] : [11.6, 23.2]).map((fraction) => Math.trunc(resolution / fraction));

/** Mean over the channels: (n). */
function sampleDssim(x: Value, y: Value, size: number): Value {
  const loss = dssim(x, y, size);
  return reshape(reduceMean(loss, [1]), [loss.shape[0]!]);
}

/** The terms of both sides, (2n) each. @param face the predicted faces as the losses see them. */
function pictureTerms(predicted: Face, face: Value, targets: Targets, options: ObjectiveOptions): Readonly<Record<string, Value>> {
  const target = masked(targets.picture, targets, options);
  const windows = windowsOf(face.shape[0]!);
  const structure = windows.map((size) => sampleDssim(target, face, size).mul(10 / windows.length));
  const em = abs(targets.picture.sub(predicted.face)).mul(targets.em);
  return {
    dssim: structure.reduce((a, b) => a.add(b)),
    mse: sampleMean(target.sub(face).square()).mul(10),
    ...(options.eyesMouthPriority ? { eyes_mouth: sampleMean(em).mul(300) } : {}),
    mask: sampleMean(targets.mask.sub(predicted.mask).square()).mul(10),
  };
}

/** The swapped face within its mask has the colours of the dst face within its mask. Only the decoder learns from it. */
function faceStyleTerm(swap: Face, dst: Face, power: number): Value {
  const a = swap.face.mul(stopGradient(swap.mask));
  const b = stopGradient(dst.face.mul(dst.mask));
  return styleLoss(a, b, { sigma: Math.floor(a.shape[0]! / 8), weight: (10000 * power) / 100 });
}

/**
 * The swapped picture resembles the dst target outside the *src* mask: the reference forms a mask of the dst side here and then uses the
 * src one, and so do we. One window at any resolution.
 */
function bgStyleTerm(swap: Value, targets: Targets, power: number): Value {
  const n = swap.shape[2]!;
  const outside = slice(targets.soft, 2, 0, n).rsub(1);
  const a = swap.mul(outside);
  const b = slice(targets.picture, 2, n, 2 * n).mul(outside);
  const structure = sampleDssim(a, b, windowsOf(swap.shape[0]!)[0]!);
  return structure.add(sampleMean(a.sub(b).square())).mul((10 * power) / 100);
}

/** What the patch discriminator adds. @param picture, face the predicted src faces, whole and as the losses see them. */
function ganTerm(p: Scope, picture: Value, face: Value, targets: Targets, options: ObjectiveOptions): Value {
  const { center, out } = patchLogits(p, face, options);
  const fooled = crossEntropy(1, center).add(crossEntropy(1, out)).mul(options.ganPower);
  if (!options.maskedTraining) return fooled;
  const n = picture.shape[2]!;
  const outside = slice(targets.soft, 2, 0, n).rsub(1);
  const background = picture.sub(slice(targets.picture, 2, 0, n)).mul(outside);
  return fooled.add(totalVariation(picture, options.variationAxes).mul(1e-6)).add(sampleMean(background.square()).mul(0.02));
}

const patchLogits = (p: Scope, picture: Value, { ganPatchSize, ganDims }: ObjectiveOptions): PatchLogits =>
  patchDiscriminator(p.in('D_src'), picture, { patchSize: ganPatchSize, dims: ganDims });

/**
 * Loss of the patch discriminator, (n): pictures of the src side are to be told from targets.
 *
 * @param p where the discriminator's variables are. @param generator the same scope, or one with the updated generator.
 */
export function patchObjective(
  p: Scope,
  generator: Scope,
  c: ModelConfig,
  options: ObjectiveOptions,
  batch: BatchValues,
): { readonly loss: Value; readonly made: PatchLogits; readonly real: PatchLogits } {
  const net = wiring(c);
  const n = batch.src.warped.shape[2]!;
  const targets = targetsOf(batch, options);
  const soft = slice(targets.soft, 2, 0, n);
  const seen = (picture: Value): Value => (options.maskedTraining ? picture.mul(soft) : picture);
  const made = net.decodeSrc(generator, net.srcCode(generator, net.encode(generator, batch.src.warped))).face;
  const judged = patchLogits(p, concat([seen(made), seen(slice(targets.picture, 2, 0, n))], 2), options);
  const samples = (from: number): PatchLogits => ({
    center: slice(judged.center, 2, from, from + n),
    out: slice(judged.out, 2, from, from + n),
  });
  const [onMade, onReal] = [samples(0), samples(n)];
  const parts = [crossEntropy(1, onReal.center), crossEntropy(0, onMade.center), crossEntropy(1, onReal.out), crossEntropy(0, onMade.out)];
  return { loss: parts.reduce((a, b) => a.add(b)).mul(0.5), made: onMade, real: onReal };
}

/** Loss of the code discriminator, (n): dst codes are to be told from src codes. Scopes as in patchObjective. */
export function codeObjective(p: Scope, generator: Scope, c: ModelConfig, batch: BatchValues): Value {
  const net = wiring(c);
  const n = batch.src.warped.shape[2]!;
  const { shared } = net.encode(generator, concat([batch.src.warped, batch.dst.warped], 2));
  const logits = codeDiscriminator(p.in('dis'), shared);
  return crossEntropy(1, slice(logits, 2, n, 2 * n))
    .add(crossEntropy(0, slice(logits, 2, 0, n)))
    .mul(0.5);
}
