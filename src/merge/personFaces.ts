/**
 * The faces of one person among those of a clip. Identity is told by stretches in which a face can be followed, not frame by frame: a head that
 * turns away would else be somebody else for a moment, and the film would flash.
 */
import { median } from '../extract/index.ts';
import type { Landmarks } from '../face/index.ts';
import type { FrameFace } from './matchFaces.ts';

/** Frames without a face that may lie between two of one stretch. */
const GAP = 2;
/** How far a face goes from one frame to the next at most, in its own size. */
const REACH = 0.5;

interface Stretch {
  readonly faces: { readonly frame: number; readonly face: FrameFace }[];
}

/**
 * @param wanted  identity of the person.
 * @param distance  up to which two identities are one person; of a stretch, the median counts.
 * @returns the frames that show the person, with nobody else.
 */
export function facesOfPerson(
  frames: ReadonlyMap<number, readonly FrameFace[]>,
  wanted: Float32Array,
  distance: number,
): ReadonlyMap<number, readonly FrameFace[]> {
  const chosen = new Map<number, FrameFace[]>();
  for (const { faces } of stretchesOf(frames)) {
    const apart = faces.flatMap(({ face: { embedding } }) =>
      embedding === undefined ? [] : [Math.hypot(...embedding.map((v, i) => v - wanted[i]!))],
    );
    const middle = median(apart);
    if (middle === undefined || middle >= distance) continue;
    for (const { frame, face } of faces) chosen.set(frame, [...(chosen.get(frame) ?? []), face]);
  }
  // In the order in which they lie over one another.
  return new Map([...chosen].map(([frame, faces]) => [frame, frames.get(frame)!.filter((face) => faces.includes(face))]));
}

function stretchesOf(frames: ReadonlyMap<number, readonly FrameFace[]>): readonly Stretch[] {
  const all: Stretch[] = [];
  let open: Stretch[] = [];
  for (const frame of [...frames.keys()].sort((a, b) => a - b)) {
    open = open.filter(({ faces }) => frame - faces.at(-1)!.frame <= GAP + 1);
    const pairs = (frames.get(frame) ?? []).flatMap((face) =>
      open.map((stretch) => ({ face, stretch, apart: stepOf(stretch.faces.at(-1)!.face.landmarks, face.landmarks) })),
    );
    const [taken, continued] = [new Set<FrameFace>(), new Set<Stretch>()];
    for (const { face, stretch, apart } of pairs.sort((a, b) => a.apart - b.apart)) {
      if (apart > REACH || taken.has(face) || continued.has(stretch)) continue;
      stretch.faces.push({ frame, face });
      taken.add(face);
      continued.add(stretch);
    }
    for (const face of frames.get(frame) ?? []) {
      if (taken.has(face)) continue;
      const stretch: Stretch = { faces: [{ frame, face }] };
      all.push(stretch);
      open.push(stretch);
    }
  }
  return all;
}

/** How far two faces are apart, in the size of the first. */
function stepOf(a: Landmarks, b: Landmarks): number {
  const [from, to] = [middleOf(a), middleOf(b)];
  return Math.hypot(to.x - from.x, to.y - from.y) / Math.max(1, from.size);
}

function middleOf(landmarks: Landmarks): { x: number; y: number; size: number } {
  let [x, y, left, right] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const count = landmarks.length / 2;
  for (let i = 0; i < landmarks.length; i += 2) {
    x += landmarks[i]! / count;
    y += landmarks[i + 1]! / count;
    left = Math.min(left, landmarks[i]!);
    right = Math.max(right, landmarks[i]!);
  }
  return { x, y, size: right - left };
}
