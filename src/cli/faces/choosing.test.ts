/** `liae faces` sort, best, dedupe, cluster and check on copies of the demo's faces. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { done, face, faces, filesOf, namesIn, undone, workspace } from '../../../test/support/faceFolder.ts';
import { roundedBytes } from '../../curate/index.ts';
import { poseOf } from '../../face/index.ts';
import { readFace, withLiaeFields, writeFace } from '../../faceset/index.ts';
import { floatFromBytes, resizeLanczos } from '../../image/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';

const codec = nodeCodec();
const yawOf = (folder: string, name: string): number => {
  const { metadata, jpeg } = face(folder, name);
  return poseOf(metadata.landmarks, jpeg.width).yaw;
};

test('sorting by yaw numbers the faces from the most positive on; undo gives the names back', async () => {
  const folder = workspace(6);
  await undone(folder, ['sort', '--by', 'face-yaw'], ({ out }) => {
    expect(namesIn(folder)).toEqual(['00000.jpg', '00001.jpg', '00002.jpg', '00003.jpg', '00004.jpg', '00005.jpg']);
    const yaws = namesIn(folder).map((name) => yawOf(folder, name));
    expect(yaws).toEqual([...yaws].sort((a, b) => b - a));
    expect(out).toContain(`${((yaws[0]! * 180) / Math.PI).toFixed(1)}°`);
  });
  const listed = (await done('sort', folder, '--by', '2', '--list')).out.trim().split('\n');
  expect(listed.map((name) => yawOf(folder, name))).toEqual([...listed.map((name) => yawOf(folder, name))].sort((a, b) => b - a));
});

test('pictures without face data go to the trash, or are sorted where no face data are needed', async () => {
  const folder = workspace(2);
  const plain = await codec.encodeJpeg({ width: 64, height: 64, channels: 3, data: new Uint8Array(12288).fill(250) }, 90);
  writeFileSync(join(folder, 'plain.jpg'), plain);
  await undone(folder, ['sort', '--by', 'blur'], ({ err }) => {
    expect([namesIn(folder).length, namesIn(`${folder}_trash`)]).toEqual([2, ['plain.jpg']]);
    expect(err).toContain('plain.jpg');
  });
  await undone(folder, ['sort', '--by', 'brightness'], () => {
    expect(namesIn(folder).length).toBe(3);
    expect(readFileSync(join(folder, '00000.jpg')).equals(plain)).toBe(true);
  });
});

test('sorting twice changes nothing the second time, and an unknown kind lists the known ones', async () => {
  const folder = workspace(5);
  await done('sort', folder, '--by', 'novelty');
  const once = filesOf(folder);
  await done('sort', folder, '--by', 'blur');
  const sorted = filesOf(folder);
  await done('sort', folder, '--by', 'blur');
  expect(filesOf(folder)).toEqual(sorted);
  await done('undo', folder);
  expect(filesOf(folder)).toEqual(once);
  expect(await faces('sort', folder, '--by', 'colour')).toMatchObject({ code: 2, err: expect.stringContaining('hist (5)') });
});

test('best keeps N and takes the rest to the trash, or copies N and leaves the folder alone', async () => {
  const folder = workspace(8);
  const before = filesOf(folder);
  await undone(folder, ['best', '3'], () => {
    expect([namesIn(folder).length, namesIn(`${folder}_trash`).length]).toEqual([3, 5]);
  });
  const target = join(folder, '..', 'chosen');
  await done('best', folder, '3', '--copy-to', target);
  expect(filesOf(folder)).toEqual(before);
  expect(namesIn(target)).toHaveLength(3);
  for (const [name, bytes] of Object.entries(filesOf(target))) expect(before[name]).toBe(bytes);
});

test('a repeated face goes to the trash, and no other', async () => {
  const folder = workspace(5);
  const [name = ''] = namesIn(folder);
  writeFileSync(join(folder, 'again.jpg'), readFileSync(join(folder, name)));
  const before = namesIn(folder);
  await undone(folder, ['dedupe', '--threshold', '0.5'], () => {
    const gone = namesIn(`${folder}_trash`);
    expect(gone).toHaveLength(1);
    expect([name, 'again.jpg']).toContain(gone[0]);
    expect(namesIn(folder)).toEqual(before.filter((file) => file !== gone[0]));
  });
});

/** Gives a face a vector of identity: `person` in one place, a little of its own in others. */
function identify(folder: string, name: string, person: number, own: number): void {
  const bytes = readFileSync(join(folder, name));
  const { dict, metadata } = readFace(bytes, name);
  const embedding = new Float32Array(128);
  embedding[person] = 1;
  embedding[100 + own] = 0.1;
  writeFileSync(join(folder, name), writeFace(bytes, metadata, name, withLiaeFields(dict, { embedding })));
}

