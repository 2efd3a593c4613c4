/**
 * One face merged into the part of the frame that it touches, in the reference's order: colours, warp, seams, mix, then the filters of
 * the second stage. Everything happens inside the crop's pane.
 */
import type { Rng } from '../base/index.ts';
import {
  blurSharpen,
  clip,
  type FloatImage,
  floatImage,
  histogramMatch,
  invertAffine,
  type LabTable,
  type LightCurve,
  labTable,
  linearMotionBlur,
  multibandBlend,
  type Pane,
  resizeCubic,
  Simd,
  seamlessClone,
  srgbCurve,
  warpWindow,
  wholePane,
} from '../image/index.ts';
import type { FaceCrop } from './faceCrop.ts';
import { binaryMask, faceMask, isVisible, maskInFrame } from './faceMask.ts';
import type { Motion } from './motion.ts';
import { type Prediction, workingFace } from './prediction.ts';
import { recolour } from './recolour.ts';
import type { MergeSettings } from './settings.ts';

/** Tables and memories that merging uses again and again. Made once for a run by mergeTools(); not for two threads at once. */
export interface MergeTools {
  readonly table: LabTable;
  readonly simd: Simd;
  /** What the values of frames mean that networks know. */
  readonly light: LightCurve;
  /** Room for a whole frame: of a new one for each there is much to get and to clear away. Nothing stays in it. */
  readonly room: { floats: Float32Array };
}

export const mergeTools = (): MergeTools => ({
  ...{ table: labTable(), simd: new Simd(), light: srgbCurve(), room: { floats: new Float32Array() } },
});

/** What a face needs beside its crop and settings. */
export interface FaceContext {
  readonly motion: Motion;
  /** For random colour transfers. */
  readonly rng: Rng;
  readonly tools: MergeTools;
  /** Whether the frame has 8 bits: then seamless modes compute on bytes, as the reference does. */
  readonly byteValues: boolean;
  /** The frame after its own degradation, over the pane of this crop; undefined if the settings ask for none. */
  readonly degraded: FloatImage | undefined;
}

/** A face in its frame, over the crop's pane. */
export interface MergedPane {
  readonly colour: FloatImage;
  readonly mask: FloatImage;
  /** Whether the face was large enough to be merged; if not, the frame is as it was. */
  readonly merged: boolean;
}

/** Face and mask at the crop's size: mode raw-predict. */
export function rawPrediction(
  crop: FaceCrop,
  prediction: Prediction,
  settings: MergeSettings,
  { simd }: MergeTools,
): { face: FloatImage; mask: FloatImage } {
  const { face, prd, dst } = workingFace(crop, prediction, settings);
  const mask = resizeToCrop(crop, faceMask(crop, { prd, dst }, prediction, settings, false, simd), simd);
  clip(mask.data, 0, 1);
  return { face: asSignal(crop, face), mask };
}

/** A face as the frame holds faces. Nothing of it becomes brighter than the frame's own face is. */
function asSignal({ colours, face: own }: FaceCrop, face: FloatImage): FloatImage {
  if (colours === undefined) return face;
  const out: FloatImage = { ...face, data: face.data.slice() };
  colours.toSignal(out, colours.brightest(own));
  return out;
}

/** @param crop  made with the same settings; its pane is defined. */
export function mergeFace(crop: FaceCrop, prediction: Prediction, settings: MergeSettings, context: FaceContext): MergedPane {
  const pane = crop.pane!;
  const { mode } = settings;
  const { face: plain, prd, dst } = workingFace(crop, prediction, settings);
  const face = sharpened(plain, settings, context.tools);
  const wrk = faceMask(crop, { prd, dst }, prediction, settings, mode !== 'raw-rgb', context.tools.simd);
  const mask = maskInFrame(crop, pane, wrk, context.tools.simd);
  if (mode === 'original') return { colour: pane.image, mask, merged: false };
  if (mode === 'raw-rgb') return { colour: pasteSquare(crop, pane, asSignal(crop, face), context.tools.simd), mask, merged: true };
  if (!isVisible(mask)) return { colour: pane.image, mask, merged: false };
  const area = readsArea(settings) ? areaOf(resizeToCrop(crop, wrk, context.tools.simd)) : floatImage(0, 0, 1);
  const light = lightOf(crop, settings, context.tools);

  const coloured = asSignal(crop, colourFace(crop, face, area, settings, context));
  const out = inFrame(crop, pane, coloured, mask, settings, context);
  if (!needsSecondStage(settings)) {
    light?.toSignal(out);
    return { colour: out, mask, merged: true };
  }

  let cropped = floatImage(crop.size, crop.size, 3);
  warpWindow(paneLike(pane, out), invertAffine(crop.faceFromFrame), wholePane(cropped), context.tools.simd);
  light?.toSignal(cropped);
  cropped = filterFace(cropped, crop, area, settings, context);
  const behind = mixable(context.degraded ?? pane.image, light);
  const filtered = floatImage(pane.image.width, pane.image.height, 3);
  warpWindow(wholePane(mixable(cropped, light)), crop.faceFromFrame, paneLike(pane, filtered), context.tools.simd, { where: mask.data });
  const result = mix(behind, filtered, mask.data);
  clip(result.data, 0, 1);
  light?.toSignal(result);
  return { colour: result, mask, merged: true };
}

