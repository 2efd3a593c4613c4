/**
 * MP4 and MOV files as rows of boxes: where their content credentials lie, and the hash that binds them. Only headers are read into memory;
 * media are hashed as they stream by. Sources: ISO 14496-12; C2PA specification, "BMFF-based hash" and "The 'uuid' box for C2PA".
 */
import { createHash, type Hash } from 'node:crypto';
import { FormatError } from '../../../base/index.ts';
import type { RandomAccess } from '../../../faceset/index.ts';
import { bytesOf, type Cbor, countOf, field, listOf, textOf } from './cbor.ts';

export interface TopBox {
  readonly kind: string;
  readonly start: number;
  /** Of its contents. */
  readonly body: number;
  readonly end: number;
  /** Bytes that it announces beyond the end of the file. */
  readonly missing: number;
  /** What a C2PA box is for: manifest, merkle… */
  readonly purpose: string | undefined;
}

export interface BoxFile {
  readonly boxes: readonly TopBox[];
  /** Contents of the store; undefined if there is none. */
  readonly store: Uint8Array | undefined;
}

/** What a hash leaves out: boxes of a path that fulfil all conditions, or parts of them. Offsets count from the box's first byte. */
export interface Exclusion {
  readonly path: string;
  readonly length?: number | undefined;
  readonly data?: readonly { readonly offset: number; readonly value: Uint8Array }[];
  readonly subset?: readonly { readonly offset: number; readonly length: number }[] | undefined;
  readonly version?: number | undefined;
  readonly flags?: Uint8Array | undefined;
}

export type HashName = 'sha256' | 'sha384' | 'sha512';
export const hashName = (value: Cbor | undefined): HashName | undefined =>
  value === undefined ? 'sha256' : (['sha256', 'sha384', 'sha512'] as const).find((name) => name === value);

export const c2paUuid = Uint8Array.of(0xd8, 0xfe, 0xc3, 0xd6, 0x1b, 0x0e, 0x48, 0x3c, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7e, 0xc4, 0x81);
const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'dinf', 'edts', 'udta', 'mvex', 'moof', 'traf', 'mfra', 'meta']);
const maxBoxes = 2 ** 18;
export const maxStore = 2 ** 26;
const maxExclusions = 64;
const PIECE = 2 ** 22;
const HEAD = 48;

/** What every hash of ours leaves out, as the specification demands: the credentials themselves, and two boxes that tools rewrite freely. */
export const ourExclusions: readonly Exclusion[] = [
  { path: '/uuid', data: [{ offset: 8, value: c2paUuid }] },
  { path: '/ftyp' },
  { path: '/mfra' },
];

/** undefined if the file does not begin as MP4 and MOV do, with ftyp. @throws FormatError if its boxes do not make sense. */
export async function readBoxFile(file: RandomAccess, name: string): Promise<BoxFile | undefined> {
  const boxes: TopBox[] = [];
  for (let at = 0; at + 8 <= file.size; ) {
    const head = await file.read(at, HEAD);
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const kind = latin(head.subarray(4, 8));
    if (at === 0 && kind !== 'ftyp') return undefined; // MOV files older than that box cannot hold credentials that others find
    const short = view.getUint32(0);
    const body = short === 1 ? 16 : 8;
    const length = short === 1 && head.length >= 16 ? Number(view.getBigUint64(8)) : short === 0 ? file.size - at : short;
    if (length < body)
      throw new FormatError(`${name}: a damaged MP4`, { found: `a box ${JSON.stringify(kind)} of ${length} bytes at ${at}` });
    const end = Math.min(file.size, at + length);
    boxes.push({
      kind,
      start: at,
      body: at + body,
      end,
      missing: at + length - end,
      purpose: kind === 'uuid' ? purposeOf(head, body) : undefined,
    });
    if (boxes.length > maxBoxes) throw new FormatError(`${name}: more than ${maxBoxes} boxes`);
    at = end;
  }
  if (boxes.length === 0) return undefined;
  const manifests = boxes.filter(({ purpose }) => purpose === 'manifest' || purpose === 'original');
  if (manifests.length > 1) throw new FormatError(`${name}: more than one box with content credentials`);
  const place = manifests[0];
  return { boxes, store: place === undefined ? undefined : await storeIn(file, place, name) };
}

