/**
 * Decoded faces (8-bit) in memory that all sample workers share. It fills up and never evicts: every pass uses each face once, so
 * throwing one out to keep another gains nothing, and a set that does not fit keeps the share that does.
 */
import { faceTypeFromNumber, faceTypeInfo } from '../../face/index.ts';
import type { Face, FaceSource } from '../../sample/index.ts';

/** What the workers of one set of faces share; plain memory, so that it can be posted to them. */
export interface SharedFaces {
  /** Entry 0: units taken. Entry 1 + i: what is known of face i. */
  readonly index: SharedArrayBuffer;
  readonly records: SharedArrayBuffer;
}

const UNIT = 16;
const ABSENT = 0;
const CLAIMED = 1;
/** A face at unit u is entered as u + FIRST. */
const FIRST = 2;

const LANDMARKS = 136;
/** Numbers before the pixels: width, height, mask's width and height, face type, brow factor, landmarks. */
const HEAD_BYTES = (6 + LANDMARKS) * 8;

/** @param bytes  the most that the faces may take. */
export function sharedFaces(count: number, bytes: number): SharedFaces {
  return {
    index: new SharedArrayBuffer((1 + count) * 4),
    records: new SharedArrayBuffer(Math.max(0, Math.floor(Math.min(bytes, (2 ** 31 - 8) * UNIT) / UNIT) * UNIT)),
  };
}

/** The same faces, kept in shared memory once they have been decoded, as far as there is room. */
export function cachedFaces(source: FaceSource, shared: SharedFaces): FaceSource {
  const index = new Int32Array(shared.index);
  return {
    count: source.count,
    shape: (i) => source.shape(i),
    async face(i) {
      const entry = Atomics.load(index, 1 + i);
      if (entry >= FIRST) return recordAt(shared.records, (entry - FIRST) * UNIT, `face ${i}`);
      const face = await source.face(i);
      if (Atomics.compareExchange(index, 1 + i, ABSENT, CLAIMED) === ABSENT) {
        const unit = reserve(index, Math.ceil(recordBytes(face) / UNIT), shared.records.byteLength / UNIT);
        if (unit !== undefined) {
          writeRecord(shared.records, unit * UNIT, face);
          Atomics.store(index, 1 + i, unit + FIRST);
        }
      }
      return face;
    },
  };
}

/** Takes units from what is left; undefined if they do not fit. A face that did not fit stays claimed, so nobody tries it again. */
function reserve(index: Int32Array, units: number, most: number): number | undefined {
  for (;;) {
    const taken = Atomics.load(index, 0);
    if (taken + units > most) return undefined;
    if (Atomics.compareExchange(index, 0, taken, taken + units) === taken) return taken;
  }
}

const recordBytes = ({ image, mask }: Face): number => HEAD_BYTES + image.data.length + (mask?.data.length ?? 0);

function writeRecord(records: SharedArrayBuffer, at: number, { image, mask, landmarks, faceType, eyebrowsExpandMod }: Face): void {
  const { number } = faceTypeInfo(faceType);
  const head = new Float64Array(records, at, 6 + LANDMARKS);
  head.set([image.width, image.height, mask?.width ?? 0, mask?.height ?? 0, number, eyebrowsExpandMod, ...landmarks]);
  const bytes = new Uint8Array(records, at + HEAD_BYTES);
  bytes.set(image.data);
  if (mask !== undefined) bytes.set(mask.data, image.data.length);
}

function recordAt(records: SharedArrayBuffer, at: number, name: string): Face {
  const head = new Float64Array(records, at, 6 + LANDMARKS);
  const [width = 0, height = 0, maskWidth = 0, maskHeight = 0, number = 0, eyebrowsExpandMod = 1] = head;
  const pixels = at + HEAD_BYTES;
  const imageBytes = width * height * 3;
  const mask = {
    width: maskWidth,
    height: maskHeight,
    channels: 1,
    data: new Uint8Array(records, pixels + imageBytes, maskWidth * maskHeight),
  };
  return {
    name,
    image: { width, height, channels: 3, data: new Uint8Array(records, pixels, imageBytes) },
    landmarks: head.slice(6),
    faceType: faceTypeFromNumber(number, name),
    eyebrowsExpandMod,
    mask: maskWidth > 0 ? mask : undefined,
  };
}
