/**
 * The alignments file of a clip: the truth from which aligned faces are made, as text with one JSON object a line. A header, then for each
 * stretch of frames one line a frame and one that closes the stretch, then one that says the clip is complete. Only closed stretches count,
 * so that a file cut off anywhere is the same as one written up to the stretch before.
 */
import { FormatError } from '../base/index.ts';
import type { ClipInfo } from '../video/index.ts';

export const alignmentsVersion = 1;

/** What decides what the analysis finds; a file made with other values is not gone on with. */
export interface AnalysisOptions {
  readonly from: number;
  readonly to?: number | undefined;
  readonly every?: number | undefined;
  readonly rate?: number | undefined;
  readonly tiles: number;
  readonly turned: boolean;
  /** Least score of the detectors, if not their own. */
  readonly threshold?: number | undefined;
  /** Whether identities are measured. */
  readonly identity: boolean;
}

export interface AlignmentsHeader {
  readonly clip: ClipInfo;
  /** Where the clip was when it was analysed. */
  readonly path: string;
  /** Before the frame's name in names of faces and frames, e.g. 'clip-'; empty for the only clip of a set. */
  readonly prefix: string;
  readonly options: AnalysisOptions;
  /** The program and its version. */
  readonly tool: string;
}

export interface FaceRecord {
  /** Bounding box of the mesh: left, top, right, bottom in pixels of the frame. */
  readonly rect: readonly [number, number, number, number];
  /** Of the detector; absent where the face was followed from the frame before. */
  readonly score?: number | undefined;
  /** That the mesh network saw a face, 0…1. */
  readonly presence: number;
  readonly sharpness: number;
  readonly exposure: number;
  /** 68 points x, y in pixels of the frame. */
  readonly landmarks: Float32Array;
  /** 478 points x, y, z in pixels of the frame; left out of light reading. */
  readonly mesh?: Float32Array | undefined;
  readonly embedding?: Float32Array | undefined;
}

export interface FrameRecord {
  /** Number in the clip, from 0. */
  readonly frame: number;
  /** Seconds. */
  readonly time: number;
  /** Of a picture, its file name. */
  readonly name?: string | undefined;
  readonly damaged?: boolean | undefined;
  /** Luminances of 8×8 parts of the picture as 128 hexadecimal digits: tells cuts. */
  readonly look: string;
  readonly faces: readonly FaceRecord[];
}

/** The end of a stretch. */
export interface ChunkEnd {
  /** Number of the stretch, from 0. */
  readonly chunk: number;
  readonly frames: number;
}

const round = (value: number, step: number): number => Math.round(value * step) / step;

function rounded(values: ArrayLike<number>, step: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < values.length; i++) out.push(round(values[i]!, step));
  return out;
}

export function headerLine({ clip, path, prefix, options, tool }: AlignmentsHeader): string {
  return `${JSON.stringify({ liae: 'alignments', version: alignmentsVersion, tool, path, prefix, clip, options })}\n`;
}

/** Landmarks are kept to 0.01 pixels, meshes to 0.1. */
export function frameLine({ frame, time, name, damaged, look, faces }: FrameRecord): string {
  const face = (f: FaceRecord): object => ({
    rect: rounded(f.rect, 10),
    ...(f.score === undefined ? {} : { score: round(f.score, 1e4) }),
    presence: round(f.presence, 1e6),
    sharpness: round(f.sharpness, 100),
    exposure: round(f.exposure, 1e4),
    landmarks: rounded(f.landmarks, 100),
    ...(f.mesh === undefined ? {} : { mesh: rounded(f.mesh, 10) }),
    ...(f.embedding === undefined ? {} : { embedding: rounded(f.embedding, 1e4) }),
  });
  const line = {
    frame,
    time: round(time, 1e6),
    ...(name === undefined ? {} : { name }),
    ...(damaged === true ? { damaged } : {}),
    look,
    faces: faces.map(face),
  };
  return `${JSON.stringify(line)}\n`;
}

export const chunkLine = ({ chunk, frames }: ChunkEnd): string => `${JSON.stringify({ chunk, frames })}\n`;

/** @param trouble what went wrong with reading the clip, a sentence each. */
export const completeLine = (frames: number, trouble: readonly string[]): string => `${JSON.stringify({ complete: frames, trouble })}\n`;

