/**
 * A scene of faces without pictures of any: each frame carries in its first bytes where its faces are, and a stand-in for the face networks reads
 * them there. What is found is known exactly, so that what extraction makes of it can be checked by arithmetic.
 */
import { meanFace } from '../../src/face/index.ts';
import type { ByteImage, Picture } from '../../src/image/index.ts';
import type { ClipInfo, Frame, FrameRange, FrameSource } from '../../src/video/index.ts';
import { pickFrames } from '../../src/video/index.ts';
import { type Detection, type FaceMesh, type FaceModels, landmarks68, type Region } from '../../src/vision/index.ts';

/** Where the mean face's square has its middle, and its side, in pixels. */
export interface FakeFace {
  readonly x: number;
  readonly y: number;
  readonly side: number;
  /** Radians. */
  readonly angle?: number;
  /** 1 unless given; at 0.5 and below the mesh network sees no face. */
  readonly presence?: number;
}

const [WIDTH, HEIGHT] = [320, 240];
const FIELDS = 5;

export function fakeImage(faces: readonly FakeFace[], shade = 90): ByteImage {
  const data = new Uint8Array(WIDTH * HEIGHT * 3).fill(shade);
  const values = new Float64Array(data.buffer, 0, 1 + faces.length * FIELDS);
  values[0] = faces.length;
  for (const [i, { x, y, side, angle = 0, presence = 1 }] of faces.entries()) values.set([x, y, side, angle, presence], 1 + i * FIELDS);
  return { width: WIDTH, height: HEIGHT, channels: 3, data };
}

function facesOf(image: Picture): Required<FakeFace>[] {
  if (!('data' in image)) throw new Error('faces are noted in RGB');
  const { data } = image;
  const values = new Float64Array(data.slice(0, 8 * (1 + 8 * FIELDS)).buffer);
  return Array.from({ length: values[0]! }, (_, i) => {
    const [x, y, side, angle, presence] = values.subarray(1 + i * FIELDS) as unknown as number[];
    return { x: x!, y: y!, side: side!, angle: angle!, presence: presence! };
  });
}

/** 68 landmarks of about the mean face, with a round jaw, in its unit square. */
const about = Float64Array.from([
  ...Array.from({ length: 17 }, (_, i) => [0.5 - 0.62 * Math.cos((Math.PI * i) / 16), 0.25 + 0.95 * Math.sin((Math.PI * i) / 16)]).flat(),
  ...meanFace,
]);

/** A mesh that has them: each of its points lies at the first landmark that it gives, or in the middle. */
const unitMesh = Float32Array.from(
  Array.from({ length: 478 }, (_, i) => {
    const points = new Float32Array(478 * 3);
    points[i * 3] = 1;
    const k = landmarks68(points).findIndex((v) => v > 0) / 2;
    return k < 0 ? [0.5, 0.5, 0] : [about[k * 2]!, about[k * 2 + 1]!, 0.1];
  }).flat(),
);

function fakeMesh({ x, y, side, angle = 0 }: FakeFace): Float32Array {
  const [c, s] = [Math.cos(angle) * side, Math.sin(angle) * side];
  const points = new Float32Array(478 * 3);
  for (let i = 0; i < points.length; i += 3) {
    const [u, v] = [unitMesh[i]! - 0.5, unitMesh[i + 1]! - 0.5];
    points.set([x + c * u - s * v, y + s * u + c * v, side * unitMesh[i + 2]!], i);
  }
  return points;
}

/** The landmarks that the stand-in sees in a face. */
export const fakeLandmarks = (face: FakeFace): Float64Array => landmarks68(fakeMesh(face));

/** The stand-in. Faces in the left half are one person, those in the right half another. */
export function fakeModels(): FaceModels & { readonly calls: { detect: number; mesh: number } } {
  const calls = { detect: 0, mesh: 0 };
  const meshIn = (image: Picture, region: Region): FaceMesh => {
    const near = facesOf(image)
      .map((face) => ({ face, far: Math.hypot(face.x - region.x, face.y - region.y) }))
      .filter(({ far }) => far < region.side / 2)
      .sort((a, b) => a.far - b.far)[0]?.face;
    return near === undefined ? { points: new Float32Array(478 * 3), presence: 0 } : { points: fakeMesh(near), presence: near.presence };
  };
  return {
    calls,
    async detect(image) {
      calls.detect++;
      return facesOf(image)
        .filter(({ presence }) => presence > 0.5)
        .map(({ x, y, side }): Detection => {
          const half = side * 0.8;
          return {
            box: [x - half, y - half, x + half, y + half],
            score: 0.9,
            keypoints: new Float64Array([x - 1, y, x + 1, y, ...Array(8).fill(0)]),
          };
        })
        .sort((a, b) => b.box[2] - b.box[0] - (a.box[2] - a.box[0]));
    },
    async mesh(image, region) {
      calls.mesh++;
      return meshIn(image, region);
    },
    async glance(image, region) {
      const { points, presence } = meshIn(image, region);
      return { points: points.slice(0, 468 * 3), presence };
    },
    person: () => Promise.reject(new Error('not asked for')),
    async identity(_, landmarks) {
      return new Float32Array(128).fill(landmarks[16]! < WIDTH / 2 ? 0 : 1);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A clip of frames that are made when they are asked for. */
export function fakeClip(frames: number, imageAt: (index: number) => ByteImage, { rate = 25, name = 'fake.mp4' } = {}): FrameSource {
  const info: ClipInfo = {
    ...{ name, kind: 'video', width: WIDTH, height: HEIGHT, rate, frames },
    duration: frames / rate,
    hash: name,
    colour: 'none',
  };
  async function* all(): AsyncGenerator<Frame, void, undefined> {
    for (let index = 0; index < frames; index++) yield { index, time: index / rate, image: imageAt(index) };
  }
  return {
    info,
    trouble: [],
    frames: (range: FrameRange = {}) => pickFrames(all(), range),
    [Symbol.asyncDispose]: async () => {},
  };
}
