/** What the server takes from a job's file after it was started again. */
import { expect, test } from 'vitest';
import { jobOf } from './jobs.ts';

const file = (pid: unknown): string =>
  JSON.stringify({ request: { kind: 'measure', faces: 'faces' }, process: { pid, host: 'h' }, started: '2026-01-01T00:00:00Z' });

test('a job is the process that its file names, and no number that would mean several', () => {
  expect(jobOf(file(1234))?.process).toEqual({ pid: 1234, host: 'h', started: undefined });
  for (const pid of [-1, 0, -1234, 1.5, 1e300, '1234', null]) expect(jobOf(file(pid))).toBeUndefined();
});
