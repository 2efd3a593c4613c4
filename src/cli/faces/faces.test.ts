/** `liae faces …` as a user meets it, on copies of the demo's faces: each tool does what it says, and undo brings back names and bytes. */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { done, face, faces, filesOf, namesIn, undone, workspace } from '../../../test/support/faceFolder.ts';
import { expectClose, goldenFolder } from '../../../test/support.ts';
import { faceFromImage, hullMask } from '../../face/index.ts';
import { withApp15, writeFace } from '../../faceset/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';
import { lockFaces } from '../../platform/node/modelLock.ts';

const dfljpg = fileURLToPath(new URL('tools/dfljpg/', goldenFolder));
const codec = nodeCodec();

describe('trash, restore, undo', () => {
  test('the trash takes files and gives them back; a dry run moves nothing', async () => {
    const folder = workspace();
    const before = filesOf(folder);
    const [first = '', second = ''] = namesIn(folder);
    expect((await done('trash', folder, first, second, '--dry-run')).out).toContain(`${first} -> ${folder}_trash/${first}`);
    expect(filesOf(folder)).toEqual(before);
    await done('trash', folder, first, second);
    expect([namesIn(folder).length, namesIn(`${folder}_trash`)]).toEqual([2, [first, second]]);
    expect((await done('restore', folder, '--list')).out).toContain(first);
    await done('restore', folder);
    expect(filesOf(folder)).toEqual(before);
    await done('undo', folder);
    await done('undo', folder);
    expect(filesOf(folder)).toEqual(before);
    expect((await done('undo', folder)).err).toContain('nothing to take back');
    expect((await done('undo', folder, '--list')).out.split('\n')).toHaveLength(5);
  });

  test('one tool at a time changes a folder, until it has ended', async () => {
    const folder = workspace(3);
    await using lock = await lockFaces(folder);
    for (const tool of [['mirror'], ['resize', '--size', '128'], ['mask', '--from', 'hull'], ['undo']] as const) {
      const { code, err } = await faces(tool[0], folder, ...tool.slice(1));
      expect([tool[0], code]).toEqual([tool[0], 2]);
      expect(err).toContain('another process is working on these faces');
    }
    await lock[Symbol.asyncDispose]();
    expect((await faces('mirror', folder)).code).toBe(0);
  });

  test('what is not there is refused by name', async () => {
    const folder = workspace();
    expect(await faces('trash', folder, 'no.jpg')).toMatchObject({ code: 2, err: expect.stringContaining('no.jpg: no such file') });
    expect(await faces('trash', `${folder}x`, 'no.jpg')).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no such folder'),
    });
    expect(await faces('restor', folder)).toMatchObject({ code: 2, err: expect.stringContaining('did you mean liae faces restore?') });
    expect(existsSync(`${folder}x`)).toBe(false);
  });
});

test('names of extraction come back, counted by frame', async () => {
  const folder = workspace(3);
  const [a = '', b = '', c = ''] = namesIn(folder);
  const frame = face(folder, a).metadata.sourceFilename!;
  const other = readFileSync(join(folder, b));
  writeFileSync(join(folder, b), writeFace(other, { ...face(folder, b).metadata, sourceFilename: frame }, b, face(folder, b).dict));
  for (const [i, name] of [a, b, c].entries()) cpSync(join(folder, name), join(folder, `0000${i}.jpg`));
  for (const name of [a, b, c]) rmSync(join(folder, name));
  await undone(folder, ['names'], () => {
    const stem = frame.replace(/\.[^.]*$/, '');
    expect(namesIn(folder)).toEqual([`${stem}_0.jpg`, `${stem}_1.jpg`, c].sort());
  });
});

