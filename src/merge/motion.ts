/** How the face moves from frame to frame: what blur along its way needs. Only meaningful where each frame has one face at most. */
import { faceFromImage, type Landmarks } from '../face/index.ts';
import { invertAffine, mapPoints } from '../image/index.ts';

export interface Motion {
  /** Pixels of the frame, over two frame steps. */
  readonly power: number;
  /** Counter-clockwise from the right. */
  readonly angleDeg: number;
}

const still: Motion = { power: 0, angleDeg: 0 };

/**
 * The motion of each frame's face: from the middle of the face in the frame before to that in the frame after.
 *
 * @param track  landmarks in the frame, one entry a frame; undefined where there is no face, which leaves its neighbours still too.
 */
export function motionOf(track: readonly (Landmarks | undefined)[]): readonly Motion[] {
  const centres = track.map((landmarks) => {
    if (landmarks === undefined) return undefined;
    return mapPoints(invertAffine(faceFromImage(landmarks, 256, 'full_face')), [127, 127]);
  });
  return centres.map((own, i) => {
    const before = centres[Math.max(0, i - 1)];
    const after = centres[Math.min(i + 1, centres.length - 1)];
    if (own === undefined || before === undefined || after === undefined) return still;
    const [x, y] = [after[0]! - before[0]!, after[1]! - before[1]!];
    return { power: Math.hypot(x, y), angleDeg: (-Math.atan2(y, x) * 180) / Math.PI };
  });
}
