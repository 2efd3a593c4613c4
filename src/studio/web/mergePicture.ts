/**
 * The picture of the frame that is shown: the frame as it is in the clip, and over it the part that merging changes, each asked for as soon as it is
 * wanted and one at a time. What is wanted meanwhile is asked for next; what was wanted in between is never made.
 */
import type { PictureRequest, Problem } from '../protocol.ts';
import { ask, Refused } from './api.ts';
import { choice, frame, hasFace, openScene, scene, sceneOpening, settings } from './mergeState.ts';
import { computed, effect, signal } from './ui.ts';

export type View = 'wipe' | 'after' | 'before' | 'mask' | 'checker';
export const views: readonly View[] = ['wipe', 'after', 'before', 'mask', 'checker'];

export const view = signal<View>('wipe');
/** Pixels of the screen to a pixel of the frame; set by whoever shows it. */
export const density = signal(1);

export interface Part {
  readonly bitmap: ImageBitmap | undefined;
  readonly x: number;
  readonly y: number;
  /** Pixels of the frame to a pixel of the part. */
  readonly shrink: number;
  /** Of the whole picture: another one than the frame's where only a face is shown. */
  readonly width: number;
  readonly height: number;
  readonly faces: number;
  readonly ms: readonly number[];
}

export interface Shown {
  readonly scene: string;
  readonly frame: number;
  readonly show: PictureRequest['show'];
  readonly before: Part;
  /** Undefined where the clip itself is shown. */
  readonly after: Part | undefined;
  /** From the wish to the picture, in milliseconds. */
  readonly ms: number;
}

export const shown = signal<Shown | undefined>(undefined);
export const pictureProblem = signal<Problem | undefined>(undefined);
/** Whether what is shown is not what is wanted. */
export const late = signal(false);

const showOf = (of: View): PictureRequest['show'] => (of === 'wipe' ? 'after' : of);

/** The coarsest picture that looks sharp. */
const shrink = computed(() => Math.max(1, Math.min(8, Math.floor(1.15 / density.value))));

/** A picture that is wanted, of faces as they lie before or after the cuts are known: nothing is smoothed across those. */
interface Wish extends PictureRequest {
  readonly settled: boolean;
}

const wanted = computed<Wish | undefined>(() => {
  const open = scene.value;
  if (open === undefined || sceneOpening.value) return undefined;
  const request = { scene: open.id, frame: frame.value, settings: settings.value, show: showOf(view.value), shrink: shrink.value };
  return { ...request, settled: open.cuts !== null };
});

const same = (a: Wish | undefined, b: Wish | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.settled === b.settled &&
    a.scene === b.scene &&
    a.frame === b.frame &&
    a.show === b.show &&
    a.shrink === b.shrink &&
    JSON.stringify(a.settings) === JSON.stringify(b.settings));

let [busy, made]: [boolean, Wish | undefined] = [false, undefined];
let wishedAt = 0;

effect(() => {
  const wish = wanted.value;
  if (same(wish, made)) return;
  if (!busy) wishedAt = performance.now();
  late.value = true;
  void pump();
});

async function pump(): Promise<void> {
  if (busy) return;
  busy = true;
  try {
    for (;;) {
      const wish = wanted.peek();
      if (wish === undefined || same(wish, made)) break;
      const at = wishedAt;
      wishedAt = performance.now();
      made = wish;
      await make(wish, at);
      wishedAt = performance.now();
    }
  } finally {
    busy = false;
    late.value = false;
  }
}

async function make({ settled: _, ...wish }: Wish, at: number): Promise<void> {
  try {
    const now = shown.peek();
    const isThere = now !== undefined && now.scene === wish.scene && now.frame === wish.frame && now.before.shrink === wish.shrink;
    const asksBefore = isThere ? Promise.resolve(now.before) : part({ ...wish, show: 'before' });
    const asksAfter = wish.show === 'before' || !hasFace(wish.frame) ? Promise.resolve(undefined) : part(wish);
    const [before, after] = await Promise.all([asksBefore, asksAfter]);
    pictureProblem.value = undefined;
    const old = shown.peek();
    shown.value = { scene: wish.scene, frame: wish.frame, show: wish.show, before, after, ms: performance.now() - at };
    if (old !== undefined) {
      if (old.before !== before) old.before.bitmap?.close();
      old.after?.bitmap?.close();
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (/scene (is|was) closed/.test(error.problem.message) && choice.peek() !== undefined) {
      made = undefined;
      if (!sceneOpening.peek()) await openScene(false); // it rested for long, or its process ended
      return;
    }
    pictureProblem.value = error.problem;
  }
}

async function part(request: PictureRequest): Promise<Part> {
  const response = await ask('POST', '/merge/picture', request);
  const numbers = (name: string): number[] => (response.headers.get(name) ?? '').split(',').map(Number);
  const [[x = 0, y = 0], [width = 0, height = 0]] = [numbers('x-rect'), numbers('x-size')];
  const blob = await response.blob();
  const bitmap = blob.size === 0 ? undefined : await createImageBitmap(blob);
  const open = scene.peek();
  const isFrame = width === open?.clip.width && height === open.clip.height;
  return { bitmap, x, y, shrink: isFrame ? request.shrink : 1, width, height, faces: numbers('x-faces')[0] ?? 0, ms: numbers('x-ms') };
}

/** The next picture after this one is there; for playing. */
export const ready = computed(() => !late.value && shown.value?.frame === frame.value);
