/** Samples and batches: what the outputs are of simple draws, where they lie, and that a batch is a function of its numbers alone. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { streamFor } from '../base/index.ts';
import { colourTarget, labTable, transferColours } from '../image/index.ts';
import { batchMaker } from './batch.ts';
import { drawSample, type SampleDraws } from './draws.ts';
import type { Face, FaceSource } from './faceSource.ts';
import type { SampleOptions } from './options.ts';
import { facePreparer } from './prepare.ts';
import { sampleMaker } from './sample.ts';
import { sideBuffers } from './sideSampler.ts';

const RES = 32;
const options: SampleOptions = {
  resolution: RES,
  faceType: 'whole_face',
  randomFlip: true,
  randomWarp: true,
  hsvPower: 0.05,
  uniformYaw: false,
  symmetricWarp: true,
  halfPixelShift: true,
};

/** A face of noise: an oval of landmarks with brows, eyes, nose and lips about where they belong. */
function noiseFace(seed: number, size = 64): Face {
  const rng = streamFor(seed, 'face');
  const points: [number, number][] = [];
  const arc = (n: number, cx: number, cy: number, rx: number, ry: number, from: number, to: number): void => {
    for (let i = 0; i < n; i++) {
      const angle = from + ((to - from) * i) / Math.max(1, n - 1);
      points.push([cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)]);
    }
  };
  arc(17, 0.5, 0.45, 0.33, 0.42, Math.PI, 0);
  arc(5, 0.36, 0.36, 0.1, 0.06, Math.PI, 2 * Math.PI);
  arc(5, 0.64, 0.36, 0.1, 0.06, Math.PI, 2 * Math.PI);
  for (let i = 0; i < 4; i++) points.push([0.5, 0.4 + 0.05 * i]);
  arc(5, 0.5, 0.57, 0.06, 0.02, Math.PI, 0);
  arc(6, 0.37, 0.42, 0.05, 0.03, Math.PI, 2.67 * Math.PI);
  arc(6, 0.63, 0.42, 0.05, 0.03, Math.PI, 2.67 * Math.PI);
  arc(12, 0.5, 0.7, 0.1, 0.05, Math.PI, 2.83 * Math.PI);
  arc(8, 0.5, 0.7, 0.07, 0.03, Math.PI, 2.75 * Math.PI);
  const image = { width: size, height: size, channels: 3, data: Uint8Array.from({ length: size * size * 3 }, () => rng.integer(0, 256)) };
  const landmarks = Float64Array.from(points.flat(), (v) => v * size + rng.uniform(-0.5, 0.5));
  return { name: `noise ${seed}`, image, landmarks, faceType: 'whole_face', eyebrowsExpandMod: 1 };
}

const source = (first: number, count: number): FaceSource => ({
  count,
  face: async (i) => noiseFace(first + i),
  shape: async (i) => ({ landmarks: noiseFace(first + i).landmarks, size: 64 }),
});

const still: SampleDraws = { targetFromSource: [1, 0, 0, 0, 1, 0], mirrored: false, colour: new Float64Array(0) };

test('without a move the target is the face itself and equals the input; eyes and mouth peak at 1', () => {
  const face = facePreparer(RES, 'whole_face')(noiseFace(1, RES));
  const out = sideBuffers(RES, 1);
  sampleMaker(RES, labTable())(face, still, undefined, out, { index: 0, of: 1 });
  expectClose(out.target, face.image.data, {});
  expectClose(out.warped, face.image.data, {});
  expectClose(out.mask, face.mask.data, {});
  expect(out.em.reduce((a, b) => Math.max(a, b))).toBe(1);
  expect(out.em.some((v, i) => v > 0 && out.mask[i] === 0)).toBe(false);
});

