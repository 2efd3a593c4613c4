/** Faces in real pictures: rendered ones whose landmarks are known exactly, and a photograph. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ByteImage } from '../../src/image/index.ts';
import { nodeCodec } from '../../src/platform/node/codec.ts';
import { openFaceModels } from '../../src/platform/node/faceModels.ts';
import {
  type Detection,
  type FaceMesh,
  type FaceModels,
  type Looks,
  landmarks68,
  type Region,
  regionOfDetection,
  regionOfMesh,
  steadyMesh,
} from '../../src/vision/index.ts';

interface Truth {
  readonly landmarks?: readonly (readonly [number, number])[];
}
const truth = JSON.parse(readFileSync(new URL('pictures.json', import.meta.url), 'utf8')) as Readonly<Record<string, Truth>>;
const codec = nodeCodec();
const picture = async (name: string): Promise<ByteImage> => codec.decode(await readFile(new URL(`${name}.jpg`, import.meta.url)), name);

let models: FaceModels;
const cacheDir = mkdtempSync(join(tmpdir(), 'liae-vision-'));
beforeAll(async () => {
  models = await openFaceModels({ cacheDir });
});
afterAll(async () => {
  await models[Symbol.asyncDispose]();
  rmSync(cacheDir, { recursive: true });
});

/** Detection, first look, second look. */
async function faces(image: ByteImage): Promise<readonly FaceMesh[]> {
  const out: FaceMesh[] = [];
  for (const detection of await models.detect(image)) {
    const first = await models.mesh(image, regionOfDetection(detection));
    out.push(await models.mesh(image, regionOfMesh(first.points)));
  }
  return out;
}

/** Mean distance of landmarks 17…67 in distances between the outer corners of the eyes. */
function error(found: ArrayLike<number>, exact: readonly (readonly [number, number])[]): number {
  const eyes = Math.hypot(exact[45]![0] - exact[36]![0], exact[45]![1] - exact[36]![1]);
  let sum = 0;
  for (let i = 17; i < 68; i++) sum += Math.hypot(found[i * 2]! - exact[i]![0], found[i * 2 + 1]! - exact[i]![1]);
  return sum / 51 / eyes;
}

const turned = (image: ByteImage): ByteImage => {
  const { width: w, height: h } = image;
  const data = new Uint8Array(image.data.length);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) for (let c = 0; c < 3; c++) data[(x * h + h - 1 - y) * 3 + c] = image.data[(y * w + x) * 3 + c]!;
  }
  return { width: h, height: w, channels: 3, data };
};

