/** What was measured of faces as plain columns of numbers, for tables and lists: one name, one number a face, in units that people know. */
import type { MeasureName, Measures } from './measureTable.ts';

interface FaceNumber {
  readonly name: string;
  readonly measure: MeasureName;
  /** Which of the measure's numbers, and what it is multiplied by. */
  readonly at?: number;
  readonly scale?: number;
  readonly digits: number;
  readonly label: string;
}

const DEGREES = 180 / Math.PI;

export const faceNumbers: readonly FaceNumber[] = [
  { name: 'sharpness', measure: 'sharpness', digits: 4, label: 'share of sharp edges, 0…1' },
  {
    name: 'motion',
    measure: 'motion',
    scale: 1e-9,
    digits: 4,
    label: 'sharpness against motion blur: variance of the Laplacian of aperture 11, in billions',
  },
  { name: 'area', measure: 'sourceArea', digits: 0, label: 'of the face in its frame, in pixels' },
  { name: 'yaw', measure: 'pose', at: 1, scale: DEGREES, digits: 1, label: 'degrees; positive looks to the left of the picture' },
  { name: 'pitch', measure: 'pose', at: 0, scale: DEGREES, digits: 1, label: 'degrees; positive looks up' },
  { name: 'roll', measure: 'pose', at: 2, scale: DEGREES, digits: 1, label: 'degrees; the tilt that is left in the picture' },
  { name: 'brightness', measure: 'brightness', scale: 1 / 255, digits: 3, label: 'mean of V, 0…1' },
  { name: 'exposure', measure: 'exposure', digits: 3, label: 'range of tones of the face that are not clipped, 0…1' },
  { name: 'hue', measure: 'hue', scale: 2, digits: 1, label: 'mean hue in degrees, 0…360' },
  { name: 'black', measure: 'black', digits: 0, label: 'channel values that are 0' },
  { name: 'mouth', measure: 'expression', at: 0, digits: 3, label: 'opening of the mouth' },
  { name: 'eyes', measure: 'expression', at: 2, digits: 3, label: 'opening of the eyes' },
  { name: 'detectorScore', measure: 'extraction', at: 0, digits: 4, label: 'score of the detector, 0…1; of faces that liae extracted' },
  { name: 'landmarkScore', measure: 'extraction', at: 1, digits: 4, label: 'score of the landmarks, 0…1; of faces that liae extracted' },
  { name: 'seconds', measure: 'extraction', at: 2, digits: 3, label: 'seconds in the clip; of faces that liae extracted' },
];

/** The measures that the columns are made of. */
export const numbersNeed: readonly MeasureName[] = [...new Set(faceNumbers.map(({ measure }) => measure))];

/** A column for each name; null where a face lacks what it is computed from. @param measures  holding `numbersNeed`. */
export function numberColumns(measures: Measures): Readonly<Record<string, readonly (number | null)[]>> {
  return Object.fromEntries(
    faceNumbers.map(({ name, measure, at = 0, scale = 1, digits }) => {
      const [values, width] = [measures.values(measure), measures.width(measure)];
      const one = (i: number): number | null => {
        const value = values[i * width + at]! * scale;
        return Number.isNaN(value) || measures.broken.has(i) ? null : Number(value.toFixed(digits));
      };
      return [name, Array.from({ length: measures.count }, (_, i) => one(i))];
    }),
  );
}
