/** Every operation against central differences, on its own examples: no operation escapes. */
import { expect, test } from 'vitest';
import { Rng, sizeOf } from '../../base/index.ts';
import { ortBackend } from '../../platform/node/ortBackend.ts';
import { evaluate } from '../../runtime/index.ts';
import { constant, gradients, input, sumAll, Value } from '../index.ts';
import type { Op } from '../op.ts';
import { allOps } from './index.ts';

const backend = ortBackend();
const STEP = 1 / 64; // exact in binary; large, because float32 outputs are differenced
const names = new Set(allOps.map((op) => op.name));

test('operations have names of their own', () => expect(names.size).toBe(allOps.length));

for (const op of allOps) {
  for (const [i, example] of op.examples.entries()) {
    test(`${op.name}: example ${i} has the gradient that central differences give`, async () => {
      const rng = new Rng(7 + i);
      const [low, high] = example.range ?? [-1, 1];
      const isBool = (k: number): boolean => example.bools?.includes(k) ?? false;
      const isFixed = (k: number): boolean => isBool(k) || (example.fixed?.includes(k) ?? false);
      const draw = (k: number, size: number): Float32Array | Uint8Array =>
        isBool(k)
          ? Uint8Array.from({ length: size }, () => rng.integer(0, 2))
          : Float32Array.from({ length: size }, () => Math.fround(rng.uniform(low, high)));
      const arrays = example.shapes.map((shape, k) => draw(k, sizeOf(shape)));
      const values = example.shapes.map((shape, k) =>
        isFixed(k) && !isBool(k) ? constant(arrays[k] as Float32Array, shape) : input(`x${k}`, shape, isBool(k) ? 'bool' : 'float32'),
      );
      const y = apply(op, values, example.attrs ?? {});
      const weights = constant(
        Float32Array.from({ length: sizeOf(y.shape) }, () => rng.uniform(-1, 1)),
        y.shape,
      );
      const loss = sumAll(y.mul(weights));
      const free = values.map((_, k) => k).filter((k) => !isFixed(k));
      const feeds = Object.fromEntries(arrays.map((array, k) => [`x${k}`, array]));
      const wanted = gradients(
        [[loss, constant([1], [])]],
        free.map((k) => values[k]!),
      );
      if (free.length === 0) {
        expect(
          gradients([[loss, constant([1], [])]], values)
            .flatMap((g) => (g.source.kind === 'constant' ? [...g.source.data] : [NaN]))
            .every((g) => g === 0),
        ).toBe(true);
        return;
      }
      const outputs = Object.fromEntries(free.map((k, j) => [`g${k}`, wanted[j]!]));
      const got = await evaluate(backend, { ...outputs, y }, feeds);
      for (const k of free) {
        const array = arrays[k] as Float32Array;
        for (let e = 0; e < array.length; e++) {
          const probe = async (delta: number): Promise<number> => {
            const moved = array.slice();
            moved[e]! += delta;
            const out = (await evaluate(backend, { y }, { ...feeds, [`x${k}`]: moved })).y!;
            return out.reduce((sum, v, j) => sum + v * (weights.source.kind === 'constant' ? weights.source.data[j]! : 0), 0);
          };
          if (e % Math.ceil(array.length / 6) !== 0) continue; // six elements of each input are enough to tell
          const slope = ((await probe(STEP)) - (await probe(-STEP))) / (2 * STEP);
          const smooth = Math.abs(array[e]!) > 2 * STEP && Math.abs(array[e]! + 1) > 2 * STEP && Math.abs(array[e]! - 0.5) > 2 * STEP;
          if (smooth || !['abs', 'clip', 'leakyRelu'].includes(op.name)) {
            expect(Math.abs(slope - got[`g${k}`]![e]!), `input ${k}, element ${e}: ${slope} against ${got[`g${k}`]![e]}`).toBeLessThan(
              2e-3 * (1 + Math.abs(slope)),
            );
          }
        }
      }
    });
  }
}

function apply(op: Op, inputs: readonly Value[], attrs: NonNullable<Op['examples'][number]['attrs']>): Value {
  return new Value(op.shape(inputs, attrs), op.dtype, { kind: 'op', op, inputs, attrs });
}
