/** New versions of faces by threads are those of the calling thread, byte for byte, and what is wrong with a file is told as there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { built } from '../../../test/support/built.ts';
import { FormatError } from '../../base/index.ts';
import type { FaceToEdit } from '../../curate/index.ts';
import { readFace } from '../../faceset/index.ts';
import { type FaceChange, openFaceEditor } from './editPool.ts';

const demo = fileURLToPath(new URL('../../../test/faces/src/', import.meta.url));
const workerUrl = built('platform/node/editWorker.js');
const faces = readdirSync(demo)
  .slice(0, 3)
  .map((name): FaceToEdit => {
    const bytes = readFileSync(join(demo, name));
    return { ...readFace(bytes, name), name, bytes };
  });

test.each<FaceChange>([
  { kind: 'resize', crop: { size: 128, faceType: 'full_face' } },
  { kind: 'mirror' },
  { kind: 'mask', mask: { from: 'person', within: 'full_face' } },
])('$kind', async (change) => {
  await using pool = openFaceEditor(change, { count: 3, workers: 2, workerUrl });
  await using plain = openFaceEditor(change, { count: 3, workers: 0 });
  expect([pool.parallel, plain.parallel]).toEqual([4, 1]);
  const [there, here] = [await Promise.all(faces.map(pool.edit)), await Promise.all(faces.map(plain.edit))];
  for (const [i, bytes] of there.entries()) expect(Buffer.compare(bytes!, here[i]!), faces[i]!.name).toBe(0);
  const cut = { ...faces[0]!, bytes: faces[0]!.bytes.subarray(0, 15000) };
  await expect(pool.edit(cut)).rejects.toThrow(FormatError);
  expect((await pool.edit(faces[1]!))!.length).toBe(there[1]!.length);
});
