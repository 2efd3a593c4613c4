/**
 * The crop that the identity network was trained on: eyes and mouth at fixed places of a square, as dlib and face-api cut it.
 * Source: face-api.js, FaceLandmarks68.align (MIT).
 */
import type { Landmarks } from '../face/index.ts';
import type { Region } from './faceModels.ts';

export const IDENTITY_SIZE = 150;
/** Mean of R, G, B over the faces it was trained on, 0…255, and what its input is divided by. */
export const identityMean = [122.782, 117.001, 104.298] as const;

/** From the eyes to the mouth, in sides of the square; where the middle of eyes and mouth lies above the square's own. */
const [EYES_TO_MOUTH, RISE] = [0.45, 0.07];

/** Where to cut a face for its identity. */
export function identityRegion(landmarks: Landmarks): Region {
  const middle = (from: number, to: number): readonly [number, number] => {
    let [x, y] = [0, 0];
    for (let i = from; i < to; i++) {
      x += landmarks[i * 2]! / (to - from);
      y += landmarks[i * 2 + 1]! / (to - from);
    }
    return [x, y];
  };
  const [left, right, mouth] = [middle(36, 42), middle(42, 48), middle(48, 68)];
  const away = (eye: readonly [number, number]): number => Math.hypot(eye[0] - mouth[0], eye[1] - mouth[1]);
  const side = (away(left) + away(right)) / 2 / EYES_TO_MOUTH;
  const angle = Math.atan2(right[1] - left[1], right[0] - left[0]);
  const [x, y] = [(left[0] + right[0] + mouth[0]) / 3, (left[1] + right[1] + mouth[1]) / 3];
  return { x: x - Math.sin(angle) * RISE * side, y: y + Math.cos(angle) * RISE * side, side, angle };
}
