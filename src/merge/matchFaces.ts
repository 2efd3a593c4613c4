/**
 * Which faces belong to which frame of the clip that is merged: by the clip's identity and frame number where extraction kept them, else by
 * time, else by the rule of names that DeepFaceLab has. File names of faces do not matter, so that sets may be sorted and packed.
 */
import { FormatError } from '../base/index.ts';
import type { Landmarks } from '../face/index.ts';
import type { LiaeFields } from '../faceset/index.ts';
import type { Affine } from '../image/index.ts';
import type { ClipInfo } from '../video/index.ts';

/** The XSeg mask that is kept with a face. */
export interface StoredMask {
  /** PNG or JPEG, gray. */
  readonly bytes: Uint8Array;
  /** The whole mask, 0…1 either way, from pixels of the frame. */
  readonly unitFromFrame: Affine;
}

/** A face as its file tells of it. */
export interface KnownFace {
  /** Name of its file. */
  readonly name: string;
  readonly person?: string | undefined;
  /** Name of the frame that it is from. */
  readonly sourceFilename?: string | undefined;
  /** 68 points in the frame. */
  readonly sourceLandmarks?: Landmarks | undefined;
  /** Absent if it has none, or none is asked for. */
  readonly mask?: StoredMask | undefined;
  readonly fields: Pick<LiaeFields, 'frame' | 'time' | 'sourceHash' | 'landmarkScore' | 'embedding' | 'filled'>;
}

/** A face in its frame. */
export interface FrameFace {
  /** Name of its file; absent if it was filled in. */
  readonly name?: string | undefined;
  readonly person?: string | undefined;
  readonly landmarks: Landmarks;
  /** That it is a face, 0…1, as far as known. */
  readonly score?: number | undefined;
  readonly embedding?: Float32Array | undefined;
  readonly mask?: StoredMask | undefined;
}

export interface MatchedFaces {
  /** By frame number, the faces of each in order of their file names. */
  readonly frames: ReadonlyMap<number, readonly FrameFace[]>;
  /** In words: 'the frame numbers kept with them'. */
  readonly how: string;
  /** What is odd about it, a sentence each. */
  readonly notes: readonly string[];
}

export interface MatchTarget {
  readonly clip: Pick<ClipInfo, 'name' | 'kind' | 'hash' | 'rate' | 'frames' | 'width' | 'height'>;
  /** File names of the frames in order, of a clip that is pictures. */
  readonly pictures?: readonly string[] | undefined;
  /** Width and height of the frames that the faces were extracted from, if known. */
  readonly extractedFrom?: readonly [width: number, height: number] | undefined;
}

/** Frame rates are the same if they differ by less than this share. */
const SAME_RATE = 1e-3;
/** Share of the faces that may be of other frames than the clip has. */
const STRAY = 0.5;
/** Share of landmarks outside of the picture from which on the faces must be from another size of it. */
const OUTSIDE = 0.5;

/**
 * @throws FormatError if none of the faces, or not half of them, are of frames of the clip; if they have no landmarks in the frame; or if these lie
 * outside of its frames.
 */
export function matchFaces(faces: readonly KnownFace[], target: MatchTarget): MatchedFaces {
  const { clip } = target;
  const { rule, how, notes } = ruleFor(faces, target);
  const frames = new Map<number, FrameFace[]>();
  const [strays, bare]: [KnownFace[], KnownFace[]] = [[], []];
  const scale = scaleOf(target, notes);
  for (const face of [...faces].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))) {
    const frame = rule(face);
    if (frame === undefined || frame < 0 || frame >= (clip.frames ?? Number.POSITIVE_INFINITY)) {
      strays.push(face);
      continue;
    }
    if (face.sourceLandmarks === undefined) {
      bare.push(face);
      continue;
    }
    const landmarks = Float64Array.from(face.sourceLandmarks, (v, i) => v * scale[i % 2]!);
    const own: FrameFace = {
      name: face.name,
      person: face.person,
      landmarks,
      score: face.fields.landmarkScore,
      embedding: face.fields.embedding,
      mask: face.mask && { ...face.mask, unitFromFrame: scaledSource(face.mask.unitFromFrame, scale) },
    };
    const others = frames.get(frame);
    if (others === undefined) frames.set(frame, [own]);
    else others.push(own);
  }
  const matched = faces.length - strays.length;
  if (matched < faces.length * STRAY || matched === 0) throw noneOf(strays[0]!, faces.length, strays.length, target, how);
  if (strays.length > 0) notes.push(`${strays.length} of ${faces.length} faces are of frames that ${clip.name} does not have: left out`);
  if (frames.size === 0) {
    throw new FormatError('the faces do not say where they were in their frames', {
      found: `${bare.length} faces, ${bare[0]?.name} among them, without landmarks in the frame`,
      next: 'extract them again, or recover their data with liae faces restore-metadata',
    });
  }
  if (bare.length > 0) notes.push(`${bare.length} faces without landmarks in the frame: left out`);
  checkPlaces(frames, target);
  return { frames, how, notes };
}

/** The same transform from a source that is larger by these factors. */
const scaledSource = ([a, b, tx, c, d, ty]: Affine, [x, y]: readonly [number, number]): Affine => [a / x, b / y, tx, c / x, d / y, ty];

type Rule = (face: KnownFace) => number | undefined;

