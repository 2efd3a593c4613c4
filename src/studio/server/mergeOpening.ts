/** A scene opened: model, clip and faces brought together, what is told of them, and the look through the clip for its cuts. */
import { type Crop, cropOf, lookOf, tremble } from '../../extract/index.ts';
import { type FaceType, faceTypeFromLetter } from '../../face/index.ts';
import type { FrameFace } from '../../merge/index.ts';
import { steadyFaces } from '../../merge/index.ts';
import { openFaceModels } from '../../platform/node/faceModels.ts';
import { mergingWeights } from '../../platform/node/mergeAsk.ts';
import { readKnownClip } from '../../platform/node/mergeFaces.ts';
import type { MergeModel } from '../../platform/node/mergeHand.ts';
import { readNetwork } from '../../platform/node/mergeNetworks.ts';
import type { PredictorParts } from '../../platform/node/mergePredict.ts';
import { sceneFaces, shotsOf } from '../../platform/node/mergeScene.ts';
import { openInput } from '../../platform/node/openInput.ts';
import { openModel } from '../../platform/node/openModel.ts';
import type { Frame, FrameSource } from '../../video/index.ts';
import type { SceneInfo, SceneRequest } from '../protocol.ts';

/** A scene with absolute paths. */
export interface BenchAsk extends SceneRequest {
  readonly id: string;
  /** First frames of shots but the first, where the clip was looked through before. */
  readonly cuts?: readonly number[] | undefined;
}

/** Faces as they are merged, and what is told of them. Both depend on the cuts: nothing is smoothed or filled in across one. */
export interface Settled {
  readonly faces: ReadonlyMap<number, readonly FrameFace[]>;
  readonly facts: SceneInfo;
}

export interface OpenedScene extends Settled {
  readonly source: FrameSource;
  /** Where the cuts are not known yet. */
  readonly looks: Looks | undefined;
  /** The same with cuts that have been found. */
  readonly settle: (cuts: readonly number[]) => Settled;
  readonly model: MergeModel;
  readonly predictor: PredictorParts;
}

/** Up to which two faces are one person, as `liae merge` has it. */
const PERSON_DISTANCE = 0.6;