/** What a reader meets, in order; `end` is the byte behind it. */
export type AlignmentsEntry =
  | { readonly kind: 'header'; readonly header: AlignmentsHeader; readonly end: number }
  | { readonly kind: 'chunk'; readonly chunk: ChunkEnd; readonly frames: readonly FrameRecord[]; readonly end: number }
  | { readonly kind: 'complete'; readonly trouble: readonly string[]; readonly end: number };

const MAX_LINE_BYTES = 64 * 1024 * 1024;

/**
 * Reads an alignments file: its header, its closed stretches, and whether it is complete. What follows the last closed stretch is not told.
 *
 * @param meshes  whether meshes are kept.
 * @throws FormatError for a line that is whole and yet not what it should be.
 */
export async function* readAlignments(
  pieces: AsyncIterable<Uint8Array>,
  file: string,
  meshes = true,
): AsyncGenerator<AlignmentsEntry, void, undefined> {
  let frames: FrameRecord[] = [];
  let [line, headed, chunks] = [0, false, 0];
  for await (const { text, end } of wholeLines(pieces, file)) {
    line++;
    const where = `${file}, line ${line}`;
    const entry = objectOf(parse(meshes ? text : withoutMeshes(text), where), where);
    if (!headed) {
      headed = true;
      yield { kind: 'header', header: headerOf(entry, where), end };
    } else if ('complete' in entry) yield { kind: 'complete', trouble: texts(entry.trouble, where), end };
    else if ('chunk' in entry) {
      const chunk: ChunkEnd = { chunk: count(entry.chunk, 'chunk', where), frames: frames.length };
      if (chunk.chunk !== chunks++ || entry.frames !== frames.length)
        throw damaged(where, 'the stretches are not in order, or lines are gone');
      yield { kind: 'chunk', chunk, frames, end };
      frames = [];
    } else frames.push(frameOf(entry, where, meshes));
  }
}

/** Meshes are four fifths of the text. Inside of a name the quotes would be escaped. */
const withoutMeshes = (text: string): string => text.replaceAll(/,"mesh":\[[^\]]*\]/g, '');

