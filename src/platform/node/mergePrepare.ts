/** From what a user asks to a run of merging: clip, faces, settings and outputs are opened and checked against each other before a frame is made. */
import { mkdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { FormatError, LiaeError, OptionError, type Tensor } from '../../base/index.ts';
import type { FaceType } from '../../face/index.ts';
import {
  type FrameFace,
  framesWithout,
  type MergeSession,
  type PixelForm,
  resolveMergeSettings,
  type SettingsRange,
  sessionText,
  settingsRanges,
  steadyFaces,
} from '../../merge/index.ts';
import { generatorVariables, type ModelConfig } from '../../models/index.ts';
import type { ClipInfo, FrameSource } from '../../video/index.ts';
import type { Place } from './extractRun.ts';
import { explained, replaceFile } from './files.ts';
import { type KnownClip, readKnownClip } from './mergeFaces.ts';
import type { MergeModel, PredictorParts } from './mergeHand.ts';
import { checkNetworks, type NetworkFile, openEnhancer, openMasker, readNetwork } from './mergeNetworks.ts';
import { folderOutput, type MergeOutput } from './mergeOutput.ts';
import type { MergeJob } from './mergeRun.ts';
import { looksOf, readSession, type SceneTools, sceneFaces, shotsOf } from './mergeScene.ts';
import { clipWriting } from './video.ts';
import { codecForName, type PictureShape, type Quality, type VideoCodec } from './videoCodecs.ts';
import type { ClipPlan } from './videoEncoder.ts';

/** A network that the user brings. */
export interface NetworkAsk {
  readonly path: string;
  readonly pixels: PixelForm;
}

export interface MergeAsk {
  readonly input: string;
  readonly faces: string;
  /** A film by its ending, else a folder of PNGs. */
  readonly output: string;
  readonly mask?: string | undefined;
  readonly covered: boolean;
  readonly session?: string | undefined;
  /** Settings as the user gave them, by name. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly from?: Place | undefined;
  readonly to?: Place | undefined;
  /** Which faces: the number of one in each frame, a picture of a person, or a person's folder. */
  readonly only?: string | undefined;
  readonly personDistance: number;
  /** ONNX networks for XSeg masks and for super resolution. */
  readonly xsegModel?: NetworkAsk | undefined;
  readonly enhancer?: NetworkAsk | undefined;
  /** What to do about frames without a face. */
  readonly missing?: 'error' | 'copy' | undefined;
  readonly smooth: boolean;
  readonly fill: boolean;
  readonly depth: 8 | 10 | 16;
  readonly codec?: VideoCodec | undefined;
  readonly quality: Quality | number;
  readonly encoder?: Readonly<Record<string, string>> | undefined;
  /** Frames a second of a film that is made of pictures. */
  readonly rate?: number | undefined;
  /** A clip whose times, tags and sound a film that is made of pictures takes over. */
  readonly like?: string | undefined;
  readonly silent: boolean;
  readonly seed: number;
  readonly batch: number;
  readonly partLength: number;
  readonly again: boolean;
}

/** A trained model, as far as merging needs it. */
export interface MergingModel {
  readonly config: ModelConfig;
  readonly faceType: FaceType;
  readonly lowering: 'fast' | 'direct';
  /** Of the generator, each in memory of its own, so that a thread can take them. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** SHA-256 of the weights. */
  readonly hash: string;
}

/** The weights that merging needs, apart from all else that a save holds. */
export function mergingWeights(config: ModelConfig, tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  const wanted = new Set(generatorVariables(config).map(({ name }) => name));
  return new Map([...tensors].filter(([name]) => wanted.has(name)).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
}

export interface PrepareTools extends SceneTools {
  /** Program and version. */
  readonly tool: string;
  /** What is done to pictures and films in the end, in words that change with it. */
  readonly finishing: string;
  readonly seal?: ((png: Uint8Array, name: string) => Uint8Array) | undefined;
}

export interface PreparedMerge extends AsyncDisposable {
  readonly job: MergeJob;
  readonly predictor: PredictorParts;
  readonly model: MergeModel;
  readonly info: ClipInfo;
  /** What is known before it begins, a sentence each. */
  readonly notes: readonly string[];
  readonly jitter?: { readonly before: number; readonly after: number } | undefined;
  readonly filled: number;
}

/** @throws LiaeError for everything that does not fit together. */
export async function prepareMerge(ask: MergeAsk, model: MergingModel, tools: PrepareTools, signal: AbortSignal): Promise<PreparedMerge> {
  const deep = ask.depth > 8;
  const [input, output] = [resolve(ask.input), resolve(ask.output)];
  const mask = ask.mask === undefined ? undefined : resolve(ask.mask);
  for (const path of [output, mask]) {
    if (path === input || (path !== undefined && path === mask && path === output))
      throw new OptionError(`${path}: input, output and mask need places of their own`);
  }
  const notes: string[] = [];
  const source = await tools.open(input, signal, deep);
  try {
    const { info } = source;
    const side = model.config.resolution;
    const placed = (place: Place | undefined): number | undefined => frameAt(place, info);
    const [from, to] = [placed(ask.from) ?? 0, placed(ask.to)];
    if (to !== undefined && to <= from) throw new OptionError(`--from ${from} --to ${to}: no frame between them`);
    const known = await readKnownClip(resolve(ask.faces), info);
    const { faces, only, personDistance } = ask;
    const matched = await sceneFaces({ faces, only, personDistance, masks: ask.xsegModel === undefined }, { info, input, known }, tools);
    notes.push(...matched.notes);
    const looks = memo(async () =>
      known?.same === true && known.looks.size > 0 ? known.looks : await allLooks(input, tools.open, signal),
    );
    const ranges = await rangesFor(ask, source, looks, notes);
    const { masker, enhancer } = await networksFor(ask, ranges, side);
    const rate = info.rate ?? ask.rate ?? 25;
    const { smooth, fill } = ask;
    // Nothing is followed over a cut. Trembling alone is a median, for which it is not worth looking through the clip.
    const cutsBy = smooth || fill ? await looks() : known?.looks;
    const steady = steadyFaces(matched.frames, { rate, faceType: model.faceType, smooth, fill, looks: cutsBy });
    const xsegFromFaces = masker === undefined;
    if (xsegFromFaces) checkMasks(steady.frames, ranges, { from, to });
    notes.push(...missingFaces(steady.frames, { from, to, info, known, missing: ask.missing }));
    const isWide = /tone-mapped|moved to/.test(info.colour);
    if (deep && isWide && ranges.some(({ settings }) => settings.linear_light)) {
      throw new OptionError(`linear_light: the light of ${info.name} is not computed in its own colours`, {
        found: info.colour,
        next: '--no-linear-light, or --depth 8, which maps it',
      });
    }
    if (!deep && isWide) notes.push(`${info.name} is ${info.colour}, and so will the result be; --depth 10 keeps its own colours`);
    const several = [...steady.frames.values()].filter((own) => own.length > 1).length;
    if (several > 0 && ranges.some(({ settings }) => settings.motion_blur_power > 0))
      notes.push(
        `${several} frames have several faces, so that motion is not known and nothing is blurred by it; --only merges one of them`,
      );
    const timeAt = info.kind === 'pictures' ? await timesFor(ask, info, tools) : undefined;
    const squares = ranges.some(({ settings }) => settings.mode === 'raw-predict');
    const size = squares ? { width: side, height: side } : { width: info.width, height: info.height };
    const asFolder = await isFolder(output);
    const parts = join(dirname(output), `.liae-${basename(output)}.parts`);
    const placeOf = async (path: string, tag: string): Promise<{ output: MergeOutput; plan?: ClipPlan; trouble: readonly string[] }> =>
      outputFor(path, { ask, tag, info, input, parts, from, to, squares, deep, size, tools, source, timeAt });
    const film = await placeOf(output, 'film');
    const maskFilm = mask === undefined ? undefined : await placeOf(mask, 'mask');
    notes.push(...film.trouble.map((sentence) => `${basename(output)}: ${sentence}`));
    const identity = JSON.stringify([
      tools.tool,
      model.hash,
      model.lowering,
      ...[masker, enhancer].map((file) => (file === undefined ? null : [file.hash, file.pixels])),
      film.plan ?? 'png',
      maskFilm?.plan ?? (mask === undefined ? null : 'png'),
    ]);
    const batch = Math.max(1, ask.batch);
    return {
      job: {
        ...{
          source,
          from,
          to,
          timeAt,
          deep,
          faces: steady.frames,
          settings: ranges,
          xsegFromFaces,
          seed: ask.seed,
          covered: ask.covered,
          parts,
          identity,
          record: join(asFolder ? output : dirname(output), asFolder ? '.liae-merge.json' : `.liae-${basename(output)}.json`),
          finishing: tools.finishing,
        },
        ...{
          output: film.output,
          mask: maskFilm?.output,
          partLength: ask.partLength,
          again: ask.again,
          model: { resolution: side, batch },
        },
      },
      predictor: {
        config: model.config,
        weights: model.weights,
        ...{ batch, lowering: model.lowering, masker, enhancer },
      },
      model: { resolution: side, faceType: model.faceType },
      ...{ info, notes, jitter: steady.jitter, filled: steady.filled },
      [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
    };
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

function frameAt(place: Place | undefined, info: ClipInfo): number | undefined {
  if (place === undefined || 'frame' in place) return place?.frame;
  if (info.rate === undefined)
    throw new OptionError(`${info.name}: pictures have no times`, { next: 'give --from and --to as numbers of frames' });
  return Math.round(place.seconds * info.rate);
}

/** Settings of the flags alone, or of the session's file with those of the flags over its own; the file is written, with the clip's cuts if it is new. */
async function rangesFor(
  ask: MergeAsk,
  source: FrameSource,
  looks: () => Promise<ReadonlyMap<number, string>>,
  notes: string[],
): Promise<readonly SettingsRange[]> {
  if (ask.session === undefined) return settingsRanges({ settings: resolveMergeSettings(ask.settings), shots: [] });
  const path = resolve(ask.session);
  const { info } = source;
  const kept = await readSession(path, info);
  let session: MergeSession;
  if (kept !== undefined) {
    session = { ...kept.session, settings: resolveMergeSettings(ask.settings, kept.session.settings) };
  } else {
    const shots = shotsOf(await looks());
    notes.push(`${path}: made, with ${shots.length} ${shots.length === 1 ? 'shot' : 'shots'}`);
    session = { settings: resolveMergeSettings(ask.settings), shots };
  }
  const written = sessionText({ ...session, clip: { name: info.name, hash: info.hash } });
  if (written !== kept?.text) await replaceFile(path, [new TextEncoder().encode(written)]);
  return settingsRanges(session);
}

/** Made when it is first asked for. */
function memo<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function allLooks(input: string, open: PrepareTools['open'], signal: AbortSignal): Promise<ReadonlyMap<number, string>> {
  await using source = await open(input, signal);
  return await looksOf(source, signal);
}

/** The networks that the settings ask for, tried once each. @throws LiaeError if one is missing or does not fit; OptionError for settings that do not mix. */
async function networksFor(
  { xsegModel, enhancer: finer }: MergeAsk,
  ranges: readonly SettingsRange[],
  side: number,
): Promise<{ masker?: NetworkFile; enhancer?: NetworkFile }> {
  for (const { settings } of ranges) checkNetworks(settings, { masker: xsegModel !== undefined, enhancer: finer !== undefined });
  const squares = ranges.filter(({ settings }) => settings.mode === 'raw-predict').length;
  if (squares > 0 && squares < ranges.length)
    throw new OptionError('mode: raw-predict gives pictures of another size and cannot be mixed with other modes', {
      next: 'use it for all shots or for none',
    });
  const wanted = {
    masker: ranges.some(({ settings }) => settings.mask_mode.includes('xseg')),
    enhancer: ranges.some(({ settings }) => settings.super_resolution_power !== 0),
  };
  const masker =
    !wanted.masker || xsegModel === undefined ? undefined : await readNetwork(resolve(xsegModel.path), xsegModel.pixels, '--xseg-model');
  if (masker !== undefined) await (await openMasker(masker))[Symbol.asyncDispose]();
  const enhancer = !wanted.enhancer || finer === undefined ? undefined : await readNetwork(resolve(finer.path), finer.pixels, '--enhancer');
  if (enhancer !== undefined) await (await openEnhancer(enhancer, side))[Symbol.asyncDispose]();
  return { ...(masker && { masker }), ...(enhancer && { enhancer }) };
}

/** @throws FormatError if settings ask for XSeg masks of faces that bring none. */
function checkMasks(
  frames: ReadonlyMap<number, readonly FrameFace[]>,
  ranges: readonly SettingsRange[],
  { from, to = Number.POSITIVE_INFINITY }: { from: number; to: number | undefined },
): void {
  let [without, all]: [string[], number] = [[], 0];
  for (const { from: first, to: last, settings } of ranges) {
    if (!settings.mask_mode.includes('xseg-dst')) continue;
    for (const [frame, faces] of frames) {
      if (frame < Math.max(from, first) || frame >= Math.min(to, last)) continue;
      all += faces.length;
      without = [
        ...without,
        ...faces.filter(({ mask }) => mask === undefined).map(({ name }) => name ?? `one filled in at frame ${frame}`),
      ];
    }
  }
  if (without.length === 0) return;
  throw new FormatError('mask_mode: xseg-dst needs a mask in every face, or a network that makes them', {
    found: `${without.length} of ${all} faces have none; the first is ${without[0]}`,
    next: 'give a network with --xseg-model FILE.onnx, or store masks with liae faces mask',
  });
}

/** What is said of frames without a face. @throws FormatError unless extraction has looked at them, or the user says that they are to be copied. */
function missingFaces(
  frames: ReadonlyMap<number, readonly FrameFace[]>,
  {
    from,
    to,
    info,
    known,
    missing,
  }: { from: number; to: number | undefined; info: ClipInfo; known: KnownClip | undefined; missing: MergeAsk['missing'] },
): string[] {
  const last = Math.max(...frames.keys());
  const end = Math.min(to ?? Number.POSITIVE_INFINITY, info.frames ?? last + 1);
  const runs = framesWithout(frames, from, end);
  const count = runs.reduce((sum, [a, b]) => sum + b - a + 1, 0);
  if (count === 0) return [];
  const words = runs.slice(0, 6).map(([a, b]) => (a === b ? `${a}` : `${a}–${b}`));
  const sentence = `${count} of ${end - from} frames have no face`;
  const which = `frames ${words.join(', ')}${runs.length > 6 ? ` and ${runs.length - 6} more runs` : ''}`;
  const seen =
    known !== undefined &&
    runs.every(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i).every((frame) => known.seen.has(frame)));
  if (count === end - from || (missing ?? (seen ? 'copy' : 'error')) === 'error') {
    throw new FormatError(sentence, {
      found: which,
      expected: 'a face in every frame, or alignments beside the faces that show that there is none',
      next:
        count === end - from
          ? 'check --faces, --from and --to'
          : '--missing copy takes these frames over as they are; --fill closes short gaps',
    });
  }
  return [`${sentence} and are copied: ${which}`];
}

/** Whether frames go there one by one. */
const isFolder = async (path: string): Promise<boolean> =>
  extname(path) === '' || (await stat(path).catch(() => undefined))?.isDirectory() === true;

interface Placing {
  readonly ask: MergeAsk;
  readonly tag: string;
  readonly info: ClipInfo;
  readonly input: string;
  readonly parts: string;
  readonly from: number;
  readonly to: number | undefined;
  readonly squares: boolean;
  readonly deep: boolean;
  readonly size: { readonly width: number; readonly height: number };
  readonly tools: PrepareTools;
  readonly source: FrameSource;
  readonly timeAt: ((frame: number) => number) | undefined;
}

async function outputFor(
  path: string,
  { ask, tag, info, input, parts, from, to, squares, deep, size, tools, source, timeAt }: Placing,
): Promise<{ output: MergeOutput; plan?: ClipPlan; trouble: readonly string[] }> {
  if (await isFolder(path)) return { output: await folderOutput(path, tools.seal), trouble: [] };
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw explained(error, dirname(path), 'folder');
  });
  const isMask = tag === 'mask';
  const like = info.kind === 'video' ? input : ask.like === undefined ? undefined : resolve(ask.like);
  // The time of the first frame becomes the film's beginning only where the clip is cut.
  const seconds = async (frame: number): Promise<number | undefined> => timeAt?.(frame) ?? (await timeOf(source, frame));
  const start = from === 0 ? undefined : await seconds(from);
  const end = to === undefined || (info.frames !== undefined && to >= info.frames) ? undefined : await seconds(to);
  const lossless = /\.mkv$/i.test(path) ? ({ codec: 'ffv1', quality: 'high' } as const) : ({ codec: 'h264', quality: 'lossless' } as const);
  const plan: ClipPlan = {
    ...(isMask ? lossless : { codec: ask.codec ?? codecForName(path), quality: ask.quality, options: ask.encoder }),
    depth: isMask || ask.depth === 8 ? 8 : 10,
    ...{ like, rate: ask.rate, start, end, silent: isMask || ask.silent, plain: isMask },
  };
  const shape: PictureShape = { ...size, channels: isMask ? 1 : ask.covered ? 4 : 3, deep };
  if (squares && ask.covered) throw new OptionError('--alpha: mode raw-predict has its mask of its own', { next: 'use --mask' });
  const { tryClip, filmOf, filmOutput } = await clipWriting();
  const trouble = await tryClip(path, plan, shape);
  return { output: filmOutput(await filmOf(path, plan, shape), parts, tag), plan, trouble };
}

/** Times of frames that are pictures: those of the clip that the film is to be like, or even ones. */
async function timesFor(ask: MergeAsk, info: ClipInfo, { open }: PrepareTools): Promise<(frame: number) => number> {
  if (ask.like === undefined) return (frame) => frame / (ask.rate ?? 25);
  await using like = await open(resolve(ask.like));
  const times: number[] = [];
  for await (const { time } of like.frames()) times.push(time);
  if (times.length < (info.frames ?? 0)) {
    throw new OptionError(`${info.name}: more pictures than ${like.info.name} has frames`, {
      found: `${info.frames} pictures, ${times.length} frames`,
      next: 'give --rate in place of --like',
    });
  }
  return (frame) => times[frame]!;
}

/** Seconds of a frame; of one behind the last, as far as the clip says. */
async function timeOf(source: FrameSource, frame: number): Promise<number | undefined> {
  if (source.info.kind === 'pictures') return undefined;
  for await (const { time } of source.frames({ from: frame, to: frame + 1 })) return time;
  const { trouble } = source;
  throw new LiaeError(`frame ${frame} cannot be read`, { found: trouble[0], next: 'check --from and --to' });
}
