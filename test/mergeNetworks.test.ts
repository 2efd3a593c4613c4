/**
 * Merging with what users bring: masks stored in faces, ONNX networks that mask and that make finer; and clips of high dynamic range, whose networks
 * see the mapped picture. The networks are written here, so that what they see and say is known.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { faceFromImage } from '../src/face/index.ts';
import { readFace, writeFace } from '../src/faceset/index.ts';
import { constant, encodeModel, input, lower, slice, type Value } from '../src/graph/index.ts';
import { mapPoints } from '../src/image/index.ts';
import { nodeCodec } from '../src/platform/node/codec.ts';
import { openPictures } from '../src/platform/node/pictures.ts';
import { openClip } from '../src/platform/node/video.ts';
import { OPSET } from '../src/runtime/index.ts';
import type { Frame } from '../src/video/index.ts';
import { type Ended, liae } from './support/built.ts';
import { clip, exactFaces, tinyModel } from './support/merging.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae networks ü '));
const at = (name: string): string => join(scratch, name);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
process.env.LIAE_CONFIG = at('config');

const FRAMES = 2;
const source = clip('dst_rotated.mp4');
const hard = ['--erode', '0', '--blur', '0', '--color-transfer', 'none', '--no-provenance', '--to', String(FRAMES)];

async function succeeded(args: readonly string[]): Promise<Ended> {
  const ended = await liae(args);
  expect(ended.code, `liae ${args.join(' ')}\n${ended.err}`).toBe(0);
  return ended;
}

async function refused(words: RegExp, args: readonly string[]): Promise<void> {
  const { code, err } = await liae(args);
  expect(err).toMatch(words);
  expect(code).toBe(2);
}

const merge = (from: string, faces: string, output: string, ...more: string[]): string[] => [
  ...['merge', '--model', at('model'), '--input', from, '--faces', at(faces), '--output', at(output), ...hard, ...more],
];

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function pictures(folder: string, deep = false): Promise<Frame[]> {
  await using opened = await openPictures(at(folder), deep);
  return await collect(opened.frames());
}

async function framesOf(path: string, to: number, deep = false): Promise<Frame[]> {
  await using opened = await openClip(path, { deep });
  return await collect(opened.frames({ to }));
}

/** A network as a file. */
function network(name: string, output: Value): string {
  writeFileSync(at(name), encodeModel(lower({ output }), OPSET));
  return at(name);
}

/** 1 in the left half. */
const leftHalf = (side: number): number[] => Array.from({ length: side * side }, (_, i) => (i % side < side / 2 ? 1 : 0));

beforeAll(async () => {
  await tinyModel(at('model'));
  await exactFaces(source, at('faces'), [{ track: 'dst', dx: 0 }], FRAMES);
  await exactFaces(clip('dst_10bit_hlg.mkv'), at('hlg faces'), [{ track: 'dst', dx: 0 }], FRAMES);
  await exactFaces(source, at('masked'), [{ track: 'dst', dx: 0 }], FRAMES);
  const mask = await nodeCodec().encodePng({ width: 256, height: 256, channels: 1, data: Uint8Array.from(leftHalf(256), (v) => v * 255) });
  for (const name of readdirSync(at('masked'))) {
    const { dict, metadata } = readFace(readFileSync(join(at('masked'), name)), name);
    writeFileSync(join(at('masked'), name), writeFace(readFileSync(join(at('masked'), name)), { ...metadata, xsegMask: mask }, name, dict));
  }
}, 120_000);

