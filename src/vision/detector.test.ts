/** Boxes from numbers, and boxes of the same face joined; cases worked out by hand. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { decodeDetections, fullRange, joinBetween, joinWithin, shortRange } from './detector.ts';
import type { Detection } from './faceModels.ts';
import { regionOfDetection, regionOfMesh } from './regions.ts';
import { imageFromSquare, wholePicture } from './squares.ts';

const face = (box: Detection['box'], score: number, keypoints = new Float64Array(12)): Detection => ({ box, score, keypoints });

test('anchors are the centres of cells, in the order of the networks', () => {
  expect(fullRange.anchors.length).toBe(2 * 2304);
  expect(shortRange.anchors.length).toBe(2 * 896);
  expectClose(fullRange.anchors.subarray(2 * 49, 2 * 49 + 2), [1.5 / 48, 1.5 / 48], { abs: 1e-7 });
  expectClose(shortRange.anchors.subarray(2 * 33, 2 * 33 + 2), [0.5 / 16, 1.5 / 16], { abs: 1e-7 });
  expectClose(shortRange.anchors.subarray(2 * 517, 2 * 519), [0.5 / 8, 0.5 / 8, 1.5 / 8, 0.5 / 8], { abs: 1e-7 });
});

test('a box is relative to its anchor and lands in the picture, also of a picture that was turned', () => {
  const boxes = new Float32Array(16 * 2304);
  const scores = new Float32Array(2304).fill(-100);
  const anchor = 24 * 48 + 10; // centre (42, 98) of 192
  scores[anchor] = 2;
  boxes.set([6, -2, 20, 40, 1, 2], anchor * 16); // centre (48, 96), first point (43, 100)
  const read = (angle: number): Detection =>
    decodeDetections(fullRange, boxes, scores, imageFromSquare(wholePicture(384, 192, angle), 192), 0.5)[0]!;
  // The square is 384 wide from −96 down: pixel p of the network is 2p, 2p − 96, less half a pixel.
  const upright = read(0);
  expectClose(upright.box, [75.5, 55.5, 115.5, 135.5], { abs: 1e-4 });
  expectClose(upright.keypoints.subarray(0, 2), [85.5, 103.5], { abs: 1e-4 });
  expect(upright.score).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
  // Turned by 90° clockwise, right in the network is down in the picture: (dx, dy) from the middle become (−dy, dx).
  const turned = read(Math.PI / 2);
  expectClose(turned.box, [151.5, -20.5, 231.5, 19.5], { abs: 1e-4 });
});

test('a logit that is no number is no face', () => {
  const scores = new Float32Array(896).fill(Number.NaN);
  expect(decodeDetections(shortRange, new Float32Array(896 * 16), scores, [1, 0, 0, 0, 1, 0], 0.5)).toEqual([]);
});

test('boxes of one run that overlap become their mean, weighted by score', () => {
  const joined = joinWithin([face([0, 0, 10, 10], 0.6), face([2, 0, 12, 10], 0.9), face([50, 0, 60, 10], 0.7)]);
  expect(joined.map((d) => d.score)).toEqual([0.9, 0.7]);
  expectClose(joined[0]!.box, [1.2, 0, 11.2, 10], { abs: 1e-12 });
});

test('a part of a face seen in a tile is the face, and does not move it', () => {
  const joined = joinBetween([face([0, 0, 100, 100], 0.9), face([10, 10, 40, 40], 0.8), face([5, 0, 105, 100], 0.9)]);
  expect(joined.length).toBe(1);
  expectClose(joined[0]!.box, [2.5, 0, 102.5, 100], { abs: 1e-12 });
});

test('the region of a detection is turned with its eyes', () => {
  const keypoints = new Float64Array(12);
  keypoints.set([10, 10, 20, 20]);
  expect(regionOfDetection(face([0, 0, 20, 40], 1, keypoints))).toEqual({ x: 10, y: 20, side: 60, angle: Math.PI / 4 });
});

test('the region of a mesh turns and grows with it', () => {
  const points = new Float32Array(478 * 3);
  for (let i = 0; i < 468; i++) points.set([(i % 20) * 2, Math.floor(i / 20), 0], i * 3); // 38 × 23 around (19, 11.5)
  points.set([5, 10, 0], 33 * 3);
  points.set([25, 10, 0], 263 * 3);
  const upright = regionOfMesh(points);
  expect(upright).toEqual({ x: 19, y: 11.5, side: 57, angle: 0 });
  const [c, s] = [Math.cos(0.5) * 2, Math.sin(0.5) * 2];
  const turned = points.map((v, i) => {
    const [x, y] = [points[i - (i % 3)]!, points[i - (i % 3) + 1]!];
    return i % 3 === 0 ? c * x - s * y + 100 : i % 3 === 1 ? s * x + c * y - 7 : v;
  });
  const region = regionOfMesh(turned);
  expectClose([region.x, region.y, region.side, region.angle], [c * 19 - s * 11.5 + 100, s * 19 + c * 11.5 - 7, 114, 0.5], { abs: 1e-4 });
});
