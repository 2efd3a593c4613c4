/** Broken faces: who takes their place, who is told, and what is no reason to go on. */
import { expect, test } from 'vitest';
import { FormatError, ResourceError } from '../base/index.ts';
import { type BrokenFace, usableFaces } from './usableFaces.ts';

function setOf(count: number, broken: readonly number[]) {
  const told: BrokenFace[] = [];
  const tried: number[] = [];
  const face = usableFaces({ side: 'dst', count, onBroken: (face) => told.push(face) }, async (index) => {
    tried.push(index);
    if (broken.includes(index)) throw new FormatError(`${index}.jpg: torn`, { found: 'half of it' });
    return index;
  });
  return { face, told, tried };
}

test('the next usable face takes the place of a broken one, round the end of the set; each is told and tried once', async () => {
  const { face, told, tried } = setOf(5, [1, 2, 4]);
  const order = [4, 2, 1, 0, 3, 1, 4];
  for (const [i, expected] of [0, 3, 3, 0, 3, 3, 0].entries()) expect(await face(order[i]!)).toBe(expected);
  expect(told).toEqual([4, 2, 1].map((index) => ({ side: 'dst', index, cause: `${index}.jpg: torn; half of it` })));
  expect(tried.filter((index) => [1, 2, 4].includes(index))).toEqual([4, 2, 1]);
});

test('a set without a usable face is an error that names a cause and says what to do', async () => {
  const { face } = setOf(3, [0, 1, 2]);
  for (let again = 0; again < 2; again++) {
    const error = await face(1).catch((thrown: unknown) => thrown);
    expect((error as FormatError).report()).toBe(
      'dst: none of its 3 faces can be read\n  found    0.jpg: torn; half of it\n  next     restore the files of --dst, extract the faces again, or name another folder',
    );
  }
});

test('what is no fault of the file is not taken for one', async () => {
  const face = usableFaces({ side: 'src', count: 2, onBroken: () => expect.unreachable() }, async () => {
    throw new ResourceError('the system cannot open it');
  });
  await expect(face(0)).rejects.toThrow(ResourceError);
});