/** Where a frame's mask is, in pixels of its face as it was cut out (256, whole face): the least and the greatest x, and how many pixels there are. */
async function extent(folder: string, frame: Frame): Promise<{ least: number; most: number; count: number }> {
  const name = readdirSync(at(folder)).sort()[frame.index]!;
  const { metadata } = readFace(readFileSync(join(at(folder), name)), name);
  const toFace = faceFromImage(metadata.sourceLandmarks!, 256, 'whole_face');
  let [least, most, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  const { width, data } = frame.image;
  for (let p = 0; p < data.length; p += 3) {
    if (data[p]! < 128) continue;
    const x = mapPoints(toFace, [(p / 3) % width, Math.floor(p / 3 / width)])[0]!;
    [least, most, count] = [Math.min(least, x), Math.max(most, x), count + 1];
  }
  return { least, most, count };
}

test('xseg-dst takes the masks that are stored in the faces, loose and packed, at their place in the frame', {
  timeout: 60_000,
}, async () => {
  await succeeded(merge(source, 'masked', 'stored', '--mask-mode', 'xseg-dst', '--mask', at('stored mask')));
  for (const mask of await pictures('stored mask')) {
    const { least, most, count } = await extent('masked', mask);
    expect(count).toBeGreaterThan(5000);
    expect(Math.abs(most - 128)).toBeLessThan(2); // half of the face as it was cut out
    expect(least).toBeGreaterThan(25); // and not beyond the model's crop, which is narrower
  }
  const [frame] = await framesOf(source, 1);
  const [merged] = await pictures('stored');
  const [mask] = await pictures('stored mask');
  for (let i = 0; i < merged!.image.data.length; i++) {
    if (mask!.image.data[i] === 0 && merged!.image.data[i] !== frame!.image.data[i])
      throw new Error(`value ${i} changed outside of the mask`);
  }
  await succeeded(['faces', 'pack', at('masked'), '--keep']);
  for (const name of readdirSync(at('masked'))) if (name.endsWith('.jpg')) rmSync(join(at('masked'), name));
  await succeeded(merge(source, 'masked', 'packed', '--mask-mode', 'xseg-dst'));
  for (const [i, { image }] of (await pictures('packed')).entries()) {
    expect(Buffer.compare(image.data, (await pictures('stored'))[i]!.image.data)).toBe(0);
  }
  await refused(/2 of 2 faces have none; the first is 00001_0\.jpg/, merge(source, 'faces', 'x', '--mask-mode', 'xseg-dst'));
});

test('what is before a face stays: masks of the hull, and of regions drawn on the faces that need them', { timeout: 60_000 }, async () => {
  const occluded = clip('occluded.mp4');
  const [SIDE, first] = [256, join(at('drawn'), '00001_0.jpg')];
  await exactFaces(occluded, at('drawn'), [{ track: 'occluded', dx: 0 }], FRAMES);
  const rectangle = (x: number, right: number): Float32Array => Float32Array.of(x, 70, right, 70, right, 200, x, 200);
  const { dict, metadata } = readFace(readFileSync(first), first);
  const polygons = [
    { include: true, points: rectangle(60, 190) },
    { include: false, points: rectangle(110, 140) },
  ];
  writeFileSync(first, writeFace(readFileSync(first), { ...metadata, polygons }, first, dict));
  await succeeded(['faces', 'mask', at('drawn'), '--from', 'hull']);
  await succeeded(['faces', 'mask', at('drawn'), '--from', 'polygons']);
  await succeeded(merge(occluded, 'drawn', 'kept', '--mask-mode', 'xseg-dst', '--mask', at('kept mask')));
  const [before, after, masks] = [await framesOf(occluded, FRAMES), await pictures('kept'), await pictures('kept mask')];
  const faceFromFrame = faceFromImage(metadata.sourceLandmarks!, SIDE, 'whole_face');
  const { width, data } = masks[0]!.image;
  const found = { thing: 0, face: 0, beyond: 0 };
  for (let p = 0; p < data.length; p += 3) {
    const [x, y] = mapPoints(faceFromFrame, [(p / 3) % width, Math.floor(p / 3 / width)]);
    const inRows = y! > 75 && y! < 195;
    if (inRows && x! > 115 && x! < 135) {
      found.thing++;
      for (let c = p; c < p + 3; c++) expect([data[c], after[0]!.image.data[c]]).toEqual([0, before[0]!.image.data[c]]);
    } else if (inRows && ((x! > 66 && x! < 104) || (x! > 146 && x! < 184))) {
      found.face++;
      expect(data[p]).toBeGreaterThan(250);
    } else if (data[p]! > 0 && (x! < 54 || x! > 196 || y! < 64 || y! > 206)) found.beyond++;
  }
  expect([found.thing > 1000, found.face > 4000, found.beyond]).toEqual([true, true, 0]);
  expect((await extent('drawn', masks[1]!)).count).toBeGreaterThan(15_000); // the next face has its hull
});

test('--xseg-model masks the face of the frame, the predicted one, or both', { timeout: 60_000 }, async () => {
  const face = input('face', [1, 32, 32, 3]);
  const half = network(
    'half.onnx',
    slice(face, 3, 0, 1)
      .mul(0)
      .add(constant(leftHalf(32), [1, 32, 32, 1])),
  );
  const areas = new Map<string, number>();
  for (const mode of ['xseg-dst', 'xseg-prd', 'xseg-prd*xseg-dst']) {
    const folder = `by ${mode.replace('*', ' ')}`;
    await succeeded(merge(source, 'faces', folder, '--mask-mode', mode, '--xseg-model', half, '--mask', at(`${folder} mask`)));
    for (const mask of await pictures(`${folder} mask`)) {
      const { least, most, count } = await extent('faces', mask);
      expect([Math.abs(most - 128) < 4, least < 40, count > 5000], mode).toEqual([true, true, true]);
      areas.set(mode, count);
    }
  }
  expect(areas.get('xseg-prd')).toBe(areas.get('xseg-dst'));
  await refused(/needs a network that masks the predicted face/, merge(source, 'faces', 'x', '--mask-mode', 'xseg-prd'));
  const logits = network(
    'logits.onnx',
    slice(face, 3, 0, 1)
      .mul(20)
      .add(constant([-10], [])),
  );
  await refused(
    /logits\.onnx: its output is no mask|values from/,
    merge(
      source,
      'faces',
      'x',
      '--mask-mode',
      'xseg-dst',
      '--xseg-model',
      network('low.onnx', slice(face, 3, 0, 1).add(constant([-9], []))),
    ),
  );
  await refused(/logits\.onnx: its output is no mask/, merge(source, 'faces', 'x', '--mask-mode', 'xseg-dst', '--xseg-model', logits));
  await refused(
    /nowhere\.onnx: cannot be read/,
    merge(source, 'faces', 'x', '--mask-mode', 'xseg-dst', '--xseg-model', at('nowhere.onnx')),
  );
  await refused(/--xseg-pixels bgra: no such form/, merge(source, 'faces', 'x', '--xseg-pixels', 'bgra'));
});

test('--enhancer is mixed in by its power, at four times the side', { timeout: 60_000 }, async () => {
  const face = input('face', [1, 3, 16, 16]);
  const blue = network('blue.onnx', face.mul(0).add(constant([1, ...Array(2).fill(0)], [1, 3, 1, 1])));
  const merged = async (power: number): Promise<{ image: Uint8Array; mask: Uint8Array }> => {
    const folder = `power ${power}`;
    const masks = ['--mask', at(`${folder} mask`), '--mask-mode', 'full', '--super-resolution-power', String(power), '--enhancer', blue];
    await succeeded(merge(source, 'faces', folder, ...masks));
    return { image: (await pictures(folder))[0]!.image.data, mask: (await pictures(`${folder} mask`))[0]!.image.data };
  };
  const [none, half, all] = [await merged(0), await merged(50), await merged(100)];
  const { width } = (await framesOf(source, 1))[0]!.image;
  let [count, worst] = [0, 0];
  for (let p = 0; p < all.mask.length; p += 3) {
    // At the crop's edge a large pixel of the model is mixed with what is beyond.
    if ([0, -36, 36, -36 * width, 36 * width].some((step) => all.mask[p + step] !== 255)) continue;
    count++;
    expect([all.image[p], all.image[p + 1], all.image[p + 2]]).toEqual([0, 0, 255]); // BGR inside, RGB in files
    for (const [c, target] of [0, 0, 255].entries())
      worst = Math.max(worst, Math.abs(half.image[p + c]! - (none.image[p + c]! + target) / 2));
  }
  expect(count).toBeGreaterThan(20_000);
  expect(worst).toBeLessThan(6); // the same face, resized in two steps or in one
  await refused(
    /needs a network that makes faces finer, and none comes with liae/,
    merge(source, 'faces', 'x', '--super-resolution-power', '9'),
  );
});

test('networks see high dynamic range as extraction mapped it, what they predict goes back into it, and no bit changes outside', {
  timeout: 90_000,
}, async () => {
  const hlg = clip('dst_10bit_hlg.mkv');
  const face = input('face', [1, 64, 64, 3]);
  const green = network('green.onnx', slice(face, 3, 1, 2)); // the mask says what the network saw
  const asked = ['--mask-mode', 'xseg-dst', '--xseg-model', green, '--codec', 'ffv1'];
  await succeeded(merge(hlg, 'hlg faces', 'mapped.mkv', ...asked, '--mask', at('mapped mask.mkv')));
  await succeeded(merge(hlg, 'hlg faces', 'wide.mkv', ...asked, '--mask', at('wide mask.mkv'), '--depth', '10'));
  await succeeded(merge(hlg, 'hlg faces', 'light.mkv', ...asked, '--depth', '10', '--linear-light'));
  const colourOf = async (path: string): Promise<string> => {
    await using opened = await openClip(path);
    return opened.info.colour;
  };
  expect(await colourOf(at('wide.mkv'))).toContain('HLG');
  const [was, wide, light, mapped] = [
    await framesOf(hlg, FRAMES, true),
    await framesOf(at('wide.mkv'), FRAMES, true),
    await framesOf(at('light.mkv'), FRAMES, true),
    await framesOf(at('mapped.mkv'), FRAMES),
  ];
  const [wideMask, mappedMask] = [await framesOf(at('wide mask.mkv'), FRAMES), await framesOf(at('mapped mask.mkv'), FRAMES)];
  for (let f = 0; f < FRAMES; f++) {
    const [seen, alike] = [wideMask[f]!.image.data, mappedMask[f]!.image.data];
    let [inside, outside, apart, off, lit] = [0, 0, 0, 0, 0];
    for (let i = 0; i < seen.length; i++) {
      apart = Math.max(apart, Math.abs(seen[i]! - alike[i]!));
      if (seen[i] === 0) {
        outside++;
        if ([wide, light].some((film) => film[f]!.deep!.data[i] !== was[f]!.deep!.data[i]))
          throw new Error(`frame ${f}: value ${i} changed outside of the mask`);
      } else {
        inside++;
        off += Math.abs(wide[f]!.image.data[i]! - mapped[f]!.image.data[i]!);
        lit += Math.abs(light[f]!.image.data[i]! - wide[f]!.image.data[i]!);
      }
    }
    expect(apart).toBeLessThanOrEqual(1); // the same picture went in
    expect(off / inside).toBeLessThan(1.5); // and, mapped again, the same came out, in levels of 255
    expect(lit / inside).toBeLessThan(8); // mixed otherwise where the mask is neither
    expect(lit / inside).toBeGreaterThan(0.1);
    expect([inside > 30_000, outside > 300_000]).toEqual([true, true]);
  }
});
