/** The faces of a clip over time: how much they tremble, and, if asked, smoothed without lag and filled in where they are gone for a moment. */

import { eyeDistance, type FrameRecord, median, settle } from '../extract/index.ts';
import type { FaceType } from '../face/index.ts';
import type { FrameFace } from './matchFaces.ts';

export interface SteadyOptions {
  /** Frames a second. */
  readonly rate: number;
  /** Of the model: for which crop the trembling is told. */
  readonly faceType: FaceType;
  readonly smooth: boolean;
  /** Fills gaps of a third of a second at most. */
  readonly fill: boolean;
  /** How each frame looks, where known, so that a cut ends what is followed. */
  readonly looks?: ReadonlyMap<number, string> | undefined;
}

export interface SteadyFaces {
  readonly frames: ReadonlyMap<number, readonly FrameFace[]>;
  /** Faces that were filled in. */
  readonly filled: number;
  /** Median trembling of the crop's corners in pixels of the frame, before and after; absent without three frames in a row. */
  readonly jitter?: { readonly before: number; readonly after: number } | undefined;
}

/** A look that is never a cut. */
const SAME_LOOK = '00'.repeat(64);

export function steadyFaces(frames: ReadonlyMap<number, readonly FrameFace[]>, options: SteadyOptions): SteadyFaces {
  const numbers = [...frames.keys()];
  const first = numbers.reduce((least, n) => Math.min(least, n), Number.POSITIVE_INFINITY);
  const last = numbers.reduce((most, n) => Math.max(most, n), -1);
  if (last < 0) return { frames, filled: 0 };
  const { rate, faceType, smooth, fill, looks } = options;
  const known = looks !== undefined && looks.size > 0;
  const records: FrameRecord[] = Array.from({ length: last - first + 1 }, (_, i) => {
    const frame = first + i;
    const look = known ? (looks.get(frame) ?? looks.get(frame - 1) ?? SAME_LOOK) : SAME_LOOK;
    return { frame, time: frame / rate, look, faces: (frames.get(frame) ?? []).map(recordOf) };
  });
  const settled = settle(records, [], rate, { stills: false, smooth, fill, faceType });
  const eyes = median([...frames.values()].flat().map(({ landmarks }) => eyeDistance(landmarks))) ?? 0;
  const jitter = settled.jitter && { before: settled.jitter.before * eyes, after: settled.jitter.after * eyes };
  if (!smooth && !fill) return { frames, filled: 0, jitter };
  const out = new Map<number, readonly FrameFace[]>();
  for (const [i, faces] of settled.faces.entries()) {
    if (faces.length === 0) continue;
    const originals = frames.get(first + i) ?? [];
    const placed = faces.map(
      (face): FrameFace => ({
        ...(face.record === undefined ? {} : originals[face.record]),
        landmarks: Float64Array.from(face.landmarks),
      }),
    );
    const order = (face: FrameFace): string => face.name ?? '\uffff';
    out.set(
      first + i,
      placed.sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0)),
    );
  }
  return { frames: out, filled: settled.filled, jitter };
}

function recordOf({ landmarks, score, embedding }: FrameFace): FrameRecord['faces'][number] {
  const [xs, ys] = [0, 1].map((axis) => landmarks.filter((_, i) => i % 2 === axis)) as [Float64Array, Float64Array];
  return {
    rect: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)],
    presence: score ?? 1,
    ...{ sharpness: 0, exposure: 0, landmarks: Float32Array.from(landmarks), embedding },
  };
}

/**
 * Flicker: how unsteady the mean light of something is over time, as the root mean square of its second differences / √6; slow changes count for
 * nothing. @param values  0…255, frame after frame; undefined where there is nothing to measure.
 */
export function flicker(values: readonly (number | undefined)[]): number | undefined {
  let [sum, count] = [0, 0];
  for (let i = 1; i + 1 < values.length; i++) {
    const [a, b, c] = [values[i - 1], values[i], values[i + 1]];
    if (a === undefined || b === undefined || c === undefined) continue;
    sum += (a - 2 * b + c) ** 2;
    count++;
  }
  return count === 0 ? undefined : Math.sqrt(sum / count / 6);
}
