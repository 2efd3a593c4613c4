/**
 * From records to the faces that are made: edits by hand, tracks, gaps of a few frames filled, alignments smoothed over time. Works on the
 * whole clip at once, without meshes, and changes nothing in the records.
 */
import { type FaceType, type Landmarks, unitFromImage } from '../face/index.ts';
import { type Affine, mapPoints } from '../image/index.ts';
import type { FaceRecord, FrameRecord } from './alignments.ts';
import type { Edit } from './edits.ts';
import { type Crop, cropOf, median, tremble } from './jitter.ts';
import { imageFromUnitAt, placementOf, unwrapped } from './placement.ts';
import { bridged, smoother, smoothTogether } from './smooth.ts';
import { joinTracks, type TrackPoint } from './tracks.ts';

export interface SettleOptions {
  /** Frames of their own, as photos are: no tracks. */
  readonly stills: boolean;
  readonly smooth: boolean;
  readonly fill: boolean;
  /** For which crop the trembling is told. */
  readonly faceType: FaceType;
}

export interface SettledFace {
  readonly track: number;
  /** Where the face's record is in that of the frame; absent if it was filled in or drawn by hand. */
  readonly record?: number | undefined;
  /** 68 points in pixels of the frame. */
  readonly landmarks: Float32Array;
  /** Box around the face in pixels of the frame. */
  readonly rect: FaceRecord['rect'];
  /** Made from the frames around it, as nothing was found in this one. */
  readonly filled: boolean;
  /** Drawn by hand. */
  readonly edited: boolean;
  /** What smoothing did to the whole face: applied to its mesh too. */
  readonly move?: Affine | undefined;
}

export interface Settled {
  /** Faces of each frame, in the order of the records. */
  readonly faces: readonly (readonly SettledFace[])[];
  readonly tracks: number;
  readonly filled: number;
  readonly cuts: number;
  readonly edited: number;
  /** Faces taken away by hand. */
  readonly removed: number;
  /** Median trembling of the crops in distances between the eyes, before and after; absent without three frames in a row. */
  readonly jitter?: { readonly before: number; readonly after: number } | undefined;
}

/** Seconds for which a face may be gone and yet is filled in. */
const GAP = 0.35;
/** Of pictures that stand for a moving scene this is not known; of slow sequences no frame is near enough to another. */
const [STIFFNESS, SHAPE_STIFFNESS] = [3, 0.3];
/** Frames a second at which these hold. */
const RATE = 25;
/** Log odds of the mesh network's presence at which a face is fully trusted; below, by the fourth power. */
const TRUSTED = 10;
/** Beside a gap a face is half hidden at best. */
const BESIDE_GAP = 0.04;
/** Trust below which a face's own place is not used; the line between its trusted neighbours counts in its stead, this much. */
const [LEAST, GUESS] = [0.2, 0.02];

/** @param rate frames a second of the records, as far as they follow each other in time. */
export function settle(frames: readonly FrameRecord[], edits: readonly Edit[], rate: number, options: SettleOptions): Settled {
  const { records, removed, edited, empty } = withEdits(frames, edits);
  const gap = options.stills ? 0 : Math.floor(GAP * rate + 1e-6);
  const { tracks, cuts } = options.stills ? { tracks: singles(records), cuts: [] } : joinTracks(records, gap);
  const faces: SettledFace[][] = records.map(() => []);
  const [before, after]: [number[], number[]] = [[], []];
  let filled = 0;
  for (const [track, points] of tracks.entries()) {
    const from = points[0]!.at;
    const raw = spread(points, (p) => records[p.at]!.faces[p.face]!);
    const settled = options.stills || points.length < 3 ? asTheyAre(raw) : smoothed(raw, rate, options);
    measure(
      raw.map((face) => face?.landmarks),
      options.faceType,
      before,
    );
    measure(
      settled.map((face) => face?.landmarks),
      options.faceType,
      after,
    );
    for (const [i, face] of settled.entries()) {
      if (face === undefined) continue;
      const own = raw[i];
      if (own === undefined && empty(from + i, face.rect)) continue;
      if (own === undefined) filled++;
      const byHand = own !== undefined && edited.has(own);
      faces[from + i]!.push({
        track,
        record: byHand || own === undefined ? undefined : frames[from + i]!.faces.indexOf(own),
        landmarks: byHand ? own.landmarks : face.landmarks,
        rect: own?.rect ?? face.rect,
        filled: own === undefined,
        edited: byHand,
        move: byHand ? undefined : face.move,
      });
    }
  }
  const [jitterBefore, jitterAfter] = [median(before), median(after)];
  return {
    ...{ faces, filled, removed, tracks: tracks.length, cuts: cuts.length, edited: edited.size },
    jitter: jitterBefore === undefined || jitterAfter === undefined ? undefined : { before: jitterBefore, after: jitterAfter },
  };
}

