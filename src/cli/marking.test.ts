/** How commands mark: by default, not at all only if asked by name, and a model's hash that follows its weights alone. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Tensor } from '../base/index.ts';
import { modelHash, openMarking } from './marking.ts';

const tensor = (...values: number[]): Tensor => ({ shape: [values.length], data: Float32Array.from(values) });
const model = { name: 'liae-ud', iteration: 7, hash: 'ab' };

test('the hash of a model is that of its weights in order of their names; optimizer state does not count', () => {
  const floats = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);
  const expected = createHash('sha256').update('a/x [2]\n').update(floats(1, 2)).update('b/y [1]\n').update(floats(3)).digest('hex');
  expect(
    modelHash(
      new Map([
        ['b/y', tensor(3)],
        ['src_dst_opt/ms/a/x', tensor(9, 9)],
        ['a/x', tensor(1, 2)],
      ]),
    ),
  ).toBe(expected);
  expect(
    modelHash(
      new Map([
        ['a/x', tensor(1, 2)],
        ['b/y', tensor(4)],
      ]),
    ),
  ).not.toBe(expected);
});

test('only --no-provenance leaves files unmarked, and that is said with what it may mean', async () => {
  const notes: string[] = [];
  const { signer } = await openMarking({ values: { provenance: false }, rest: [] }, model, (line) => void notes.push(line));
  expect(signer).toBeUndefined();
  expect(notes).toEqual([expect.stringMatching(/--no-provenance.*restricted by law in some places/)]);
});

test('a certificate without its key, or a key without its certificate, is refused', async () => {
  for (const values of [{ certificate: 'a.pem' }, { key: 'a.pem' }]) {
    await expect(openMarking({ values, rest: [] }, model, () => {})).rejects.toThrow('belong together');
  }
});
