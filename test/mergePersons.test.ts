/** Which of several faces are merged: by a picture of the person, by the person's folder, by number; loose and packed. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFace } from '../src/faceset/index.ts';
import { openPictures } from '../src/platform/node/pictures.ts';
import { openClip } from '../src/platform/node/video.ts';
import { type Ended, liae } from './support/built.ts';
import { clip, exactFaces, tinyModel } from './support/merging.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae persons '));
const at = (name: string): string => join(scratch, name);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
process.env.LIAE_CONFIG = at('config');

const source = clip('two_faces.mp4'); // one person in the left half, another in the right
const FRAMES = '2';

async function succeeded(args: readonly string[]): Promise<Ended> {
  const ended = await liae(args);
  expect(ended.code, `liae ${args.join(' ')}\n${ended.err}`).toBe(0);
  return ended;
}

const merge = (faces: string, output: string, ...more: string[]): string[] => [
  ...['merge', '--model', at('model'), '--input', source, '--faces', at(faces), '--output', at(output), '--to', FRAMES, '--no-provenance'],
  ...more,
];

/** The first frame, merged. */
async function picture(folder: string): Promise<{ readonly width: number; readonly height: number; readonly data: Uint8Array }> {
  await using pictures = await openPictures(at(folder));
  for await (const { image } of pictures.frames({ to: 1 })) return image;
  throw new Error('no picture');
}

let before: Awaited<ReturnType<typeof picture>>;

/** Whether anything has changed in the left half, and in the right. */
async function changedHalves(folder: string): Promise<[left: boolean, right: boolean]> {
  const { width, height, data } = await picture(folder);
  const changed = (from: number, to: number): boolean => {
    for (let y = 0; y < height; y++)
      for (let p = (y * width + from) * 3; p < (y * width + to) * 3; p++) if (data[p] !== before.data[p]) return true;
    return false;
  };
  return [changed(0, width / 2), changed(width / 2, width)];
}

beforeAll(async () => {
  await tinyModel(at('model'));
  await succeeded(['extract', source, '--out', at('faces'), '--size', '256', '--to', FRAMES]);
  await succeeded(['video', 'extract', clip('one_frame.mp4'), '--out', at('right person')]);
  await using opened = await openClip(source);
  for await (const { image } of opened.frames({ to: 1 })) before = image;
  for (const person of ['anna', 'berta']) mkdirSync(at(`people/${person}`), { recursive: true });
  for (const name of readdirSync(at('faces')).filter((file) => file.endsWith('.jpg'))) {
    const { metadata } = readFace(readFileSync(join(at('faces'), name)), name);
    const isLeft = metadata.sourceLandmarks![60]! < before.width / 2; // the tip of the nose
    cpSync(join(at('faces'), name), join(at('people'), isLeft ? 'anna' : 'berta', name));
  }
}, 180_000);

test('a picture chooses the person on it, whatever their place, and nobody within too small a distance', { timeout: 120_000 }, async () => {
  const [name] = readdirSync(at('right person')).filter((file) => file.endsWith('.png'));
  const person = join(at('right person'), name!);
  await succeeded(merge('faces', 'all'));
  expect(await changedHalves('all')).toEqual([true, true]);
  await succeeded(merge('faces', 'by picture', '--only', person));
  expect(await changedHalves('by picture')).toEqual([false, true]);
  const none = await liae(merge('faces', 'none', '--only', person, '--person-distance', '0.05'));
  expect([none.code, none.err]).toEqual([2, expect.stringContaining('no such face')]);
  await exactFaces(source, at('bare'), [{ track: 'dst', dx: 340 }], Number(FRAMES));
  const bare = await liae(merge('bare', 'none', '--only', person));
  expect([bare.code, bare.err]).toEqual([2, expect.stringMatching(/the faces have no identity[\s\S]*--only 0/)]);
  const [, nobody] = [
    await succeeded(['video', 'extract', clip('black.mp4'), '--out', at('nobody'), '--to', '1']),
    readdirSync(at('nobody'))[0]!,
  ];
  const empty = await liae(merge('faces', 'none', '--only', join(at('nobody'), nobody)));
  expect([empty.code, empty.err]).toEqual([2, expect.stringContaining('no face in this picture')]);
});

test("a person's folder, loose and packed, gives the same picture", { timeout: 120_000 }, async () => {
  await succeeded(merge('people', 'anna', '--only', 'anna'));
  expect(await changedHalves('anna')).toEqual([true, false]);
  await succeeded(merge('people', 'berta', '--only', 'berta'));
  expect(await changedHalves('berta')).toEqual([false, true]);
  await succeeded(['faces', 'pack', at('people')]);
  expect(readdirSync(at('people'))).toContain('faceset.pak');
  await succeeded(merge('people', 'anna packed', '--only', 'anna'));
  expect(Buffer.compare((await picture('anna packed')).data, (await picture('anna')).data)).toBe(0);
  await succeeded(merge('people', 'both packed'));
  expect(await changedHalves('both packed')).toEqual([true, true]);
  const { code, err } = await liae(merge('people', 'none', '--only', 'carla'));
  expect([code, err]).toEqual([2, expect.stringContaining('--only carla: no face of such a person')]);
});
