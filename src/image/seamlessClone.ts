/**
 * Poisson image editing (Pérez 2003): a patch keeps its gradients and takes the values around it. The discrete problem is that of OpenCV's
 * seamlessClone in its normal mode; it is solved directly, all channels at once.
 */
import { type FloatImage, floatImage } from './image.ts';
import { isBetterTurned, poissonFloats, solvePoisson } from './poisson.ts';
import type { Simd } from './simd.ts';
import { type Code, choose, constant, f32x4, i32, type Local, loop, type Routine, v128 } from './wasmCode.ts';
import type { Pane, Window } from './windowWarp.ts';

/** What is cloned into a frame, all in the frame's pixels. */
export interface ClonePatch {
  /** BGR like the frame; anything where the mask is 0. */
  readonly source: FloatImage;
  /** One channel of 0 and 1, of the source's size. */
  readonly mask: FloatImage;
}

/** Of byte values. */
const LEVELS = 255;
const PIXEL = 16;

/**
 * @param frame  BGR: a pane that holds the mask's bounding rectangle as well as it lies in the frame.
 * @param patch  source and mask over the same pane.
 * @param frameSize  of the whole frame: its outermost pixels are never cloned.
 * @param byteValues  values are in 0…1 and cut to whole 255ths, before and after, as for 8-bit pictures.
 * @returns a copy of the frame's pane with the patch in it; undefined where there is nothing to clone or no room for it, as OpenCV refuses it.
 * Source: OpenCV 4, photo/seamless_cloning_impl.cpp: mixed gradients by a mask eroded three times, Dirichlet border of the bounding box.
 */
export function seamlessClone(
  frame: Pane,
  patch: ClonePatch,
  frameSize: { readonly width: number; readonly height: number },
  byteValues: boolean,
  simd: Simd,
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
  const box: Window = { x: x0, y: y0, width: from.width, height: from.height };

  // The equation may be set up turned by a quarter: what is a row below then runs down the picture.
  const turned = isBetterTurned(from.width - 2, from.height - 2);
  const [rowPixels, rows] = turned ? [from.height, from.width] : [from.width, from.height];
  const [length, lines] = [rowPixels - 2, rows - 2];
  const floats = from.width * from.height * 4;
  const layout = simd.layout(
    2 * floats,
    floats / 16 + 1,
    (length * lines + 2 * length) * 4,
    poissonFloats(length, lines),
    width * 3,
    width,
  );
  const [boxes, erodedAt, fieldStart, tables, values, weights] = layout;
  const field = fieldStart + length * PIXEL;
  const steps: Steps = { pixel: (turned ? rowPixels : 1) * PIXEL, row: (turned ? 1 : rowPixels) * PIXEL };

  simd.floats(weights, from.width).fill(1);
  fillBox(frame.image, box, undefined, boxes, steps, byteValues, simd, values, weights);
  fillBox(patch.source, from, mask, boxes + floats * 4, steps, byteValues, simd, values, weights);
  erodedBox(mask, from, simd.bytes(erodedAt, from.width * from.height), steps.pixel / PIXEL, steps.row / PIXEL);
  simd.floats(fieldStart, length * 4).fill(0);
  simd.floats(field + lines * length * PIXEL, length * 4).fill(0);
  simd.run(rightSide)(boxes, floats * 4, erodedAt, field, rowPixels * PIXEL, lines);
  subtractBorder(simd.floats(field, length * lines * 4), simd.floats(boxes, floats), length, lines);
  solvePoisson(simd, length, lines, field, tables);

  const out: FloatImage = { ...frame.image, data: frame.image.data.slice() };
  const narrow = simd.run(byteValues ? narrowedLevels : narrowed);
  const result = simd.floats(values, (from.width - 2) * 3);
  const [pixelStep, rowStep] = turned ? [length * PIXEL, PIXEL] : [PIXEL, length * PIXEL];
  for (let y = 1; y < from.height - 1; y++) {
    narrow(field + (y - 1) * rowStep, pixelStep, values, (from.width - 2) * 12);
    out.data.set(result, ((y + y0) * width + x0 + 1) * 3);
  }
  return out;
}

