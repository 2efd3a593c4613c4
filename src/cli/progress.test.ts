/** Progress as text and as JSON, to the letter. */
import { expect, test } from 'vitest';
import { resolveOptions, type TrainEvent } from '../train/index.ts';
import { durationText, jsonReporter, textReporter } from './progress.ts';

const { options } = resolveOptions({ target: 100, batch_size: 4 });
const iteration = (n: number, src = 0.5): TrainEvent => ({
  event: 'iteration',
  iteration: n,
  ms: 812.4,
  waitMs: 3.2,
  loss: { src, dst: 0.25 },
});
const now = (): Date => new Date(2024, 0, 1, 9, 8, 7);

function texts(columns: number | undefined, events: readonly TrainEvent[]): { out: string; notes: string[] } {
  let out = '';
  const notes: string[] = [];
  const report = textReporter({ write: (text) => void (out += text), note: (line) => notes.push(line), columns, now });
  for (const event of events) report(event);
  return { out, notes };
}

test('in a pipe every iteration is a line as the reference prints it, and a save adds the means since the last', () => {
  const { out } = texts(undefined, [
    { event: 'started', iteration: 0, resumed: null, options },
    iteration(123, 0.1234),
    iteration(124, 0.3234),
    { event: 'saved', iteration: 124, save: '0000124-2', bytes: 9, ms: 1 },
    iteration(125),
    { event: 'done', iteration: 125, reason: 'stopped', saved: true, peakBytes: 3 * 2 ** 20 },
  ]);
  expect(out.split('\n')).toEqual([
    'new model: liae-ud 128 px, batch 4, to iteration 100',
    '[09:08:07][#000123][0.812s][0.1234][0.2500]',
    '[09:08:07][#000124][0.812s][0.3234][0.2500]',
    '[09:08:07][#000124] saved, mean since the last save [0.2234][0.2500]',
    '[09:08:07][#000125][0.812s][0.5000][0.2500]',
    'stopped at iteration 125; peak memory 3 MiB',
    '',
  ]);
});

test('on a terminal one line is rewritten, cut to its width, and gives way to lines that stay', () => {
  const { out } = texts(60, [
    { event: 'started', iteration: 0, resumed: '0000009-1', options },
    iteration(10),
    { event: 'preview', iteration: 10, file: 'p.png' },
  ]);
  const line = '#000010  812 ms/it  src 0.5000  dst 0.2500  wait 3 ms  73 s left'.slice(0, 59);
  expect(out).toBe(
    `resumed from 0000009-1 at iteration 0: liae-ud 128 px, batch 4, to iteration 100\n\r${line}\x1b[K\r\x1b[Kpreview: p.png\n${line}`,
  );
});

test('what a person should not miss goes to the notes', () => {
  const { out, notes } = texts(undefined, [
    { event: 'savefailed', iteration: 5, message: 'm: the disk is full' },
    { event: 'nonfinite', iteration: 7, save: '0000004-3', back: 4 },
    { event: 'rejected', save: '0000009-9', why: 'its manifest is missing' },
    { event: 'warning', message: 'preview failed' },
  ]);
  expect(out).toBe('');
  expect(notes).toEqual([
    'the save at iteration 5 failed; the one before stands, and the next one tries again\nm: the disk is full',
    'iteration 7: the loss or its gradient is not a number; back to iteration 4 (save 0000004-3)',
    'save 0000009-9 cannot be used: its manifest is missing; looking for the one before',
    'preview failed',
  ]);
});

test('of files that are no faces the first five are named', () => {
  const skipped = (count: number): TrainEvent => ({
    ...{ event: 'skipped', side: 'dst', usable: 12 },
    files: Array.from({ length: count }, (_, i) => ({ name: `${i}.jpg`, cause: 'cut off' })),
  });
  const { out, notes } = texts(undefined, [skipped(1), skipped(7)]);
  expect(out).toBe('');
  expect(notes).toEqual([
    'dst: 1 file is no usable face and left out; 12 remain\n  0.jpg: cut off',
    `dst: 7 files are no usable faces and left out; 12 remain\n${[0, 1, 2, 3, 4].map((i) => `  ${i}.jpg: cut off\n`).join('')}  and 2 more, which --json lists`,
  ]);
});

test('changes that the program made by itself are said', () => {
  const { out } = texts(undefined, [
    { event: 'rounded', option: 'resolution', from: 90, to: 80, why: 'a multiple of 16' },
    { event: 'changed', option: 'random_warp', from: true, to: false },
    { event: 'reset', what: ['D_src'], dropped: ['src_dst_opt/ms'] },
    { event: 'weights', from: 'base.safetensors', fresh: ['D_src'] },
    { event: 'history', cut: 3, lost: 0 },
    { event: 'history', cut: 0, lost: 2 },
    { event: 'backup', iteration: 3, folder: 'backups/01' },
  ]);
  expect(out.trimEnd().split('\n')).toEqual([
    'resolution: 90 becomes 80 (a multiple of 16)',
    'random_warp: y until now, n from here on',
    'starting afresh: D_src',
    'no longer used, and left out of the next save: src_dst_opt/ms',
    'first weights from base.safetensors; drawn afresh: D_src',
    '3 iterations after that save were lost; the loss history is cut to match',
    'the loss history lacks 2 iterations; they are a gap',
    'backup made: backups/01',
  ]);
});

test('JSON is one object a line', () => {
  let out = '';
  const report = jsonReporter({ write: (text) => void (out += text) });
  report(iteration(3));
  report({ event: 'preview', iteration: 3, file: 'p.png' });
  expect(out).toBe(
    '{"event":"iteration","iteration":3,"ms":812.4,"waitMs":3.2,"loss":{"src":0.5,"dst":0.25}}\n{"event":"preview","iteration":3,"file":"p.png"}\n',
  );
});

test('durations are short', () => {
  expect([45, 720, 12_000, 187_200].map(durationText)).toEqual(['45 s', '12 min', '3 h 20 min', '2 d 4 h']);
});
