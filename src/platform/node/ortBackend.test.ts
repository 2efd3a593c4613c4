/** The backend: outputs in given arrays, what a program says of itself, errors in the library's words. */
import { expect, test } from 'vitest';
import { encodeModel, input, lower, matmul } from '../../graph/index.ts';
import { OPSET } from '../../runtime/index.ts';
import { ortBackend, programAt } from './ortBackend.ts';

const a = input('a', [2, 3]);
const b = input('b', [3, 2]);
const model = encodeModel(lower({ sum: a.add(a), product: matmul(a, b) }), OPSET);
const feeds = {
  a: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  b: { shape: [3, 2], data: Float32Array.of(1, 0, 0, 1, 1, 1) },
};

test('outputs land in the arrays that are given, and others in arrays of their own', async () => {
  await using program = await ortBackend().compile(model, { threads: 1 });
  const product = { shape: [2, 2], data: new Float32Array(4) };
  const results = await program.run(feeds, undefined, { product });
  expect(results.product!.data).toBe(product.data);
  expect([...product.data]).toEqual([4, 5, 10, 11]);
  expect(results.sum).toEqual({ shape: [2, 3], data: Float32Array.of(2, 4, 6, 8, 10, 12) });
});

test('an output outlives later runs and the program', async () => {
  const program = await ortBackend().compile(model);
  const first = (await program.run(feeds, ['sum'])).sum!;
  await program.run({ ...feeds, a: { shape: [2, 3], data: new Float32Array(6) } }, ['sum']);
  await program[Symbol.asyncDispose]();
  expect([...first.data]).toEqual([2, 4, 6, 8, 10, 12]);
  await expect(program.run(feeds)).rejects.toThrow('disposed');
});

test('a program runs by its address too, and outlives what was opened there', async () => {
  await using program = await ortBackend().compile(model, { threads: 1 });
  const other = programAt(program.address);
  expect(other.inputs).toEqual(program.inputs);
  expect((await other.run(feeds, ['product'])).product!.data).toEqual(Float32Array.of(4, 5, 10, 11));
  await other[Symbol.asyncDispose]();
  await expect(other.run(feeds)).rejects.toThrow('disposed');
  expect((await program.run(feeds, ['product'])).product!.data).toEqual(Float32Array.of(4, 5, 10, 11));
});

test('a program says what it takes and gives', async () => {
  await using program = await ortBackend().compile(model);
  expect(program.inputs).toContainEqual({ name: 'b', type: 'float32', shape: [3, 2] });
  expect(program.outputs.map(({ name }) => name).sort()).toEqual(['product', 'sum']);
});

test('what does not fit is refused, never read past its end', async () => {
  await using program = await ortBackend().compile(model);
  await expect(program.run({ a: feeds.a })).rejects.toThrow('no array for the input b');
  await expect(program.run({ ...feeds, b: { shape: [3, 2], data: new Float32Array(5) } })).rejects.toThrow('5 elements');
  await expect(program.run({ ...feeds, b: { shape: [2, 3], data: feeds.b.data } })).rejects.toThrow('ONNX Runtime');
  const short = { shape: [2, 2], data: new Float32Array(3) };
  await expect(program.run(feeds, ['product'], { product: short })).rejects.toThrow('3 elements');
  await expect(ortBackend().compile(Uint8Array.of(1, 2, 3))).rejects.toThrow('ONNX Runtime');
});