/** The text after the UUID, version and flags of a C2PA box. */
function purposeOf(head: Uint8Array, body: number): string | undefined {
  if (!c2paUuid.every((byte, i) => head[body + i] === byte)) return undefined;
  const text = head.subarray(body + 20);
  const end = text.indexOf(0);
  return latin(text.subarray(0, end < 0 ? text.length : end));
}

async function storeIn(file: RandomAccess, { body, end, missing, purpose }: TopBox, name: string): Promise<Uint8Array> {
  const from = body + 16 + 4 + purpose!.length + 1 + 8;
  if (missing > 0 || end - from > maxStore || end < from) {
    throw new FormatError(`${name}: content credentials that cannot be read`, {
      found: missing > 0 ? `${missing} bytes are missing` : `${end - from} bytes`,
      expected: `at most ${maxStore} bytes`,
    });
  }
  return file.read(from, end - from);
}

/** A box for a store. */
export function storeBox(store: Uint8Array): Uint8Array {
  const head = new Uint8Array(storeBoxHead);
  const view = new DataView(head.buffer);
  view.setUint32(0, head.length + store.length);
  head.set(new TextEncoder().encode('uuid'), 4);
  head.set(c2paUuid, 8);
  head.set(new TextEncoder().encode('manifest'), 28); // after version and flags; then a zero and the place of Merkle trees: none
  return new Uint8Array(Buffer.concat([head, store]));
}
/** Bytes of it before the store. */
export const storeBoxHead = 8 + 16 + 4 + 9 + 8;

/** The exclusions of an assertion. @throws FormatError if one is not understood. */
export function readExclusions(value: Cbor | undefined, name: string): Exclusion[] {
  if (listOf(value).length > maxExclusions) throw new FormatError(`${name}: more than ${maxExclusions} exclusions`);
  return listOf(value).map((item) => {
    const path = textOf(field(item, 'xpath'));
    if (path === undefined) throw new FormatError(`${name}: an exclusion without a path`);
    const optionalCount = (key: string): number | undefined => countOf(field(item, key) ?? undefined);
    const part = (each: Cbor): { offset: number; length: number } => ({
      offset: countOf(field(each, 'offset')) ?? 0,
      length: countOf(field(each, 'length')) ?? 0,
    });
    const subset = field(item, 'subset') ?? undefined;
    return {
      path,
      length: optionalCount('length'),
      data: listOf(field(item, 'data')).map((each) => ({
        offset: countOf(field(each, 'offset')) ?? 0,
        value: bytesOf(field(each, 'value')) ?? new Uint8Array(),
      })),
      subset: subset === undefined || subset === null ? undefined : listOf(subset).map(part),
      version: optionalCount('version'),
      flags: bytesOf(field(item, 'flags')),
    };
  });
}

/**
 * The hash over a file of boxes, streamed: each box at the top that is not left out whole gives its place (8 bytes), then its bytes but for
 * what is left out. Bytes behind the last box count too.
 */
export async function hashBoxes(
  file: RandomAccess,
  boxes: readonly TopBox[],
  exclusions: readonly Exclusion[],
  algorithm: HashName,
): Promise<Uint8Array> {
  const hash = createHash(algorithm);
  for (const box of boxes) {
    let at = box.start;
    let placed = false;
    const take = async (to: number): Promise<void> => {
      if (to <= at) return;
      if (!placed) hash.update(placeOf(box.start));
      placed = true;
      await hashRange(hash, file, at, to);
    };
    for (const { start, end } of (await excluded(file, box, exclusions)).sort((a, b) => a.start - b.start)) {
      await take(start);
      at = Math.max(at, end);
    }
    await take(box.end);
  }
  await hashRange(hash, file, boxes.at(-1)?.end ?? 0, file.size);
  return new Uint8Array(hash.digest());
}

/** A place as the hash takes it. */
export function placeOf(offset: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(offset));
  return bytes;
}

/** @throws FormatError if the file has become shorter meanwhile. */
export async function hashRange(hash: Hash, file: RandomAccess, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += PIECE) hash.update(await readPiece(file, at, to));
}

