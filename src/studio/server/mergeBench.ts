/**
 * Where single frames are merged for the page: clip, faces and model of one scene held open, decoded frames and predictions kept, so that a changed
 * setting costs a composition alone. While nothing is asked, the frames around the last one are made ready, and the clip's cuts are looked for.
 */
import { LiaeError, OptionError } from '../../base/index.ts';
import { type ByteImage, encodeBaselineJpeg } from '../../image/index.ts';
import { type FrameFace, type MergeSettings, type Motion, resolveMergeSettings } from '../../merge/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';
import { placedMask } from '../../platform/node/mergeFaces.ts';
import { MergeHand } from '../../platform/node/mergeHand.ts';
import { checkNetworks } from '../../platform/node/mergeNetworks.ts';
import { PredictHand, type PredictInput, type RawPrediction } from '../../platform/node/mergePredict.ts';
import { motionsOf } from '../../platform/node/mergeScene.ts';
import type { PictureRequest, SceneInfo } from '../protocol.ts';
import { FrameShelf, Kept } from './mergeFrames.ts';
import { type BenchAsk, type Looks, type OpenedScene, openScene } from './mergeOpening.ts';
import { changedRect, coveredRect, cut, onChecker, type Rect, shrunkBy } from './mergePictures.ts';

export type PictureAsk = Omit<PictureRequest, 'scene'>;

/** A part of a frame: what a setting changed of it. */
export interface BenchPicture {
  readonly jpeg: Uint8Array;
  /** Of the whole picture, before it was shrunk. */
  readonly width: number;
  readonly height: number;
  /** What of it the JPEG shows; without width where nothing is. */
  readonly rect: Rect;
  readonly faces: number;
  /** Milliseconds of work: decoding and prediction, where they were not at hand; composing; encoding. */
  readonly ms: { readonly ready: number; readonly compose: number; readonly encode: number };
  /** Of all of the process's threads, where it has one of its own. */
  readonly cpuMs?: number;
}

export interface Bench extends AsyncDisposable {
  facts(): Promise<SceneInfo>;
  /** @param signal  ends the wait; what is under way is finished. */
  picture(ask: PictureAsk, signal?: AbortSignal): Promise<BenchPicture>;
}

/** Frames around the one that is looked at which are made ready. */
const AROUND = [1, -1, 2, 3] as const;
/** So long nothing is asked before that begins: who moves a slider is not disturbed. */
const QUIET_MS = 350;
/** Frames that are looked through for cuts at one go. */
const LOOKS = 8;
/** Predictions and pictures that are kept. */
const MOST_KEPT = 64;
const SEED = 1;
/** From 90 on colours are as fine as light: an edge of the part does not show. */
const QUALITY = 92;

interface Wanted {
  readonly run: () => Promise<void>;
  readonly skip: (error: Error) => void;
  readonly signal: AbortSignal | undefined;
}

export class MergeBench implements Bench {
  #facts: SceneInfo;
  readonly #shelf: FrameShelf;
  #faces: ReadonlyMap<number, readonly FrameFace[]>;
  #motions: ReadonlyMap<number, Motion> | undefined;
  readonly #networks: { readonly masker: boolean; readonly enhancer: boolean };
  readonly #hand: MergeHand;
  readonly #predictor: PredictHand;
  readonly #codec = nodeCodec();
  #predictions = new Kept<RawPrediction[]>(MOST_KEPT);
  readonly #befores = new Kept<Uint8Array>(MOST_KEPT);
  readonly #wanted: Wanted[] = [];
  readonly #looks: Looks | undefined;
  readonly #settle: OpenedScene['settle'];
  #tasks = 0;
  #busy: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #chores: (() => Promise<void>)[] = [];
  #last: PictureAsk | undefined;
  #closed = false;

  private constructor({ source, looks, settle, faces, model, predictor, facts }: OpenedScene) {
    this.#facts = facts;
    this.#shelf = new FrameShelf(source);
    this.#faces = faces;
    this.#motions = motionsOf(faces);
    this.#networks = { masker: predictor.masker !== undefined, enhancer: predictor.enhancer !== undefined };
    this.#hand = new MergeHand(model);
    this.#predictor = new PredictHand(predictor);
    this.#looks = looks;
    this.#settle = settle;
    this.#rest();
  }

  /** @throws LiaeError for everything that does not fit together. */
  static async open(ask: BenchAsk): Promise<MergeBench> {
    return new MergeBench(await openScene(ask));
  }

