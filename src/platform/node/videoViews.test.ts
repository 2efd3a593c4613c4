/** Frames as extraction looks at them are the frames in RGB: windows bit for bit, planes but for the rounding of RGB to whole numbers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { makeClip } from '../../../test/support/makeClip.ts';
import { lookOf, measureFace } from '../../extract/index.ts';
import type { ByteImage, Picture, Window } from '../../image/index.ts';
import { TileReader } from '../../vision/picture.ts';
import { pictureFromSquare } from '../../vision/squares.ts';
import { openClip } from './video.ts';

const clips = fileURLToPath(new URL('../../../test/clips/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'liae views '));
afterAll(() => rmSync(scratch, { recursive: true }));

const FRAME = 5;
const memory = (bytes: number): Uint8Array => new Uint8Array(bytes + 100).fill(77);

/** Smooth colours with edges, different everywhere. */
function picture(width: number, height: number, i: number): Uint8Array {
  const wave = (x: number, y: number, k: number): number => Math.sin(x / (4 + k) + i / 5) * Math.cos(y / (9 - k)) * 70;
  return Uint8Array.from({ length: width * height * 3 }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
    return 128 + wave(x, y, at % 3) + (((x >> 4) + (y >> 5)) % 2) * 20;
  });
}

const [width, height] = [320, 200];

/** Without loss. */
async function made(pixelFormat: string, matrix: string, range: string): Promise<string> {
  const path = join(scratch, `${pixelFormat}.mkv`);
  const filters = [
    ['scale', `in_range=pc:out_color_matrix=${matrix}:out_range=${range}`],
    ['format', `pix_fmts=${pixelFormat}`],
  ] as const;
  await makeClip(path, {
    width,
    height,
    frames: 8,
    picture: (i) => picture(width, height, i),
    codec: 'ffv1',
    pixelFormat: 'rgb24',
    filters,
  });
  return path;
}

/** Marked as having its chroma between the pixels of each two, which few formats of files can say. */
async function centred(): Promise<string> {
  const path = join(scratch, 'centred.mp4');
  const options = { crf: '4', 'x264-params': 'chromaloc=1' };
  await makeClip(path, { width, height, frames: 8, picture: (i) => picture(width, height, i), options });
  return path;
}

/** A frame in RGB, its panes for some windows, and as it is looked at. */
async function views(path: string, windows: readonly Window[]): Promise<{ rgb: ByteImage; panes: readonly Pane[]; seen: Picture }> {
  await using clip = await openClip(path);
  const range = { from: FRAME, to: FRAME + 1 };
  let rgb: ByteImage | undefined;
  let panes: readonly Pane[] = [];
  let seen: Picture | undefined;
  for await (const { image } of clip.frames(range)) rgb = image;
  for await (const frame of clip.views!({ ...range, memory, want: () => windows })) if ('panes' in frame) panes = frame.panes;
  for await (const frame of clip.views!({ ...range, memory, want: () => 'signal' })) if ('image' in frame) seen = frame.image;
  return { rgb: rgb!, panes, seen: seen! };
}
type Pane = { readonly x: number; readonly y: number; readonly image: ByteImage };

/** Pixels of the window that differ from the whole picture's, or are missing in the pane. */
function wrong(rgb: ByteImage, { x: left, y: top, image }: Pane, window: Window): number {
  let count = 0;
  for (let y = Math.max(0, window.y); y < Math.min(rgb.height, window.y + window.height); y++) {
    for (let x = Math.max(0, window.x); x < Math.min(rgb.width, window.x + window.width); x++) {
      const inside = x >= left && y >= top && x < left + image.width && y < top + image.height;
      const [p, q] = [(y * rgb.width + x) * 3, ((y - top) * image.width + x - left) * 3];
      if (!inside || [0, 1, 2].some((c) => rgb.data[p + c] !== image.data[q + c])) count++;
    }
  }
  return count;
}

const cases: readonly (readonly [name: string, path: () => Promise<string>, planes: boolean])[] = [
  ['plain', async () => join(clips, 'two_faces.mp4'), true],
  ['turned', async () => join(clips, 'dst_rotated.mp4'), true],
  ['odd size, 4:4:4', async () => join(clips, 'dst_odd_size.mp4'), true],
  ['HLG of 10 bits', async () => join(clips, 'dst_10bit_hlg.mkv'), false],
  ['BT.601, full range, 4:2:2', () => made('yuv422p', 'bt601', 'pc'), true],
  ['BT.2020, 4:2:0', () => made('yuv420p', 'bt2020', 'tv'), true],
  ['chroma in the middle', centred, true],
];

test.each(cases)('windows of a frame are parts of it, bit for bit: %s', async (_, path) => {
  const windows: readonly Window[] = [
    { x: 61, y: 43, width: 90, height: 75 },
    { x: -30, y: -20, width: 100, height: 90 },
    { x: 200, y: 120, width: 4000, height: 63 },
    { x: 62, y: 45, width: 90, height: 75 },
  ];
  const { rgb, panes } = await views(await path(), windows);
  expect([1, windows.length]).toContain(panes.length);
  for (const [i, window] of windows.entries()) expect(wrong(rgb, panes[i] ?? panes[0]!, window)).toBe(0);
});

test.each(cases)('tiles, looks and measures from planes are those from RGB: %s', async (_, path, planes) => {
  const { rgb, seen } = await views(await path(), []);
  expect('luma' in seen).toBe(planes);
  expect([seen.width, seen.height]).toEqual([rgb.width, rgb.height]);
  const size = 96;
  for (const [side, angle] of [
    [60, 0.2],
    [96, 0],
    [170, -2],
    [1000, 0.05],
  ] as const) {
    const region = { x: rgb.width / 2 + 3, y: rgb.height / 2 - 4, side, angle };
    const tile = { width: size, height: size, pictureFromTile: pictureFromSquare(region, size), scale: 1, offset: [0, 0, 0] as const };
    const read = (image: Picture): Float32Array => new TileReader().read(image, { ...tile, outside: 'zero' });
    const [a, b] = [read(rgb), read(seen)];
    for (let c = 0; c < 3; c++) {
      let [off, bias] = [0, 0];
      for (let i = c * size * size; i < (c + 1) * size * size; i++) {
        off += Math.abs(b[i]! - a[i]!) / size ** 2;
        bias += (b[i]! - a[i]!) / size ** 2;
      }
      expect(off).toBeLessThan(planes ? 1 : 1e-6);
      expect(Math.abs(bias)).toBeLessThan(0.1);
    }
  }
  const digits = (text: string): number[] => Array.from({ length: 64 }, (_v, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
  const [looks, looked] = [digits(lookOf(rgb)), digits(lookOf(seen))];
  expect(Math.max(...looks.map((v, i) => Math.abs(v - looked[i]!)))).toBeLessThanOrEqual(1);
  const [cx, cy] = [rgb.width / 2, rgb.height / 2];
  const landmarks = Float64Array.from({ length: 136 }, (_v, i) => (i % 2 === 0 ? cx : cy) + 50 * Math.sin(i * i + (i % 2)));
  const [whole, part] = [measureFace(rgb, landmarks), measureFace(seen, landmarks)];
  expect(Math.abs(part.exposure - whole.exposure)).toBeLessThan(0.002);
  expect(part.sharpness / whole.sharpness).toBeGreaterThan(0.85);
  expect(part.sharpness / whole.sharpness).toBeLessThan(1.15);
});
