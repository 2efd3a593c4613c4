/** What the server takes from a job's files: which process it is, and what it says of its work. */
import { expect, test } from 'vitest';
import { nothingTold, tell } from './jobKinds.ts';
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