describe('new versions', () => {
  test('resizing keeps the type and scales what is in pixels; the mask stays', async () => {
    const folder = workspace(1);
    const [name = ''] = namesIn(folder);
    await done('mask', folder, '--from', 'hull');
    const before = face(folder, name);
    await undone(folder, ['resize', '--size', '128'], () => {
      const { jpeg, metadata } = face(folder, name);
      expect([jpeg.width, jpeg.height, metadata.faceType]).toEqual([128, 128, before.metadata.faceType]);
      const scale = 128 / before.jpeg.width;
      expectClose(
        metadata.landmarks,
        before.metadata.landmarks.map((v) => v * scale),
        { abs: 1e-9 },
      );
      expect(metadata.xsegMask).toEqual(before.metadata.xsegMask);
      expectClose(metadata.imageToFace!, faceFromImage(metadata.sourceLandmarks!, 128, metadata.faceType), { abs: 1e-9 });
    });
    expect((await done('resize', folder, '--size', String(before.jpeg.width))).out).toContain('0 faces');
  });

  test('another crop shows the face where its type wants it', async () => {
    const folder = workspace(2);
    const [name = ''] = namesIn(folder);
    await done('mask', folder, '--from', 'hull');
    await undone(folder, ['resize', '--size', '160', '--face-type', 'h'], async () => {
      const { jpeg, metadata, dict } = face(folder, name);
      expect([jpeg.width, metadata.faceType]).toEqual([160, 'half_face']);
      // Cut from the aligned face or from the frame: a crop is decided by the landmarks alone.
      expectClose(faceFromImage(metadata.landmarks, 160, 'half_face'), [1, 0, 0, 0, 1, 0], { abs: 2e-3 });
      expect(dict.has('source_filename')).toBe(true);
      const mask = await codec.decode(metadata.xsegMask!, name);
      const hull = hullMask(
        metadata.landmarks.map((v) => (v * 256) / 160),
        256,
        256,
        1,
      );
      const off = mask.data.reduce((sum, v, i) => sum + (v >= 128 !== hull.data[i]! > 0 ? 1 : 0), 0);
      expect(off / 65536).toBeLessThan(0.02);
    });
  });

  test('a mirror twice is no mirror, but for the JPEG', async () => {
    const folder = workspace(1);
    const [name = ''] = namesIn(folder);
    const before = face(folder, name).metadata;
    const pixels = await codec.decode(readFileSync(join(folder, name)), name);
    await undone(folder, ['mirror'], async () => {
      const { metadata } = face(folder, name);
      const [eye, other] = [36 * 2, 45 * 2];
      expect(metadata.landmarks[eye]).toBeCloseTo(pixels.width - 1 - before.landmarks[other]!, 9);
      expect(metadata.sourceLandmarks).toEqual(before.sourceLandmarks);
      const flipped = await codec.decode(readFileSync(join(folder, name)), name);
      const mean = flipped.data.reduce((sum, v, i) => {
        const [pixel, c] = [Math.floor(i / 3), i % 3];
        const x = pixel % pixels.width;
        return sum + Math.abs(v - pixels.data[(pixel - x + pixels.width - 1 - x) * 3 + c]!);
      }, 0);
      expect(mean / flipped.data.length).toBeLessThan(1);
      await done('mirror', folder);
      expectClose(face(folder, name).metadata.landmarks, before.landmarks, { abs: 1e-9 });
      await done('undo', folder);
    });
    await undone(folder, ['mirror', '--add'], () => expect(namesIn(folder)).toEqual([name, name.replace('.jpg', '_mirror.jpg')]));
  });

  test('masks: stored small, confined, removed again; nothing but the face data changes', async () => {
    const folder = workspace(2);
    const [name = ''] = namesIn(folder);
    const plain = withApp15(readFileSync(join(folder, name)), undefined, name);
    await undone(folder, ['mask', '--from', 'hull'], async () => {
      const bytes = readFileSync(join(folder, name));
      expect(Buffer.compare(withApp15(bytes, undefined, name), plain)).toBe(0);
      const { metadata } = face(folder, name);
      const mask = await codec.decode(metadata.xsegMask!, name);
      expect([mask.width, mask.height, mask.channels, metadata.xsegMask!.length < 50000]).toEqual([256, 256, 1, true]);
      expect(new Set(mask.data)).toEqual(new Set([0, 255]));
      const sum = mask.data.reduce((a, b) => a + b, 0);
      await done('mask', folder, '--from', 'hull', '--face-type', 'h');
      const half = await codec.decode(face(folder, name).metadata.xsegMask!, name);
      const kept = half.data.reduce((a, b) => a + b, 0) / sum;
      expect(kept).toBeGreaterThan(0.5);
      expect(kept).toBeLessThan(0.999);
      await done('mask', folder, '--remove');
      expect(face(folder, name).metadata.xsegMask).toBeUndefined();
      await done('undo', folder);
      await done('undo', folder);
    });
  });

  test('a mask of the person is the part of the hull that shows one', async () => {
    const folder = workspace(1);
    const [name = ''] = namesIn(folder);
    await done('mask', folder, '--from', 'hull');
    const hull = await codec.decode(face(folder, name).metadata.xsegMask!, name);
    await undone(folder, ['mask', '--from', 'person'], async () => {
      const person = await codec.decode(face(folder, name).metadata.xsegMask!, name);
      const [outside, inside] = [person.data.filter((v, i) => v > hull.data[i]!).length, person.data.filter((v) => v > 0).length];
      expect(outside).toBe(0);
      expect(inside / hull.data.filter((v) => v > 0).length).toBeGreaterThan(0.9);
    });
  });

  test('masks of polygons are those of the reference, and are exported', async () => {
    const folder = workspace(0);
    for (const name of ['00003_0', '00005_0']) cpSync(join(dfljpg, `${name}.jpg`), join(folder, `${name}.jpg`));
    const target = join(folder, '..', 'masks');
    await done('mask', folder, '--remove');
    await done('mask', folder, '--export', target);
    for (const name of ['00003_0', '00005_0']) {
      const expected = await codec.decode(readFileSync(join(dfljpg, `${name}.polymask.png`)), name);
      const made = await codec.decode(readFileSync(join(target, `${name}_mask.jpg`)), name);
      const off = expected.data.filter((v, i) => v >= 128 !== made.data[i * 3]! >= 128).length;
      expect([made.width, off]).toEqual([expected.width, 0]);
    }
    await undone(folder, ['mask', '--from', 'polygons'], async () => {
      const mask = await codec.decode(face(folder, '00003_0.jpg').metadata.xsegMask!, 'mask');
      expect([mask.width, new Set(mask.data).size]).toEqual([256, 2]);
    });
    await undone(folder, ['mask', '--remove-polygons'], () => expect(face(folder, '00003_0.jpg').metadata.polygons).toEqual([]));
  });

  test('face data survive programs that drop them and change the size', async () => {
    const folder = workspace(3);
    const [a = '', b = '', c = ''] = namesIn(folder);
    const before = [a, b, c].map((name) => face(folder, name));
    await done('save-metadata', folder);
    const smaller = await codec.decode(readFileSync(join(folder, a)), a);
    const half = { width: 100, height: 100, channels: 3, data: smaller.data.slice(0, 30000) };
    writeFileSync(join(folder, a), await codec.encodeJpeg(half, 90));
    writeFileSync(join(folder, b), withApp15(readFileSync(join(folder, b)), undefined, b));
    await undone(folder, ['restore-metadata'], ({ out }) => {
      expect(out).toContain('put back into 2 pictures, 1 had them');
      for (const [i, name] of [a, b, c].entries()) {
        const { jpeg, metadata } = face(folder, name);
        expect([jpeg.width, metadata]).toEqual([before[i]!.jpeg.width, before[i]!.metadata]);
      }
      expect(namesIn(folder)).not.toContain('meta.dat');
    });
  });
});
