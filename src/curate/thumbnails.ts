/**
 * Thumbnails of 16×16 as vectors of fewer numbers, scaled so that their Euclidean distance is a lower bound of the distance of the thumbnails.
 */

const GRID = 16;
const WIDTH = GRID * GRID * 3;

/** Numbers of a thumbnail joined to 8×8. */
export const NOVELTY_WIDTH = 192;

/**
 * Means of `factor`×`factor` cells times `factor`: by Cauchy and Schwarz no two vectors are farther apart than their thumbnails.
 *
 * @returns (16/factor)²·3 numbers for each of `faces`, in this order.
 */
export function coarseThumbnails(thumbnails: Uint8Array, faces: readonly number[], factor = 2): Float32Array {
  const side = GRID / factor;
  const width = side * side * 3;
  const out = new Float32Array(faces.length * width);
  for (const [k, face] of faces.entries()) {
    for (let y = 0, from = face * WIDTH; y < GRID; y++) {
      for (let x = 0; x < GRID; x++) {
        const to = k * width + (Math.trunc(y / factor) * side + Math.trunc(x / factor)) * 3;
        for (let c = 0; c < 3; c++, from++) out[to + c]! += thumbnails[from]! / factor;
      }
    }
  }
  return out;
}
