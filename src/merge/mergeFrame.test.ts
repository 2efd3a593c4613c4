/** Merging as a whole: what must not change, 16 bits, linear light, faces at and beyond the edges. Agreement is tested by golden cases. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { streamFor } from '../base/index.ts';
import { type Landmarks, meanFace } from '../face/index.ts';
import { type FloatImage, floatImage } from '../image/index.ts';
import { DisplayColours, hlgSignal } from '../video/displayColours.ts';
import { hlgScene, pqSignal } from '../video/toneMap.ts';
import { cropFace } from './faceCrop.ts';
import { mergeTools } from './faceMerge.ts';
import { mergeFrame } from './mergeFrame.ts';
import { motionOf } from './motion.ts';
import type { Picture } from './picture.ts';
import type { Prediction } from './prediction.ts';
import { resolveMergeSettings } from './settings.ts';

const MODEL = { resolution: 64, faceType: 'full_face' } as const;
const [WIDTH, HEIGHT] = [200, 160];
const tools = mergeTools();
const context = { seed: 1, frame: 0, tools };

/** The mean face, `side` pixels across, its template's corner at (x, y). The jaw, which crops don't need, is a half circle. */
function faceAt(x: number, y: number, side: number): Landmarks {
  const out = new Float64Array(136);
  for (let i = 0; i < 17; i++) {
    const angle = Math.PI * (1 - i / 16);
    out[i * 2] = x + side * (0.5 + 0.6 * Math.cos(angle));
    out[i * 2 + 1] = y + side * (0.2 + 0.9 * Math.sin(angle));
  }
  for (let k = 0; k < meanFace.length; k += 2) {
    out[34 + k] = x + side * meanFace[k]!;
    out[35 + k] = y + side * meanFace[k + 1]!;
  }
  return out;
}

function noisy(bits: 8 | 16, seed = 1): Picture {
  const rng = streamFor(seed, 'frame');
  const most = bits === 8 ? 256 : 65536;
  const data = bits === 8 ? new Uint8Array(WIDTH * HEIGHT * 3) : new Uint16Array(WIDTH * HEIGHT * 3);
  for (let i = 0; i < data.length; i++) data[i] = rng.integer(0, most);
  return { width: WIDTH, height: HEIGHT, channels: 3, data } as Picture;
}

function flat(side: number, channels: number, value: number): FloatImage {
  const image = floatImage(side, side, channels);
  image.data.fill(value);
  return image;
}

function oval(): FloatImage {
  const mask = floatImage(64, 64, 1);
  for (let i = 0; i < mask.data.length; i++) mask.data[i] = Math.hypot((i % 64) - 32, Math.floor(i / 64) - 32) < 24 ? 1 : 0;
  return mask;
}

const prediction = (value: number): Prediction => ({ face: flat(64, 3, value), mask: oval(), dstMask: oval() });

function merge(frame: Picture, places: readonly Landmarks[], asked: Readonly<Record<string, unknown>>, value = 0.5) {
  const settings = resolveMergeSettings({ color_transfer_mode: 'none', ...asked });
  const faces = places.map((landmarks) => ({
    crop: cropFace(frame, landmarks, MODEL, settings, tools.simd),
    prediction: prediction(value),
  }));
  return mergeFrame(frame, faces, settings, context);
}

const sameBytes = (a: Picture, b: Picture): boolean => a.data.length === b.data.length && a.data.every((v, i) => v === b.data[i]);

const modes = ['overlay', 'hist-match', 'seamless', 'seamless-hist-match', 'multiband'] as const;

test.each(
  modes.flatMap((mode) => ([8, 16] as const).flatMap((bits) => [false, true].map((linear_light) => [mode, bits, linear_light] as const))),
)('%s, %i bits, linear light %s: pixels outside of the mask keep every bit', (mode, bits, linear_light) => {
  const frame = noisy(bits);
  const before = frame.data.slice();
  const { image, mask } = merge(frame, [faceAt(60, 40, 50)], { mode, linear_light, blur: 20, erode: 5, color_transfer_mode: 'rct' });
  expect(frame.data.every((v, i) => v === before[i])).toBe(true);
  let [inside, changed, wrong] = [0, 0, 0];
  for (let i = 0; i < mask.data.length; i++) {
    const same = [0, 1, 2].every((c) => image.data[i * 3 + c] === before[i * 3 + c]);
    if (mask.data[i] !== 0) inside++;
    if (!same) changed++;
    // A mask below 1/255 is nothing, so that the byte is 0 only where the mask is.
    if (mask.data[i] === 0 && !same) wrong++;
  }
  expect(wrong).toBe(0);
  expect(inside).toBeGreaterThan(1000);
  expect(changed).toBeGreaterThan(inside / 2);
});

