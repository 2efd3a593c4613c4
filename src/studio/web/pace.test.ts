/** How long work will take is told from work of its kind that was measured, and from nothing else. */
import { expect, test } from 'vitest';
import type { JobInfo, JobRequest } from '../protocol.ts';
import { forecast, roughly } from './pace.ts';

const extraction = (input: string, every: number): JobRequest => ({
  ...{ kind: 'extract', input, out: 'x', faceType: 'wf', size: 512, every, maxFaces: 0, again: false },
});
const job = (request: JobRequest, pace: number | null): JobInfo => ({
  ...{ id: '', request, state: 'done', started: '', ended: '', progress: null, training: null, note: null, restarts: false, pace },
});
const jobs = [
  job({ kind: 'measure', faces: 'x' }, null),
  job(extraction('broken.mp4', 1), null),
  job(extraction('new.mp4', 1), 20),
  job(extraction('a.mp4', 1), 10),
  job(extraction('a.mp4', 5), 2),
];

test('the same clip tells best, then what was measured last; without a measurement nothing is told', () => {
  expect(forecast(jobs, 'extract', 'a.mp4', 600)).toEqual({ seconds: 60, pace: 10, of: 'a.mp4' });
  expect(forecast(jobs, 'extract', 'b.mp4', 600)).toEqual({ seconds: 30, pace: 20, of: 'new.mp4' });
  expect(forecast(jobs, 'extract', 'b.mp4', 600, (one) => one.kind === 'extract' && one.every === 5)).toMatchObject({ seconds: 300 });
  expect(forecast(jobs, 'extract', 'a.mp4', undefined)).toBeUndefined();
  expect(forecast(jobs, 'merge', 'a.mp4', 600)).toBeUndefined();
  expect(forecast(jobs.slice(0, 2), 'extract', 'a.mp4', 600)).toBeUndefined();
});

test('a forecast is said no more exactly than it can be', () => {
  const said = [3, 44, 94, 96, 3000, 5699, 5701, 34_000, 90_000].map(roughly);
  expect(said.map((text) => text.replace('\u00a0', ' '))).toEqual([
    ...['10 s', '40 s', '90 s', '2 min', '50 min', '95 min', '1.6 h', '9.4 h', '25 h'],
  ]);
});