test('persons are told apart, split and kept', async () => {
  const folder = workspace(7);
  const names = namesIn(folder);
  for (const [i, name] of names.entries()) identify(folder, name, i < 5 ? 0 : 1, i);
  const report = JSON.parse((await done('cluster', folder, '--json')).out) as { persons: { names: string[] }[] };
  expect(report.persons.map((person) => person.names)).toEqual([names.slice(0, 5), names.slice(5)]);
  await undone(folder, ['cluster', '--split'], () => {
    expect(namesIn(folder)).toEqual([
      ...names.slice(0, 5).map((n) => join('person_1', n)),
      ...names.slice(5).map((n) => join('person_2', n)),
    ]);
  });
  await undone(folder, ['cluster', '--keep', '2'], () => expect(namesIn(folder)).toEqual(names.slice(5)));
});

test('check finds each fault in its class and nothing else, and takes chosen classes to the trash', async () => {
  const folder = workspace(9);
  const names = namesIn(folder);
  const [blurred = '', closed = '', stranger = ''] = names;
  const blinks = names.slice(-2); // the demo's person blinks there
  for (const [i, name] of names.entries()) identify(folder, name, name === stranger ? 1 : 0, i);
  const file = (name: string): string => join(folder, name);
  const soft = face(folder, blurred);
  const image = floatFromBytes(await codec.decode(readFileSync(file(blurred)), blurred));
  const blur = roundedBytes(resizeLanczos(resizeLanczos(image, 32, 32), image.width, image.height));
  writeFileSync(file(blurred), writeFace(await codec.encodeJpeg(blur, 95), soft.metadata, blurred, soft.dict));
  const shut = face(folder, closed);
  const landmarks = Float64Array.from(shut.metadata.landmarks);
  for (const [upper, lower] of [
    [37, 41],
    [38, 40],
    [43, 47],
    [44, 46],
  ] as const) {
    const middle = (landmarks[2 * upper + 1]! + landmarks[2 * lower + 1]!) / 2;
    landmarks[2 * upper + 1] = middle - 0.2;
    landmarks[2 * lower + 1] = middle + 0.2;
  }
  writeFileSync(file(closed), writeFace(readFileSync(file(closed)), { ...shut.metadata, landmarks }, closed, shut.dict));
  writeFileSync(file('again.jpg'), readFileSync(file(names[5]!)));
  writeFileSync(file('cut.jpg'), readFileSync(file(names[6]!)).subarray(0, 15000));
  const { faults } = JSON.parse((await done('check', folder, '--json')).out) as {
    faults: Record<string, { name: string; why: string }[]>;
  };
  const found = Object.fromEntries(Object.entries(faults).map(([kind, list]) => [kind, list.map(({ name }) => name)]));
  expect(found).toMatchObject({ broken: ['cut.jpg'], person: [stranger], blurred: [blurred], 'closed-eyes': [closed, ...blinks] });
  expect(found.duplicate!.some((name) => name === 'again.jpg' || name === names[5])).toBe(true);
  await undone(folder, ['check', '--trash', 'broken,blurred'], ({ out }) => {
    expect(namesIn(`${folder}_trash`)).toEqual([blurred, 'cut.jpg'].sort());
    expect(out).toContain(`  ${closed}: eyes open`);
  });
});