const singles = (frames: readonly FrameRecord[]): TrackPoint[][] =>
  frames.flatMap(({ faces }, at) => faces.map((_, face) => [{ at, face }]));

/** One entry for each frame from the first to the last of a track. */
function spread<T>(points: readonly TrackPoint[], value: (point: TrackPoint) => T): (T | undefined)[] {
  const from = points[0]!.at;
  const out: (T | undefined)[] = Array.from({ length: points.at(-1)!.at - from + 1 }, () => undefined);
  for (const point of points) out[point.at - from] = value(point);
  return out;
}

interface Place {
  readonly landmarks: Float32Array;
  readonly rect: FaceRecord['rect'];
  readonly move?: Affine | undefined;
}

const asTheyAre = (raw: readonly (FaceRecord | undefined)[]): (Place | undefined)[] =>
  raw.map((face) => face && { ...face, move: undefined });

/** How much the place of a face is believed, 0…1. */
export function trust(presence: number): number {
  const odds = Math.log(Math.max(presence, 1e-9) / (1 - presence + 5e-7));
  return Math.min(1, Math.max(0, odds / TRUSTED)) ** 4;
}

function smoothed(
  raw: readonly (FaceRecord | undefined)[],
  rate: number,
  { smooth, fill }: Pick<SettleOptions, 'smooth' | 'fill'>,
): (Place | undefined)[] {
  const n = raw.length;
  const trusts = Float64Array.from(raw, (face, i) => {
    if (face === undefined) return 0;
    const besideGap = (i > 0 && raw[i - 1] === undefined) || (i + 1 < n && raw[i + 1] === undefined);
    return Math.min(trust(face.presence), besideGap ? BESIDE_GAP : 1);
  });
  // Where hardly a face is trusted there is nothing better to go by.
  const poor = trusts.filter((w) => w >= LEAST).length < 3;
  const weights = trusts.map((w, i) => (poor ? (raw[i] === undefined ? 0 : 1) : w < LEAST ? 0 : w));
  let turn = 0;
  const places = raw.map((face) => {
    if (face === undefined) return undefined;
    const place = placementOf(Float64Array.from(face.landmarks));
    turn = unwrapped(place.angle, turn);
    return { ...place, angle: turn };
  });
  const sides = places.flatMap((place) => (place === undefined ? [] : [place.logSide]));
  const radius = Math.exp(median(sides)!) / 2; // angles and sizes count by what they move at the edge of the face
  const tracks = [
    Float64Array.from(places, (p) => p?.x ?? 0),
    Float64Array.from(places, (p) => p?.y ?? 0),
    Float64Array.from(places, (p) => (p?.logSide ?? 0) * radius),
    Float64Array.from(places, (p) => (p?.angle ?? 0) * radius),
  ].map((values) => bridged(values, weights));
  const shapes = shapesOf(raw);
  const pace = (rate / RATE) ** 6;
  const guessed = weights.map((w) => Math.max(w, GUESS));
  const curves = smooth ? smoothTogether(tracks, guessed, STIFFNESS * pace) : tracks;
  const shape = smooth ? shapesOver(shapes, weights, SHAPE_STIFFNESS * pace) : shapes.map((values) => bridged(values, weights));
  return raw.map((face, i): Place | undefined => {
    if (face === undefined && !fill) return undefined;
    if (face !== undefined && !smooth) return { ...face, move: undefined };
    const imageFromUnit = imageFromUnitAt({
      x: curves[0]![i]!,
      y: curves[1]![i]!,
      logSide: curves[2]![i]! / radius,
      angle: curves[3]![i]! / radius,
    });
    const landmarks = mapPoints(
      imageFromUnit,
      shape.map((values) => values[i]!),
    );
    const move = face === undefined ? undefined : after(imageFromUnit, unitFromImage(Float64Array.from(face.landmarks)));
    return { landmarks: Float32Array.from(landmarks), rect: face?.rect ?? boxAround(landmarks), move };
  });
}

/** The points of the face on the mean face, one array over time for each coordinate. */
function shapesOf(raw: readonly (FaceRecord | undefined)[]): Float64Array[] {
  const shapes = Array.from({ length: 136 }, () => new Float64Array(raw.length));
  for (const [i, face] of raw.entries()) {
    if (face === undefined) continue;
    const landmarks = Float64Array.from(face.landmarks);
    const unit = mapPoints(unitFromImage(landmarks), landmarks);
    for (const [k, values] of shapes.entries()) values[i] = unit[k]!;
  }
  return shapes;
}

