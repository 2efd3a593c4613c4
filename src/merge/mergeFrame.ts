/**
 * Predicted faces back into their frame. Each face is merged into the frame as it was, then they are laid over one another by their
 * masks. Only the panes of the faces are computed, unless a setting degrades the frame itself.
 */
import { streamFor } from '../base/index.ts';
import { type ByteImage, type FloatImage, floatImage, type Pane, type Window } from '../image/index.ts';
import { degradeColours, degradeFrame } from './degrade.ts';
import type { FaceCrop } from './faceCrop.ts';
import { degradesFrame, type MergedPane, type MergeTools, mergeFace, rawPrediction } from './faceMerge.ts';
import type { Motion } from './motion.ts';
import { greatestOf, type Picture, readWindow, type WideImage, writeWindow } from './picture.ts';
import type { Prediction } from './prediction.ts';
import type { MergeSettings } from './settings.ts';

export interface FaceToMerge {
  /** From the same frame, with the same settings. */
  readonly crop: FaceCrop;
  readonly prediction: Prediction;
}

export interface MergeContext {
  /** Of the only face; left out for several, as the reference can't tell whose motion is whose. */
  readonly motion?: Motion | undefined;
  /** Of the random draws, with the number of the frame: the same seed gives the same picture. */
  readonly seed: number;
  readonly frame: number;
  readonly tools: MergeTools;
}

export interface MergedFrame {
  /** Of the frame's kind and size; in mode raw-predict the predicted face itself. */
  readonly image: Picture;
  /** One channel of the same kind and size: where faces are. */
  readonly mask: ByteImage | WideImage;
}

/**
 * @param frame  is not changed. Pixels that no face and no setting touches keep their value to the bit.
 * @param faces  in the order in which they are laid over one another.
 */
export function mergeFrame(frame: Picture, faces: readonly FaceToMerge[], settings: MergeSettings, context: MergeContext): MergedFrame {
  if (settings.mode === 'raw-predict' && faces.length > 0) return mergeSquares(frame, faces, settings, context.tools);
  const image: Picture = copyOf(frame);
  const coverage = emptyMask(frame, frame.width, frame.height);
  const visible = faces.filter(({ crop }) => crop.pane !== undefined);
  if (visible.length === 0) return { image, mask: coverage };
  const whole: Window = { x: 0, y: 0, width: frame.width, height: frame.height };
  const touchesAll = degradesFrame(settings) || settings.color_degrade_power !== 0;
  const mergeOne = (i: number, degraded?: FloatImage): MergedPane => {
    const { crop, prediction } = visible[i]!;
    return mergeFace(crop, prediction, settings, {
      motion: context.motion ?? { power: 0, angleDeg: 0 },
      rng: streamFor(context.seed, 'merge', context.frame, i),
      tools: context.tools,
      byteValues: greatestOf(frame) === 255,
      degraded: degraded && cut(degraded, windowOf(crop.pane!)),
    });
  };
  const paints = settings.mode === 'raw-rgb'; // where no mask is
  if (visible.length === 1 && !touchesAll) {
    const { x, y } = visible[0]!.crop.pane!;
    const { colour, mask } = mergeOne(0);
    writeWindow(image, { x, y, image: colour }, context.tools.simd, paints ? undefined : mask.data);
    writeMask(coverage, { x, y }, mask);
    return { image, mask: coverage };
  }
  const reached = unionOf(visible.map(({ crop }) => windowOf(crop.pane!)));
  const window = touchesAll ? whole : reached;
  let canvas = readWindow(frame, window, context.tools.simd, roomFor(window, context.tools));
  const degraded = degradesFrame(settings) ? canvas.image : undefined;
  if (degraded !== undefined) degradeFrame(degraded, settings, greatestOf(frame), context.tools.simd);
  const total = floatImage(reached.width, reached.height, 1);
  let changed = false;
  for (const [i, { crop }] of visible.entries()) {
    const pane = crop.pane!;
    const merged = mergeOne(i, degraded);
    if (merged.merged && touchesAll) {
      const behind: FloatImage = degraded ?? (i === 0 ? canvas.image : readWindow(frame, whole, context.tools.simd).image);
      // The last face may be painted into what lies behind it.
      const data = i === visible.length - 1 ? behind.data : behind.data.slice();
      const own: Pane = { x: 0, y: 0, image: { ...behind, data } };
      paste(own, pane, merged.colour);
      if (settings.color_degrade_power !== 0) degradeColours(own.image, settings);
      if (i === 0) canvas = own;
      else layOver(canvas, pane, cut(own.image, windowOf(pane)), merged.mask);
      changed = true;
    } else if (i === 0) {
      if (degraded !== undefined) canvas = readWindow(frame, window, context.tools.simd);
      paste(canvas, pane, merged.colour);
    } else layOver(canvas, pane, merged.colour, merged.mask);
    addMask(total, reached, pane, merged);
  }
  if (changed) writeWindow(image, canvas, context.tools.simd);
  else if (!touchesAll) writeWindow(image, canvas, context.tools.simd, paints ? undefined : total.data);
  writeMask(coverage, reached, total);
  return { image, mask: coverage };
}

