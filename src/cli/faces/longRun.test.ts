/** Long runs: what is said of their progress, and that Ctrl-C ends them with 130 while faults pass. */
import { afterEach, expect, test, vi } from 'vitest';
import { interruptible, oneOf, progressOf, wholeNumber } from './longRun.ts';

afterEach(() => void vi.useRealTimers());

test('a long run tells its rate and the time left every two seconds, a short one nothing', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const notes: string[] = [];
  const progress = progressOf('sorting', { note: (line) => void notes.push(line), out: () => undefined });
  for (let done = 1; done <= 100; done++) {
    vi.advanceTimersByTime(100);
    progress(done, 100);
  }
  expect(notes).toEqual([
    'sorting: 20 of 100, 10.0 a second, 8 s left',
    'sorting: 40 of 100, 10.0 a second, 6 s left',
    'sorting: 60 of 100, 10.0 a second, 4 s left',
    'sorting: 80 of 100, 10.0 a second, 2 s left',
    'sorting: 100 of 100, 10.0 a second, in 10 s',
  ]);
  const short = progressOf('sorting', { note: (line) => void notes.push(line), out: () => undefined });
  for (let done = 1; done <= 10; done++) short(done, 10);
  expect(notes).toHaveLength(5);
});

test('as a job of the studio it tells an event each time, four times a second at most', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.stubEnv('LIAE_EVENTS', 'a file');
  let said = '';
  vi.advanceTimersByTime(10_000);
  const progress = progressOf('sorting', { note: () => undefined, out: (text) => void (said += text) });
  for (let done = 1; done <= 10; done++) {
    vi.advanceTimersByTime(100);
    progress(done, 10);
  }
  vi.unstubAllEnvs();
  const events = said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map(({ done }) => done)).toEqual([1, 4, 7, 10]);
  expect(events[0]).toEqual({ event: 'working', what: 'sorting', done: 1, of: 10 });
});

test('Ctrl-C ends a run with 130; a fault passes, and no listener stays', async () => {
  const before = process.listenerCount('SIGINT');
  const notes: string[] = [];
  const terminal = { note: (line: string) => void notes.push(line) };
  const stopped = interruptible(
    (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        const [stop] = process.listeners('SIGINT').slice(-1);
        stop?.('SIGINT');
      }),
    terminal,
  );
  expect([await stopped, notes]).toEqual([130, ['interrupted; nothing is changed']]);
  await expect(interruptible(() => Promise.reject(new TypeError('ours')), terminal)).rejects.toThrow('ours');
  expect(await interruptible(async () => 0, terminal)).toBe(0);
  expect(process.listenerCount('SIGINT')).toBe(before);
});

test('numbers and words out of range name the flag and what would do', () => {
  expect(wholeNumber('12', '--size', [1, 20])).toBe(12);
  for (const text of ['', ' ', '1.5', 'x', '21']) expect(() => wholeNumber(text, '--size', [1, 20])).toThrow('--size');
  expect(() => oneOf('c', '--kind', ['a', 'b'])).toThrow(
    expect.objectContaining({ details: expect.objectContaining({ expected: 'a, b' }) }),
  );
});
