/**
 * How much aligned faces tremble: the second difference over time of the crop's corners in the frame. Constant motion counts for nothing;
 * white noise of deviation σ in each coordinate gives σ.
 */
import { type FaceType, faceFromImage, type Landmarks } from '../face/index.ts';
import { invertAffine, mapPoints } from '../image/index.ts';

/** What one face contributes: the corners of its crop and the distance between its eyes, in pixels. */
export interface Crop {
  readonly corners: Float64Array;
  readonly eyes: number;
}

export function cropOf(landmarks: Landmarks, type: FaceType): Crop {
  const shape = type === 'mark_only' ? 'full_face' : type;
  return { corners: mapPoints(invertAffine(faceFromImage(landmarks, 1, shape)), [0, 0, 1, 0, 1, 1, 0, 1]), eyes: eyeDistance(landmarks) };
}

/** Between the middles of the eyes. */
export function eyeDistance(landmarks: ArrayLike<number>): number {
  let [dx, dy] = [0, 0];
  for (let i = 0; i < 6; i++) {
    dx += (landmarks[(42 + i) * 2]! - landmarks[(36 + i) * 2]!) / 6;
    dy += (landmarks[(42 + i) * 2 + 1]! - landmarks[(36 + i) * 2 + 1]!) / 6;
  }
  return Math.hypot(dx, dy);
}

/** Of the middle one of three crops of neighbouring frames: root mean square over the corners' coordinates / √6, in eye distances. */
export function tremble(before: Crop, now: Crop, after: Crop): number {
  let sum = 0;
  for (let i = 0; i < 8; i++) sum += (before.corners[i]! - 2 * now.corners[i]! + after.corners[i]!) ** 2;
  return Math.sqrt(sum / 8 / 6) / now.eyes;
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