function roomFor({ width, height }: Window, { room }: MergeTools): Float32Array {
  const count = width * height * 3;
  if (room.floats.length < count) room.floats = new Float32Array(count);
  return room.floats;
}

/** Mode raw-predict: no frame at all. */
function mergeSquares(frame: Picture, faces: readonly FaceToMerge[], settings: MergeSettings, tools: MergeTools): MergedFrame {
  const squares = faces.map(({ crop, prediction }) => rawPrediction(crop, prediction, settings, tools));
  const first = squares[0]!;
  const pane: Pane = { x: 0, y: 0, image: first.face };
  for (const { face, mask } of squares.slice(1)) {
    layOver(pane, pane, face, mask);
    for (let i = 0; i < mask.data.length; i++) first.mask.data[i] = Math.min(first.mask.data[i]! + mask.data[i]!, 1);
  }
  const { width, height } = first.face;
  const pixels = width * height * 3;
  const data = frame.data instanceof Uint16Array ? new Uint16Array(pixels) : new Uint8Array(pixels);
  const image = { width, height, channels: 3, data } as Picture;
  writeWindow(image, pane, tools.simd);
  const mask = emptyMask(frame, width, height);
  writeMask(mask, pane, first.mask);
  return { image, mask };
}

const windowOf = ({ x, y, image: { width, height } }: Pane): Window => ({ x, y, width, height });

function unionOf(windows: readonly Window[]): Window {
  const x = Math.min(...windows.map((w) => w.x));
  const y = Math.min(...windows.map((w) => w.y));
  const width = Math.max(...windows.map((w) => w.x + w.width)) - x;
  return { x, y, width, height: Math.max(...windows.map((w) => w.y + w.height)) - y };
}

/** Part of an image that starts at the frame's first pixel. */
function cut(image: FloatImage, { x, y, width, height }: Window): FloatImage {
  const out = floatImage(width, height, image.channels);
  const row = width * image.channels;
  for (let j = 0; j < height; j++) {
    const from = ((y + j) * image.width + x) * image.channels;
    out.data.set(image.data.subarray(from, from + row), j * row);
  }
  return out;
}

/** Puts the pixels of a pane into a larger one. */
function paste(into: Pane, at: Pane, colour: FloatImage): void {
  for (let j = 0; j < colour.height; j++) {
    const to = ((at.y - into.y + j) * into.image.width + at.x - into.x) * 3;
    into.image.data.set(colour.data.subarray(j * colour.width * 3, (j + 1) * colour.width * 3), to);
  }
}

/** canvas·(1 − mask) + colour·mask over a pane. */
function layOver(canvas: Pane, at: Pane, colour: FloatImage, mask: FloatImage): void {
  const under = canvas.image.data;
  for (let j = 0, i = 0; j < colour.height; j++) {
    let p = ((at.y - canvas.y + j) * canvas.image.width + at.x - canvas.x) * 3;
    for (let x = 0; x < colour.width; x++, i++, p += 3) {
      const m = mask.data[i]!;
      for (let c = 0; c < 3; c++) under[p + c] = under[p + c]! * (1 - m) + colour.data[i * 3 + c]! * m;
    }
  }
}

function addMask(total: FloatImage, reached: Window, at: Pane, { mask }: MergedPane): void {
  for (let j = 0, i = 0; j < mask.height; j++) {
    let p = (at.y - reached.y + j) * total.width + at.x - reached.x;
    for (let x = 0; x < mask.width; x++, i++, p++) total.data[p] = Math.min(total.data[p]! + mask.data[i]!, 1);
  }
}

function copyOf(frame: Picture): Picture {
  return { ...frame, data: frame.data.slice() } as Picture;
}

function emptyMask(frame: Picture, width: number, height: number): ByteImage | WideImage {
  const data = frame.data instanceof Uint16Array ? new Uint16Array(width * height) : new Uint8Array(width * height);
  return { width, height, channels: 1, data } as ByteImage | WideImage;
}

function writeMask(to: ByteImage | WideImage, at: Pick<Window, 'x' | 'y'>, mask: FloatImage): void {
  const greatest = to.data instanceof Uint16Array ? 65535 : 255;
  for (let j = 0; j < mask.height; j++) {
    const first = (at.y + j) * to.width + at.x;
    for (let x = 0; x < mask.width; x++) to.data[first + x] = Math.fround(mask.data[j * mask.width + x]! * greatest);
  }
}