/** @throws LiaeError for everything that does not fit together. */
export async function openScene(ask: BenchAsk): Promise<OpenedScene> {
  const { id, clip, faces: folder, only, smooth, fill, xseg, enhancer } = ask;
  const notes: string[] = [];
  const source = await openInput(clip);
  try {
    const { info } = source;
    const known = await readKnownClip(folder, info);
    const own = { faces: folder, only, personDistance: PERSON_DISTANCE, masks: xseg === undefined };
    const matched = await sceneFaces(own, { info, input: clip, known }, { open: openInput, models: openFaceModels });
    notes.push(...matched.notes);
    const opened = await openModel(ask.model, (line) => notes.push(line));
    const faceType = faceTypeFromLetter(opened.options.face_type)!;
    const rate = info.rate ?? 25;
    const cuts =
      known?.same === true && known.looks.size > 0
        ? shotsOf(known.looks)
            .slice(1)
            .map(({ from }) => from)
        : info.kind === 'pictures'
          ? []
          : ask.cuts;
    const frames = info.frames ?? [...matched.frames.keys()].reduce((most, frame) => Math.max(most, frame), 0) + 1;
    if (/tone-mapped|moved to/.test(info.colour))
      notes.push(`${info.name} is ${info.colour}: pictures here are shown so; 10 bits keep its own colours`);
    const settle = (cuts: readonly number[] | undefined): Settled => {
      const looks = known?.same === true ? known.looks : cuts && shotLooks(cuts, frames);
      const steady = steadyFaces(matched.frames, { rate, faceType, smooth, fill, looks }).frames;
      const told = (faces: ReadonlyMap<number, readonly FrameFace[]>): (number | null)[] =>
        withoutCuts(tremblings(faces, frames, faceType), cuts ?? []);
      const facts: SceneInfo = {
        id,
        clip: { frames, rate: info.rate ?? null, width: info.width, height: info.height, colour: info.colour },
        model: { resolution: opened.config.resolution, iteration: opened.iteration, faceType },
        notes,
        withFace: runsOf(steady, frames),
        several: [...steady.values()].filter((one) => one.length > 1).length,
        tremble: told(matched.frames),
        smoothed: smooth ? told(steady) : null,
        ...{ cuts: cuts ?? null, looked: cuts === undefined ? 0 : 1 },
      };
      return { faces: steady, facts };
    };
    const predictor: PredictorParts = {
      ...{
        config: opened.config,
        weights: mergingWeights(opened.config, opened.state.tensors),
        batch: 1,
        lowering: opened.options.lowering,
      },
      ...(xseg && { masker: await readNetwork(xseg.path, xseg.pixels, '--xseg-model') }),
      ...(enhancer && { enhancer: await readNetwork(enhancer.path, enhancer.pixels, '--enhancer') }),
    };
    const looks = cuts === undefined ? new Looks(await openInput(clip)) : undefined;
    return { ...settle(cuts), settle, source, looks, model: { resolution: opened.config.resolution, faceType }, predictor };
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

/** Frames with a face, as runs. */
function runsOf(faces: ReadonlyMap<number, readonly FrameFace[]>, frames: number): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (let i = 0; i < frames; i++) {
    if ((faces.get(i)?.length ?? 0) === 0) continue;
    const run = runs.at(-1);
    if (run?.to === i) run.to++;
    else runs.push({ from: i, to: i + 1 });
  }
  return runs;
}

/** How much the crop of each frame's only face trembles, in pixels of the frame to a thousandth; null where it or a neighbour has none, or several. */
function tremblings(faces: ReadonlyMap<number, readonly FrameFace[]>, frames: number, faceType: FaceType): (number | null)[] {
  const crops = Array.from({ length: frames }, (_, i): Crop | undefined => {
    const own = faces.get(i);
    return own?.length === 1 ? cropOf(own[0]!.landmarks, faceType) : undefined;
  });
  return crops.map((now, i) => {
    const [before, after] = [crops[i - 1], crops[i + 1]];
    return now === undefined || before === undefined || after === undefined
      ? null
      : Math.round(tremble(before, now, after) * now.eyes * 1000) / 1000;
  });
}

/** Looks that change at cuts alone: enough to follow no face over one. */
function shotLooks(cuts: readonly number[], frames: number): ReadonlyMap<number, string> {
  const shotOf = (frame: number): number => cuts.filter((cut) => cut <= frame).length;
  return new Map(Array.from({ length: frames }, (_, frame) => [frame, (shotOf(frame) % 2 === 0 ? '00' : 'ff').repeat(64)]));
}

/** Across a cut nothing trembles. */
function withoutCuts(values: readonly (number | null)[], cuts: readonly number[]): (number | null)[] {
  const out = [...values];
  for (const cut of cuts) for (const at of [cut - 1, cut]) if (at in out) out[at] = null;
  return out;
}

/** How each frame of a clip looks, found a few frames at a time. */
export class Looks implements AsyncDisposable {
  readonly #source: FrameSource;
  readonly #looks = new Map<number, string>();
  #frames: AsyncIterator<Frame> | undefined;
  #cuts: readonly number[] | undefined;

  constructor(source: FrameSource) {
    this.#source = source;
  }

  get done(): boolean {
    return this.#cuts !== undefined;
  }

  /** Looked at so far. */
  get frames(): number {
    return this.#looks.size;
  }

  /** First frames of shots but the first. */
  get cuts(): readonly number[] {
    return this.#cuts ?? [];
  }

  async more(frames: number): Promise<void> {
    this.#frames ??= this.#source.frames()[Symbol.asyncIterator]();
    for (let i = 0; i < frames && !this.done; i++) {
      const { value, done } = await this.#frames.next();
      if (done !== true) this.#looks.set((value as Frame).index, lookOf((value as Frame).image));
      else
        this.#cuts =
          this.#looks.size === 0
            ? []
            : shotsOf(this.#looks)
                .slice(1)
                .map(({ from }) => from);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#frames?.return?.();
    await this.#source[Symbol.asyncDispose]();
  }
}
