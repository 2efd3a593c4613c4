/** What there is to merge, whoever asks, a run or a screen: the faces of a clip frame by frame, how they move, and where its shots are cut. */
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { FormatError, OptionError } from '../../base/index.ts';
import { type FrameRecord, joinTracks, lookOf } from '../../extract/index.ts';
import {
  type FrameFace,
  facesOfPerson,
  type MatchedFaces,
  type MergeSession,
  type Motion,
  matchFaces,
  motionOf,
  parseSession,
  type Shot,
} from '../../merge/index.ts';
import type { ClipInfo, FrameSource } from '../../video/index.ts';
import { type FaceModels, landmarks68, regionOfDetection, regionOfMesh } from '../../vision/index.ts';
import { type KnownClip, readFaces } from './mergeFaces.ts';
import { picturePaths } from './picturePaths.ts';

export interface SceneAsk {
  /** Folder of faces, loose or packed. */
  readonly faces: string;
  /** Which of several: the number of one in each frame, a picture of a person, or a person's folder. */
  readonly only?: string | undefined;
  readonly personDistance: number;
  /** Whether the masks that are stored in faces are wanted. */
  readonly masks: boolean;
}

export interface SceneTools {
  readonly open: (path: string, signal?: AbortSignal, deep?: boolean) => Promise<FrameSource>;
  /** For the identity of a person in a picture. */
  readonly models: () => Promise<FaceModels>;
}

/**
 * The faces of each frame of a clip.
 *
 * @param input  the clip's absolute path, of which `info` is known.
 * @param known  what extraction told of the clip, if it did.
 * @throws LiaeError if they do not fit together, or no face is chosen.
 */
export async function sceneFaces(
  ask: SceneAsk,
  { info, input, known }: { readonly info: ClipInfo; readonly input: string; readonly known: KnownClip | undefined },
  tools: SceneTools,
): Promise<MatchedFaces> {
  const folder = resolve(ask.faces);
  const { only } = ask;
  const index = only !== undefined && /^\d+$/.test(only) ? Number(only) : undefined;
  const picture = only !== undefined && index === undefined && (await stat(resolve(only)).catch(() => undefined))?.isFile() === true;
  const person = index === undefined && !picture ? only : undefined;
  const { faces, skipped } = await readFaces(folder, { person, masks: ask.masks });
  if (faces.length === 0)
    throw new OptionError(`--only ${only}: no face of such a person`, { found: `no folder ${only} in ${ask.faces}, and no picture` });
  const pictures = info.kind === 'pictures' ? (await picturePaths([input])).paths.map((path) => basename(path)) : undefined;
  const matched = matchFaces(faces, { clip: info, pictures, extractedFrom: known?.size });
  const notes = [
    `${faces.length} faces of ${matched.frames.size} frames, matched by ${matched.how}`,
    ...matched.notes,
    ...(skipped.length === 0 ? [] : [`${skipped.length} files of ${ask.faces} are no usable faces, the first: ${skipped[0]}`]),
  ];
  const chosen = (frames: ReadonlyMap<number, readonly FrameFace[]>): MatchedFaces => {
    if (frames.size > 0) return { ...matched, frames, notes };
    throw new OptionError(`--only ${only}: no such face`, { found: `${faces.length} faces of ${matched.frames.size} frames` });
  };
  if (index !== undefined)
    return chosen(new Map([...matched.frames].filter(([, own]) => own.length > index).map(([frame, own]) => [frame, [own[index]!]])));
  if (!picture) return { ...matched, notes };
  if (faces.every(({ fields }) => fields.embedding === undefined)) {
    throw new FormatError('the faces have no identity', {
      found: `${faces.length} faces, extracted without the network of identities`,
      next: 'extract them again with it, or choose by number: --only 0',
    });
  }
  const wanted = await identityIn(resolve(only!), tools);
  return chosen(facesOfPerson(matched.frames, wanted, ask.personDistance));
}

/** Identity of the largest face of a picture. */
async function identityIn(path: string, { open, models: load }: SceneTools): Promise<Float32Array> {
  const models = await load();
  await using source = await open(path);
  for await (const { image } of source.frames({ to: 1 })) {
    const detection = (await models.detect(image))[0];
    if (detection === undefined) break;
    const first = await models.glance(image, regionOfDetection(detection));
    const second = await models.mesh(image, regionOfMesh(first.points));
    return await models.identity(image, landmarks68(second.points));
  }
  throw new FormatError(`${path}: no face in this picture`, { next: 'name a picture that shows the person from the front' });
}

/** How each frame of a clip looks, for its cuts. Decodes all of it. @param told  of the frames so far. */
export async function looksOf(
  source: FrameSource,
  signal: AbortSignal,
  told: (frames: number) => void = () => {},
): Promise<Map<number, string>> {
  const looks = new Map<number, string>();
  for await (const { index, image } of source.frames({}, signal)) {
    looks.set(index, lookOf(image));
    told(looks.size);
  }
  return looks;
}

/** Shots between cuts, with nothing of their own yet. */
export function shotsOf(looks: ReadonlyMap<number, string>): Shot[] {
  const records = [...looks].sort(([a], [b]) => a - b).map(([frame, look]): FrameRecord => ({ frame, time: 0, look, faces: [] }));
  const cuts = joinTracks(records, 0).cuts.map((place) => records[place]!.frame);
  return [0, ...cuts].map((from, i) => ({ from, ...(cuts[i] === undefined ? {} : { to: cuts[i] }), settings: {} }));
}

/** Motion of each frame's only face; undefined where any frame has several, as then nobody can tell whose it is. */
export function motionsOf(faces: ReadonlyMap<number, readonly FrameFace[]>): ReadonlyMap<number, Motion> | undefined {
  if ([...faces.values()].some((own) => own.length > 1)) return undefined;
  const numbers = [...faces.keys()].sort((a, b) => a - b);
  const first = numbers[0];
  if (first === undefined) return undefined;
  const track = Array.from({ length: numbers.at(-1)! - first + 1 }, (_, i) => faces.get(first + i)?.[0]?.landmarks);
  return new Map(motionOf(track).map((motion, i) => [first + i, motion]));
}

export interface SessionFile {
  readonly session: MergeSession;
  /** As it stands in the file. */
  readonly text: string;
}

/**
 * The file of settings and shots; undefined if there is none.
 *
 * @throws FormatError if it is no such file, or one for another clip; OptionError if it cannot be read.
 */
export async function readSession(path: string, clip: Pick<ClipInfo, 'name' | 'hash'>): Promise<SessionFile | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new OptionError(`${path}: cannot be read`, { found: error.message, cause: error });
  });
  if (text === undefined) return undefined;
  const session = parseSession(text, path);
  if (session.clip !== undefined && session.clip.hash !== clip.hash) {
    throw new FormatError(`${path}: made for another clip`, {
      found: `${session.clip.name}; this is ${clip.name}`,
      next: 'give another --session, or take the clip out of the file if its frame numbers fit',
    });
  }
  return { session, text };
}