/** Lines that have their end, with the offset behind it. */
export async function* wholeLines(
  pieces: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<{ readonly text: string; readonly end: number }, void, undefined> {
  const decoder = new TextDecoder('utf-8');
  let held: Uint8Array[] = [];
  let [heldBytes, end] = [0, 0];
  for await (const piece of pieces) {
    let from = 0;
    for (;;) {
      const at = piece.indexOf(10, from);
      if (at < 0) break;
      held.push(piece.subarray(from, at));
      const bytes = joined(held, heldBytes + at - from);
      end += bytes.length + 1;
      yield { text: decoder.decode(bytes), end };
      held = [];
      heldBytes = 0;
      from = at + 1;
    }
    const rest = piece.slice(from);
    held.push(rest);
    heldBytes += rest.length;
    if (heldBytes > MAX_LINE_BYTES) throw new FormatError(`${file}: a line is too long`, { found: `more than ${MAX_LINE_BYTES} bytes` });
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const damaged = (where: string, found: string): FormatError =>
  new FormatError(`${where}: not a line of an alignments file`, {
    found,
    next: 'undo what changed the file, or remove it to have the clip analysed anew',
  });

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(where, cause instanceof Error ? cause.message : String(cause));
  }
}

type Fields = Readonly<Record<string, unknown>>;

function objectOf(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged(where, `${JSON.stringify(value)?.slice(0, 40)}`);
  return value as Fields;
}

function number(value: unknown, key: string, where: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw damaged(where, `${key} ${JSON.stringify(value)?.slice(0, 40)}`);
  return value;
}

function count(value: unknown, key: string, where: string): number {
  const n = number(value, key, where);
  if (!Number.isSafeInteger(n) || n < 0) throw damaged(where, `${key} ${n}`);
  return n;
}

function text(value: unknown, key: string, where: string): string {
  if (typeof value !== 'string') throw damaged(where, `${key} ${JSON.stringify(value)?.slice(0, 40)}`);
  return value;
}

/** Part of the names of faces: an alignments file may come from strangers, and names must not lead out of the folder. */
function plainName(value: unknown, key: string, where: string): string {
  const name = text(value, key, where);
  if (/[/\\\0]/.test(name) || name === '.' || name === '..') throw damaged(where, `${key} ${JSON.stringify(name.slice(0, 40))}`);
  return name;
}

const maybe = <T>(value: unknown, read: (value: unknown) => T): T | undefined => (value === undefined ? undefined : read(value));

function texts(value: unknown, where: string): string[] {
  if (!Array.isArray(value)) throw damaged(where, 'trouble is no list');
  return value.map((item) => text(item, 'trouble', where));
}

function floats(value: unknown, length: number, key: string, where: string): Float32Array {
  if (!Array.isArray(value) || value.length !== length || !value.every((v) => typeof v === 'number' && Number.isFinite(v))) {
    throw damaged(where, `${key} is not ${length} numbers`);
  }
  return Float32Array.from(value as number[]);
}

function headerOf(entry: Fields, where: string): AlignmentsHeader {
  if (entry.liae !== 'alignments') throw damaged(where, 'no header');
  if (entry.version !== alignmentsVersion) {
    throw new FormatError(`${where}: an alignments file of another version`, {
      found: `version ${JSON.stringify(entry.version)}`,
      expected: `version ${alignmentsVersion}`,
      next: 'use the version of liae that wrote it, or remove it to have the clip analysed anew',
    });
  }
  const clip = objectOf(entry.clip, where);
  const options = objectOf(entry.options, where);
  const kind = clip.kind === 'video' || clip.kind === 'pictures' ? clip.kind : undefined;
  if (kind === undefined) throw damaged(where, 'clip of unknown kind');
  return {
    tool: text(entry.tool, 'tool', where),
    path: text(entry.path, 'path', where),
    prefix: plainName(entry.prefix, 'prefix', where),
    clip: {
      kind,
      name: text(clip.name, 'name', where),
      width: count(clip.width, 'width', where),
      height: count(clip.height, 'height', where),
      rate: maybe(clip.rate, (v) => number(v, 'rate', where)),
      frames: maybe(clip.frames, (v) => count(v, 'frames', where)),
      duration: maybe(clip.duration, (v) => number(v, 'duration', where)),
      hash: text(clip.hash, 'hash', where),
      colour: text(clip.colour, 'colour', where),
    },
    options: {
      from: count(options.from, 'from', where),
      to: maybe(options.to, (v) => count(v, 'to', where)),
      every: maybe(options.every, (v) => count(v, 'every', where)),
      rate: maybe(options.rate, (v) => number(v, 'rate', where)),
      tiles: count(options.tiles, 'tiles', where),
      turned: options.turned === true,
      threshold: maybe(options.threshold, (v) => number(v, 'threshold', where)),
      identity: options.identity === true,
    },
  };
}

function frameOf(entry: Fields, where: string, meshes: boolean): FrameRecord {
  if (!Array.isArray(entry.faces)) throw damaged(where, 'neither a frame nor the end of a stretch');
  const look = text(entry.look, 'look', where);
  if (!/^[0-9a-f]{128}$/.test(look)) throw damaged(where, 'look is not 128 hexadecimal digits');
  return {
    frame: count(entry.frame, 'frame', where),
    time: number(entry.time, 'time', where),
    name: maybe(entry.name, (v) => plainName(v, 'name', where)),
    damaged: entry.damaged === true ? true : undefined,
    look,
    faces: entry.faces.map((face) => faceOf(objectOf(face, where), where, meshes)),
  };
}

function faceOf(face: Fields, where: string, meshes: boolean): FaceRecord {
  const [l, t, r, b] = floats(face.rect, 4, 'rect', where);
  return {
    rect: [l!, t!, r!, b!],
    score: maybe(face.score, (v) => number(v, 'score', where)),
    presence: number(face.presence, 'presence', where),
    sharpness: number(face.sharpness, 'sharpness', where),
    exposure: number(face.exposure, 'exposure', where),
    landmarks: floats(face.landmarks, 136, 'landmarks', where),
    mesh: meshes ? maybe(face.mesh, (v) => floats(v, 478 * 3, 'mesh', where)) : undefined,
    embedding: maybe(face.embedding, (v) => floats(v, 128, 'embedding', where)),
  };
}