test('in linear light, half of white over black is half of the light', () => {
  const data = new Uint16Array(WIDTH * HEIGHT * 3);
  const frame: Picture = { width: WIDTH, height: HEIGHT, channels: 3, data };
  const settings = resolveMergeSettings({ color_transfer_mode: 'none', linear_light: true, mask_mode: 'learned-prd' });
  const crop = cropFace(frame, faceAt(60, 40, 50), MODEL, settings, tools.simd);
  const half = { face: flat(64, 3, 1), mask: flat(64, 1, 0.5), dstMask: flat(64, 1, 1) };
  const { image, mask } = mergeFrame(frame, [{ crop, prediction: half }], settings, context);
  const middle = 65 * WIDTH + 85;
  expect(mask.data[middle]).toBe(Math.trunc(0.5 * 65535));
  expect(image.data[middle * 3]! / 65535).toBeCloseTo(1.055 * 0.5 ** (1 / 2.4) - 0.055, 4);
});

test.each([
  ['pq', pqSignal(203 / 2)],
  ['hlg', hlgSignal(hlgScene(0.75) / 2)],
] as const)('so it is in frames of %s, whose light is that of their own signal', (transfer, expected) => {
  const black = (most: Uint8ArrayConstructor | Uint16ArrayConstructor): Picture =>
    ({ width: WIDTH, height: HEIGHT, channels: 3, data: new most(WIDTH * HEIGHT * 3) }) as Picture;
  const settings = resolveMergeSettings({ color_transfer_mode: 'none', linear_light: true, mask_mode: 'learned-prd' });
  const seen = { picture: black(Uint8Array), colours: new DisplayColours({ transfer }) };
  const frame = black(Uint16Array);
  const crop = cropFace(frame, faceAt(60, 40, 50), MODEL, settings, tools.simd, seen);
  const half = { face: flat(64, 3, 1), mask: flat(64, 1, 0.5), dstMask: flat(64, 1, 1) };
  const { image } = mergeFrame(frame, [{ crop, prediction: half }], settings, context);
  expect(image.data[(65 * WIDTH + 85) * 3]! / 65535).toBeCloseTo(expected, 3);
});

test('an 8-bit frame and the same frame in 16 bits give the same picture to a level', () => {
  const narrow = noisy(8);
  const wide: Picture = { ...narrow, data: Uint16Array.from(narrow.data, (v) => v * 257) };
  for (const mode of ['overlay', 'seamless'] as const) {
    const [a, b] = [narrow, wide].map((frame) => merge(frame, [faceAt(60, 40, 50)], { mode, blur: 20 }).image.data) as [
      Uint8Array,
      Uint16Array,
    ];
    expectClose(
      a,
      Float64Array.from(b, (v) => v / 257),
      mode === 'overlay' ? { abs: 1.01 } : { abs: 10, mean: 0.2 }, // cloning 8 bits cuts to whole levels
    );
  }
});

test('a first face that shows nothing leaves the frame as it was around a second one, also where settings degrade what is merged', () => {
  const frame = noisy(8);
  const settings = resolveMergeSettings({ color_transfer_mode: 'none', bicubic_degrade_power: 50, image_denoise_power: 20 });
  const unseen: Prediction = { face: flat(64, 3, 0.5), mask: flat(64, 1, 0), dstMask: flat(64, 1, 0) };
  const crops = [faceAt(20, 40, 40), faceAt(130, 60, 40)].map((place) => cropFace(frame, place, MODEL, settings, tools.simd));
  const faces = [unseen, prediction(0.5)].map((one, i) => ({ crop: crops[i]!, prediction: one }));
  const { image, mask } = mergeFrame(frame, faces, settings, context);
  const pane = crops[1]!.pane!;
  let changed = 0;
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const i = y * WIDTH + x;
      const inPane = x >= pane.x && x < pane.x + pane.image.width && y >= pane.y && y < pane.y + pane.image.height;
      const same = [0, 1, 2].every((c) => image.data[i * 3 + c] === frame.data[i * 3 + c]);
      if (!inPane) expect(same, `${x}, ${y}`).toBe(true);
      if (mask.data[i] === 255 && !same) changed++;
    }
  }
  expect(changed).toBeGreaterThan(300);
});

test('a face beyond the frame changes nothing, one at its edge keeps to it', () => {
  const frame = noisy(8);
  for (const place of [faceAt(-300, 20, 50), faceAt(60, 400, 50)]) {
    const { image, mask } = merge(frame, [place], { mode: 'seamless' });
    expect(sameBytes(image, frame)).toBe(true);
    expect(mask.data.every((v) => v === 0)).toBe(true);
  }
  for (const mode of modes) {
    for (const place of [faceAt(-30, 40, 50), faceAt(170, -20, 60), faceAt(80, 130, 50)]) {
      const { image, mask } = merge(frame, [place], { mode, blur: 10 });
      const touched = Array.from(mask.data).filter((v) => v > 0).length;
      expect(touched).toBeGreaterThan(100);
      expect(sameBytes(image, frame)).toBe(false);
    }
  }
});

