/** Faces by mathematics: poses that are known, mirrors that undo themselves, crops that commute with the image's own moves. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { streamFor } from '../base/index.ts';
import { mapPoints, rotationAbout } from '../image/index.ts';
import {
  faceFromImage,
  faceTypeFromLetter,
  faceTypeFromName,
  faceTypeFromNumber,
  faceTypes,
  type Landmarks,
  mirrorLandmarks,
  model3d,
  poseOf,
  unitFromImage,
} from './index.ts';

/** The 3D face seen by the camera of a `size` image, turned by pitch, yaw, roll (R = Rz·Ry·Rx). */
function seen(size: number, pitch: number, yaw: number, roll: number): Landmarks {
  const [cx, sx, cy, sy, cz, sz] = [-pitch, yaw, roll].flatMap((a) => [Math.cos(a), Math.sin(a)]) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const points = new Float64Array(136);
  for (let i = 0; i < 68; i++) {
    const [x, y, z] = [model3d[i * 3]!, model3d[i * 3 + 1]!, model3d[i * 3 + 2]!];
    const [y1, z1] = [cx * y - sx * z, sx * y + cx * z];
    const [x2, z2] = [cy * x + sy * z1, -sy * x + cy * z1];
    const [x3, y3] = [cz * x2 - sz * y1, sz * x2 + cz * y1];
    const depth = z2 + 320;
    points[i * 2] = (x3 / depth) * size + size / 2;
    points[i * 2 + 1] = (y3 / depth) * size + size / 2;
  }
  return points;
}

test('a pose is found again from the picture of the 3D face', () => {
  const rng = streamFor(1, 'pose');
  for (let i = 0; i < 60; i++) {
    const [pitch, yaw, roll] = [rng.uniform(-0.6, 0.6), rng.uniform(-1.2, 1.2), rng.uniform(-0.5, 0.5)];
    const found = poseOf(seen(256, pitch, yaw, roll), 256);
    expectClose([found.pitch, found.yaw, found.roll], [pitch, yaw, roll], { abs: 1e-4 });
  }
});

test('a pose survives noise and has no number where there is no face', () => {
  const rng = streamFor(2, 'pose');
  const noisy = seen(256, 0.1, -0.6, 0).map((v) => v + rng.normal());
  expect(Math.abs(poseOf(noisy, 256).yaw + 0.6)).toBeLessThan(0.1);
  expect(poseOf(new Float64Array(136), 256).yaw).toBeNaN();
});

test('the solver stops where the reference stops, before the minimum', () => {
  // Points 0 to 26 and 30 to 35; OpenCV's solvePnP says 0.08465, 0.02258. The minimum lies at yaw 0.051.
  const seenPoints = [
    59, 89, 63, 109, 64, 128, 69, 147, 76, 167, 86, 178, 96, 189, 112, 196, 129, 200, 147, 195, 162, 187, 172, 174, 185, 165, 190, 142, 189,
    123, 194, 104, 193, 80, 71, 67, 79, 58, 93, 56, 103, 49, 117, 56, 135, 57, 149, 48, 164, 49, 173, 54, 183, 62, 130, 108, 116, 123, 123,
    123, 130, 126, 135, 124, 142, 118,
  ];
  const points = new Float64Array(136);
  points.set(seenPoints.slice(0, 54));
  points.set(seenPoints.slice(54), 60);
  const { pitch, yaw, roll } = poseOf(points, 256);
  expectClose([pitch, yaw, roll], [0.08465, 0.02258, Math.PI / 2], { abs: 1e-3 });
});

test('the fit undoes any similarity: the mean face lies where it lay', () => {
  const face = seen(256, 0, 0.2, 0);
  const here = mapPoints(unitFromImage(face), face);
  const [a, b, tx, c, d, ty] = rotationAbout(100, 40, 37, 1.7);
  const moved = mapPoints([a, b, tx + 11, c, d, ty - 5], face);
  expectClose(mapPoints(unitFromImage(moved), moved), here, { abs: 1e-9 });
});

test('a scale of two shows half as much about the same centre', () => {
  const face = seen(256, 0, 0, 0.1);
  for (const type of ['half_face', 'whole_face', 'head'] as const) {
    const [wide, near] = [faceFromImage(face, 100, type), faceFromImage(face, 100, type, 2)];
    const [fromCentre, byTwo] = [mapPoints(wide, face).map((v) => (v - 50) * 2), mapPoints(near, face).map((v) => v - 50)];
    expectClose(byTwo, fromCentre, { abs: 2e-3 });
  }
});

test('mirroring twice changes nothing; once, the yaw changes sides', () => {
  const face = seen(256, 0.1, 0.5, 0.05);
  expectClose(mirrorLandmarks(mirrorLandmarks(face, 256), 256), face, { abs: 1e-12 });
  expect(poseOf(mirrorLandmarks(face, 257), 256).yaw).toBeLessThan(-0.4);
});

test('face types go by name, number and letter', () => {
  expect(faceTypes.map((type) => faceTypeFromName(type, 'x'))).toEqual(faceTypes);
  expect([0, 1, 2, 3, 4, 10, 20, 100].map((n) => faceTypeFromNumber(n, 'x'))).toEqual(faceTypes);
  expect(['h', 'mf', 'f', 'wf', 'head', 'x'].map(faceTypeFromLetter)).toEqual([
    'half_face',
    'midfull_face',
    'full_face',
    'whole_face',
    'head',
    undefined,
  ]);
  expect(() => faceTypeFromName('wide_face', 'a.jpg')).toThrow('a.jpg: unknown face type');
  expect(() => faceTypeFromNumber(5, 'a.pak')).toThrow('a.pak: unknown face type');
});