/** Bytes from a pixel of a box to the next, and from a row to the next. */
interface Steps {
  readonly pixel: number;
  readonly row: number;
}

/** A window of three channels as pixels of four floats, black where there is a mask that is 0. */
function fillBox(
  { data, width }: FloatImage,
  window: Window,
  mask: FloatImage | undefined,
  to: number,
  steps: Steps,
  byteValues: boolean,
  simd: Simd,
  values: number,
  weights: number,
): void {
  const widen = simd.run(byteValues ? widenedLevels : widened);
  const row = simd.floats(values, window.width * 3);
  const maskRow = simd.floats(weights, window.width);
  for (let y = 0; y < window.height; y++) {
    const first = (window.y + y) * width + window.x;
    row.set(data.subarray(first * 3, (first + window.width) * 3));
    if (mask !== undefined) maskRow.set(mask.data.subarray(first, first + window.width));
    widen(values, weights, to + y * steps.row, steps.pixel, window.width * 4);
  }
}

/** A row of three floats a pixel, each pixel times its weight, to four; as whole levels if asked. */
const widening = (whole: boolean): Routine => ({
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32'],
  body(locals, from, weights, to, step, bytes) {
    const end = locals.one('i32');
    const three = v128.and(v128.load(from.get), v128.constants([...Array<number>(12).fill(255), 0, 0, 0, 0]));
    const value = whole ? f32x4.truncate(f32x4.mul(three, f32x4.splatConstant(LEVELS))) : three;
    return [
      ...end.set(i32.add(weights.get, bytes.get)),
      ...loop(weights, end.get, constant(4), [
        ...f32x4.store(to.get, f32x4.mul(value, f32x4.loadSplat(weights.get))),
        ...from.set(i32.add(from.get, constant(12))),
        ...to.set(i32.add(to.get, step.get)),
      ]),
    ];
  },
});
const widened = widening(false);
const widenedLevels = widening(true);

/** Pixels of four floats to a row of three each; whole levels back to 0…1 if asked. */
const narrowing = (whole: boolean): Routine => ({
  parameters: ['i32', 'i32', 'i32', 'i32'],
  body(locals, from, step, to, bytes) {
    const end = locals.one('i32');
    const value = f32x4.load(from.get);
    const levels = f32x4.splatConstant(LEVELS);
    const inRange = f32x4.lesser(f32x4.greater(value, f32x4.splatConstant(0)), levels);
    return [
      ...end.set(i32.add(to.get, bytes.get)),
      ...loop(to, end.get, constant(12), [
        ...f32x4.store(to.get, whole ? f32x4.divide(f32x4.truncate(inRange), levels) : value),
        ...from.set(i32.add(from.get, step.get)),
      ]),
    ];
  },
});
const narrowed = narrowing(false);
const narrowedLevels = narrowing(true);

/**
 * div v on the interior, where v is the patch's gradient inside the eroded mask and the frame's elsewhere. Gradients are differences to the
 * next pixel. The patch's box lies a distance behind the frame's.
 */
const rightSide: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  body(locals, boxes, distance, eroded, field, row, lines) {
    const [at, inside, end, line] = locals.many('i32', 4) as [Local, Local, Local, Local];
    const [own, left, up] = locals.many('i32', 3) as [Local, Local, Local];
    const chosen = (place: Local, back: Code | undefined, flag: Code): Code => {
      const address = back === undefined ? at.get : i32.subtract(at.get, back);
      return place.set(choose(i32.add(address, distance.get), address, i32.loadByte(flag)));
    };
    const rowFlags = i32.shiftRight(row.get, constant(4));
    const { add, subtract, load } = f32x4;
    const value = subtract(
      subtract(
        subtract(add(load(own.get, PIXEL), load(i32.add(own.get, row.get))), add(load(own.get), load(own.get))),
        subtract(load(left.get, PIXEL), load(left.get)),
      ),
      subtract(load(i32.add(up.get, row.get)), load(up.get)),
    );
    return [
      ...at.set(i32.add(boxes.get, row.get, constant(PIXEL))),
      ...inside.set(i32.add(eroded.get, rowFlags, constant(1))),
      ...loop(line, lines.get, constant(1), [
        ...end.set(i32.add(at.get, i32.subtract(row.get, constant(2 * PIXEL)))),
        ...loop(at, end.get, constant(PIXEL), [
          ...chosen(own, undefined, inside.get),
          ...chosen(left, constant(PIXEL), i32.subtract(inside.get, constant(1))),
          ...chosen(up, row.get, i32.subtract(inside.get, rowFlags)),
          ...f32x4.store(field.get, value),
          ...field.set(i32.add(field.get, constant(PIXEL))),
          ...inside.set(i32.add(inside.get, constant(1))),
        ]),
        ...at.set(i32.add(at.get, constant(2 * PIXEL))),
        ...inside.set(i32.add(inside.get, constant(2))),
      ]),
    ];
  },
};