describe('rendered faces', () => {
  /** Measured, and a little room. A yaw of 50° is the hardest. */
  test.each([
    ['frontal', 0.045],
    ['left', 0.055],
    ['right', 0.095],
    ['tilted', 0.055],
    ['covered', 0.07],
  ])('%s: one face, its 68 landmarks close to the exact ones', async (name, most) => {
    const found = await faces(await picture(name));
    expect(found.length).toBe(1);
    expect(found[0]!.presence).toBeGreaterThan(0.9);
    expect(error(landmarks68(found[0]!.points), truth[name]!.landmarks!)).toBeLessThan(most);
  });

  test('two faces side by side are two, also where tiles see them again', async () => {
    const image = await picture('two');
    for (const options of [{}, { tiles: 2 }, { turned: true }]) {
      const found = await models.detect(image, options);
      expect(found.length).toBe(2);
      expect(new Set(found.map(({ box }) => (box[0] + box[2]) / 2 < 440)).size).toBe(2);
    }
  });

  test('a picture turned by 90° shows the same face, its landmarks turned', async () => {
    const image = await picture('frontal');
    const [upright] = await faces(image);
    const down = turned(image);
    const [detection] = await models.detect(down, { turned: true });
    const first = await models.mesh(down, regionOfDetection(detection!));
    const second = await models.mesh(down, regionOfMesh(first.points));
    const exact = landmarks68(upright!.points);
    const expected = Array.from({ length: 68 }, (_, i): [number, number] => [image.height - 1 - exact[i * 2 + 1]!, exact[i * 2]!]);
    expect(error(landmarks68(second.points), expected)).toBeLessThan(0.01);
  });

  test('a small face is found with tiles', async () => {
    const image = await picture('frontal');
    const width = 2200;
    const data = new Uint8Array(width * 1600 * 3).fill(90);
    for (let y = 0; y < image.height; y += 4) {
      for (let x = 0; x < image.width; x += 4) {
        const to = ((1300 + y / 4) * width + 1900 + x / 4) * 3;
        for (let c = 0; c < 3; c++) {
          let sum = 0;
          for (let k = 0; k < 16; k++) sum += image.data[((y + (k >> 2)) * image.width + x + (k & 3)) * 3 + c]!;
          data[to + c] = sum / 16;
        }
      }
    }
    const large = { width, height: 1600, channels: 3, data };
    expect(await models.detect(large)).toEqual([]);
    const [found] = await models.detect(large, { tiles: 3 });
    const [whole] = await models.detect(image);
    const centre = (d: Detection, k: number): number => (d.box[k]! + d.box[k + 2]!) / 2;
    const pixel = (1.25 * width) / 3 / 192; // of the network, in the picture
    expect(Math.abs(centre(found!, 0) - (1900 + centre(whole!, 0) / 4))).toBeLessThan(1.5 * pixel);
    expect(Math.abs(centre(found!, 1) - (1300 + centre(whole!, 1) / 4))).toBeLessThan(1.5 * pixel);
  });

  test('points tremble less over small shifts of the picture with two looks, and less with four', async () => {
    const image = await picture('tilted');
    const [detection] = await models.detect(image);
    const first = await models.mesh(image, regionOfDetection(detection!));
    const region = regionOfMesh(first.points);
    const tremble = async (looks: Looks): Promise<number> => {
      const seen: Float64Array[] = [];
      for (let i = 0; i < 12; i++) {
        const [dx, dy] = [i * 0.37, (i % 5) * 0.61]; // the square moves, the face does not
        seen.push(landmarks68((await steadyMesh(models, image, { ...region, x: region.x + dx, y: region.y + dy }, looks)).points));
      }
      let sum = 0;
      for (let k = 0; k < 136; k++) {
        const mean = seen.reduce((total, l) => total + l[k]!, 0) / seen.length;
        for (const l of seen) sum += (l[k]! - mean) ** 2;
      }
      return Math.sqrt(sum / 136 / seen.length);
    };
    const [one, two, four] = [await tremble(1), await tremble(2), await tremble(4)];
    expect(two).toBeLessThan(0.9 * one);
    expect(four).toBeLessThan(two);
  });

  test('irises lie inside the eyes, at their depth', async () => {
    const [{ points }] = (await faces(await picture('frontal'))) as [FaceMesh];
    for (const [iris, outer, inner] of [
      [468, 33, 133],
      [473, 263, 362],
    ] as const) {
      const [low, high] = [points[outer * 3]!, points[inner * 3]!].sort((a, b) => a - b) as [number, number];
      expect(points[iris * 3]).toBeGreaterThan(low);
      expect(points[iris * 3]).toBeLessThan(high);
      const depths = [points[outer * 3 + 2]!, points[inner * 3 + 2]!];
      expect(points[iris * 3 + 2]).toBeGreaterThan(Math.min(...depths) - 10);
      expect(points[iris * 3 + 2]).toBeLessThan(Math.max(...depths) + 10);
    }
  });

  test('a picture without a face has none, and a region without one has no presence', async () => {
    const image = { width: 320, height: 240, channels: 3, data: new Uint8Array(320 * 240 * 3).fill(80) };
    expect(await models.detect(image, { tiles: 2, turned: true })).toEqual([]);
    const region: Region = { x: 160, y: 120, side: 150, angle: 0 };
    expect((await models.mesh(image, region)).presence).toBeLessThan(0.1);
  });

  test('calls that overlap give what they give one by one', async () => {
    const [a, b] = [await picture('left'), await picture('right')];
    const alone = [await models.detect(a), await models.detect(b)];
    expect(await Promise.all([models.detect(a), models.detect(b)])).toEqual(alone);
  });
});

describe('a photograph', () => {
  test('the person is told from the background', async () => {
    const image = await picture('astronaut');
    const mask = await models.person(image);
    const at = (x: number, y: number): number =>
      mask.data[Math.floor((y * 256) / image.height) * 256 + Math.floor((x * 256) / image.width)]!;
    expect([mask.width, mask.height, mask.channels]).toEqual([256, 256, 1]);
    expect(at(220, 120)).toBeGreaterThan(0.9); // the face
    expect(at(150, 420)).toBeGreaterThan(0.9); // the suit
    expect(at(480, 40)).toBeLessThan(0.1);
  });

  test('one person is nearer to herself, seen smaller, than to a rendered one', async () => {
    const images = [await picture('astronaut'), half(await picture('astronaut')), await picture('frontal'), await picture('left')];
    const vectors: Float32Array[] = [];
    for (const image of images) {
      const found = await faces(image);
      expect(found.length).toBe(1);
      vectors.push(await models.identity(image, landmarks68(found[0]!.points)));
    }
    const distance = (i: number, j: number): number => Math.hypot(...vectors[i]!.map((v, k) => v - vectors[j]![k]!));
    expect(distance(0, 1)).toBeLessThan(0.4);
    expect(distance(2, 3)).toBeLessThan(0.6);
    expect(distance(0, 2)).toBeGreaterThan(0.6);
    expect(distance(1, 3)).toBeGreaterThan(0.6);
  });
});

function half({ width, height, data }: ByteImage): ByteImage {
  const [w, h] = [width >> 1, height >> 1];
  const out = new Uint8Array(w * h * 3);
  for (let i = 0; i < out.length; i++) {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % w, Math.floor(i / 3 / w)];
    const at = (dx: number, dy: number): number => data[((2 * y + dy) * width + 2 * x + dx) * 3 + c]!;
    out[i] = (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4;
  }
  return { width: w, height: h, channels: 3, data: out };
}