/**
 * The face in the frame, by the mode's way of hiding the seam; in linear light if the settings ask for it. Cloning itself works on encoded
 * values all the same: its differences are then near to ratios of light, and a bright face in a dark frame doesn't fall below black.
 */
function inFrame(
  crop: FaceCrop,
  pane: Pane,
  face: FloatImage,
  mask: FloatImage,
  settings: MergeSettings,
  { byteValues, tools }: FaceContext,
): FloatImage {
  const { mode } = settings;
  const light = lightOf(crop, settings, tools);
  const frame = mixable(pane.image, light);
  if (mode === 'multiband') {
    // The seam lies where the mask is a half. Coarse bands reach beyond it and fade with what is left of the mask.
    const core = { ...mask, data: mask.data.map((m) => (m > 0.5 ? 1 : 0)) };
    const blended = multibandBlend(frame, pasteSquare(crop, paneLike(pane, frame), mixable(face, light), tools.simd), core);
    clip(blended.data, 0, 1);
    return mix(
      frame,
      blended,
      mask.data.map((m) => Math.min(1, 2 * m)),
    );
  }
  const seamless = mode === 'seamless' || mode === 'seamless-hist-match';
  const pasted = floatImage(pane.image.width, pane.image.height, 3);
  warpWindow(wholePane(seamless ? face : mixable(face, light)), crop.outputFromFrame, paneLike(pane, pasted), tools.simd, {
    where: mask.data,
    range: [0, 1],
  });
  if (!seamless) return mix(frame, pasted, mask.data);
  // The patch itself where nothing can be cloned.
  const cloned = seamlessClone(pane, { source: pasted, mask: binaryMask(mask) }, crop.frameSize, byteValues, tools.simd);
  return mix(frame, mixable(cloned ?? pasted, light), mask.data);
}

/** Whether anything is done to the face after it is in the frame, or to the frame itself. */
const needsSecondStage = (s: MergeSettings): boolean =>
  (s.mode === 'seamless' && s.color_transfer_mode !== 'none') ||
  s.mode === 'seamless-hist-match' ||
  s.motion_blur_power !== 0 ||
  s.blursharpen_amount !== 0 ||
  degradesFrame(s);

export const degradesFrame = (s: MergeSettings): boolean => s.image_denoise_power !== 0 || s.bicubic_degrade_power !== 0;

/** Whether colours are taken from where the mask is. */
const readsArea = (s: MergeSettings): boolean => s.color_transfer_mode !== 'none' || (s.mode === 'hist-match' && s.masked_hist_match);

/** The predicted face made crisper by itself, before anything of the frame is mixed in. */
function sharpened(face: FloatImage, { sharpen_prediction: amount }: MergeSettings, { simd }: MergeTools): FloatImage {
  if (amount === 0) return face;
  const out = blurSharpen(face, 'gaussian', amount, simd);
  clip(out.data, 0, 1);
  return out;
}

/** Colours and histogram before the face enters the frame; seamless modes do that afterwards. */
function colourFace(crop: FaceCrop, face: FloatImage, area: FloatImage, settings: MergeSettings, { rng, tools }: FaceContext): FloatImage {
  const { mode } = settings;
  if (mode === 'seamless' || mode === 'seamless-hist-match') return face;
  const coloured = recolour(face, crop.face, area, settings.color_transfer_mode, rng, tools.table);
  if (mode !== 'hist-match') return coloured;
  const where = settings.masked_hist_match ? area : undefined;
  return histogramMatch(whitened(coloured, where), whitened(crop.face, where), settings.hist_match_threshold, tools.simd);
}

