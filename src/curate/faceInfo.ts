/** What a set of faces holds, counted: types, sizes, poses, frames, masks, polygons, fields of our own, and the files that are no faces. */
import { poseOf } from '../face/index.ts';
import { liaeFields, readFace } from '../faceset/index.ts';
import type { ImageSet } from './imageSet.ts';

export interface Range {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

export interface FaceInfo {
  readonly pictures: number;
  readonly faces: number;
  readonly packed: boolean;
  readonly bytes: number;
  /** "256×256" and the like, to their number. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly faceTypes: Readonly<Record<string, number>>;
  /** Persons of a pak. */
  readonly persons: Readonly<Record<string, number>>;
  /** Degrees; absent without faces. */
  readonly pitch?: Range | undefined;
  readonly yaw?: Range | undefined;
  /** Frames that faces come from, and those with more than one. */
  readonly frames: number;
  readonly sharedFrames: number;
  readonly masks: number;
  readonly polygons: number;
  /** Faces that hold a field of ours. */
  readonly fields: Readonly<Record<string, number>>;
  /** Causes, to the files. */
  readonly problems: Readonly<Record<string, readonly string[]>>;
}

export async function faceInfo(
  images: ImageSet,
  {
    signal,
    progress,
  }: { readonly signal?: AbortSignal | undefined; readonly progress?: ((done: number, total: number) => void) | undefined },
): Promise<FaceInfo> {
  const [sizes, faceTypes, persons, fields] = [new Map(), new Map(), new Map(), new Map()] as readonly Map<string, number>[];
  const frames = new Map<string, number>();
  const problems = new Map<string, string[]>();
  const [pitches, yaws]: [number[], number[]] = [[], []];
  let [bytes, masks, polygons, faces] = [0, 0, 0, 0];
  for (let i = 0; i < images.count; i++) {
    signal?.throwIfAborted();
    progress?.(i + 1, images.count);
    const metadata = images.metadata(i);
    const name = images.name(i);
    const file = (await images.read(i)).bytes;
    bytes += file.length;
    if (metadata === undefined) {
      const cause = images.problems.get(name) ?? 'no face data';
      problems.set(cause, [...(problems.get(cause) ?? []), name]);
      continue;
    }
    faces++;
    const size = images.size(i);
    add(sizes!, size.join('×'));
    add(faceTypes!, metadata.faceType);
    const person = images.person(i);
    if (person !== undefined) add(persons!, person);
    if (metadata.sourceFilename !== undefined) add(frames, metadata.sourceFilename);
    if (metadata.xsegMask !== undefined) masks++;
    if (metadata.polygons.length > 0) polygons++;
    const { pitch, yaw } = poseOf(metadata.landmarks, size[0]);
    pitches.push((pitch * 180) / Math.PI);
    yaws.push((yaw * 180) / Math.PI);
    if (file[0] === 0xff) {
      for (const [field, value] of Object.entries(liaeFields(readFace(file, name).dict))) if (value !== undefined) add(fields!, field);
    }
  }
  return {
    ...{ pictures: images.count, faces, packed: images.packed, bytes, masks, polygons },
    ...{ sizes: recordOf(sizes!), faceTypes: recordOf(faceTypes!), persons: recordOf(persons!), fields: recordOf(fields!) },
    ...{ pitch: rangeOf(pitches), yaw: rangeOf(yaws) },
    ...{ frames: frames.size, sharedFrames: [...frames.values()].filter((n) => n > 1).length },
    problems: Object.fromEntries([...problems].sort((a, b) => b[1].length - a[1].length)),
  };
}

const add = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

/** The most frequent first. */
const recordOf = (counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> =>
  Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]));

function rangeOf(values: readonly number[]): Range | undefined {
  const sorted = values.filter((v) => !Number.isNaN(v)).sort((a, b) => a - b);
  const [least, median, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
  return least === undefined || median === undefined || most === undefined ? undefined : { least, median, most };
}
