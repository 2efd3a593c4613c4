/** Faces over time: noise goes, motion stays where it was, gaps close, and the measures measure what they say. */
import { expect, test } from 'vitest';
import { streamFor } from '../base/index.ts';
import { meanFace } from '../face/index.ts';
import type { FrameFace } from './matchFaces.ts';
import { flicker, steadyFaces } from './steadyFaces.ts';

const jaw = Array.from({ length: 17 }, (_, i) => [
  0.5 - 0.62 * Math.cos((Math.PI * i) / 16),
  0.25 + 0.95 * Math.sin((Math.PI * i) / 16),
]).flat();
const shape = [...jaw, ...meanFace];
/** A face that moves evenly, 200 pixels large. */
const exact = (frame: number): Float64Array => Float64Array.from(shape, (v, i) => 100 + v * 200 + (i % 2 === 0 ? 3 * frame : frame));
const rng = streamFor(7, 'noise');
const noisy = (frame: number): FrameFace => ({ name: `${frame}.jpg`, landmarks: exact(frame).map((v) => v + rng.normal() * 1.5) });
const options = { rate: 25, faceType: 'full_face', smooth: true, fill: true } as const;

const offset = (frames: ReadonlyMap<number, readonly FrameFace[]>, frame: number): number => {
  const own = frames.get(frame)![0]!.landmarks;
  const truth = exact(frame);
  let sum = 0;
  for (let i = 0; i < 136; i += 2) sum += (own[i]! - truth[i]!) / 68;
  return sum;
};

test('smoothing takes the trembling and brings no lag; gaps are filled where the face must have been', () => {
  const frames = new Map(Array.from({ length: 60 }, (_, i) => [i, [noisy(i)]] as const).filter(([i]) => i < 30 || i > 33));
  const { frames: out, filled, jitter } = steadyFaces(frames, options);
  expect(filled).toBe(4);
  expect(out.get(31)![0]!.name).toBeUndefined();
  expect(out.get(20)![0]!.name).toBe('20.jpg');
  expect(jitter!.after).toBeLessThan(jitter!.before / 2);
  const offsets = [...out.keys()].filter((i) => i > 3 && i < 56).map((i) => offset(out, i));
  expect(Math.abs(offsets.reduce((sum, v) => sum + v / offsets.length, 0))).toBeLessThan(0.1); // a lag of one frame would be 3
  for (const i of [30, 31, 32, 33]) expect(Math.abs(offset(out, i))).toBeLessThan(1);
});

test('what is not asked for is not done, and trembling is measured all the same', () => {
  const frames = new Map(Array.from({ length: 20 }, (_, i) => [i, [noisy(i)]] as const));
  const { frames: out, filled, jitter } = steadyFaces(frames, { ...options, smooth: false, fill: false });
  expect(out).toBe(frames);
  expect(filled).toBe(0);
  expect(jitter!.before).toBeGreaterThan(0.1);
  expect(jitter!.after).toBe(jitter!.before);
});

test('a cut ends what is followed: nothing is filled in across it', () => {
  const frames = new Map(Array.from({ length: 20 }, (_, i) => [i, [noisy(i)]] as const).filter(([i]) => i < 9 || i > 10));
  const looks = new Map(Array.from({ length: 20 }, (_, i) => [i, (i < 10 ? '10' : 'e0').repeat(64)]));
  expect(steadyFaces(frames, { ...options, looks }).filled).toBe(0);
  expect(steadyFaces(frames, options).filled).toBe(2);
});

test('flicker: white noise of deviation σ gives σ, a slow change nothing', () => {
  const noise = Array.from({ length: 20_000 }, () => 100 + 2 * rng.normal());
  expect(flicker(noise)).toBeCloseTo(2, 1);
  expect(flicker(Array.from({ length: 50 }, (_, i) => i * 3))).toBeCloseTo(0);
  expect(flicker([1, 2, undefined, 4])).toBeUndefined();
});
