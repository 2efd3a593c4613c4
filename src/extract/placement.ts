/** Where a face is, as what moves smoothly: the mean face's centre of mass, size and angle in the frame; and the face's shape on the mean face. */
import { fitIndices, type Landmarks, meanFace, unitFromImage } from '../face/index.ts';
import { type Affine, invertAffine, mapPoints } from '../image/index.ts';

export interface Placement {
  /** Where the middle of the points that are fitted lies, in pixels. */
  readonly x: number;
  readonly y: number;
  /** Natural logarithm of the side of the mean face's square in pixels. */
  readonly logSide: number;
  /** Radians, clockwise on the screen. */
  readonly angle: number;
}

/** The middle of the mean face's points 17…48 and 54. */
const middle = [0, 1].map((k) => fitIndices.reduce((sum, i) => sum + meanFace[(i - 17) * 2 + k]!, 0) / fitIndices.length) as [
  number,
  number,
];

export function placementOf(landmarks: Landmarks): Placement {
  const m = invertAffine(unitFromImage(landmarks));
  const [x, y] = mapPoints(m, middle);
  return { x: x!, y: y!, logSide: Math.log(Math.hypot(m[0], m[3])), angle: Math.atan2(m[3], m[0]) };
}

/** Mean face to frame. */
export function imageFromUnitAt({ x, y, logSide, angle }: Placement): Affine {
  const side = Math.exp(logSide);
  const [c, s] = [side * Math.cos(angle), side * Math.sin(angle)];
  return [c, -s, x - (c * middle[0] - s * middle[1]), s, c, y - (s * middle[0] + c * middle[1])];
}

/** The angle plus whole turns, as near to another as can be. */
export const unwrapped = (angle: number, near: number): number => angle + 2 * Math.PI * Math.round((near - angle) / (2 * Math.PI));
