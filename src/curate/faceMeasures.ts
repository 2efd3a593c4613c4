/**
 * The measures of one face, from its picture and its landmarks. Each is one entry of a table; a step that several need (the picture with
 * all but the face in black, its gray) is made once.
 */
import { FormatError } from '../base/index.ts';
import { measureFace } from '../extract/index.ts';
import { type Landmarks, poseOf, unitFromImage } from '../face/index.ts';
import { type FaceMetadata, liaeFields, readFace } from '../faceset/index.ts';
import { type ByteImage, type ImageCodec, mapPoints } from '../image/index.ts';
import type { FaceModels } from '../vision/index.ts';
import { BINS } from './histograms.ts';
import type { FaceValues, MeasureJob, Measurer } from './measureFaces.ts';
import { type MeasureName, type MeasureValues, measureArray, measureTable } from './measureTable.ts';
import { laplacianVariance } from './motionBlur.ts';
import { greyBytes, maskedFace, meanHueAndValue, threeChannels } from './pixels.ts';
import { sharpness } from './sharpness.ts';

/** What the measures of one face share. */
interface Subject {
  /** RGB. */
  readonly image: ByteImage;
  readonly metadata: FaceMetadata;
  readonly size: readonly [width: number, height: number];
  readonly masked: () => ByteImage;
  readonly maskedGrey: () => Uint8Array;
  readonly hueAndValue: () => { readonly hue: number; readonly value: number };
}

type Measure = (subject: Subject) => ArrayLike<number>;

/** All but those that are not functions of these. */
const measures: Readonly<Record<Exclude<MeasureName, 'identity' | 'extraction'>, Measure>> = {
  sharpness: ({ image: { width, height }, maskedGrey }) => [sharpness({ width, height, data: Float64Array.from(maskedGrey()) })],
  detail: ({ image, metadata }) => [measureFace(image, metadata.landmarks).sharpness],
  motion: ({ masked }) => [laplacianVariance(masked().data, masked().width, masked().height, 3)],
  brightness: ({ hueAndValue }) => [hueAndValue().value],
  hue: ({ hueAndValue }) => [hueAndValue().hue],
  black: ({ image }) => [histogram(image.data, 0, 1)[0]!],
  exposure: ({ maskedGrey }) => [toneRange(maskedGrey())],
  maskedGrey: ({ maskedGrey }) => histogram(maskedGrey(), 0, 1),
  grey: ({ image }) => histogram(greyBytes(image), 0, 1),
  bgr: ({ image }) => {
    const all = new Float64Array(3 * BINS);
    for (let c = 0; c < 3; c++) all.set(histogram(image.data, 2 - c, 3), c * BINS);
    return all;
  },
  thumbnail: ({ image }) => thumbnail(image),
  picture: ({ image }) => image.data,
  pose: ({ metadata, size }) => {
    const { pitch, yaw, roll } = poseOf(metadata.landmarks, size[0]);
    return [pitch, yaw, roll];
  },
  sourceArea: ({ metadata }) => [rectArea(metadata.sourceRect)],
  expression: ({ metadata }) => expressionOf(metadata.landmarks),
};

/** Area of a rectangle left, top, right, bottom; NaN without one. Source: the shoelace rule over its corners. */
function rectArea(rect: readonly number[] | undefined): number {
  const [left = Number.NaN, top = Number.NaN, right = Number.NaN, bottom = Number.NaN] = rect ?? [];
  return Math.abs((right - left) * (bottom - top));
}

function histogram(values: Uint8Array, from: number, step: number): Int32Array {
  const counts = new Int32Array(BINS);
  for (let i = from; i < values.length; i += step) counts[values[i]!]!++;
  return counts;
}

/** Gray values beyond these hold no detail. */
const [CRUSHED, BLOWN] = [8, 247];

/**
 * How well a face is exposed: the distance between the 5th and the 95th percentile of its gray values as a share of 255, times the share of
 * them that are neither crushed (8 and less) nor blown out (247 and more). It does not ask how light the skin is.
 *
 * @param grey  0 outside the face.
 */
function toneRange(grey: Uint8Array): number {
  const counts = histogram(grey, 0, 1);
  counts[0] = 0;
  const total = counts.reduce((a, b) => a + b, 0);
  if (total === 0) return 0;
  const percentile = (share: number): number => {
    let [value, below] = [0, counts[0]!];
    while (below < share * total) below += counts[++value]!;
    return value;
  };
  let usable = 0;
  for (let v = CRUSHED + 1; v < BLOWN; v++) usable += counts[v]!;
  return ((percentile(0.95) - percentile(0.05)) / 255) * (usable / total);
}

const GRID = 16;

