/**
 * Every measure that can be taken of a face, as a table: how many numbers it has, how they are kept, what it is computed from. Sorting
 * and choosing name the measures they need; faceMeasures.ts computes them.
 */
import { OptionError } from '../base/index.ts';
import type { FaceMetadata } from '../faceset/index.ts';

export interface MeasureInfo {
  /** Numbers per face; 0 if it depends on the size of the picture. */
  readonly width: number;
  readonly store: 'f8' | 'f4' | 'u1';
  /**
   * What it is computed from. `pixels`: the image alone; `face`: image and landmarks; `landmarks`: no image; `identity`: what extraction kept in
   * the file, else the identity network; `file`: what extraction kept in the file.
   */
  readonly from: 'pixels' | 'face' | 'landmarks' | 'identity' | 'file';
  readonly label: string;
}

export const measureTable = {
  sharpness: { width: 1, store: 'f8', from: 'face', label: 'share of sharp edges (CPBD), 0…1' },
  detail: { width: 1, store: 'f8', from: 'face', label: 'variance of the Laplacian between brows and mouth, at 128 pixels' },
  motion: { width: 1, store: 'f8', from: 'face', label: 'variance of the Laplacian of aperture 11' },
  brightness: { width: 1, store: 'f8', from: 'pixels', label: 'mean of V, 0…255' },
  hue: { width: 1, store: 'f8', from: 'pixels', label: 'mean of H, 0…179' },
  black: { width: 1, store: 'f8', from: 'pixels', label: 'channel values that are 0' },
  exposure: { width: 1, store: 'f8', from: 'face', label: 'range of tones of the face that are not clipped, 0…1' },
  maskedGrey: { width: 256, store: 'f4', from: 'face', label: 'histogram of gray inside the hull, all else counted as 0' },
  grey: { width: 256, store: 'f4', from: 'pixels', label: 'histogram of gray' },
  bgr: { width: 768, store: 'f4', from: 'pixels', label: 'histograms of blue, green, red' },
  thumbnail: { width: 768, store: 'u1', from: 'pixels', label: 'means of red, green, blue on a grid of 16×16' },
  picture: { width: 0, store: 'u1', from: 'pixels', label: 'the whole picture, red, green, blue' },
  pose: { width: 3, store: 'f8', from: 'landmarks', label: 'pitch, yaw, roll in radians' },
  sourceArea: { width: 1, store: 'f8', from: 'landmarks', label: 'area of the rectangle in the frame, in pixels' },
  expression: { width: 4, store: 'f8', from: 'landmarks', label: 'mouth opening, mouth width, eye opening, height of brows' },
  extraction: { width: 3, store: 'f8', from: 'file', label: 'score of the detector, score of the landmarks, seconds in the clip' },
  identity: { width: 128, store: 'f4', from: 'identity', label: 'vector of identity' },
} as const satisfies Readonly<Record<string, MeasureInfo>>;

export type MeasureName = keyof typeof measureTable;

export type MeasureValues = Float64Array | Float32Array | Uint8Array;

/** An array of `length` numbers as the measure keeps them. */
export function measureArray(name: MeasureName, length: number): MeasureValues {
  switch (measureTable[name].store) {
    case 'f8':
      return new Float64Array(length);
    case 'f4':
      return new Float32Array(length);
    case 'u1':
      return new Uint8Array(length);
  }
}

/** A set of faces and what was measured of them. */
export interface Measures {
  readonly count: number;
  name(i: number): string;
  /** Undefined for an image without face data. */
  metadata(i: number): FaceMetadata | undefined;
  /**
   * Face i has values i·width … (i + 1)·width − 1. Where a face is broken or lacks what the measure is computed from, floats are NaN and bytes 0.
   *
   * @throws OptionError if the measure was not asked for.
   */
  values(name: MeasureName): MeasureValues;
  /** Numbers per face of this measure. */
  width(name: MeasureName): number;
  /** Faces whose image cannot be decoded, and why. */
  readonly broken: ReadonlyMap<number, string>;
}

/** Measures from arrays at hand, for tests and for callers that have them already. */
export function measuresOf(
  names: readonly string[],
  arrays: Readonly<Partial<Record<MeasureName, MeasureValues>>>,
  metadata: readonly (FaceMetadata | undefined)[] = [],
  broken: ReadonlyMap<number, string> = new Map(),
): Measures {
  return {
    count: names.length,
    name: (i) => names[i]!,
    metadata: (i) => metadata[i],
    broken,
    width: (name) => (names.length === 0 ? 0 : (arrays[name]?.length ?? 0) / names.length),
    values(name) {
      const values = arrays[name];
      if (values === undefined)
        throw new OptionError(`the measure ${name} was not taken`, { next: 'name it among those that measureFaces takes' });
      return values;
    },
  };
}

/** Whether face i has this measure. */
export function isMeasured(measures: Measures, name: MeasureName, i: number): boolean {
  if (measures.broken.has(i)) return false;
  return !Number.isNaN(measures.values(name)[i * measures.width(name)]);
}
