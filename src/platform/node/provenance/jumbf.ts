/**
 * JUMBF, the boxes that content credentials are kept in: a superbox has a description (type, label) and contents, which may be superboxes
 * again. Hashes of C2PA cover a superbox without its own header. Sources: ISO 19566-5; C2PA specification, "Use of JUMBF" and "Hashing JUMBF
 * boxes".
 */
import { FormatError } from '../../../base/index.ts';

export interface Superbox {
  /** The first four characters of its type: c2pa, c2ma, c2as, cbor… */
  readonly kind: string;
  readonly label: string;
  /** Superboxes inside, in order. */
  readonly boxes: readonly Superbox[];
  /** Other boxes inside, in order. */
  readonly contents: readonly { readonly kind: string; readonly bytes: Uint8Array }[];
  /** All of it with its header. */
  readonly whole: Uint8Array;
  /** What hashes cover: description and contents. */
  readonly hashed: Uint8Array;
}

/** Behind the four characters in every type of the standard and of C2PA. */
const TYPE_REST = Uint8Array.of(0x00, 0x11, 0x00, 0x10, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71);
const LABELLED = 0b11; // can be asked for, has a label
const HAS_LABEL = 0b10;
const deepest = 16;

const latin = new TextDecoder('latin1');

/** A box: length, four characters, contents. */
export function box(kind: string, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 8);
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, length);
  header.set(new TextEncoder().encode(kind), 4);
  return new Uint8Array(Buffer.concat([header, ...contents]));
}

/** A superbox around contents that are boxes. */
export function superbox(kind: string, label: string, ...contents: readonly Uint8Array[]): Uint8Array {
  const text = new TextEncoder();
  return box('jumb', box('jumd', text.encode(kind), TYPE_REST, Uint8Array.of(LABELLED), text.encode(`${label}\0`)), ...contents);
}

/** What hashes of a superbox cover. */
export const hashedPart = (whole: Uint8Array): Uint8Array => whole.subarray(8);

/**
 * One superbox at the start of the bytes; what follows it is padding.
 *
 * @param name what errors call it.
 * @throws FormatError if a box does not fit into the one around it, has no description or is nested too deep.
 */
export function readSuperbox(bytes: Uint8Array, name: string, depth = 0): Superbox {
  if (depth > deepest) bad(name, `boxes nested deeper than ${deepest}`);
  const outer = readHeader(bytes, 0, name);
  if (outer.kind !== 'jumb') bad(name, `a box ${JSON.stringify(outer.kind)} where a superbox (jumb) belongs`);
  const hashed = bytes.subarray(outer.start, outer.end);
  const boxes: Superbox[] = [];
  const contents: { kind: string; bytes: Uint8Array }[] = [];
  let description: { kind: string; label: string } | undefined;
  for (let at = 0; at < hashed.length; ) {
    const inner = readHeader(hashed, at, name);
    if (description === undefined) {
      if (inner.kind !== 'jumd') bad(name, 'a superbox without a description');
      description = readDescription(hashed.subarray(inner.start, inner.end), name);
    } else if (inner.kind === 'jumb') boxes.push(readSuperbox(hashed.subarray(at, inner.end), name, depth + 1));
    else contents.push({ kind: inner.kind, bytes: hashed.subarray(inner.start, inner.end) });
    at = inner.end;
  }
  if (description === undefined) return bad(name, 'an empty superbox');
  return { ...description, boxes, contents, whole: bytes.subarray(0, outer.end), hashed };
}

function readHeader(bytes: Uint8Array, at: number, name: string): { kind: string; start: number; end: number } {
  if (bytes.length - at < 8) bad(name, 'a box that is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const short = view.getUint32(at);
  const kind = latin.decode(bytes.subarray(at + 4, at + 8));
  const long = short === 1;
  if (long && bytes.length - at < 16) bad(name, 'a box that is cut off');
  const length = long ? Number(view.getBigUint64(at + 8)) : short === 0 ? bytes.length - at : short;
  const start = at + (long ? 16 : 8);
  if (length < start - at || length > bytes.length - at) bad(name, `a box of ${length} bytes where ${bytes.length - at} are left`);
  return { kind, start, end: at + length };
}

function readDescription(bytes: Uint8Array, name: string): { kind: string; label: string } {
  if (bytes.length < 17) bad(name, 'a description that is cut off');
  const kind = latin.decode(bytes.subarray(0, 4));
  if ((bytes[16]! & HAS_LABEL) === 0) return { kind, label: '' };
  const end = bytes.indexOf(0, 17);
  if (end < 0) bad(name, 'a label without an end');
  return { kind, label: new TextDecoder().decode(bytes.subarray(17, end)) };
}

function bad(name: string, found: string): never {
  throw new FormatError(`${name}: damaged content credentials`, { found });
}
