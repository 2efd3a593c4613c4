/**
 * Poisson image editing (Pérez 2003): a patch keeps its gradients and takes the values around it. The discrete problem is that of OpenCV's
 * seamlessClone in its normal mode; it is solved exactly, in float64.
 */
import { type FloatImage, floatImage } from './image.ts';
import { PoissonSolver } from './poisson.ts';
import type { Pane, Window } from './windowWarp.ts';

/** What is cloned into a frame, all in the frame's pixels. */
export interface ClonePatch {
  /** BGR in 0…255; anything where the mask is 0. */
  readonly source: FloatImage;
  /** One channel of 0 and 1, of the source's size. */
  readonly mask: FloatImage;
}

/**
 * @param frame  BGR in 0…255: a pane that holds the mask's bounding rectangle as well as it lies in the frame.
 * @param patch  source and mask over the same pane.
 * @param frameSize  of the whole frame: its outermost pixels are never cloned.
 * @param byteValues  results are cut to whole numbers in 0…255, as for 8-bit pictures.
 * @returns a copy of the frame's pane with the patch in it; undefined where there is nothing to clone or no room for it, as OpenCV refuses it.
 * Source: OpenCV 4, photo/seamless_cloning_impl.cpp: mixed gradients by a mask eroded three times, Dirichlet border of the bounding box.
 */
export function seamlessClone(
  frame: Pane,
  patch: ClonePatch,
  frameSize: { readonly width: number; readonly height: number },
  byteValues: boolean,
): FloatImage | undefined {
  const { width, height } = frame.image;
  const centre = boundsOf(patch.mask);
  if (centre === undefined) return undefined;
  const mask = withoutFrameEdge(patch.mask, frame, frameSize, centre);
  const from = mask === patch.mask ? centre : boundsOf(mask);
  if (from === undefined || from.width < 3 || from.height < 3) return undefined;
  // The box goes where the middle of the whole mask is: a step aside when a border cut the mask.
  const x0 = Math.trunc(frame.x + centre.x + centre.width / 2) - frame.x - (from.width >> 1);
  const y0 = Math.trunc(frame.y + centre.y + centre.height / 2) - frame.y - (from.height >> 1);
  const outside = x0 < 0 || y0 < 0 || x0 + from.width > width || y0 + from.height > height;
  if (outside) return undefined;
  const out: FloatImage = { ...frame.image, data: frame.image.data.slice() };
  const eroded = erodedBox(mask, from);
  const solver = new PoissonSolver(from.width - 2, from.height - 2);
  const field = new Float64Array((from.width - 2) * (from.height - 2));
  const patchBox = new Float64Array(from.width * from.height);
  const frameBox = new Float64Array(from.width * from.height);
  for (let c = 0; c < 3; c++) {
    fillBoxes(patch.source.data, mask.data, frame.image.data, width, from, x0, y0, c, patchBox, frameBox);
    rightSide(patchBox, frameBox, eroded, from.width, from.height, field);
    solver.solve(field);
    writeInner(field, from.width, from.height, out.data, width, x0, y0, c, byteValues);
  }
  return out;
}

function writeInner(
  field: Float64Array,
  boxWidth: number,
  boxHeight: number,
  out: Float32Array,
  width: number,
  x0: number,
  y0: number,
  channel: number,
  byteValues: boolean,
): void {
  for (let y = 1, p = 0; y < boxHeight - 1; y++) {
    for (let x = 1; x < boxWidth - 1; x++, p++) {
      const v = field[p]!;
      out[((y + y0) * width + x + x0) * 3 + channel] = byteValues ? Math.trunc(v < 0 ? 0 : v > 255 ? 255 : v) : v;
    }
  }
}

/**
 * div v on the interior minus the given border values, where v is the patch's gradient inside the eroded mask and the frame's elsewhere.
 * Gradients are differences to the next pixel; the border mirrors, so that the last one points back.
 */
