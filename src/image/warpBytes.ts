/**
 * Warps of 8-bit images, linear, black outside: bit for bit what a float warp rounded half up would give, at the speed that aligned faces are
 * cut at. Weights are whole numbers of 1/1024, as positions lie on a grid of 1/32 pixel. What has all its four pixels in the image is computed
 * in WebAssembly, three channels at a time.
 */
import { type Affine, invertAffine } from './affine.ts';
import type { ByteImage } from './image.ts';
import { roundHalfEven } from './positions.ts';
import { Simd } from './simd.ts';
import { type Code, constant, f32x4, i32, i32x4, type Local, loop, type Routine, v128 } from './wasmCode.ts';

export interface WarpOptions {
  /** Where the image's first pixel lies in the picture that it is a part of: (0, 0) of a whole one. */
  readonly x?: number;
  readonly y?: number;
  /** Memory for the result, at least width · height · 3; new if left out. */
  readonly out?: Uint8Array | undefined;
}

/** One for each thread, made when it is first needed. Nothing stays in its memory. */
let simd: Simd | undefined;

/**
 * @param image  of three channels: a whole picture, or a part of one that holds all that the target shows of it.
 * @param targetFromSource  in pixels of the whole picture; must be invertible.
 */
export function warpBytes(
  image: ByteImage,
  targetFromSource: Affine,
  width: number,
  height: number,
  { x = 0, y = 0, out = new Uint8Array(width * height * 3) }: WarpOptions = {},
): ByteImage {
  if (image.channels !== 3) throw new RangeError(`an image of ${image.channels} channels; 3 are warped`);
  simd ??= new Simd();
  const data = out.subarray(0, width * height * 3);
  warp(image, invertAffine(targetFromSource), { x, y }, width, height, simd, data);
  return { width, height, channels: 3, data };
}

/** Positions are those of `affinePositions`, made where they are used: as arrays they would take more memory than the picture. */
function warp(
  image: ByteImage,
  [ax, bx, tx, ay, by, ty]: Affine,
  { x: left, y: top }: { readonly x: number; readonly y: number },
  outWidth: number,
  outHeight: number,
  lanes: Simd,
  out: Uint8Array,
): void {
  const { width, height, data } = image;
  const row = width * 3;
  const bytes = row * height;
  const [source, dxAt, dyAt, target] = lanes.layout(Math.ceil(bytes / 4) + 4, outWidth, outWidth, Math.ceil((outWidth * 3) / 4) + 4);
  lanes.bytes(source, bytes).set(bytes === data.length ? data : data.subarray(0, bytes));
  const dx = lanes.integers(dxAt, outWidth);
  const dy = lanes.integers(dyAt, outWidth);
  for (let i = 0; i < outWidth; i++) {
    dx[i] = roundHalfEven(ax * i * 1024);
    dy[i] = roundHalfEven(ay * i * 1024);
  }
  const pixels = lanes.bytes(target, outWidth * 3);
  const run = lanes.run(rowInside);
  for (let j = 0, o = 0; j < outHeight; j++, o += outWidth * 3) {
    const x0 = (roundHalfEven((bx * j + tx) * 1024) - left * 1024 + 16) | 0;
    const y0 = (roundHalfEven((by * j + ty) * 1024) - top * 1024 + 16) | 0;
    let first = 0;
    while (first < outWidth && !isInside(x0 + dx[first]!, y0 + dy[first]!, width, height)) first++;
    let end = outWidth;
    while (end > first && !isInside(x0 + dx[end - 1]!, y0 + dy[end - 1]!, width, height)) end--;
    if (end > first) {
      run(source, row, x0, y0, dxAt + first * 4, dxAt + end * 4, dyAt - dxAt, target + first * 3);
      out.set(pixels, o);
    }
    for (let i = 0; i < outWidth; i++) {
      if (i === first) i = end;
      if (i < outWidth) edgePixel(data, width, height, row, (x0 + dx[i]!) >> 5, (y0 + dy[i]!) >> 5, out, o + i * 3);
    }
  }
}