test('a mirrored sample is the sample read from right to left', () => {
  const face = facePreparer(RES, 'full_face')(noiseFace(2));
  const draws = { ...drawSample(streamFor(1, 'mirror'), options), mirrored: false };
  const [plain, mirrored] = [sideBuffers(RES, 1), sideBuffers(RES, 1)];
  const make = sampleMaker(RES, labTable());
  make(face, draws, undefined, plain, { index: 0, of: 1 });
  make(face, { ...draws, mirrored: true }, undefined, mirrored, { index: 0, of: 1 });
  for (const [key, channels] of [
    ['warped', 3],
    ['target', 3],
    ['mask', 1],
    ['em', 1],
  ] as const) {
    const flipped = plain[key].map((_, i) => {
      const [pixel, c] = [Math.floor(i / channels), i % channels];
      return plain[key][(pixel - (pixel % RES) + RES - 1 - (pixel % RES)) * channels + c]!;
    });
    expectClose(mirrored[key], flipped, {});
  }
});

test('samples of a batch lie beside each other, channels innermost', () => {
  const face = facePreparer(RES, 'whole_face')(noiseFace(3));
  const draws = drawSample(streamFor(1, 'place'), options);
  const [alone, batch] = [sideBuffers(RES, 1), sideBuffers(RES, 3)];
  const make = sampleMaker(RES, labTable());
  make(face, draws, undefined, alone, { index: 0, of: 1 });
  make(face, draws, undefined, batch, { index: 2, of: 3 });
  expectClose(
    batch.warped.filter((_, i) => Math.floor(i / 3) % 3 === 2),
    alone.warped,
    {},
  );
  expectClose(
    batch.em.filter((_, i) => i % 3 === 2),
    alone.em,
    {},
  );
  expect(batch.target.every((v, i) => v === 0 || Math.floor(i / 3) % 3 === 2)).toBe(true);
});

/** The mean of |a − b|. */
const apart = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, i) => sum + Math.abs(v - b[i]!), 0) / a.length;

test('idt and sot are drawn anew for the input; the other transfers give input and target the same colours', () => {
  const [face, like] = [facePreparer(RES, 'whole_face')(noiseFace(4)), facePreparer(RES, 'whole_face')(noiseFace(5)).image];
  const table = labTable();
  for (const mode of ['rct', 'lct', 'mkl', 'idt', 'sot'] as const) {
    const drawn = drawSample(streamFor(1, 'colour'), { ...options, colourMode: mode });
    const draws: SampleDraws = { ...still, colour: drawn.colour, inputColour: drawn.inputColour };
    const target = colourTarget(mode, like, table);
    const out = sideBuffers(RES, 1);
    sampleMaker(RES, table)(face, draws, target, out, { index: 0, of: 1 });
    expectClose(out.target, transferColours(face.image, target, drawn.colour, table).data, { abs: 1e-6 });
    expectClose(out.warped, transferColours(face.image, target, drawn.inputColour!, table).data, { abs: 1e-6 });
    const difference = apart(out.target, out.warped);
    if (mode !== 'idt' && mode !== 'sot') expect(difference, mode).toBe(0);
    else {
      expect(difference, mode).toBeGreaterThan(1e-4); // another draw …
      expect(difference, mode).toBeLessThan(apart(out.target, face.image.data) / 2); // … of the same transfer
    }
  }
});

test('a batch depends on seed, iteration and attempt alone, whatever was made before', async () => {
  const setup = {
    ...{ seed: 9, batchSize: 2 },
    src: { faces: source(0, 5), options: { ...options, colourMode: 'rct' as const } },
    dst: { faces: source(100, 3), options },
  };
  const straight = batchMaker(setup);
  for (let i = 0; i < 4; i++) await straight(i, 0);
  const [fifth, resumed] = [await straight(4, 0), await batchMaker(setup)(4, 0)];
  expect(resumed).toEqual(fifth);
  expect(await straight(4, 1)).not.toEqual(fifth);
  expect(await straight(5, 0)).not.toEqual(fifth);
});
