/** Kinds of aligned faces: how much of the head the square holds. Text in JPEG files, numbers in packed facesets. */

/** A larger number contains a smaller one. */
export const faceTypeNumbers = {
  half_face: 0,
  midfull_face: 1,
  full_face: 2,
  full_face_no_align: 3,
  whole_face: 4,
  head: 10,
  head_no_align: 20,
  mark_only: 100,
} as const;

export type FaceType = keyof typeof faceTypeNumbers;

export const isFaceType = (text: string): text is FaceType => Object.hasOwn(faceTypeNumbers, text);

export const faceTypeOfNumber = (number: number): FaceType | undefined =>
  (Object.keys(faceTypeNumbers) as FaceType[]).find((type) => faceTypeNumbers[type] === number);