function rightSide(patch: Float64Array, frame: Float64Array, eroded: Uint8Array, width: number, height: number, out: Float64Array): void {
  for (let y = 1, o = 0; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++, o++) {
      const p = y * width + x;
      const own = eroded[p] === 0 ? frame : patch;
      const left = eroded[p - 1] === 0 ? frame : patch;
      const up = eroded[p - width] === 0 ? frame : patch;
      let sum = own[p + 1]! + own[p + width]! - 2 * own[p]! - (left[p]! - left[p - 1]!) - (up[p]! - up[p - width]!);
      if (x === 1) sum -= frame[p - 1]!;
      if (x === width - 2) sum -= frame[p + 1]!;
      if (y === 1) sum -= frame[p - width]!;
      if (y === height - 2) sum -= frame[p + width]!;
      out[o] = sum;
    }
  }
}

/** The mask without the frame's outermost pixels; itself where it doesn't reach them. */
function withoutFrameEdge(mask: FloatImage, at: Pane, frame: { width: number; height: number }, bounds: Window): FloatImage {
  const [left, top] = [1 - at.x, 1 - at.y];
  const [right, bottom] = [frame.width - 2 - at.x, frame.height - 2 - at.y];
  const { x, y, width, height } = bounds;
  if (x >= left && y >= top && x + width - 1 <= right && y + height - 1 <= bottom) return mask;
  const out = floatImage(mask.width, mask.height, 1);
  for (let j = Math.max(0, top); j <= Math.min(mask.height - 1, bottom); j++) {
    for (let i = Math.max(0, left); i <= Math.min(mask.width - 1, right); i++)
      out.data[j * mask.width + i] = mask.data[j * mask.width + i]!;
  }
  return out;
}

/** One channel of the patch (black outside of the mask) and of the frame, in the box. */
function fillBoxes(
  source: Float32Array,
  mask: Float32Array,
  frame: Float32Array,
  width: number,
  from: Window,
  x0: number,
  y0: number,
  channel: number,
  patchBox: Float64Array,
  frameBox: Float64Array,
): void {
  for (let y = 0, p = 0; y < from.height; y++) {
    let q = (y + from.y) * width + from.x;
    let r = ((y + y0) * width + x0) * 3 + channel;
    for (let x = 0; x < from.width; x++, p++, q++, r += 3) {
      patchBox[p] = mask[q] === 0 ? 0 : source[q * 3 + channel]!;
      frameBox[p] = frame[r]!;
    }
  }
}

/**
 * The mask in its box after three erosions by 3×3 pixels, which are one by 7×7. Around the box there are zeros, but for the edge of the
 * image, which counts as ones.
 */
function erodedBox(mask: FloatImage, box: Window): Uint8Array {
  const out = new Uint8Array(box.width * box.height);
  const across = new Uint8Array(box.width * box.height);
  const ones = { left: box.x === 0, right: box.x + box.width === mask.width, top: box.y === 0, bottom: box.y + box.height === mask.height };
  for (let y = 0; y < box.height; y++) {
    spreadZeros(mask.data, (y + box.y) * mask.width + box.x, 1, box.width, across, y * box.width, ones.left, ones.right);
  }
  for (let x = 0; x < box.width; x++) spreadZeros(across, x, box.width, box.height, out, x, ones.top, ones.bottom);
  return out;
}

/** A line where everything within three places of a zero is zero; before and behind it there are zeros, or ones. */
function spreadZeros(
  from: Float32Array | Uint8Array,
  first: number,
  step: number,
  count: number,
  to: Uint8Array,
  start: number,
  onesBefore: boolean,
  onesBehind: boolean,
): void {
  let zero = onesBefore ? -9 : -1; // the last zero seen
  for (let i = 0; i < count + 3; i++) {
    if (i < count ? from[first + i * step] === 0 : !onesBehind) zero = i;
    if (i >= 3) to[start + (i - 3) * step] = zero >= i - 6 ? 0 : 1;
  }
}

/** The rectangle around all pixels of a mask that are not 0. */
export function boundsOf(mask: FloatImage): Window | undefined {
  const { width, height, data } = mask;
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      if (data[p] === 0) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return right < 0 ? undefined : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}
