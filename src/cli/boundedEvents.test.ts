/** A file of events stays small, and whoever comes later still learns how things stand. */
import { expect, test } from 'vitest';
import { nothingTold, type Told, tell } from '../studio/server/jobKinds.ts';
import { resolveOptions, type TrainEvent } from '../train/index.ts';
import { boundedReporter } from './boundedEvents.ts';

const { options } = resolveOptions({ target: 1_000_000 });
const iteration = (n: number): TrainEvent => ({ event: 'iteration', iteration: n, ms: 100, waitMs: 1, loss: { src: 1 / n, dst: 2 / n } });

test('a million iterations stay under the limit; at any time the file tells what the whole run told', () => {
  const limit = 16 * 1024;
  let [file, most, emptied] = ['', 0, 0];
  const empty = (): void => {
    file = '';
    emptied++;
  };
  const report = boundedReporter({ write: (text) => (file += text), empty }, limit);
  let whole: Told = nothingTold;
  const all = (event: TrainEvent): void => {
    report(event);
    whole = tell(whole, { ...event }, 0);
    most = Math.max(most, file.length);
  };
  all({ event: 'started', iteration: 0, resumed: null, options });
  all({ event: 'changed', option: 'learning_rate', from: 1e-4, to: 5e-5 });
  for (let n = 1; n <= 100_000; n++) {
    all(iteration(n));
    if (n % 5000 === 1) all({ event: 'saved', iteration: n, save: `s${n}`, bytes: 1, ms: 1 });
    if (n === 7) all({ event: 'preview', iteration: n, file: 'previews/0000007.png' });
    if (n % 40_000 === 0) all({ event: 'nonfinite', iteration: n, save: 's', back: n - 5 });
    if (n % 9_973 === 0) {
      const told = file
        .trim()
        .split('\n')
        .reduce((before: Told, line) => tell(before, JSON.parse(line) as Record<string, unknown>, 0), nothingTold);
      expect(told.training).toMatchObject({ ...whole.training, ms: expect.closeTo(100, 6) });
      expect(told.progress).toMatchObject({ done: whole.progress!.done, total: 1_000_000 });
    }
  }
  expect(emptied).toBeGreaterThan(100);
  expect(most).toBeLessThanOrEqual(limit);
  expect(whole.training?.restores).toBe(2);
});