/** Means of the picture's colours on a grid of 16×16, rows first. A cell takes the pixels whose centres lie in it. */
function thumbnail({ width, height, data }: ByteImage): Uint8Array {
  const sums = new Float64Array(GRID * GRID * 3);
  const counts = new Float64Array(GRID * GRID);
  const column = Int32Array.from({ length: width }, (_, x) => Math.floor(((x + 0.5) * GRID) / width));
  for (let y = 0, p = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * GRID) / height) * GRID;
    for (let x = 0; x < width; x++, p += 3) {
      const cell = row + column[x]!;
      counts[cell]!++;
      sums[cell * 3]! += data[p]!;
      sums[cell * 3 + 1]! += data[p + 1]!;
      sums[cell * 3 + 2]! += data[p + 2]!;
    }
  }
  return Uint8Array.from(sums, (sum, i) => (counts[Math.trunc(i / 3)]! === 0 ? 0 : Math.round(sum / counts[Math.trunc(i / 3)]!)));
}

/**
 * What the face does, in units of the template's square, so that size and place drop out: how far the inner lips are apart (mean of three
 * pairs), how wide the mouth is (corner to corner), how open the eyes are (mean height over width), how far the brows are above the eyes.
 */
export function expressionOf(landmarks: Landmarks): readonly [mouth: number, mouthWidth: number, eyes: number, brows: number] {
  const p = mapPoints(unitFromImage(landmarks), landmarks);
  const apart = (i: number, j: number): number => Math.hypot(p[2 * i]! - p[2 * j]!, p[2 * i + 1]! - p[2 * j + 1]!);
  const mean = (...values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const eye = (k: number): number => mean(apart(k + 1, k + 5), apart(k + 2, k + 4)) / apart(k, k + 3);
  return [
    mean(apart(61, 67), apart(62, 66), apart(63, 65)),
    apart(48, 54),
    mean(eye(36), eye(42)),
    mean(apart(19, 37), apart(20, 38), apart(23, 43), apart(24, 44)),
  ];
}

/**
 * Takes measures on this thread.
 *
 * @param models  computes the identity of faces whose file does not hold it; without it they have none.
 * @throws FormatError from measure() if the image is broken or of more than one and fewer than three channels.
 */
export function measurerOf(codec: ImageCodec, models?: FaceModels): Measurer {
  return { parallel: 2, measure: (job) => measureJob(job, codec, models) };
}

async function measureJob(job: MeasureJob, codec: ImageCodec, models: FaceModels | undefined): Promise<FaceValues> {
  const { name, bytes, metadata, wanted } = job;
  const needsImage = wanted.some((measure) => ['pixels', 'face'].includes(measureTable[measure].from));
  const image = needsImage ? threeChannels(await decoded(codec, bytes, name)) : undefined;
  const subject = subjectOf(image, job);
  const values: Partial<Record<MeasureName, MeasureValues>> = {};
  for (const measure of wanted) {
    const { from, width } = measureTable[measure];
    const lacking = metadata === undefined && from !== 'pixels';
    let found: ArrayLike<number> | undefined;
    if (!lacking) {
      if (measure === 'identity') found = await identityOf(job, image, codec, models);
      else if (measure === 'extraction') found = extractionOf(job);
      else found = measures[measure](subject);
    }
    const array = measureArray(measure, found?.length ?? width);
    if (found === undefined) array.fill(Number.NaN);
    else array.set(found);
    values[measure] = array;
  }
  return values;
}

/** Steps are taken when they are first asked for. Of an image without face data, only measures of pixels are taken. */
function subjectOf(image: ByteImage | undefined, { metadata, size }: MeasureJob): Subject {
  const once = <T>(make: () => T): (() => T) => {
    let made: { readonly value: T } | undefined;
    return () => {
      made ??= { value: make() };
      return made.value;
    };
  };
  const masked = once(() => maskedFace(image!, metadata!.landmarks));
  return {
    image: image!,
    metadata: metadata!,
    size,
    masked,
    maskedGrey: once(() => greyBytes(masked())),
    hueAndValue: once(() => meanHueAndValue(image!)),
  };
}

/** Undefined of files that are no JPEGs, which hold no fields of ours. */
function extractionOf({ name, bytes }: MeasureJob): ArrayLike<number> | undefined {
  if (bytes?.[0] !== 0xff) return undefined;
  const { detectorScore, landmarkScore, time } = liaeFields(readFace(bytes, name).dict);
  return [detectorScore ?? Number.NaN, landmarkScore ?? Number.NaN, time ?? Number.NaN];
}

async function identityOf(
  { name, bytes, metadata }: MeasureJob,
  image: ByteImage | undefined,
  codec: ImageCodec,
  models: FaceModels | undefined,
): Promise<ArrayLike<number> | undefined> {
  const kept = bytes?.[0] === 0xff ? liaeFields(readFace(bytes, name).dict).embedding : undefined;
  if (kept !== undefined || models === undefined) return kept;
  return models.identity(image ?? threeChannels(await decoded(codec, bytes, name)), metadata!.landmarks);
}

function decoded(codec: ImageCodec, bytes: Uint8Array | undefined, name: string): Promise<ByteImage> {
  if (bytes === undefined) throw new FormatError(`${name}: the image was not read`);
  return codec.decode(bytes, name);
}
