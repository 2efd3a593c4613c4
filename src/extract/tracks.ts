/** Faces of neighbouring frames joined to tracks: a face goes on where one of about its size was just before. Cuts end all tracks. */
import type { FaceRecord, FrameRecord } from './alignments.ts';
import { CUT, lookDifference } from './measure.ts';

/** A face of a track. */
export interface TrackPoint {
  /** Place of the frame among the frames analysed. */
  readonly at: number;
  /** Place of the face in the frame's record. */
  readonly face: number;
}

export interface Tracks {
  /** Each in order of frames, one face a frame at most. */
  readonly tracks: readonly (readonly TrackPoint[])[];
  /** Places of frames that open a new shot; the first frame is not among them. */
  readonly cuts: readonly number[];
}

/** How far a face may have moved, in sides of its box, from one frame to the next one in which it is seen, and for each frame without it. */
const [STEP, DRIFT] = [0.6, 0.1];
const GROWTH = 1.6;
/** A difference of looks is a cut if it also is so many times that of the frames around it, as motion and flicker last. */
const SUDDEN = 3;

/** @param gap frames in which a face may be unseen and yet go on. */
export function joinTracks(frames: readonly FrameRecord[], gap: number): Tracks {
  const cuts = cutsOf(frames);
  const tracks: TrackPoint[][] = [];
  let open: { readonly track: TrackPoint[]; readonly last: FaceRecord }[] = [];
  for (const [at, { faces }] of frames.entries()) {
    open = cuts.has(at) ? [] : open.filter(({ track }) => at - track.at(-1)!.at <= gap + 1);
    const pairs = open
      .flatMap((held) => faces.map((face, index) => ({ held, face, index, far: distance(held.last, face, at - held.track.at(-1)!.at) })))
      .filter(({ far }) => far < 1)
      .sort((a, b) => a.far - b.far);
    const [takenTracks, takenFaces] = [new Set<object>(), new Set<number>()];
    const next: typeof open = [];
    for (const { held, face, index } of pairs) {
      if (takenTracks.has(held) || takenFaces.has(index)) continue;
      takenTracks.add(held);
      takenFaces.add(index);
      held.track.push({ at, face: index });
      next.push({ track: held.track, last: face });
    }
    for (const [index, face] of faces.entries()) {
      if (takenFaces.has(index)) continue;
      const track = [{ at, face: index }];
      tracks.push(track);
      next.push({ track, last: face });
    }
    open = [...next, ...open.filter((held) => !takenTracks.has(held))];
  }
  return { tracks, cuts: [...cuts] };
}

/** Below 1 for what may be the same face. */
function distance(a: FaceRecord, b: FaceRecord, steps: number): number {
  const side = (f: FaceRecord): number => Math.max(f.rect[2] - f.rect[0], f.rect[3] - f.rect[1]);
  const centre = (f: FaceRecord, k: 0 | 1): number => (f.rect[k] + f.rect[k + 2]!) / 2;
  const growth = side(b) / side(a);
  if (!(growth < GROWTH && growth > 1 / GROWTH)) return Infinity;
  const moved = Math.hypot(centre(b, 0) - centre(a, 0), centre(b, 1) - centre(a, 1)) / side(a);
  return moved / (STEP + DRIFT * (steps - 1));
}

function cutsOf(frames: readonly FrameRecord[]): ReadonlySet<number> {
  const change = frames.map(({ look }, i) => (i === 0 ? 0 : lookDifference(frames[i - 1]!.look, look)));
  const cuts = new Set<number>();
  for (const [i, own] of change.entries()) {
    const around = Math.max(change[i - 1] ?? 0, change[i + 1] ?? 0);
    if (own > CUT && (own > SUDDEN * around || own > 3 * CUT)) cuts.add(i);
  }
  return cuts;
}
