/** From what a user asks to a run of merging: clip, faces, settings and outputs are opened and checked against each other before a frame is made. */
import { basename, dirname, join, resolve } from 'node:path';
import { OptionError } from '../../base/index.ts';
import {
  type MergeSession,
  resolveMergeSettings,
  type SettingsRange,
  sessionText,
  settingsRanges,
  steadyFaces,
} from '../../merge/index.ts';
import type { ClipInfo, FrameSource } from '../../video/index.ts';
import type { Place } from './extractRun.ts';
import { replaceFile } from './files.ts';
import type { MergeAsk, MergingModel, PrepareTools } from './mergeAsk.ts';
import { checkMasks, missingFaces, networksFor } from './mergeChecks.ts';
import { readKnownClip } from './mergeFaces.ts';
import type { MergeModel } from './mergeHand.ts';
import type { MergeOutput } from './mergeOutput.ts';
import { isFolder, outputFor, timesFor } from './mergePlaces.ts';
import type { MergeJob } from './mergePlan.ts';
import type { PredictorParts } from './mergePredict.ts';
import { looksOf, readSession, sceneFaces, shotsOf } from './mergeScene.ts';
import type { ClipPlan } from './videoEncoder.ts';

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
