/** Tracks go through gaps and end at cuts; gaps are filled where the face must have been; edits by hand hold exactly; trembling goes down. */
import { expect, test } from 'vitest';
import { type FakeFace, fakeImage, fakeLandmarks, fakeModels } from '../../test/support/fakeFaces.ts';
import { Rng } from '../base/index.ts';
import type { FrameRecord } from './alignments.ts';
import { Analyser } from './analyse.ts';
import type { Edit } from './edits.ts';
import { type SettleOptions, settle } from './settle.ts';

const options: SettleOptions = { stills: false, smooth: true, fill: true, faceType: 'whole_face' };

/** What the analysis finds in a scene. */
async function records(
  count: number,
  facesAt: (i: number) => readonly FakeFace[],
  shade: (i: number) => number = () => 90,
): Promise<FrameRecord[]> {
  const analyser = new Analyser(fakeModels(), { tiles: 1, turned: false, identity: false, stills: false });
  const out: FrameRecord[] = [];
  for (let i = 0; i < count; i++) out.push(await analyser.frame({ index: i, time: i / 25, image: fakeImage(facesAt(i), shade(i)) }));
  return out;
}

const moving = (i: number): FakeFace => ({ x: 80 + 2 * i, y: 100 + 0.5 * i, side: 50 * 1.005 ** i, angle: 0.01 * i });
const far = (a: ArrayLike<number>, b: ArrayLike<number>): number => Math.max(...Array.from(a, (v, i) => Math.abs(v - b[i]!)));

test('the analysis finds each face where it is, and follows it with two looks a frame', async () => {
  const found = await records(20, (i) => [moving(i), { x: 250, y: 60, side: 30 }]);
  for (const [i, { faces }] of found.entries()) {
    expect(faces.length).toBe(2);
    expect(far(faces[0]!.landmarks, fakeLandmarks(moving(i)))).toBeLessThan(1e-3);
  }
});

test('a face that is gone for six frames goes on as one track, filled in where it moved on', async () => {
  const hidden = (i: number): boolean => i >= 20 && i < 26;
  const found = await records(50, (i) => (hidden(i) ? [] : [moving(i)]));
  const settled = settle(found, [], 25, options);
  expect(settled).toMatchObject({ tracks: 1, filled: 6, cuts: 0 });
  for (const [i, faces] of settled.faces.entries()) {
    expect(faces.length).toBe(1);
    expect(faces[0]!.filled).toBe(hidden(i));
    expect(far(faces[0]!.landmarks, fakeLandmarks(moving(i)))).toBeLessThan(0.5);
  }
  expect(settle(found, [], 25, { ...options, fill: false })).toMatchObject({ tracks: 1, filled: 0 });
  const long = await records(60, (i) => (i >= 20 && i < 32 ? [] : [moving(i)]));
  expect(settle(long, [], 25, options)).toMatchObject({ tracks: 2, filled: 0 });
});

test('half hidden faces beside a gap, which the mesh network is unsure of, do not pull the filled ones away', async () => {
  const face = (i: number): FakeFace[] => {
    if (i >= 20 && i < 26) return [];
    return i === 19 || i === 26 ? [{ ...moving(i), x: moving(i).x + 15, presence: 0.9 }] : [moving(i)];
  };
  const settled = settle(await records(50, face), [], 25, options);
  for (let i = 18; i < 28; i++) expect(far(settled.faces[i]![0]!.landmarks, fakeLandmarks(moving(i)))).toBeLessThan(1);
});

test('a cut ends the track, even where the next face stands in the same place', async () => {
  const found = await records(
    30,
    (i) => [i < 15 ? moving(15) : { ...moving(15), x: moving(15).x + 4 }],
    (i) => (i < 15 ? 60 : 180),
  );
  const settled = settle(found, [], 25, options);
  expect(settled).toMatchObject({ tracks: 2, cuts: 1, filled: 0 });
  for (const [i, faces] of settled.faces.entries()) expect(far(faces[0]!.landmarks, found[i]!.faces[0]!.landmarks)).toBeLessThan(1e-3);
});

test('trembling goes down to a third or less while the face stays where it is', async () => {
  const rng = new Rng(3);
  const noise = (): number => (rng.uint32() / 2 ** 32 - 0.5) * 2;
  const found = await records(60, (i) => [{ ...moving(i), x: moving(i).x + noise(), y: moving(i).y + noise() }]);
  const { jitter, faces } = settle(found, [], 25, options);
  expect(jitter!.after).toBeLessThan(jitter!.before / 3);
  const error = (landmarks: readonly ArrayLike<number>[]): number =>
    landmarks.reduce((sum, l, i) => sum + far(l, fakeLandmarks(moving(i))) ** 2, 0);
  expect(error(faces.map(([face]) => face!.landmarks))).toBeLessThan(0.7 * error(found.map((frame) => frame.faces[0]!.landmarks)));
});

test('edits by hand: set holds exactly, adds and guides the gap; remove and clear take away', async () => {
  const found = await records(30, (i) => (i >= 10 && i < 15 ? [] : [moving(i)]));
  const drawn = fakeLandmarks({ ...moving(12), y: 140 });
  const edits: Edit[] = [
    { frame: 12, kind: 'set', at: [104, 140], landmarks: drawn },
    { frame: 20, kind: 'set', at: [120, 110], landmarks: fakeLandmarks({ ...moving(20), x: 121 }) },
    { frame: 25, kind: 'remove', at: [130, 112] },
    { frame: 26, kind: 'clear' },
    { frame: 999, kind: 'clear' },
  ];
  const settled = settle(found, edits, 25, { ...options, fill: false });
  expect(settled).toMatchObject({ edited: 2, removed: 2 });
  expect(far(settled.faces[12]![0]!.landmarks, drawn)).toBeLessThan(1e-3);
  expect(settled.faces[12]![0]).toMatchObject({ edited: true, filled: false });
  expect(far(settled.faces[20]![0]!.landmarks, fakeLandmarks({ ...moving(20), x: 121 }))).toBeLessThan(1e-3);
  expect(settled.faces[25]).toEqual([]);
  expect(settled.faces[26]).toEqual([]);
  const filled = settle(found, edits, 25, options);
  expect(filled.faces.map((faces, i) => (faces[0]?.filled === true ? i : -1)).filter((i) => i >= 0)).toEqual([10, 11, 13, 14]);
  expect([filled.faces[25], filled.faces[26]]).toEqual([[], []]);
});

test('pictures of their own are neither joined nor moved', async () => {
  const found = await records(5, (i) => [moving(10 * i)]);
  const settled = settle(found, [], 1, { ...options, stills: true });
  expect(settled).toMatchObject({ tracks: 5, filled: 0 });
  for (const [i, faces] of settled.faces.entries()) expect(far(faces[0]!.landmarks, found[i]!.faces[0]!.landmarks)).toBe(0);
});
