/**
 * What the two detectors say, in numbers: anchors, boxes and points of what scores high enough, and the joining of boxes that show the
 * same face. Both give 16 numbers an anchor: centre, size and six points, in pixels of their input and relative to the anchor.
 * Source: MediaPipe's face_detection_short_range and face_detection_full_range graphs, SsdAnchorsCalculator and
 * NonMaxSuppressionCalculator with weighted averages (Apache-2.0).
 */
import { type Affine, mapPoints } from '../image/index.ts';
import type { Detection } from './faceModels.ts';

export interface DetectorKind {
  readonly network: 'fullRange' | 'shortRange';
  /** Side of the input in pixels. */
  readonly size: number;
  readonly threshold: number;
  /** x, y of each anchor in 0…1. */
  readonly anchors: Float32Array;
  /** Names of the outputs. */
  readonly boxes: string;
  readonly scores: string;
}

export const fullRange: DetectorKind = {
  network: 'fullRange',
  size: 192,
  threshold: 0.45,
  anchors: anchorGrid([[48, 1]]),
  boxes: 'reshaped_regressor_face_4',
  scores: 'reshaped_classifier_face_4',
};

export const shortRange: DetectorKind = {
  network: 'shortRange',
  size: 128,
  threshold: 0.5,
  anchors: anchorGrid([
    [16, 2],
    [8, 6],
  ]),
  boxes: 'regressors',
  scores: 'classificators',
};

/** Centres of the cells of square grids, row by row, each `times` times. */
function anchorGrid(grids: readonly (readonly [side: number, times: number])[]): Float32Array {
  const out: number[] = [];
  for (const [side, times] of grids) {
    for (let cell = 0; cell < side * side; cell++) {
      for (let k = 0; k < times; k++) out.push(((cell % side) + 0.5) / side, (Math.floor(cell / side) + 0.5) / side);
    }
  }
  return Float32Array.from(out);
}

const POINTS = 6;
const VALUES = 4 + 2 * POINTS;

/**
 * Detections of one run, before any are joined.
 *
 * @param boxes, scores what the network gave: 16 numbers and a logit per anchor.
 * @param imageFromTile to pixels with centres at whole numbers; a similarity by a multiple of 90°.
 */
export function decodeDetections(
  kind: DetectorKind,
  boxes: ArrayLike<number>,
  scores: ArrayLike<number>,
  imageFromTile: Affine,
  threshold: number,
): Detection[] {
  const least = Math.log(threshold / (1 - threshold));
  const found: number[] = [];
  for (let i = 0; i < scores.length; i++) if (scores[i]! >= least) found.push(i);
  return found.map((i) => decoded(kind, boxes, scores, imageFromTile, i));
}

/** The detection of an anchor. */
function decoded(
  { anchors, size }: DetectorKind,
  boxes: ArrayLike<number>,
  scores: ArrayLike<number>,
  imageFromTile: Affine,
  i: number,
): Detection {
  const [ax, ay, at] = [anchors[i * 2]! * size, anchors[i * 2 + 1]! * size, i * VALUES];
  const [x, y, w, h] = [boxes[at]! + ax, boxes[at + 1]! + ay, boxes[at + 2]!, boxes[at + 3]!];
  const points = Array.from({ length: 2 * POINTS }, (_, k) => boxes[at + 4 + k]! + (k % 2 === 0 ? ax : ay));
  const corners = mapPoints(imageFromTile, [x - w / 2, y - h / 2, x + w / 2, y + h / 2]);
  const [x0, y0, x1, y1] = [corners[0]!, corners[1]!, corners[2]!, corners[3]!];
  return {
    box: [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)],
    score: 1 / (1 + Math.exp(-scores[i]!)),
    keypoints: mapPoints(imageFromTile, points),
  };
}

/** The least overlap of boxes of one face: within a run, and between runs that see it at different scales. */
const [OVERLAP, COVER] = [0.3, 0.4];

/** Boxes of one run joined: each group that overlaps the box of the highest score becomes its mean, weighted by score. */
export function joinWithin(found: readonly Detection[]): Detection[] {
  return join(found, (a, b) => overlap(a, b) > OVERLAP);
}

/**
 * Faces of several runs joined. A box that lies in another is the same face too, though seen in part; only boxes of about the same
 * extent enter the mean.
 */
export function joinBetween(found: readonly Detection[]): Detection[] {
  return join(found, (a, b) => intersection(a, b) / Math.min(area(a), area(b)) > COVER);
}

function join(found: readonly Detection[], same: (a: Detection, b: Detection) => boolean): Detection[] {
  const out: Detection[] = [];
  let rest = [...found].sort((a, b) => b.score - a.score);
  while (rest.length > 0) {
    const best = rest[0]!;
    const group = rest.filter((d) => same(best, d));
    rest = rest.filter((d) => d !== best && !group.includes(d));
    out.push(mean(best, group));
  }
  return out;
}

function mean(best: Detection, group: readonly Detection[]): Detection {
  const alike = group.filter((d) => d === best || overlap(best, d) > OVERLAP);
  const total = alike.reduce((sum, d) => sum + d.score, 0);
  const average = (pick: (d: Detection) => number): number => alike.reduce((sum, d) => sum + pick(d) * d.score, 0) / total;
  return {
    box: [average((d) => d.box[0]), average((d) => d.box[1]), average((d) => d.box[2]), average((d) => d.box[3])],
    score: best.score,
    keypoints: best.keypoints.map((_, k) => average((d) => d.keypoints[k]!)),
  };
}

export const area = ({ box: [left, top, right, bottom] }: Detection): number => Math.max(right - left, 0) * Math.max(bottom - top, 0);

function intersection({ box: a }: Detection, { box: b }: Detection): number {
  const [w, h] = [Math.min(a[2], b[2]) - Math.max(a[0], b[0]), Math.min(a[3], b[3]) - Math.max(a[1], b[1])];
  return Math.max(w, 0) * Math.max(h, 0);
}

function overlap(a: Detection, b: Detection): number {
  const both = intersection(a, b);
  return both / (area(a) + area(b) - both);
}
