/** Choosing of a set: planted duplicates, planted persons, planted poses and expressions come out as they were planted. */
import { expect, test } from 'vitest';
import { Rng } from '../base/index.ts';
import { bestFaces } from './bestFaces.ts';
import { chooseFaces } from './chooseFaces.ts';
import { cluster } from './cluster.ts';
import { dedupe } from './dedupe.ts';
import { measuresOf } from './measureTable.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const names = (count: number): string[] => range(count).map((i) => `${i}.jpg`);

/** `originals` unlike thumbnails, each followed by copies with noise of one level. */
function planted(originals: number, copies: number): { thumbnail: Uint8Array; of: number[] } {
  const rng = new Rng(11);
  const thumbnail = new Uint8Array(originals * (copies + 1) * 768);
  const of: number[] = [];
  for (let o = 0; o < originals; o++) {
    const base = range(768).map(() => rng.integer(10, 240));
    for (let c = 0; c <= copies; c++) {
      thumbnail.set(
        base.map((v) => v + rng.integer(-1, 2)),
        of.length * 768,
      );
      of.push(o);
    }
  }
  return { thumbnail, of };
}

test('of each bunch of near-identical faces the sharpest is kept', () => {
  const { thumbnail, of } = planted(60, 4);
  const rng = new Rng(12);
  const sharpness = Float64Array.from(of, () => rng.uniform());
  const expression = new Float64Array(of.length * 4);
  const { kept, duplicates } = dedupe(measuresOf(names(of.length), { thumbnail, sharpness, expression }));
  const sharpest = range(60)
    .map((o) => range(of.length).filter((i) => of[i] === o))
    .map((faces) => faces.reduce((a, b) => (sharpness[b]! > sharpness[a]! ? b : a)));
  expect(kept).toEqual(sharpest);
  expect(duplicates.every(({ face, of: original }) => of[face] === of[original] && original === sharpest[of[face]!])).toBe(true);
  expect(kept.length + duplicates.length).toBe(of.length);
});

test('nothing within the limit is missed, wherever it lies in the grid', () => {
  const rng = new Rng(13);
  const count = 400;
  const thumbnail = new Uint8Array(count * 768);
  for (let i = 0; i < count; i++) {
    const [level, tilt] = [rng.uniform(80, 160), rng.uniform(-20, 20)]; // two directions alone: crowded cells
    for (let p = 0; p < 768; p++) thumbnail[i * 768 + p] = Math.round(level + (tilt * (p - 384)) / 384);
  }
  const measures = measuresOf(names(count), { thumbnail, sharpness: new Float64Array(count), expression: new Float64Array(count * 4) });
  const { kept } = dedupe(measures, { threshold: 4 });
  const rms = (a: number, b: number): number =>
    Math.sqrt(range(768).reduce((s, p) => s + (thumbnail[a * 768 + p]! - thumbnail[b * 768 + p]!) ** 2, 0) / 768);
  const expected: number[] = [];
  for (let i = 0; i < count; i++) if (expected.every((k) => rms(i, k) > 4)) expected.push(i);
  expect(kept).toEqual(expected);
});

test('alike pictures with another mouth are no duplicates', () => {
  const { thumbnail } = planted(1, 1);
  const expression = Float64Array.of(0.01, 0.5, 0.3, 0.2, 0.12, 0.5, 0.3, 0.2);
  expect(dedupe(measuresOf(names(2), { thumbnail, sharpness: new Float64Array(2), expression })).kept).toEqual([0, 1]);
});

test('persons are found whatever the order of their faces', () => {
  const rng = new Rng(14);
  const people = range(9).map(() => range(128).map(() => rng.normal() * 0.07));
  const sizes = [80, 60, 50, 40, 30, 20, 10, 5, 1];
  const of = rng.shuffle(sizes.flatMap((size, p) => range(size).map(() => p)));
  const identity = Float32Array.from(of.flatMap((p) => people[p]!.map((v) => v + rng.normal() * 0.02)));
  const found = cluster(identity, range(of.length));
  expect(found.map(({ faces }) => faces.length)).toEqual(sizes);
  for (const { faces } of found) expect(new Set(faces.map((face) => of[face])).size).toBe(1);
  expect(found[0]!.spread).toBeCloseTo(0.02 * Math.sqrt(128), 1);
});

test('a first choice has every pose, mouth and light, and sharp faces before blurred ones of the same kind', () => {
  // Poses 6 × mouths 3 × lights 2, ten faces each, half of them blurred.
  const kinds = range(36).map((k) => ({
    yaw: (k % 6) * 0.35 - 0.9,
    mouth: (Math.floor(k / 6) % 3) * 0.1,
    light: 60 + Math.floor(k / 18) * 100,
  }));
  const count = 360;
  const kind = (i: number): (typeof kinds)[number] => kinds[i % 36]!;
  const measures = measuresOf(names(count), {
    pose: Float64Array.from(range(count).flatMap((i) => [0, kind(i).yaw, 0])),
    expression: Float64Array.from(range(count).flatMap((i) => [kind(i).mouth, 0.5, 0.3, 0.2])),
    sharpness: Float64Array.from(range(count), (i) => (Math.floor(i / 36) % 2 === 0 ? 0.9 : 0.1)),
    brightness: Float64Array.from(range(count), (i) => kind(i).light),
  });
  const { order, trash } = chooseFaces(measures, 36);
  expect(new Set(order.map((i) => kind(i).yaw)).size).toBe(6);
  expect(new Set(order.map((i) => `${kind(i).yaw} ${kind(i).mouth}`)).size).toBe(18);
  expect(new Set(order.map((i) => kind(i).light)).size).toBe(2);
  expect(order.every((i) => Math.floor(i / 36) % 2 === 0)).toBe(true);
  expect(new Set([...order, ...trash]).size).toBe(count);
  expect(chooseFaces(measures, 10).order).toEqual(order.slice(0, 10));
});

test('a small target chooses from every yaw; the reference chooses nothing', () => {
  const faces = range(50);
  const input = {
    faces,
    pitch: () => 0,
    yaw: (i: number) => -1.2 + (2.4 * i) / 49,
    quality: (i: number) => i,
    grey: new Float32Array(50 * 256).fill(1),
  };
  expect(bestFaces(input, 10, { referenceTarget: true })).toEqual({ order: [], trash: expect.arrayContaining(faces) });
  expect(bestFaces(input, 10).order.length).toBe(50);
});