function shapesOver(shapes: readonly Float64Array[], weights: Float64Array, stiffness: number): Float64Array[] {
  const known = weights.reduce((count, w) => count + (w > 0 ? 1 : 0), 0);
  const filled = shapes.map((values) => bridged(values, weights));
  if (known < 3) return filled;
  const guessed = weights.map((w) => Math.max(w, GUESS));
  const { solve } = smoother(guessed, new Float64Array(weights.length).fill(stiffness), weights.length > 3 ? 3 : 2);
  return filled.map(solve);
}

/** First b, then a. */
const after = (a: Affine, b: Affine): Affine => [
  a[0] * b[0] + a[1] * b[3],
  a[0] * b[1] + a[1] * b[4],
  a[0] * b[2] + a[1] * b[5] + a[2],
  a[3] * b[0] + a[4] * b[3],
  a[3] * b[1] + a[4] * b[4],
  a[3] * b[2] + a[4] * b[5] + a[5],
];

function boxAround(landmarks: Landmarks): FaceRecord['rect'] {
  const [xs, ys] = [landmarks.filter((_, i) => i % 2 === 0), landmarks.filter((_, i) => i % 2 === 1)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** Adds the trembling at each frame that has a neighbour on both sides. */
function measure(track: readonly (Float32Array | undefined)[], type: FaceType, to: number[]): void {
  if (track.length < 3) return;
  let [before, now]: (Crop | undefined)[] = [];
  for (const landmarks of track) {
    const next = landmarks && cropOf(Float64Array.from(landmarks), type);
    if (before !== undefined && now !== undefined && next !== undefined) to.push(tremble(before, now, next));
    [before, now] = [now, next];
  }
}

interface Edited {
  readonly records: readonly FrameRecord[];
  /** Records that were drawn by hand. */
  readonly edited: ReadonlySet<FaceRecord>;
  readonly removed: number;
  /** Whether a face at a place of a frame was taken away, so that none is filled in there. */
  readonly empty: (at: number, rect: FaceRecord['rect']) => boolean;
}

function withEdits(frames: readonly FrameRecord[], all: readonly Edit[]): Edited {
  const edits = all.filter((edit) => edit.kind !== 'regions'); // of pictures made of faces, not of faces
  if (edits.length === 0) return { records: frames, edited: new Set(), removed: 0, empty: () => false };
  const places = new Map(frames.map(({ frame }, i) => [frame, i]));
  const records = [...frames];
  const edited = new Set<FaceRecord>();
  let removed = 0;
  for (const edit of edits) {
    const place = places.get(edit.frame);
    if (place === undefined) continue; // a frame outside the range that was analysed
    const { faces } = records[place]!;
    const index = edit.kind === 'clear' ? -1 : faceAt(faces, edit.at);
    if (edit.kind === 'set') {
      const face = byHand(edit.landmarks, faces[index]);
      edited.add(face);
      if (index >= 0) edited.delete(faces[index]!);
      records[place] = { ...records[place]!, faces: index < 0 ? [...faces, face] : faces.with(index, face) };
    } else if (edit.kind === 'clear' || index >= 0) {
      const gone = edit.kind === 'clear' ? faces : [faces[index]!];
      removed += gone.length;
      for (const face of gone) edited.delete(face);
      records[place] = { ...records[place]!, faces: faces.filter((face) => !gone.includes(face)) };
    }
  }
  const takenAway = edits.filter((edit) => edit.kind !== 'set');
  const empty = (at: number, rect: FaceRecord['rect']): boolean =>
    takenAway.some((edit) => edit.frame === frames[at]!.frame && (edit.kind === 'clear' || isIn(rect, edit.at)));
  return { records, edited, removed, empty };
}

const isIn = ([left, top, right, bottom]: FaceRecord['rect'], [x, y]: readonly [number, number]): boolean =>
  x >= left && x <= right && y >= top && y <= bottom;

const faceAt = (faces: readonly FaceRecord[], at: readonly [number, number]): number => faces.findIndex(({ rect }) => isIn(rect, at));

const byHand = (landmarks: Landmarks, before: FaceRecord | undefined): FaceRecord => ({
  ...{ rect: boxAround(landmarks), presence: 1, sharpness: before?.sharpness ?? 0, exposure: before?.exposure ?? 0 },
  landmarks: Float32Array.from(landmarks),
});
