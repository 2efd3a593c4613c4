/** What can be told of a clip's file without decoding it: its identity, and for MP4 and MOV whether parts of it are missing. */
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { FormatError } from '../../base/index.ts';

const ENDS = 2 ** 20;
/** Boxes at the top level of a file that are looked at: files hold a handful, live recordings some thousand fragments. */
const MAX_BOXES = 100_000;

/** @throws FormatError unless there is a file. */
export async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new FormatError(`${path}: cannot be opened`, {
      found: cause.code === 'ENOENT' ? 'no such file or folder' : cause.message,
      next: cause.code === 'ENOENT' ? 'check the name' : undefined,
      cause,
    });
  });
  if (found.isDirectory())
    throw new FormatError(`${path}: a folder, where a clip is expected`, { next: 'give a file in it, or read it as pictures' });
  if (!found.isFile()) throw new FormatError(`${path}: not a file`);
  if (found.size === 0) throw new FormatError(`${path}: not a clip that can be read`, { found: 'an empty file', next: 'restore the file' });
}

/** SHA-256, hexadecimal, of the length (8 bytes, little endian) and the first and last megabyte. */
export async function clipHash(path: string): Promise<string> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(size), true);
  const hash = createHash('sha256').update(new Uint8Array(length.buffer));
  for (const at of [0, Math.max(0, size - ENDS)]) {
    const bytes = new Uint8Array(Math.min(ENDS, size));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
    hash.update(bytes.subarray(0, bytesRead));
  }
  return hash.digest('hex');
}

export interface FileParts {
  /** Whether the index of the frames is there (box moov), where the format cannot do without. */
  readonly index: boolean;
  /** Bytes that the file promises and does not have. */
  readonly missing: number;
}

/**
 * Whether a file is as long as it says: MP4 and MOV, Matroska and WebM, AVI; undefined for other formats.
 * Sources: ISO/IEC 14496-12, 4.2; RFC 8794, 4 and 5 (EBML); Multimedia Programming Interface 1.0, RIFF.
 */
export async function fileParts(path: string): Promise<FileParts | undefined> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const head = new DataView(new ArrayBuffer(16));
  const look = async (at: number): Promise<DataView> => {
    await file.read(new Uint8Array(head.buffer), 0, 16, at);
    return head;
  };
  const magic = size < 16 ? 0 : (await look(0)).getUint32(0);
  if (magic === 0x1a45dfa3) return { index: true, missing: await missingOfMatroska(look, size) };
  if (magic === 0x52494646) return { index: true, missing: Math.max(0, head.getUint32(4, true) + 8 - size) };
  return magic === 0 ? undefined : await partsOfBoxes(look, size);
}

type Look = (at: number) => Promise<DataView>;

async function partsOfBoxes(look: Look, size: number): Promise<FileParts | undefined> {
  let index = false;
  for (let at = 0, boxes = 0; at + 8 <= size && boxes < MAX_BOXES; boxes++) {
    const head = await look(at);
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => head.getUint8(i)));
    if (boxes === 0 && !['ftyp', 'moov', 'mdat', 'free', 'skip', 'wide', 'pnot'].includes(type)) return undefined;
    const short = head.getUint32(0);
    const length = short === 1 ? Number(head.getBigUint64(8)) : short === 0 ? size - at : short;
    if (length < 8) break;
    if (type === 'moov') index = true;
    if (at + length > size) return { index, missing: at + length - size };
    at += length;
  }
  return { index, missing: 0 };
}

/** The segment's length, where it is stated, behind the EBML header. */
async function missingOfMatroska(look: Look, size: number): Promise<number> {
  const header = ebmlLength(await look(4), 0);
  const segment = 4 + header.bytes + (header.length ?? 0);
  if (header.length === undefined || segment + 16 > size) return 0;
  const head = await look(segment);
  if (head.getUint32(0) !== 0x18538067) return 0;
  const { bytes, length } = ebmlLength(head, 4);
  return length === undefined ? 0 : Math.max(0, segment + 4 + bytes + length - size);
}

/** A number of variable length; undefined if all its bits are set, which says 'unknown'. */
function ebmlLength(view: DataView, at: number): { readonly bytes: number; readonly length: number | undefined } {
  const bytes = Math.clz32(view.getUint8(at)) - 23;
  if (bytes > 8) return { bytes, length: undefined };
  let value = view.getUint8(at) & (0xff >> bytes);
  let unknown = value === 0xff >> bytes;
  for (let i = 1; i < bytes; i++) {
    value = value * 256 + view.getUint8(at + i);
    unknown &&= view.getUint8(at + i) === 0xff;
  }
  return { bytes, length: unknown ? undefined : value };
}