/** Whether all four pixels are in the image. Positions of a row lie on a line, so that those inside follow each other. */
function isInside(x: number, y: number, width: number, height: number): boolean {
  return x >= 0 && y >= 0 && x >> 10 < width - 1 && y >> 10 < height - 1;
}

/** A pixel of the target near the image's edge or outside. */
function edgePixel(src: Uint8Array, width: number, height: number, row: number, sx: number, sy: number, out: Uint8Array, o: number): void {
  const x = sx >> 5;
  const y = sy >> 5;
  const fx = sx & 31;
  const fy = sy & 31;
  const p = y * row + x * 3;
  const [isLeft, isRight] = [x >= 0 && x < width, x + 1 >= 0 && x + 1 < width];
  const [isAbove, isBelow] = [y >= 0 && y < height, y + 1 >= 0 && y + 1 < height];
  for (let k = 0; k < 3; k++) {
    let sum = 512;
    if (isLeft && isAbove) sum += src[p + k]! * (32 - fx) * (32 - fy);
    if (isRight && isAbove) sum += src[p + 3 + k]! * fx * (32 - fy);
    if (isLeft && isBelow) sum += src[p + row + k]! * (32 - fx) * fy;
    if (isRight && isBelow) sum += src[p + row + 3 + k]! * fx * fy;
    out[o + k] = sum >> 10;
  }
}

/** Bytes of R, G, B of two neighbours as pairs of 16 bits. */
const PAIRS = [0, 16, 3, 16, 1, 16, 4, 16, 2, 16, 5, 16, 16, 16, 16, 16];

/** Pixels of a row that lie inside, from positions x0 + dx, y0 + dy in 1/1024; dy lies `toDy` behind dx. One byte behind the last is written too. */
const rowInside: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  body(locals, source, row, x0, y0, dx, dxEnd, toDy, out) {
    const [x, y, at, weights] = locals.many('i32', 4) as [Local, Local, Local, Local];
    const [zero, half, sum] = locals.many('v128', 3) as [Local, Local, Local];
    const pairs = (address: Code): Code => v128.shuffleBytes(v128.load(address), zero.get, PAIRS);
    // (32 − fx) and fx in the two halves: times a number up to 32 neither half runs over.
    const fraction = (v: Code): Code => i32.and(v, constant(31));
    const across = i32.add(constant(32), i32.mul(fraction(x.get), constant(65535)));
    const down = fraction(y.get);
    return [
      ...zero.set(f32x4.splatConstant(0)),
      ...half.set(i32x4.splat(constant(512))),
      ...loop(dx, dxEnd.get, constant(4), [
        ...x.set(i32.shiftRight(i32.add(x0.get, i32.load(dx.get)), constant(5))),
        ...y.set(i32.shiftRight(i32.add(y0.get, i32.load(i32.add(dx.get, toDy.get))), constant(5))),
        ...at.set(
          i32.add(
            source.get,
            i32.mul(i32.shiftRight(y.get, constant(5)), row.get),
            i32.mul(i32.shiftRight(x.get, constant(5)), constant(3)),
          ),
        ),
        ...weights.set(across),
        ...sum.set(i32x4.dot(pairs(at.get), i32x4.splat(i32.mul(weights.get, i32.subtract(constant(32), down))))),
        ...sum.set(i32x4.add(sum.get, i32x4.dot(pairs(i32.add(at.get, row.get)), i32x4.splat(i32.mul(weights.get, down))))),
        ...sum.set(i32x4.shiftRight(i32x4.add(sum.get, half.get), 10)),
        ...i32.store(out.get, i32x4.lane(v128.shuffleBytes(sum.get, zero.get, [0, 4, 8, ...new Array<number>(13).fill(16)]), 0)),
        ...out.set(i32.add(out.get, constant(3))),
      ]),
    ];
  },
};
