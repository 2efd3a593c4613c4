/** Decoded frames to merged ones, in groups that are cropped, predicted and composed together. */
import type { MergeSettings, Motion } from '../../merge/index.ts';
import type { Frame, SinkPicture } from '../../video/index.ts';
import type { MergeCrew } from './mergeCrew.ts';
import { placedMask } from './mergeFaces.ts';
import { type MergedResult, withCoverage } from './mergeHand.ts';
import type { MergeJob, Plan } from './mergePlan.ts';

export interface MergeStages {
  /** Milliseconds waited for or worked: decoding, predicting and encoding as seen from the one who waits, composing summed over threads. */
  decode: number;
  predict: number;
  compose: number;
  encode: number;
}

interface Group {
  readonly part: number;
  readonly frames: readonly Frame[];
}

/** Frames of one part, as many as are worked on together. Which these are depends on their numbers alone, so that every run gives the same. */
export async function* grouped(frames: AsyncIterable<Frame>, plan: Plan): AsyncGenerator<Group, void, undefined> {
  let held: Frame[] = [];
  for await (const frame of frames) {
    const before = held[0];
    if (before !== undefined && plan.groupOf(before.index) !== plan.groupOf(frame.index)) {
      yield { part: plan.partOf(before.index), frames: held };
      held = [];
    }
    held.push(frame);
  }
  if (held[0] !== undefined) yield { part: plan.partOf(held[0].index), frames: held };
}

/** The next one is asked for before this one is used. */
export async function* prefetched<T>(items: AsyncGenerator<T, void, undefined>, stages: MergeStages): AsyncGenerator<T, void, undefined> {
  const ask = async (): Promise<IteratorResult<T, void>> => {
    const start = performance.now();
    const next = await items.next();
    stages.decode += performance.now() - start;
    return next;
  };
  let next = ask();
  try {
    for (;;) {
      const { value, done } = await next;
      if (done === true) return;
      next = ask();
      next.catch(() => {}); // told when its turn comes
      yield value as T;
    }
  } finally {
    await next.catch(() => undefined);
    await items.return();
  }
}

export interface Composed {
  readonly part: number;
  readonly frame: Pick<Frame, 'index' | 'time' | 'name'>;
  readonly image: SinkPicture;
  readonly mask: SinkPicture;
  readonly light: MergedResult['light'];
  readonly hasFace: boolean;
}

/** Groups of decoded frames to merged ones. */
export class Composer {
  readonly #job: MergeJob;
  readonly #crew: MergeCrew;
  readonly #motions: ReadonlyMap<number, Motion> | undefined;
  readonly #stages: MergeStages;
  #ids = 0;
  #predicting: Promise<unknown> = Promise.resolve();

  constructor(job: MergeJob, crew: MergeCrew, motions: ReadonlyMap<number, Motion> | undefined, stages: MergeStages) {
    this.#job = job;
    this.#crew = crew;
    this.#motions = motions;
    this.#stages = stages;
  }

  async compose({ part, frames }: Group): Promise<readonly Composed[]> {
    const { faces, seed, covered, deep, model, finishPicture, xsegFromFaces } = this.#job;
    const begun = await Promise.all(
      frames.map(async (frame) => {
        const own = faces.get(frame.index) ?? [];
        const settings = this.#settingsAt(frame.index);
        const picture = owned(deep ? frame.deep! : frame.image);
        if (own.length === 0) return { frame, settings, picture };
        const landmarks = own.map((face) => Float64Array.from(face.landmarks));
        const motion = this.#motions?.get(frame.index);
        const { wide } = frame;
        const seen = deep && wide !== undefined ? { picture: owned(frame.image), wide } : undefined;
        const xsegMasks =
          xsegFromFaces && settings.mask_mode.includes('xseg-dst')
            ? await Promise.all(own.map(({ mask }) => placedMask(mask!)))
            : undefined;
        const task = { id: this.#ids++, frame: frame.index, picture, faces: landmarks, settings, motion, seed, covered, seen, xsegMasks };
        return { frame, settings, picture, begun: await this.#crew.begin(task) };
      }),
    );
    // One group is predicted after another, in batches that depend on the frames alone.
    const inputs = begun.flatMap((one) => one.begun?.inputs ?? []);
    const predicting = this.#predicting.then(async () => {
      const start = performance.now();
      const all: Awaited<ReturnType<MergeCrew['predict']>>[number][] = [];
      for (let i = 0; i < inputs.length; i += model.batch) all.push(...(await this.#crew.predict(inputs.slice(i, i + model.batch))));
      this.#stages.predict += performance.now() - start;
      return all;
    });
    this.#predicting = predicting.catch(() => {});
    const predictions = await predicting;
    let next = 0;
    return await Promise.all(
      begun.map(async ({ frame, settings, picture, begun: own }): Promise<Composed> => {
        const { index, time, name } = frame;
        const about = { part, frame: { index, time, name }, hasFace: own !== undefined };
        if (own === undefined) {
          const { image, mask } = this.#without(picture, settings);
          finishPicture?.(image);
          return { ...about, image, mask, light: undefined };
        }
        const result = await own.finish(predictions.slice(next, (next += own.inputs.length)));
        this.#stages.compose += result.ms;
        finishPicture?.(result.image);
        return { ...about, image: result.image, mask: result.mask, light: result.light };
      }),
    );
  }

  #settingsAt(frame: number): MergeSettings {
    return this.#job.settings.find(({ from, to }) => frame >= from && frame < to)!.settings;
  }

  /** A frame without a face: as it was, with an empty mask; in mode raw-predict, black. */
  #without(picture: SinkPicture, { mode }: MergeSettings): Pick<Composed, 'image' | 'mask'> {
    const { covered, model } = this.#job;
    const side = mode === 'raw-predict' ? model.resolution : undefined;
    const [width, height] = [side ?? picture.width, side ?? picture.height];
    const blank = (channels: number): SinkPicture => {
      const data =
        picture.data instanceof Uint16Array ? new Uint16Array(width * height * channels) : new Uint8Array(width * height * channels);
      return { width, height, channels, data } as SinkPicture;
    };
    const image = side === undefined ? picture : blank(3);
    const mask = blank(1);
    return { image: covered ? withCoverage(image, mask) : image, mask };
  }
}

/** The picture with memory of its own, which may be handed to a thread. */
function owned<T extends { readonly data: Uint8Array | Uint16Array }>(picture: T): T {
  const { data } = picture;
  return data.byteLength === data.buffer.byteLength ? picture : { ...picture, data: data.slice() };
}