test('the frame moved by whole pixels gives the picture moved by whole pixels', () => {
  const frame = noisy(8);
  const moved: Picture = { ...frame, data: new Uint8Array(frame.data.length) };
  const [dx, dy] = [13, 9];
  for (let y = dy; y < HEIGHT; y++) {
    const from = (y - dy) * WIDTH * 3;
    moved.data.set(frame.data.subarray(from, from + (WIDTH - dx) * 3), (y * WIDTH + dx) * 3);
  }
  for (const mode of modes) {
    const a = merge(frame, [faceAt(60, 40, 50)], { mode, blur: 20, mask_mode: 'dst' });
    const b = merge(moved, [faceAt(60 + dx, 40 + dy, 50)], { mode, blur: 20, mask_mode: 'dst' });
    const middle = (image: Picture, x: number, y: number): number[] =>
      Array.from({ length: 60 }, (_, j) => [...image.data.subarray(((y + j) * WIDTH + x) * 3, ((y + j) * WIDTH + x + 70) * 3)]).flat();
    // Matrices are rounded to float32 in places, so that a few positions fall into the next 1/32 pixel.
    expectClose(middle(b.image, 50 + dx, 35 + dy), middle(a.image, 50, 35), { abs: 12, mean: 0.15 });
  }
});

test('several faces lie over one another in order; where none is, the frame stays', () => {
  const frame = noisy(8);
  const settings = resolveMergeSettings({ color_transfer_mode: 'none' });
  const face = (x: number, value: number) => ({
    crop: cropFace(frame, faceAt(x, 40, 50), MODEL, settings, tools.simd),
    prediction: prediction(value),
  });
  const { image, mask } = mergeFrame(frame, [face(40, 0.25), face(75, 0.75)], settings, context);
  const at = (x: number, y: number): number[] => [...image.data.subarray((y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3)];
  expectClose(at(45, 65), [63, 63, 63], { abs: 1 });
  expectClose(at(85, 65), [191, 191, 191], { abs: 1 }); // in both masks: the second is above
  expect(mask.data[65 * WIDTH + 85]).toBe(255);
  expect(at(5, 5)).toEqual([...frame.data.subarray((5 * WIDTH + 5) * 3, (5 * WIDTH + 5) * 3 + 3)]);
});

test('a face too small to see is left out; no face gives the frame', () => {
  const frame = noisy(8);
  expect(sameBytes(merge(frame, [faceAt(90, 70, 2)], {}).image, frame)).toBe(true);
  expect(sameBytes(merge(frame, [], {}).image, frame)).toBe(true);
});

test('the same seed gives the same random colours', () => {
  const frame = noisy(8);
  const run = () => merge(frame, [faceAt(60, 40, 50)], { color_transfer_mode: 'idt' }).image;
  expect(sameBytes(run(), run())).toBe(true);
});

test('super resolution without an enhanced face is refused', () => {
  expect(() => merge(noisy(8), [faceAt(60, 40, 50)], { super_resolution_power: 50 })).toThrow('no enhanced face');
});

test('a face that moves by (6, −8) between its neighbours has power 10 at 53.13°', () => {
  const track = [faceAt(10, 50, 40), faceAt(13, 46, 40), faceAt(16, 42, 40), undefined, faceAt(20, 42, 40)];
  const motions = motionOf(track);
  expectClose([motions[1]!.power, motions[1]!.angleDeg], [10, (Math.atan2(8, 6) * 180) / Math.PI], { abs: 1e-4 });
  expect(motions.slice(2)).toEqual([
    { power: 0, angleDeg: 0 },
    { power: 0, angleDeg: 0 },
    { power: 0, angleDeg: 0 },
  ]);
});

test('sharpening the prediction makes its edges crisper, and leaves what is flat, and all of the frame, as it was', () => {
  const frame = noisy(8);
  const at = faceAt(60, 40, 50);
  const merged = (face: FloatImage, sharpen_prediction: number): Uint8Array => {
    const settings = resolveMergeSettings({ color_transfer_mode: 'none', sharpen_prediction });
    const crop = cropFace(frame, at, MODEL, settings, tools.simd);
    const { image } = mergeFrame(frame, [{ crop, prediction: { face, mask: oval(), dstMask: oval() } }], settings, context);
    return image.data as Uint8Array;
  };
  const flatFace = flat(64, 3, 0.5);
  expect(Buffer.compare(merged(flatFace, 5), merged(flatFace, 0))).toBe(0);
  const edge = flat(64, 3, 0.4);
  for (let i = 0; i < edge.data.length; i++) if (Math.floor(i / 3) % 64 >= 32) edge.data[i] = 0.6;
  const [plain, crisp] = [merged(edge, 0), merged(edge, 4)];
  const row = (data: Uint8Array): number[] => Array.from({ length: 30 }, (_, x) => data[(65 * WIDTH + 70 + x) * 3]!);
  const span = (values: number[]): number => Math.max(...values) - Math.min(...values);
  expect(span(row(plain))).toBeLessThan(60);
  // A step of 0.2 overshoots by a / 2 · ¼ of it on either side: here by 0.1, so that it spans twice as much.
  expect(span(row(crisp)) / span(row(plain))).toBeCloseTo(2, 0);
});
