/** Copied regions go with the face: exactly under a similarity, here and not there when only the mouth moves, and nearer to exact masks. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { readFace } from '../faceset/index.ts';
import { nodeCodec } from '../platform/node/codec.ts';
import { decodeMask, polygonMask } from './faceMasks.ts';
import { followRegions } from './followRegions.ts';

const face = async (number: number) => {
  const name = `${String(number).padStart(5, '0')}_0.jpg`;
  const { metadata } = readFace(await readFile(new URL(`../../test/faces/dst/${name}`, import.meta.url)), name);
  return { landmarks: metadata.landmarks, mask: metadata.xsegMask && (await decodeMask(metadata.xsegMask, nodeCodec(), name)) };
};

test('a face that only turned in the picture, or is larger, takes its regions along exactly', async () => {
  const { landmarks } = await face(1);
  const to = landmarks.map((_, i) => {
    const [x, y] = [landmarks[i - (i % 2)]!, landmarks[i - (i % 2) + 1]!];
    return i % 2 === 0 ? 2 * (0.8 * x - 0.6 * y) + 7 : 2 * (0.6 * x + 0.8 * y) - 5;
  });
  const [moved] = followRegions([{ include: false, points: Float32Array.of(30, 40, 250, 10) }], landmarks, to, 256);
  expect(moved!.include).toBe(false);
  expectClose(moved!.points, [2 * (24 - 24) + 7, 2 * (18 + 32) - 5, 2 * (200 - 6) + 7, 2 * (150 + 8) - 5], { abs: 1e-3 });
});

test('where the chin goes down, regions at the chin do, and those at the brows stay', async () => {
  const { landmarks } = await face(1);
  const to = landmarks.map((v, i) => (i % 2 === 1 && i >= 2 * 5 && i < 2 * 12 ? v + 20 : v));
  const corner = (k: number): Float32Array => Float32Array.of(landmarks[2 * k]!, landmarks[2 * k + 1]!);
  const [chin, brow] = followRegions(
    [8, 19].map((k) => ({ include: true, points: corner(k) })),
    landmarks,
    to,
    256,
  );
  expect(chin!.points[1]! - landmarks[17]!).toBeGreaterThan(12);
  expect(Math.abs(brow!.points[1]! - landmarks[39]!)).toBeLessThan(1);
});

test('masks of a turning head, copied 8 frames on, are less than two thirds as wrong as copies that stay', async () => {
  let [stays, follows, pairs] = [0, 0, 0];
  for (let number = 1; number + 8 < 180; number += 16) {
    const [a, b] = [await face(number), await face(number + 8)];
    if (a.mask === undefined || b.mask === undefined) continue;
    const outline = outlineOf(a.mask.data);
    const moved = followRegions([{ include: true, points: outline }], a.landmarks, b.landmarks, 256);
    stays += differing(polygonMask([{ include: true, points: outline }], 256, 256).data, b.mask.data);
    follows += differing(polygonMask(moved, 256, 256).data, b.mask.data);
    pairs++;
  }
  expect(pairs).toBeGreaterThan(8);
  expect(follows).toBeLessThan((2 / 3) * stays);
});

/** The corners of a mask of 256×256, by rays from its middle. */
function outlineOf(mask: Float32Array): Float32Array {
  const corners: number[] = [];
  for (let k = 0; k < 64; k++) {
    const [dx, dy] = [Math.cos((k * Math.PI) / 32), Math.sin((k * Math.PI) / 32)];
    let far = 0;
    for (let r = 1; r < 120; r++) if (mask[Math.round(128 + r * dy) * 256 + Math.round(128 + r * dx)]! >= 0.5) far = r;
    corners.push(128 + far * dx, 128 + far * dy);
  }
  return Float32Array.from(corners);
}

const differing = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, i) => sum + (v >= 0.5 === b[i]! >= 0.5 ? 0 : 1), 0);