  async facts(): Promise<SceneInfo> {
    const facts = this.#facts;
    if (this.#looks === undefined || facts.cuts !== null) return facts;
    return { ...facts, looked: Math.min(1, this.#looks.frames / Math.max(1, facts.clip.frames)) };
  }

  async picture(ask: PictureAsk, signal?: AbortSignal): Promise<BenchPicture> {
    const settings = resolveMergeSettings(ask.settings);
    checkNetworks(settings, this.#networks);
    if (ask.frame >= this.#facts.clip.frames)
      throw new OptionError(`frame ${ask.frame}: the clip ends before`, { found: `${this.#facts.clip.frames} frames` });
    return await new Promise((resolve, reject) => {
      const run = async (): Promise<void> => {
        try {
          resolve(await this.#make(ask, settings));
        } catch (error) {
          reject(error);
        }
      };
      this.#wanted.push({ run, skip: reject, signal });
      clearTimeout(this.#timer);
      this.#last = ask;
      this.#start();
    });
  }

  /** One thing after another: what is wanted first, then chores. */
  #start(): void {
    this.#busy ??= (async () => {
      for (;;) {
        const next = this.#wanted.shift();
        if (next === undefined) break;
        if (next.signal?.aborted === true || this.#closed) next.skip(new LiaeError('nobody waits for this picture any more'));
        else await next.run();
      }
    })().finally(() => {
      this.#busy = undefined;
      if (this.#wanted.length > 0) this.#start();
      else this.#rest();
    });
  }

  /** Chores begin when it has been quiet for a while, and give way after each. */
  #rest(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#chores = this.#choresAround();
    this.#timer = setTimeout(() => void this.#chore(), QUIET_MS);
  }

  async #chore(): Promise<void> {
    if (this.#closed || this.#busy !== undefined) return;
    const chore = this.#chores.shift() ?? this.#looking();
    if (chore === undefined) return;
    this.#busy = chore()
      .catch(() => {}) // told when it is asked for
      .finally(() => {
        this.#busy = undefined;
        if (this.#wanted.length > 0) this.#start();
        else this.#timer = setTimeout(() => void this.#chore(), 0);
      });
    await this.#busy;
  }

  #looking(): (() => Promise<void>) | undefined {
    const looks = this.#looks;
    if (looks === undefined || looks.done) return undefined;
    return async () => {
      await looks.more(LOOKS);
      if (looks.done) this.#divide(looks.cuts);
    };
  }

  /** From now on nothing is smoothed across a cut: what was predicted of faces that lay elsewhere is forgotten. */
  #divide(cuts: readonly number[]): void {
    const { faces, facts } = this.#settle(cuts);
    this.#facts = facts;
    if (cuts.length === 0) return;
    this.#faces = faces;
    this.#motions = motionsOf(faces);
    this.#predictions = new Kept(MOST_KEPT);
  }

  #choresAround(): (() => Promise<void>)[] {
    const last = this.#last;
    if (last === undefined) return [];
    const settings = resolveMergeSettings(last.settings);
    return AROUND.map((step) => last.frame + step)
      .filter((frame) => frame >= 0 && frame < this.#facts.clip.frames && this.#shelf.isNear(frame))
      .flatMap((frame) => [
        async () => void (await this.#shelf.get(frame)),
        async () => await this.#predict(frame, settings),
        async () => void (await this.#before(frame, last.shrink)),
      ]);
  }

  async #make(ask: PictureAsk, settings: MergeSettings): Promise<BenchPicture> {
    const { frame, show, shrink } = ask;
    const began = performance.now();
    const { width, height } = this.#facts.clip;
    const faces = this.#faces.get(frame)?.length ?? 0;
    const whole: Rect = { x: 0, y: 0, width, height };
    if (show === 'before') {
      await this.#shelf.get(frame);
      const encode = performance.now();
      const jpeg = await this.#before(frame, shrink);
      return { jpeg, width, height, rect: whole, faces, ms: { ready: encode - began, compose: 0, encode: performance.now() - encode } };
    }
    const begun = await this.#begin(frame, settings);
    const ready = performance.now();
    if (begun === undefined) {
      const none: Rect = { x: 0, y: 0, width: 0, height: 0 };
      return { jpeg: new Uint8Array(0), width, height, rect: none, faces, ms: { ready: ready - began, compose: 0, encode: 0 } };
    }
    const merged = this.#hand.finish(begun.id, begun.predictions);
    const [image, mask] = [merged.image, merged.mask] as readonly ByteImage[] as [ByteImage, ByteImage]; // frames here have 8 bits
    const shown = show === 'mask' ? mask : show === 'checker' ? onChecker(image, mask) : image;
    const isSquare = image.width !== width || image.height !== height; // raw-predict has no frame
    const rect = isSquare
      ? { x: 0, y: 0, width: image.width, height: image.height }
      : show === 'after'
        ? changedRect(begun.picture, image, shrink)
        : coveredRect(mask, shrink);
    const composed = performance.now();
    const part = isSquare ? shown : shrunkBy(cut(shown, rect), shrink);
    const jpeg = rect.width === 0 ? new Uint8Array(0) : await this.#jpeg(part);
    const ms = { ready: ready - began, compose: composed - ready, encode: performance.now() - composed };
    return { jpeg, width: image.width, height: image.height, rect, faces, ms };
  }

  /** A frame's faces cut out and predicted, unless that was done before; undefined without a face. Whoever asks finishes it, or forgets it. */
  async #begin(
    frame: number,
    settings: MergeSettings,
  ): Promise<{ readonly id: number; readonly picture: ByteImage; readonly predictions: readonly RawPrediction[] } | undefined> {
    const own = this.#faces.get(frame) ?? [];
    const picture = await this.#shelf.get(frame);
    if (own.length === 0) return undefined;
    const wantsMasks = settings.mask_mode.includes('xseg-dst') && !this.#networks.masker;
    const bare = wantsMasks ? own.find(({ mask }) => mask === undefined) : undefined;
    if (bare !== undefined) {
      throw new OptionError('mask_mode: xseg-dst needs a mask in every face, or a network that makes them', {
        found: `${bare.name ?? 'a face that was filled in'} has none`,
        next: 'store masks with liae faces mask, or give a network of masks',
      });
    }
    const id = this.#tasks++;
    const inputs = this.#hand.crop({
      ...{ id, frame, picture, settings, seed: SEED, covered: false },
      faces: own.map(({ landmarks }) => Float64Array.from(landmarks)),
      motion: this.#motions?.get(frame),
      xsegMasks: wantsMasks ? await Promise.all(own.map(({ mask }) => placedMask(mask!))) : undefined,
    });
    try {
      const predictions = await this.#predictions.get(keyOf(frame, inputs), async () => {
        const all: RawPrediction[] = [];
        for (const input of inputs) all.push(...(await this.#predictor.predict([input])));
        return all;
      });
      return { id, picture, predictions: predictions.map(copied) };
    } catch (error) {
      this.#hand.forget(id);
      throw error;
    }
  }

  async #predict(frame: number, settings: MergeSettings): Promise<void> {
    const begun = await this.#begin(frame, settings);
    if (begun !== undefined) this.#hand.forget(begun.id);
  }

  async #before(frame: number, shrink: number): Promise<Uint8Array> {
    return await this.#befores.get(`${frame} ${shrink}`, async () => this.#jpeg(shrunkBy(await this.#shelf.get(frame), shrink)));
  }

