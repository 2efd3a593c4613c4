/**
 * Putting a store into an MP4 or MOV: the file is copied piece by piece with the box behind its first one, and every place that it writes down
 * (chunk tables, fragments, random access) moves along. Media never lie in memory; the index (moov) does. Source: ISO 14496-12.
 */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { FormatError } from '../../../base/index.ts';
import type { RandomAccess } from '../../../faceset/index.ts';
import { type BoxFile, children, type InnerBox, pieceBytes, placeOf, readPiece, storeBoxHead, type TopBox } from './bmff.ts';

/** A file of boxes with room for a store. */
export interface BoxPlan {
  /** Of the old file, in order, without its old store. */
  readonly kept: readonly TopBox[];
  /** Where the store's box goes: behind the first one, ftyp. */
  readonly place: number;
  readonly removed: readonly TopBox[];
}

/** Where a byte of the old file is in the new one. */
type Shift = (offset: number) => number;

const maxIndex = 2 ** 29;
const NOT_MOVABLE = new Set(['cmov', 'saio', 'iloc']); // a compressed index; places in ways that are not followed here
const indexKinds = new Set(['moov', 'moof', 'mfra', 'meta']);

/** How a store would go into the file. @throws FormatError if the file is cut off. */
export function planBoxes({ boxes }: BoxFile, name: string): BoxPlan {
  const cut = boxes.find(({ missing }) => missing > 0);
  if (cut !== undefined) {
    throw new FormatError(`${name}: the file is cut off`, {
      found: `${cut.missing} bytes of the box ${cut.kind} at ${cut.start} are missing`,
    });
  }
  const removed = boxes.filter(({ purpose }) => purpose !== undefined);
  return { kept: boxes.filter((box) => !removed.includes(box)), place: boxes[0]!.end, removed };
}

/**
 * Indexes with places moved, by the start of their box; undefined if the file writes places down in a way that cannot be followed, so that the
 * store belongs beside it.
 *
 * @param storeLength of the store, without its box.
 */
export async function movedIndexes(file: RandomAccess, plan: BoxPlan, storeLength: number): Promise<Map<number, Uint8Array> | undefined> {
  const shift = shiftOf(plan, storeLength);
  const indexes = new Map<number, Uint8Array>();
  const tables = plan.kept.filter(({ kind }) => kind === 'sidx');
  if (tables.some((table) => plan.removed.some(({ start }) => start > table.start))) return undefined; // distances would change
  for (const box of plan.kept) {
    if (!indexKinds.has(box.kind)) continue;
    if (box.end - box.start > maxIndex) return undefined;
    const bytes = await file.read(box.start, box.end - box.start);
    if (!moved(bytes, { kind: box.kind, start: 0, body: box.body - box.start, end: bytes.length }, shift)) return undefined;
    indexes.set(box.start, bytes);
  }
  return indexes;
}

function shiftOf({ place, removed }: BoxPlan, storeLength: number): Shift {
  return (offset) => {
    const gone = removed.reduce((sum, { start, end }) => sum + (start < offset ? end - start : 0), 0);
    return offset - gone + (offset >= place ? storeBoxHead + storeLength : 0);
  };
}

/** Changes the places inside a box. @returns false if that cannot be done. */
function moved(bytes: Uint8Array, box: InnerBox, shift: Shift): boolean {
  if (NOT_MOVABLE.has(box.kind)) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (box.kind) {
    case 'moov':
    case 'trak':
    case 'mdia':
    case 'minf':
    case 'stbl':
    case 'meta':
    case 'moof':
    case 'traf':
    case 'mfra':
      return children(bytes, box).every((child) => moved(bytes, child, shift));
    case 'stco':
      return rows(view, box, 4, (at) => shift32(view, at, shift));
    case 'co64':
      return rows(view, box, 8, (at) => shift64(view, at, shift));
    case 'tfhd': // base data offset, if the lowest flag says so, behind the number of the track
      return box.end - box.body < 16 || (view.getUint32(box.body) & 1) === 0 || shift64(view, box.body + 8, shift);
    case 'tfra':
      return movedAccess(view, box, shift);
    default:
      return true;
  }
}

/** Version and flags, a count, then entries. */
function rows(view: DataView, { body, end }: InnerBox, width: number, move: (at: number) => boolean): boolean {
  if (end - body < 8) return false;
  const count = view.getUint32(body + 4);
  if (count * width > end - body - 8) return false;
  for (let i = 0; i < count; i++) if (!move(body + 8 + i * width)) return false;
  return true;
}

/** Random access points of a fragmented file: time and place of each, then three numbers of 1 to 4 bytes. */
function movedAccess(view: DataView, { body, end }: InnerBox, shift: Shift): boolean {
  if (end - body < 16) return false;
  const wide = view.getUint8(body) === 1;
  const sizes = view.getUint32(body + 8);
  const width = (wide ? 16 : 8) + ((sizes >> 4) & 3) + ((sizes >> 2) & 3) + (sizes & 3) + 3;
  const count = view.getUint32(body + 12);
  if (count * width > end - body - 16) return false;
  for (let i = 0; i < count; i++) {
    const at = body + 16 + i * width;
    if (!(wide ? shift64(view, at + 8, shift) : shift32(view, at + 4, shift))) return false;
  }
  return true;
}

function shift32(view: DataView, at: number, shift: Shift): boolean {
  const to = shift(view.getUint32(at));
  if (to >= 2 ** 32) return false;
  view.setUint32(at, to);
  return true;
}

function shift64(view: DataView, at: number, shift: Shift): boolean {
  view.setBigUint64(at, BigInt(shift(Number(view.getBigUint64(at)))));
  return true;
}

/**
 * Copies the file with room for the store's box and gives the hash that binds it, in one pass.
 *
 * @param target empty and open for writing. @returns the hash, and where the store's box goes.
 */
export async function copyBoxes(
  file: RandomAccess,
  plan: BoxPlan,
  indexes: ReadonlyMap<number, Uint8Array>,
  storeLength: number,
  target: FileHandle,
): Promise<{ hash: Uint8Array; place: number }> {
  const shift = shiftOf(plan, storeLength);
  const hash = createHash('sha256');
  const copy = async (bytes: Uint8Array, to: number, counted: boolean): Promise<void> => {
    if (counted) hash.update(bytes);
    for (let done = 0; done < bytes.length; ) done += (await target.write(bytes, done, bytes.length - done, to + done)).bytesWritten;
  };
  for (const box of plan.kept) {
    const to = shift(box.start);
    const counted = box.kind !== 'ftyp' && box.kind !== 'mfra';
    if (counted) hash.update(placeOf(to));
    const index = indexes.get(box.start);
    if (index !== undefined) await copy(index, to, counted);
    else
      for (let at = box.start; at < box.end; at += pieceBytes) await copy(await readPiece(file, at, box.end), to + at - box.start, counted);
  }
  const end = plan.kept.at(-1)?.end ?? 0;
  const behind = Math.max(end, ...plan.removed.map((box) => box.end));
  for (let at = behind; at < file.size; at += pieceBytes) await copy(await readPiece(file, at, file.size), shift(at), true);
  return { hash: new Uint8Array(hash.digest()), place: plan.place };
}
