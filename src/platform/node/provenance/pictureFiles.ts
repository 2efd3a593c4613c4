/**
 * Manifest stores inside JPEG and PNG files: where they lie, taking them out and putting them in. Pictures are small enough for memory.
 * Sources: C2PA specification, "Embedding manifests" (JPEG: APP11 segments as in ISO 19566-5, annex D; PNG: chunk caBX).
 */
import { crc32 } from 'node:zlib';
import { FormatError } from '../../../base/index.ts';
import { type JpegSegment, maxPayload, readJpeg } from '../../../faceset/index.ts';
import { readSuperbox } from './jumbf.ts';

/** A picture, told apart from its store. */
export interface PictureFile {
  readonly format: 'image/jpeg' | 'image/png';
  /** Contents of the store; undefined if there is none. */
  readonly store: Uint8Array | undefined;
  /** Where it lies in the file; empty where it would go. */
  readonly start: number;
  readonly end: number;
  /** The file without it. */
  readonly clean: Uint8Array;
  /** Where it belongs in `clean`. */
  readonly place: number;
  /** A store as it stands in the file. */
  readonly wrap: (store: Uint8Array) => Uint8Array;
}

const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const PNG_STORE = 'caBX';
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP11 = 0xeb;
const JP = 0x4a50;
/** Identifier, box number, sequence number; then length and type of the box, in each segment again. */
const SEGMENT_HEAD = 8;
const BOX_HEAD = 8;

/** undefined if the bytes are neither JPEG nor PNG. @throws FormatError if they are damaged. */
export function readPicture(bytes: Uint8Array, name: string): PictureFile | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return readJpegFile(bytes, name);
  if (PNG_SIGNATURE.every((byte, i) => bytes[i] === byte)) return readPngFile(bytes, name);
  return undefined;
}

function readJpegFile(bytes: Uint8Array, name: string): PictureFile {
  const { segments } = readJpeg(bytes, name, 'header');
  const pieces = segments.filter(isStorePiece);
  const number = pieces[0] === undefined ? undefined : boxNumber(pieces[0]);
  const own = pieces.filter((piece) => boxNumber(piece) === number).sort((a, b) => sequenceNumber(a) - sequenceNumber(b));
  const parts = own.map(({ payload }, i) => payload!.subarray(SEGMENT_HEAD + (i === 0 ? 0 : BOX_HEAD)));
  const store = own.length === 0 ? undefined : new Uint8Array(Buffer.concat(parts));
  const isStore = store !== undefined && isC2pa(store, name);
  const last = segments.findLast(({ marker }) => marker === APP0 || marker === APP1) ?? segments[0]!;
  const place = isStore ? Math.min(...own.map(({ start }) => start)) : last.end;
  return {
    ...{ format: 'image/jpeg', store: isStore ? store : undefined, start: place, place, wrap: jpegSegments },
    end: isStore ? Math.max(...own.map(({ end }) => end)) : place,
    clean: isStore ? without(bytes, own) : bytes,
  };
}

const isStorePiece = ({ marker, payload }: JpegSegment): boolean =>
  marker === APP11 && payload !== undefined && payload.length >= SEGMENT_HEAD + BOX_HEAD && ((payload[0]! << 8) | payload[1]!) === JP;
const boxNumber = ({ payload }: JpegSegment): number => (payload![2]! << 8) | payload![3]!;
const sequenceNumber = ({ payload }: JpegSegment): number => new DataView(payload!.buffer, payload!.byteOffset).getUint32(4);

/** Other JUMBF boxes may stand in a picture. */
function isC2pa(store: Uint8Array, name: string): boolean {
  return readSuperbox(store, name).label === 'c2pa';
}

function without(bytes: Uint8Array, parts: readonly { readonly start: number; readonly end: number }[]): Uint8Array {
  const kept: Uint8Array[] = [];
  let at = 0;
  for (const { start, end } of parts.toSorted((a, b) => a.start - b.start)) {
    kept.push(bytes.subarray(at, start));
    at = end;
  }
  return new Uint8Array(Buffer.concat([...kept, bytes.subarray(at)]));
}

function jpegSegments(store: Uint8Array): Uint8Array {
  const room = maxPayload - SEGMENT_HEAD - BOX_HEAD;
  const parts: Uint8Array[] = [];
  for (let at = BOX_HEAD, i = 1; at < store.length; at += room, i++) {
    const piece = store.subarray(at, at + room);
    const head = new DataView(new ArrayBuffer(4 + SEGMENT_HEAD));
    head.setUint16(0, 0xff00 | APP11);
    head.setUint16(2, 2 + SEGMENT_HEAD + BOX_HEAD + piece.length);
    head.setUint16(4, JP);
    head.setUint16(6, 1);
    head.setUint32(8, i);
    parts.push(new Uint8Array(head.buffer), store.subarray(0, BOX_HEAD), piece);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function readPngFile(bytes: Uint8Array, name: string): PictureFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let found: { start: number; end: number } | undefined;
  let place: number | undefined;
  for (let at = PNG_SIGNATURE.length; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const end = at + 12 + length;
    if (end > bytes.length) throw new FormatError(`${name}: a PNG that is cut off`, { found: `a chunk of ${length} bytes at ${at}` });
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    place ??= end; // behind IHDR
    if (type === PNG_STORE) {
      if (found !== undefined) throw new FormatError(`${name}: more than one chunk ${PNG_STORE} with content credentials`);
      found = { start: at, end };
    }
    if (type === 'IEND') break;
    at = end;
  }
  if (place === undefined) throw new FormatError(`${name}: a PNG without chunks`);
  return {
    ...{ format: 'image/png', wrap: pngChunk, place: found?.start ?? place, start: found?.start ?? place, end: found?.end ?? place },
    store: found === undefined ? undefined : bytes.subarray(found.start + 8, found.end - 4),
    clean: found === undefined ? bytes : without(bytes, [found]),
  };
}

function pngChunk(store: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(12 + store.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, store.length);
  chunk.set(new TextEncoder().encode(PNG_STORE), 4);
  chunk.set(store, 8);
  view.setUint32(8 + store.length, crc32(chunk.subarray(4, 8 + store.length)));
  return chunk;
}