/** The given values around the interior, which belong on the right side. */
function subtractBorder(field: Float32Array, box: Float32Array, length: number, lines: number): void {
  const row = (length + 2) * 4;
  const last = (lines - 1) * length * 4;
  for (let i = 0; i < length * 4; i++) {
    field[i]! -= box[i + 4]!;
    field[last + i]! -= box[(lines + 1) * row + i + 4]!;
  }
  for (let y = 0; y < lines; y++) {
    for (let c = 0; c < 4; c++) {
      field[y * length * 4 + c]! -= box[(y + 1) * row + c]!;
      field[((y + 1) * length - 1) * 4 + c]! -= box[(y + 2) * row - 4 + c]!;
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

/**
 * The mask in its box after three erosions by 3×3 pixels, which are one by 7×7. Around the box there are zeros, but for the edge of the
 * image, which counts as ones.
 *
 * @param step, rowStep  places in `out` from a pixel to the next, and from a row to the next.
 */
function erodedBox(mask: FloatImage, box: Window, out: Uint8Array, step: number, rowStep: number): void {
  const across = new Uint8Array(box.width * box.height);
  const ones = { left: box.x === 0, right: box.x + box.width === mask.width, top: box.y === 0, bottom: box.y + box.height === mask.height };
  for (let y = 0; y < box.height; y++) {
    const line = { first: y * box.width, step: 1 };
    spreadZeros(mask.data, { first: (y + box.y) * mask.width + box.x, step: 1 }, box.width, across, line, ones.left, ones.right);
  }
  for (let x = 0; x < box.width; x++) {
    const line = { first: x * step, step: rowStep };
    spreadZeros(across, { first: x, step: box.width }, box.height, out, line, ones.top, ones.bottom);
  }
}

interface Line {
  readonly first: number;
  readonly step: number;
}

/** A line where everything within three places of a zero is zero; before and behind it there are zeros, or ones. */
function spreadZeros(
  from: Float32Array | Uint8Array,
  source: Line,
  count: number,
  to: Uint8Array,
  target: Line,
  onesBefore: boolean,
  onesBehind: boolean,
): void {
  let zero = onesBefore ? -9 : -1; // the last zero seen
  for (let i = 0; i < count + 3; i++) {
    if (i < count ? from[source.first + i * source.step] === 0 : !onesBehind) zero = i;
    if (i >= 3) to[target.first + (i - 3) * target.step] = zero >= i - 6 ? 0 : 1;
  }
}

/** The rectangle around all pixels of a mask that are not 0. Only what lies outside of it is looked at. */
export function boundsOf({ width, height, data }: FloatImage): Window | undefined {
  let top = 0;
  while (top < width * height && data[top] === 0) top++;
  if (top === width * height) return undefined;
  let bottom = width * height - 1;
  while (data[bottom] === 0) bottom--;
  let [left, right] = [width, -1];
  const [first, last] = [Math.floor(top / width), Math.floor(bottom / width)];
  for (let y = first; y <= last; y++) {
    const row = y * width;
    for (let x = 0; x < left; x++) if (data[row + x] !== 0) left = x;
    for (let x = width - 1; x > right; x--) if (data[row + x] !== 0) right = x;
  }
  return { x: left, y: first, width: right - left + 1, height: last - first + 1 };
}
