/**
 * The segments of a JPEG file, and exchanging the one that holds face data (APP15). Pixels are not decoded here, and every byte that
 * is not part of the exchanged segment stays as it is.
 * Source: ITU-T T.81, annex B.
 */
import { FormatError } from '../base/index.ts';

export interface JpegSegment {
  /** SOI, APP0, DQT, SOF0, … as in T.81. */
  readonly name: string;
  /** The second byte of the marker; the first is 0xFF. */
  readonly marker: number;
  /** Where its marker begins. */
  readonly start: number;
  /** Where the next segment or the scan's data begins. */
  readonly end: number;
  /** What follows the length; undefined for the markers that have none. */
  readonly payload: Uint8Array | undefined;
}

export interface Jpeg {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** In file order; compressed data lies between SOS and the next one. */
  readonly segments: readonly JpegSegment[];
}

/** The longest payload of a segment: its 16-bit length counts itself. */
export const maxPayload = 65533;

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP0 = 0xe0;
const APP15 = 0xef;
const maxSegments = 4096;

/**
 * Walks through the segments. Tolerant: fill bytes, tables in any order, several scans, a missing end and bytes after it are fine.
 *
 * @param name what errors call the file.
 * @param scope `header` stops after the first SOS, so that the beginning of a file suffices.
 * @throws FormatError if this is no JPEG, a segment does not fit the file, or there is no frame header.
 */
export function readJpeg(bytes: Uint8Array, name: string, scope: 'file' | 'header' = 'file'): Jpeg {
  if (bytes[0] !== 0xff || bytes[1] !== SOI) bad(name, 'it does not begin with the marker SOI');
  const segments: JpegSegment[] = [{ name: 'SOI', marker: SOI, start: 0, end: 2, payload: undefined }];
  for (let at = 2; at < bytes.length; ) {
    const segment = segmentAt(bytes, at, name);
    if (segment === undefined) break;
    if (segments.push(segment) > maxSegments) bad(name, `more than ${maxSegments} segments`);
    if (segment.marker === EOI || (segment.marker === SOS && scope === 'header')) break;
    at = segment.marker === SOS ? scanEnd(bytes, segment.end) : segment.end;
  }
  const frame = segments.find((segment) => segment.name.startsWith('SOF'))?.payload;
  if (frame === undefined || frame.length < 6) return bad(name, 'no frame header (SOF) with the size of the image');
  return { height: (frame[1]! << 8) | frame[2]!, width: (frame[3]! << 8) | frame[4]!, channels: frame[5]!, segments };
}

/**
 * Whether the image data end as they should: a marker EOI behind byte `from`. Within compressed data there is none, as 0xFF is always
 * stuffed there; what follows the marker does not matter.
 */
export function hasEnd(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.lastIndexOf(EOI); at > from; at = bytes.lastIndexOf(EOI, at - 1)) if (bytes[at - 1] === 0xff) return true;
  return false;
}

/** The payload of the first APP15; undefined if there is none. */
export const app15 = (jpeg: Jpeg): Uint8Array | undefined => jpeg.segments.find(({ marker }) => marker === APP15)?.payload;

/**
 * The file with `payload` as its only APP15, after the last other APPn; or, without a payload, with none.
 *
 * @throws FormatError if the payload is longer than a segment can be, or the file is no JPEG.
 */
export function withApp15(bytes: Uint8Array, payload: Uint8Array | undefined, name: string): Uint8Array {
  if (payload !== undefined && payload.length > maxPayload) {
    throw new FormatError(`${name}: the face data does not fit into a JPEG segment`, {
      found: `${payload.length} bytes`,
      expected: `at most ${maxPayload} bytes`,
      next: 'a smaller XSeg mask or fewer polygon points make it shorter',
    });
  }
  const { segments } = readJpeg(bytes, name, 'header');
  const kept = segments.filter(({ marker }) => marker !== APP15);
  const last = kept.findLastIndex(({ marker }) => marker >= APP0 && marker < APP15);
  const pieces = kept.map(({ start, end }) => bytes.subarray(start, end));
  if (payload !== undefined) {
    const length = payload.length + 2;
    pieces.splice(Math.max(last, 0) + 1, 0, Uint8Array.of(0xff, APP15, length >> 8, length & 255), payload);
  }
  pieces.push(bytes.subarray(segments.at(-1)!.end));
  return concatenate(pieces);
}

export function concatenate(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** The segment whose marker, or the fill bytes before it, begin at `at`; undefined where the file ends within fill bytes. */
function segmentAt(bytes: Uint8Array, at: number, name: string): JpegSegment | undefined {
  if (bytes[at] !== 0xff) bad(name, `no marker at byte ${at}`);
  let second = at + 1;
  while (bytes[second] === 0xff) second++;
  const marker = bytes[second];
  if (marker === undefined) return undefined;
  if (marker === EOI) return { name: 'EOI', marker, start: at, end: second + 1, payload: undefined };
  if (marker < 0xc0 || (marker >= 0xd0 && marker <= SOI)) bad(name, `marker FF${hex(marker)} at byte ${at}, which cannot stand there`);
  const length = ((bytes[second + 1] ?? 0) << 8) | (bytes[second + 2] ?? 0);
  const end = second + 1 + length;
  if (length < 2 || end > bytes.length)
    bad(name, `segment ${markerName(marker)} at byte ${at} has length ${length}; ${bytes.length - at} bytes remain`);
  return { name: markerName(marker), marker, start: at, end, payload: bytes.subarray(second + 3, end) };
}

/** Where compressed data ends: at a marker that is neither a stuffed zero nor a restart. */
function scanEnd(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next !== undefined && next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return bytes.length;
}

function markerName(marker: number): string {
  const named: Readonly<Record<number, string>> = {
    196: 'DHT',
    200: 'JPG',
    204: 'DAC',
    218: 'SOS',
    219: 'DQT',
    220: 'DNL',
    221: 'DRI',
    254: 'COM',
  };
  if (named[marker] !== undefined) return named[marker];
  if (marker <= 0xcf) return `SOF${marker - 0xc0}`;
  return marker >= APP0 && marker <= APP15 ? `APP${marker - APP0}` : `FF${hex(marker)}`;
}

const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0');

function bad(name: string, found: string): never {
  throw new FormatError(`${name}: not a JPEG file that can be read`, { found, next: 'restore the file, or remove it from the folder' });
}