  /** On loopback time counts, not size: colours go through the encoder that searches for no smaller file. */
  async #jpeg(image: ByteImage): Promise<Uint8Array> {
    return image.channels === 3 ? encodeBaselineJpeg(image, QUALITY) : await this.#codec.encodeJpeg(image, QUALITY);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#busy;
    for (const { skip } of this.#wanted.splice(0)) skip(new LiaeError('the scene was closed'));
    await this.#shelf[Symbol.asyncDispose]();
    await this.#looks?.[Symbol.asyncDispose]();
    await this.#predictor[Symbol.asyncDispose]();
  }
}

/** What a prediction depends on beside the model: the frame, and what was asked of the networks. */
const keyOf = (frame: number, inputs: readonly PredictInput[]): string =>
  [frame, ...inputs.map(({ power, xseg, xsegPrd }) => `${power} ${xseg !== undefined} ${xsegPrd}`)].join(' ');

/** Composing may work in the memory that it is given. */
const copied = (given: RawPrediction): RawPrediction => ({
  ...{ face: given.face.slice(), mask: given.mask.slice(), dstMask: given.dstMask.slice() },
  ...(given.enhanced && { enhanced: given.enhanced.slice() }),
  ...(given.xsegPrd && { xsegPrd: given.xsegPrd.slice() }),
  ...(given.xsegDst && { xsegDst: given.xsegDst.slice() }),
});
