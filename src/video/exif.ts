/**
 * The orientation that a camera wrote into a picture: EXIF in JPEG (APP1), PNG (eXIf), WebP (EXIF), or the tag itself in TIFF. Nothing else of
 * EXIF is read. A file that says nothing, or nonsense, stands upright.
 */
import type { Orientation } from './orientation.ts';

const ORIENTATION_TAG = 0x0112;
/** Entries of a directory, segments or chunks that are looked through. */
const MAX_PARTS = 4096;

export function exifOrientation(bytes: Uint8Array): Orientation {
  const tiff = exifBlock(bytes);
  return tiff === undefined ? 1 : orientationOfTiff(tiff);
}

const ascii = (bytes: Uint8Array, at: number, length: number): string => String.fromCharCode(...bytes.subarray(at, at + length));

/** The TIFF structure within a picture file. */
function exifBlock(bytes: Uint8Array): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return exifOfJpeg(bytes, view);
  if (ascii(bytes, 1, 3) === 'PNG') return chunkNamed(bytes, view, { name: 'eXIf', first: 8, bigEndian: true });
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 4) === 'WEBP') {
    const block = chunkNamed(bytes, view, { name: 'EXIF', first: 12, bigEndian: false });
    return block !== undefined && ascii(block, 0, 4) === 'Exif' ? block.subarray(6) : block;
  }
  const order = ascii(bytes, 0, 4);
  return order === 'II*\0' || order === 'MM\0*' ? bytes : undefined;
}

/** Source: ITU-T T.81, B.1.1.4, and EXIF 2.32, 4.5.4. */
function exifOfJpeg(bytes: Uint8Array, view: DataView): Uint8Array | undefined {
  for (let at = 2, parts = 0; at + 4 <= bytes.length && bytes[at] === 0xff && parts < MAX_PARTS; parts++) {
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xda) return undefined;
    const length = view.getUint16(at + 2);
    if (length < 2) return undefined;
    if (marker === 0xe1 && ascii(bytes, at + 4, 6) === 'Exif\0\0') return bytes.subarray(at + 10, at + 2 + length);
    at += 2 + length;
  }
  return undefined;
}

/** Chunks: PNG has length, name, data, checksum (PNG 1.2, 3.2); RIFF has name, length, data, filled up to even length. */
function chunkNamed(bytes: Uint8Array, view: DataView, file: { name: string; first: number; bigEndian: boolean }): Uint8Array | undefined {
  for (let at = file.first, parts = 0; at + 8 <= bytes.length && parts < MAX_PARTS; parts++) {
    const length = view.getUint32(file.bigEndian ? at : at + 4, !file.bigEndian);
    if (ascii(bytes, file.bigEndian ? at + 4 : at, 4) === file.name) return bytes.subarray(at + 8, at + 8 + length);
    at += 8 + length + (file.bigEndian ? 4 : length & 1);
  }
  return undefined;
}

/** Source: TIFF 6.0, section 2. */
function orientationOfTiff(tiff: Uint8Array): Orientation {
  if (tiff.length < 8) return 1;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const little = tiff[0] === 0x49;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return 1;
  const entries = Math.min(view.getUint16(directory, little), MAX_PARTS);
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > tiff.length) return 1;
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}
