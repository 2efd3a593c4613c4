/** Which settled faces become files, and why others do not. Every rule has a name, under which the summary counts what it turned away. */
import { type FaceType, faceFromImage, faceTypeInfo, type Pose, poseOf } from '../face/index.ts';
import { invertAffine, mapPoints } from '../image/index.ts';
import type { FrameRecord } from './alignments.ts';
import type { Settled, SettledFace } from './settle.ts';

export interface ChooseOptions {
  readonly faceType: FaceType;
  /** Least of the longer side of the face's box, in pixels. */
  readonly minSize: number;
  /** Least mean of the detectors' scores over a track. */
  readonly minScore: number;
  /** Degrees; left out, any. */
  readonly yaw?: readonly [number, number] | undefined;
  readonly pitch?: readonly [number, number] | undefined;
  /** Of a frame, the largest; 0 for all. */
  readonly maxFaces: number;
  /** Whether frames are pictures of their own, or so far apart that a face may well be in one only. */
  readonly stills: boolean;
  readonly persons?: Persons | undefined;
}

export interface Persons {
  /** Identities of whom to keep; empty for everybody. */
  readonly keep: readonly Float32Array[];
  readonly drop: readonly Float32Array[];
  /** Euclidean distance of identities up to which two faces are one person. */
  readonly distance: number;
}

export const rules = {
  small: 'smaller than --min-size',
  unsure: 'scores below --min-score',
  fleeting: 'seen in a frame or two only, and not surely',
  odd: 'proportions of no face: the crop is far larger than the face',
  pose: 'outside of --yaw or --pitch',
  person: 'another person',
  crowd: 'more than --max-faces in the frame',
} as const;

export type Rule = keyof typeof rules;

/** What is known of a track as a whole. */
interface TrackFacts {
  frames: number;
  scores: number;
  scored: number;
  identity: Float64Array | undefined;
  identities: number;
}

/** The judge of a clip's faces. */
export class Chooser {
  readonly #options: ChooseOptions;
  readonly #frames: readonly FrameRecord[];
  readonly #settled: Settled;
  readonly #tracks = new Map<number, TrackFacts>();
  readonly rejected = new Map<Rule, number>();

  constructor(frames: readonly FrameRecord[], settled: Settled, options: ChooseOptions) {
    this.#options = options;
    this.#frames = frames;
    this.#settled = settled;
    for (const [at, faces] of settled.faces.entries()) for (const face of faces) this.#learn(frames[at]!, face);
  }

  /** The faces of a frame that are to be made, the largest first. */
  choose(at: number): readonly SettledFace[] {
    const side = ({ rect }: SettledFace): number => Math.max(rect[2] - rect[0], rect[3] - rect[1]);
    const area = ({ rect }: SettledFace): number => (rect[2] - rect[0]) * (rect[3] - rect[1]);
    const faces = [...this.#settled.faces[at]!].sort((a, b) => area(b) - area(a));
    const kept = faces.filter((face) => {
      const rule = face.edited ? undefined : this.#ruleAgainst(face, side(face), area(face));
      return rule === undefined || this.#reject(rule);
    });
    const { maxFaces } = this.#options;
    for (let i = maxFaces; maxFaces > 0 && i < kept.length; i++) this.#reject('crowd');
    return maxFaces > 0 ? kept.slice(0, maxFaces) : kept;
  }

  #reject(rule: Rule): false {
    this.rejected.set(rule, (this.rejected.get(rule) ?? 0) + 1);
    return false;
  }

  #learn(frame: FrameRecord, { track, record }: SettledFace): void {
    const facts = this.#tracks.get(track) ?? { frames: 0, scores: 0, scored: 0, identity: undefined, identities: 0 };
    this.#tracks.set(track, facts);
    const face = record === undefined ? undefined : frame.faces[record];
    if (face === undefined) return;
    facts.frames++;
    if (face.score !== undefined) {
      facts.scores += face.score;
      facts.scored++;
    }
    if (face.embedding !== undefined) {
      facts.identity ??= new Float64Array(face.embedding.length);
      for (const [i, v] of face.embedding.entries()) facts.identity[i]! += v;
      facts.identities++;
    }
  }

  #ruleAgainst(face: SettledFace, side: number, area: number): Rule | undefined {
    const { faceType, minSize, minScore, yaw, pitch, stills } = this.#options;
    const facts = this.#tracks.get(face.track)!;
    const score = facts.scored > 0 ? facts.scores / facts.scored : 0;
    if (side < minSize) return 'small';
    if (facts.frames > 0 && score < minScore) return 'unsure';
    if (!stills && facts.frames > 0 && facts.frames < FLEETING && score < FLEETING_SCORE && this.#frames.length >= FLEETING)
      return 'fleeting';
    if (faceTypeInfo(faceType).number <= 3 && cropArea(face, faceType) > CROP_AREA * area) return 'odd';
    if (yaw !== undefined || pitch !== undefined) {
      const pose = poseInFrame(face.landmarks);
      if (!isWithin(pose.yaw, yaw) || !isWithin(pose.pitch, pitch)) return 'pose';
    }
    return this.#isWanted(facts) ? undefined : 'person';
  }

  #isWanted({ identity, identities }: TrackFacts): boolean {
    const { persons } = this.#options;
    if (persons === undefined) return true;
    if (identity === undefined) return persons.keep.length === 0;
    const near = (other: Float32Array): boolean => Math.hypot(...identity.map((v, i) => v / identities - other[i]!)) < persons.distance;
    return !persons.drop.some(near) && (persons.keep.length === 0 || persons.keep.some(near));
  }
}

/** A face of fewer frames than this in a clip, of a mean score below, is taken for an error. */
const [FLEETING, FLEETING_SCORE] = [3, 0.7];
/** Source: DeepFaceLab's extraction, for face types up to the full face. */
const CROP_AREA = 4;

function cropArea({ landmarks }: SettledFace, type: FaceType): number {
  const [a, b, , c, d] = invertAffine(faceFromImage(Float64Array.from(landmarks), 1, type));
  return Math.abs(a * d - b * c);
}

const isWithin = (radians: number, range: readonly [number, number] | undefined): boolean => {
  const degrees = (radians * 180) / Math.PI;
  return range === undefined || (degrees >= range[0] && degrees <= range[1]);
};

const POSE_SIZE = 256;

/** Pitch, yaw and roll of a face from its landmarks in the frame, as those of its aligned whole face. */
export function poseInFrame(landmarks: Float32Array): Pose {
  const points = Float64Array.from(landmarks);
  return poseOf(mapPoints(faceFromImage(points, POSE_SIZE, 'whole_face'), points), POSE_SIZE);
}
