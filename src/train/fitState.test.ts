/** What survives when the variables of a model change, by hand. */
import { expect, test } from 'vitest';
import type { EngineState } from './engine.ts';
import { fitState } from './fitState.ts';

const state = (tensors: Record<string, readonly [shape: number[], fill: number]>, counters: Record<string, number>): EngineState => ({
  tensors: new Map(
    Object.entries(tensors).map(([key, [shape, fill]]) => [
      key,
      { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(fill) },
    ]),
  ),
  counters,
});
const fills = ({ tensors }: EngineState): Record<string, number> =>
  Object.fromEntries([...tensors].map(([key, { data }]) => [key, data[0]!]));

const stored = state(
  {
    'decoder/a/weight': [[2, 2], 1],
    'D_src/b/weight': [[4], 2],
    'D_src/c/bias': [[2], 3],
    'GAN_opt/ms/D_src/b/weight': [[4], 4],
    'GAN_opt/ms/D_src/c/bias': [[2], 5],
  },
  { src_dst_opt: 9, GAN_opt: 7 },
);

test('a state that fits is kept as it is', () => {
  const fresh = state(Object.fromEntries([...stored.tensors].map(([key, { shape }]) => [key, [[...shape], 0] as const])), {
    src_dst_opt: 0,
    GAN_opt: 0,
  });
  const fitted = fitState(stored, fresh);
  expect([fills(fitted.state), fitted.state.counters, fitted.reset, fitted.dropped]).toEqual([fills(stored), stored.counters, [], []]);
});

test('one layer of another size makes its whole network new, with its slots', () => {
  const fresh = state(
    {
      'decoder/a/weight': [[2, 2], 0],
      'D_src/b/weight': [[6], 0],
      'D_src/c/bias': [[2], 0],
      'GAN_opt/ms/D_src/b/weight': [[6], 0],
      'GAN_opt/ms/D_src/c/bias': [[2], 0],
    },
    { src_dst_opt: 0, GAN_opt: 0 },
  );
  const { state: fitted, reset } = fitState(stored, fresh);
  expect(Object.values(fills(fitted))).toEqual([1, 0, 0, 0, 0]);
  expect(fitted.counters).toEqual({ src_dst_opt: 9, GAN_opt: 7 });
  expect(reset).toEqual(['D_src', 'GAN_opt/ms']);
});

test('a network can be told to start afresh, and what has no place is dropped', () => {
  const fresh = state({ 'decoder/a/weight': [[2, 2], 0] }, { src_dst_opt: 0 });
  expect(fitState(stored, fresh)).toMatchObject({ reset: [], dropped: ['D_src', 'GAN_opt/ms'] });
  expect(fitState(stored, fresh, new Set(['decoder'])).reset).toEqual(['decoder']);
});

test('a missing variable starts afresh alone', () => {
  const fresh = state({ 'decoder/a/weight': [[2, 2], 0], 'decoder/z/bias': [[1], 8] }, { src_dst_opt: 0 });
  const { state: fitted, reset } = fitState(stored, fresh);
  expect(fills(fitted)).toEqual({ 'decoder/a/weight': 1, 'decoder/z/bias': 8 });
  expect(reset).toEqual(['decoder']);
});