function ruleFor(faces: readonly KnownFace[], { clip, pictures }: MatchTarget): { rule: Rule; how: string; notes: string[] } {
  const own = faces.filter(({ fields }) => fields.sourceHash === clip.hash && fields.frame !== undefined);
  if (own.length > 0) {
    const foreign = faces.length - own.length;
    const notes = foreign === 0 ? [] : [`${foreign} of ${faces.length} faces are from other clips: left out`];
    return {
      rule: ({ fields }) => (fields.sourceHash === clip.hash ? fields.frame : undefined),
      how: 'the frame numbers kept with them',
      notes,
    };
  }
  const numbered = faces.filter(({ fields }) => fields.frame !== undefined && fields.time !== undefined);
  if (clip.kind === 'video' && numbered.length > faces.length / 2) {
    const rate = rateOf(numbered);
    const notes = ['the faces are from another file than this clip: matched by number or time'];
    if (rate === undefined || clip.rate === undefined || Math.abs(rate / clip.rate - 1) < SAME_RATE) {
      return { rule: ({ fields }) => fields.frame, how: 'the frame numbers kept with them', notes };
    }
    const { rate: own } = clip;
    const how = `their times, as they are from ${round(rate)} frames a second and the clip has ${round(own)}`;
    return { rule: ({ fields }) => (fields.time === undefined ? undefined : Math.round(fields.time * own)), how, notes };
  }
  if (clip.kind === 'pictures') {
    const places = new Map((pictures ?? []).map((name, i) => [stemOf(name), i]));
    return { rule: ({ sourceFilename }) => places.get(stemOf(sourceFilename ?? '')), how: 'the names of their frames', notes: [] };
  }
  // Frames of a clip are numbered from 1 when they are made pictures.
  const rule: Rule = ({ sourceFilename }) => {
    const digits = /(\d+)$/.exec(stemOf(sourceFilename ?? ''))?.[1];
    return digits === undefined ? undefined : Number(digits) - 1;
  };
  return { rule, how: 'the numbers in the names of their frames', notes: [] };
}

const stemOf = (name: string): string => name.replace(/^.*[\\/]/, '').replace(/\.[^.]*$/, '');

const round = (v: number): number => Math.round(v * 1000) / 1000;

/** Frames a second of the clip that faces are from, by the two that are furthest apart. */
function rateOf(faces: readonly KnownFace[]): number | undefined {
  const sorted = [...faces].sort((a, b) => a.fields.frame! - b.fields.frame!);
  const [first, last] = [sorted[0]!.fields, sorted.at(-1)!.fields];
  const [frames, time] = [last.frame! - first.frame!, last.time! - first.time!];
  return frames > 0 && time > 0 ? frames / time : undefined;
}

function scaleOf({ clip, extractedFrom }: MatchTarget, notes: string[]): readonly [number, number] {
  if (extractedFrom === undefined) return [1, 1];
  const [width, height] = extractedFrom;
  if (width === clip.width && height === clip.height) return [1, 1];
  const [x, y] = [clip.width / width, clip.height / height];
  if (Math.abs(x / y - 1) > 0.02) {
    throw new FormatError(`${clip.name}: its frames have another shape than those the faces were extracted from`, {
      found: `${clip.width}×${clip.height}, not ${width}×${height}`,
      next: 'name the clip that the faces are from, or extract the faces of this one',
    });
  }
  notes.push(`the faces were extracted at ${width}×${height} and are placed at ${clip.width}×${clip.height}`);
  return [x, y];
}

function noneOf(example: KnownFace, all: number, strays: number, { clip, pictures }: MatchTarget, how: string): FormatError {
  const source = example.sourceFilename ?? 'a frame without name';
  const has =
    pictures === undefined ? `${clip.frames ?? '?'} frames` : `${pictures.length} pictures from ${pictures[0]} to ${pictures.at(-1)}`;
  return new FormatError(`${strays} of ${all} faces are not of frames of ${clip.name}`, {
    found: `${example.name} is of ${source}; ${clip.name} has ${has}; matched by ${how}`,
    expected: 'faces that were extracted from this clip, or from these pictures',
    next: 'check --input and --faces',
  });
}

function checkPlaces(frames: ReadonlyMap<number, readonly FrameFace[]>, { clip: { name, width, height } }: MatchTarget): void {
  let [outside, all] = [0, 0];
  for (const face of [...frames.values()].flat()) {
    for (let i = 0; i < face.landmarks.length; i += 2) {
      const [x, y] = [face.landmarks[i]!, face.landmarks[i + 1]!];
      all++;
      if (x < 0 || y < 0 || x > width || y > height) outside++;
    }
  }
  if (outside <= all * OUTSIDE) return;
  throw new FormatError(`the faces lie outside of the frames of ${name}`, {
    found: `${Math.round((outside / all) * 100)} % of their landmarks are beyond ${width}×${height}`,
    next: 'merge into frames of the size that the faces were extracted from',
  });
}

/** Frames of a range without a face, as runs. */
export function framesWithout(
  frames: ReadonlyMap<number, readonly FrameFace[]>,
  from: number,
  to: number,
): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (let i = from; i < to; i++) {
    if ((frames.get(i)?.length ?? 0) > 0) continue;
    const run = runs.at(-1);
    if (run?.[1] === i - 1) run[1] = i;
    else runs.push([i, i]);
  }
  return runs;
}
