/** `liae faces` pack, unpack, info and landmarks: packs that come back byte for byte, and what is said of a folder. */
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { done, faces, filesOf, namesIn, undone, workspace } from '../../../test/support/faceFolder.ts';
import { goldenFolder } from '../../../test/support.ts';
import { nodeCodec } from '../../platform/node/codec.ts';

const dfljpg = fileURLToPath(new URL('tools/dfljpg/', goldenFolder));
const dst = fileURLToPath(new URL('../../../test/faces/dst/', import.meta.url));

test('what is packed and unpacked is byte for byte what it was; the files wait in the trash', async () => {
  const folder = workspace(5);
  const before = filesOf(folder);
  await undone(folder, ['pack'], async () => {
    expect(namesIn(folder)).toEqual(['faceset.pak']);
    expect(namesIn(`${folder}_trash`)).toEqual(Object.keys(before).map((name) => join('packed-1', name)));
    await done('unpack', folder);
    expect(filesOf(folder)).toEqual(before);
    await done('undo', folder);
  });
  await done('pack', folder, '--keep');
  expect(namesIn(folder)).toEqual([...Object.keys(before), 'faceset.pak']);
  expect(await faces('sort', folder)).toMatchObject({ code: 2, err: expect.stringContaining('liae faces unpack') });
});

test.each(['faceset_flat.pak', 'faceset_persons.pak'])(
  "the reference's %s unpacks to its files and packs to its faces again",
  async (pak) => {
    const folder = workspace(0);
    cpSync(join(dfljpg, pak), join(folder, 'faceset.pak'));
    const packed = readFileSync(join(dfljpg, pak));
    await undone(folder, ['unpack'], async () => {
      const loose = filesOf(folder);
      expect(Object.keys(loose).length).toBeGreaterThan(1);
      for (const [name, bytes] of Object.entries(loose)) expect(packed.includes(Buffer.from(bytes, 'base64')), name).toBe(true);
      await done('pack', folder);
      expect(readFileSync(join(folder, 'faceset.pak')).equals(packed)).toBe(true);
      const again = join(folder, '..', 'again');
      await done('unpack', folder, '--to', again);
      expect(filesOf(again)).toEqual(loose);
      await done('undo', folder);
    });
  },
);

test('sub-folders are persons, unless told otherwise', async () => {
  const folder = workspace(4);
  const [a = '', b = '', c = '', d = ''] = namesIn(folder);
  for (const [person, name] of [
    ['ann', a],
    ['ben', b],
    ['ben', c],
  ] as const) {
    mkdirSync(join(folder, person), { recursive: true });
    renameSync(join(folder, name), join(folder, person, name));
  }
  await undone(folder, ['pack'], async () => {
    expect(namesIn(folder)).toEqual([d, 'faceset.pak']);
    const { persons } = JSON.parse((await done('info', folder, '--json')).out) as { persons: unknown };
    expect(persons).toEqual({ ben: 2, ann: 1 });
  });
  await undone(folder, ['pack', '--no-persons'], () => {
    expect(namesIn(folder)).toEqual([join('ann', a), join('ben', b), join('ben', c), 'faceset.pak']);
  });
});

test('info counts what is there and says why the rest are no faces', async () => {
  const folder = workspace(3);
  const [name = ''] = namesIn(folder);
  writeFileSync(join(folder, 'cut.jpg'), readFileSync(join(folder, name)).subarray(0, 15000));
  writeFileSync(join(folder, 'text.jpg'), 'no picture');
  const found = JSON.parse((await done('info', folder, '--json')).out) as Record<string, unknown>;
  expect(found).toMatchObject({ pictures: 5, faces: 3, packed: false, masks: 0, frames: 3, faceTypes: { whole_face: 3 } });
  const { out } = await done('info', folder);
  expect(out).toMatch(/no face +1: .*cut off.*cut\.jpg/);
  expect(out).toMatch(/no face +1: .*text\.jpg/);
  const empty = workspace(0);
  expect(await faces('info', empty)).toMatchObject({ code: 2, err: expect.stringContaining('no faces in this folder') });
});

test('pictures of landmarks go to a folder beside', async () => {
  const folder = workspace(2);
  const before = filesOf(folder);
  await done('landmarks', folder);
  expect(filesOf(folder)).toEqual(before);
  expect(namesIn(`${folder}_debug`)).toEqual(Object.keys(before).map((name) => name.replace('.jpg', '_debug.jpg')));
  const [name = ''] = namesIn(`${folder}_debug`);
  expect((await nodeCodec().decode(readFileSync(join(`${folder}_debug`, name)), name)).width).toBe(256);
});

test('a contact sheet shows every face once, a map names the poses that are lacking, and neither touches the folder', async () => {
  const folder = workspace(5);
  const before = filesOf(folder);
  const sheet = join(folder, '..', 'sheet.png');
  await done('sheet', folder, '--out', sheet, '--columns', '3', '--size', '64');
  const codec = nodeCodec();
  const picture = await codec.decode(readFileSync(sheet), sheet);
  expect([picture.width, picture.height]).toEqual([10 + 3 * 74, 40 + 2 * 104]);
  const [first = ''] = namesIn(folder);
  const face = await codec.decode(readFileSync(join(folder, first)), first);
  const mean = (image: typeof face, [x0, y0, side]: readonly [number, number, number]): number => {
    let sum = 0;
    for (let y = y0; y < y0 + side; y++) for (let x = x0; x < x0 + side; x++) sum += image.data[(y * image.width + x) * 3]!;
    return sum / side ** 2;
  };
  expect(Math.abs(mean(picture, [10, 40, 64]) - mean(face, [0, 0, 256]))).toBeLessThan(1);
  const map = join(folder, '..', 'map');
  const { out } = await done('map', folder, workspace(90, dst), '--out', map, '--json');
  const found = JSON.parse(out) as { covered: number; lacking: { words: string; uncovered: number }[]; files: string[] };
  expect(found.files).toEqual([`${map}.svg`, `${map}.png`]);
  const uncovered = found.lacking.reduce((sum, cell) => sum + cell.uncovered, 0);
  expect(found.covered).toBeCloseTo(1 - uncovered / 90, 12);
  expect(readFileSync(`${map}.svg`, 'utf8')).toContain(found.lacking[0]!.words);
  expect(filesOf(folder)).toEqual(before);
});
