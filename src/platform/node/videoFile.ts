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

export interface BoxFacts {
  /** Whether the index of the frames (box moov) is there. */
  readonly index: boolean;
  /** Bytes that the last box promises and the file does not have. */
  readonly missing: number;
}

/** Walks the boxes at the top level of an MP4 or MOV file; undefined for other files. Source: ISO/IEC 14496-12, 4.2. */
export async function boxFacts(path: string): Promise<BoxFacts | undefined> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const head = new DataView(new ArrayBuffer(16));
  let index = false;
  for (let at = 0, boxes = 0; at + 8 <= size && boxes < MAX_BOXES; boxes++) {
    await file.read(new Uint8Array(head.buffer), 0, 16, at);
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => head.getUint8(i)));
    if (boxes === 0 && !['ftyp', 'moov', 'mdat', 'free', 'skip', 'wide', 'pnot'].includes(type)) return undefined;
    const short = head.getUint32(0);
    const length = short === 1 ? Number(head.getBigUint64(8)) : short === 0 ? size - at : short;
    if (length < 8) return { index, missing: 0 };
    if (at + length > size) return { index: index || false, missing: at + length - size };
    if (type === 'moov') index = true;
    at += length;
  }
  return { index, missing: 0 };
}