/** At most a piece, from `at` up to `to`. */
export async function readPiece(file: RandomAccess, at: number, to: number): Promise<Uint8Array> {
  const wanted = Math.min(PIECE, to - at);
  const bytes = await file.read(at, wanted);
  if (bytes.length !== wanted)
    throw new FormatError('the file changed while it was read', { found: `nothing at byte ${at + bytes.length}` });
  return bytes;
}
export const pieceBytes = PIECE;

interface Range {
  readonly start: number;
  readonly end: number;
}

async function excluded(file: RandomAccess, box: TopBox, exclusions: readonly Exclusion[]): Promise<Range[]> {
  const ranges: Range[] = [];
  for (const exclusion of exclusions) {
    const steps = exclusion.path.split('/').slice(1);
    const [kind, index] = stepOf(steps[0] ?? '');
    if (kind !== box.kind || index !== undefined) continue; // an index at the top would need its siblings; C2PA excludes none that way
    const found = steps.length === 1 ? [box] : await inside(file, box, steps.slice(1));
    for (const each of found) {
      if (!(await fulfils(file, each, exclusion))) continue;
      if (exclusion.subset === undefined) ranges.push(each);
      else {
        for (const { offset, length } of exclusion.subset) {
          const start = Math.min(each.end, each.start + offset);
          ranges.push({ start, end: length === 0 ? each.end : Math.min(each.end, start + length) });
        }
      }
    }
  }
  return ranges;
}

const stepOf = (step: string): [kind: string, index: number | undefined] => {
  const [, kind = step, index] = /^(.{4})\[(\d+)\]$/.exec(step) ?? [];
  return [kind, index === undefined ? undefined : Number(index)];
};

async function inside(file: RandomAccess, box: TopBox, steps: readonly string[]): Promise<Range[]> {
  if (!containers.has(box.kind) || box.end - box.start > maxStore) return [];
  const bytes = await file.read(box.start, box.end - box.start);
  let level = [{ kind: box.kind, start: 0, body: box.body - box.start, end: bytes.length }];
  for (const step of steps) {
    const [kind, index] = stepOf(step);
    level = level.flatMap((parent) => {
      const matching = containers.has(parent.kind) ? children(bytes, parent).filter((child) => child.kind === kind) : [];
      return index === undefined ? matching : matching.slice(index - 1, index);
    });
  }
  return level.map(({ start, end }) => ({ start: box.start + start, end: box.start + end }));
}

export interface InnerBox {
  readonly kind: string;
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

/** The boxes in one, as far as they fit. A meta box of ISO files has version and flags first, one of QuickTime has not. */
export function children(bytes: Uint8Array, parent: InnerBox): InnerBox[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes: InnerBox[] = [];
  const full = parent.kind === 'meta' && parent.end - parent.body >= 4 && view.getUint32(parent.body) === 0;
  for (let at = parent.body + (full ? 4 : 0); at + 8 <= parent.end; ) {
    const short = view.getUint32(at);
    const head = short === 1 ? 16 : 8;
    if (at + head > parent.end) break;
    const length = short === 1 ? Number(view.getBigUint64(at + 8)) : short === 0 ? parent.end - at : short;
    if (length < head || at + length > parent.end) break;
    boxes.push({ kind: latin(bytes.subarray(at + 4, at + 8)), start: at, body: at + head, end: at + length });
    at += length;
  }
  return boxes;
}

async function fulfils(file: RandomAccess, { start, end }: Range, { length, data = [], version, flags }: Exclusion): Promise<boolean> {
  if (length !== undefined && end - start !== length) return false;
  for (const { offset, value } of data) {
    const found = await file.read(start + offset, Math.max(0, Math.min(value.length, end - start - offset)));
    if (found.length !== value.length || !value.every((byte, i) => found[i] === byte)) return false;
  }
  if (version === undefined && flags === undefined) return true;
  const head = await file.read(start + 8, 4);
  if (version !== undefined && head[0] !== version) return false;
  return flags === undefined || flags.every((byte, i) => head[1 + i] === byte);
}

const latin = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);
