/** What the server takes from a job's files: which process it is, and what it says of its work. */
import { expect, test } from 'vitest';
import { fromNow, nothingTold, type Told, tell } from './jobKinds.ts';
import { jobOf } from './jobs.ts';

const file = (pid: unknown): string =>
  JSON.stringify({ request: { kind: 'measure', faces: 'faces' }, process: { pid, host: 'h' }, started: '2026-01-01T00:00:00Z' });

test('a job is the process that its file names, and no number that would mean several', () => {
  expect(jobOf(file(1234))?.process).toEqual({ pid: 1234, host: 'h', started: undefined });
  for (const pid of [-1, 0, -1234, 1.5, 1e300, '1234', null]) expect(jobOf(file(pid))).toBeUndefined();
});

test('a run that did all of its work itself says how many frames it made; one that went on from earlier work says nothing of them', () => {
  const made = (line: object): number | null => tell(nothingTold, { event: 'done', ...line }, 0).made;
  expect(made({ frames: 180, made: 180, seconds: 9, complete: false })).toBe(180);
  expect(made({ frames: 180, made: 60 })).toBeNull();
  expect(made({ frames: 180, made: 0, complete: true })).toBeNull();
  expect(made({ clips: [{ frames: 180 }], analysis: { frames: 180 } })).toBe(180);
  expect(made({ clips: [{ frames: 180 }], analysis: { frames: 20 } })).toBeNull();
  expect(made({ clips: [{ frames: 180 }, { frames: 20 }], analysis: { frames: 200 } })).toBeNull();
  expect(made({ faces: 11, broken: 0 })).toBeNull();
});

test('a rate counts from the start of the work, and what was there before is no work', () => {
  const heard = (lines: readonly (readonly [ms: number, line: object])[], told: Told = nothingTold): Told =>
    lines.reduce((so, [at, line]) => tell(so, { ...line }, at), told);
  const analysed = (frames: number): object => ({ event: 'analysed', frames, of: 180 });
  const [clip, resumed] = [{ event: 'clip' }, { event: 'resumed', frames: 60 }];
  // Stretches of a clip come back together: the first of them took time as well.
  const two = [
    [9000, analysed(90)],
    [9100, analysed(170)],
  ] as const;
  expect(heard([[0, clip], ...two]).progress?.perSecond).toBeCloseTo(170 / 9.1, 5);
  expect(heard([[0, clip], [0, resumed], ...two]).progress?.perSecond).toBeCloseTo(110 / 9.1, 5);
  const merged = heard([
    [0, { event: 'begin' }],
    [2000, { event: 'progress', done: 1, total: 100 }],
    [4000, { event: 'progress', done: 50, total: 100 }],
  ]);
  expect(merged.progress).toMatchObject({ perSecond: 12.5, secondsLeft: 4 });
  // A server that comes later hears all of it at one time.
  const late = fromNow(
    heard([
      [5, clip],
      [5, analysed(90)],
    ]),
    5,
  );
  expect(late.progress).toMatchObject({ done: 90, perSecond: null, secondsLeft: null });
  expect(heard([[1005, analysed(100)]], late).progress?.perSecond).toBe(10);
});