/** The image with white where the area is 0. */
function whitened(image: FloatImage, area: FloatImage | undefined): FloatImage {
  const out = floatImage(image.width, image.height, 3);
  for (let i = 0, p = 0; p < out.data.length; i++, p += 3) {
    const keep = area === undefined || area.data[i] !== 0;
    for (let c = p; c < p + 3; c++) out.data[c] = keep ? Math.min(image.data[c]!, 1) : 1;
  }
  return out;
}

/** The second stage's filters of the face, in encoded values. */
function filterFace(face: FloatImage, crop: FaceCrop, area: FloatImage, settings: MergeSettings, context: FaceContext): FloatImage {
  const { mode } = settings;
  const seamless = mode === 'seamless' || mode === 'seamless-hist-match';
  const out = motionBlurred(seamless ? recoloured(face, crop, area, settings, context) : face, settings, context.motion);
  return blurSharpen(out, settings.sharpen_mode, settings.blursharpen_amount, context.tools.simd);
}

/** Colours and histogram of a face that is in the frame already. */
function recoloured(face: FloatImage, crop: FaceCrop, area: FloatImage, settings: MergeSettings, { rng, tools }: FaceContext): FloatImage {
  const { mode, color_transfer_mode: transfer, hist_match_threshold: threshold } = settings;
  if (transfer === 'none' && mode !== 'seamless-hist-match') return face;
  crop.colours?.fromSignal(face);
  const coloured = recolour(face, crop.face, area, transfer, rng, tools.table);
  return asSignal(crop, mode === 'seamless-hist-match' ? histogramMatch(coloured, crop.face, threshold, tools.simd) : coloured);
}

function motionBlurred(face: FloatImage, settings: MergeSettings, motion: Motion): FloatImage {
  const length = Math.trunc((motion.power * settings.motion_blur_power) / 100);
  if (length < 1) return face;
  const size = Math.min(Math.max(length + 1, 2), 50) * (settings.super_resolution_power === 0 ? 1 : 2);
  return linearMotionBlur(face, size, motion.angleDeg);
}

/** frame·(1 − mask) + face·mask, in the place of the face. */
function mix({ data: under }: FloatImage, face: FloatImage, mask: Float32Array): FloatImage {
  const over = face.data;
  for (let i = 0, p = 0; i < mask.length; i++, p += 3) {
    const m = mask[i]!;
    const rest = 1 - m;
    over[p] = under[p]! * rest + over[p]! * m;
    over[p + 1] = under[p + 1]! * rest + over[p + 1]! * m;
    over[p + 2] = under[p + 2]! * rest + over[p + 2]! * m;
  }
  return face;
}

/** Mode raw-rgb: the whole square of the prediction over the frame, hard edge but for the filter's. */
function pasteSquare(crop: FaceCrop, pane: Pane, face: FloatImage, simd: Simd): FloatImage {
  const { width, height } = pane.image;
  const ones = floatImage(crop.size, crop.size, 1);
  ones.data.fill(1);
  const [alpha, square] = [floatImage(width, height, 1), floatImage(width, height, 3)];
  warpWindow(wholePane(ones), crop.outputFromFrame, paneLike(pane, alpha), simd);
  warpWindow(wholePane(face), crop.outputFromFrame, paneLike(pane, square), simd);
  const out = mix(pane.image, square, alpha.data);
  clip(out.data, 0, 1);
  return out;
}

const resizeToCrop = ({ size }: FaceCrop, mask: FloatImage, simd: Simd): FloatImage => {
  const out = resizeCubic(mask, size, size, simd);
  return out === mask ? { ...mask, data: mask.data.slice() } : out;
};

function areaOf(mask: FloatImage): FloatImage {
  for (let i = 0; i < mask.data.length; i++) mask.data[i] = mask.data[i]! > 0 ? 1 : 0;
  return mask;
}

const paneLike = ({ x, y }: Pane, image: FloatImage): Pane => ({ x, y, image });

/** What the frame's values mean in light, if the settings ask for mixing that. */
const lightOf = ({ colours }: FaceCrop, { linear_light: isLinear }: MergeSettings, { light }: MergeTools): LightCurve | undefined =>
  isLinear ? (colours?.light ?? light) : undefined;

/** What is mixed: light, as a copy, or the values themselves. */
function mixable(image: FloatImage, light: LightCurve | undefined): FloatImage {
  if (light === undefined) return image;
  const out: FloatImage = { ...image, data: image.data.slice() };
  light.toLight(out);
  return out;
}
