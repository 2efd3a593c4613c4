/** Face types: how much around the face an aligned image holds. A larger number contains a smaller one. */
import { FormatError } from '../base/index.ts';

interface FaceTypeRow {
  readonly number: number;
  /** How users name it on the command line; absent for types that only files use. */
  readonly letter?: string;
  /** Margin around the template square, in units of its half diagonal over √2; absent if the whole image is kept. */
  readonly padding?: number;
  /** Whether the crop follows the image's axes instead of the face's. */
  readonly keepsRotation?: true;
}

const rows = {
  half_face: { number: 0, letter: 'h', padding: 0 },
  midfull_face: { number: 1, letter: 'mf', padding: 0.0675 },
  full_face: { number: 2, letter: 'f', padding: 0.2109375 },
  full_face_no_align: { number: 3, padding: 0.2109375, keepsRotation: true },
  whole_face: { number: 4, letter: 'wf', padding: 0.4 },
  head: { number: 10, letter: 'head', padding: 0.7 },
  head_no_align: { number: 20, padding: 0.7, keepsRotation: true },
  mark_only: { number: 100 },
} as const satisfies Record<string, FaceTypeRow>;

/** The names used in files. */
export type FaceType = keyof typeof rows;

export const faceTypes = Object.keys(rows) as readonly FaceType[];

/** The number, letter, padding and alignment of a face type. */
export const faceTypeInfo = (type: FaceType): FaceTypeRow => rows[type];

/** @throws FormatError for a name that no face type has. */
export function faceTypeFromName(name: string, file: string): FaceType {
  const type = faceTypes.find((known) => known === name);
  if (type !== undefined) return type;
  throw new FormatError(`${file}: unknown face type`, { found: JSON.stringify(name), expected: `one of ${faceTypes.join(', ')}` });
}

/** @throws FormatError for a number that no face type has. */
export function faceTypeFromNumber(number: number, file: string): FaceType {
  const type = faceTypes.find((known) => rows[known].number === number);
  if (type !== undefined) return type;
  throw new FormatError(`${file}: unknown face type`, {
    found: String(number),
    expected: faceTypes.map((t) => `${rows[t].number} ${t}`).join(', '),
  });
}

/** The face type of a letter (h, mf, f, wf, head); undefined if there is none. */
export const faceTypeFromLetter = (letter: string): FaceType | undefined => faceTypes.find((type) => faceTypeInfo(type).letter === letter);
