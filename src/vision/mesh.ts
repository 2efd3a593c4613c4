/**
 * The attention mesh's outputs as one mesh of 478 points. Its second look at lips and eyes gives better places for some points of the
 * coarse mesh; the irises come behind them.
 * Source: MediaPipe's tensors_to_face_landmarks_with_attention graph (Apache-2.0), with its tables of indices.
 */
import type { Affine } from '../image/index.ts';
import type { Feed } from '../runtime/index.ts';
import type { FaceMesh } from './faceModels.ts';

/** Side of the network's input in pixels. */
export const MESH_SIZE = 192;

const COARSE = 468;
const ALL = 478;

const lips = [
  61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 78, 95, 88, 178, 87, 14, 317, 402, 318, 324,
  308, 191, 80, 81, 82, 13, 312, 311, 310, 415, 76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408,
  62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407,
];
/** Of the eye left in the image; the first 16 go around it. */
const eyeLeft = [
  33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28,
  56, 190, 226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189, 35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119,
  120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193,
];
const eyeRight = [
  263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260,
  259, 257, 258, 286, 414, 446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413, 265, 353, 276, 283, 282, 295,
  372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336, 285, 417,
];
const AROUND = 16;

/** What the network says before its second look: the coarse mesh and whether there is a face. */
export const coarseOutputs: readonly string[] = ['output_mesh_identity', 'conv_faceflag'];

type Outputs = Readonly<Record<string, Feed>>;

function outputOf(outputs: Outputs, name: string, length: number): Float32Array {
  const data = outputs[name]?.data;
  if (!(data instanceof Float32Array) || data.length !== length) throw new Error(`the mesh network gave no ${name} of ${length} numbers`);
  return data;
}

/** The mesh of 468 points, without a second look. Parameters as for `meshFromOutputs`. */
export function coarseFromOutputs(outputs: Outputs, imageFromTile: Affine): FaceMesh {
  const points = outputOf(outputs, 'output_mesh_identity', COARSE * 3).slice();
  return inPicture(outputs, points, imageFromTile);
}

/**
 * @param outputs of one run, in pixels of the input.
 * @param imageFromTile a similarity to pixels of the picture; depths are scaled with it.
 */
export function meshFromOutputs(outputs: Outputs, imageFromTile: Affine): FaceMesh {
  const of = (name: string, length: number): Float32Array => outputOf(outputs, name, length);
  const points = new Float32Array(ALL * 3);
  points.set(of('output_mesh_identity', COARSE * 3));
  const place = (indices: readonly number[], found: Float32Array): void => {
    for (let k = 0; k < indices.length; k++) {
      points[indices[k]! * 3] = found[k * 2]!;
      points[indices[k]! * 3 + 1] = found[k * 2 + 1]!;
    }
  };
  place(lips, of('output_lips', lips.length * 2));
  place(eyeLeft, of('output_left_eye', eyeLeft.length * 2));
  place(eyeRight, of('output_right_eye', eyeRight.length * 2));
  for (const [k, [iris, eye]] of (
    [
      ['output_left_iris', eyeLeft],
      ['output_right_iris', eyeRight],
    ] as const
  ).entries()) {
    const indices = Array.from({ length: 5 }, (_, i) => COARSE + 5 * k + i);
    place(indices, of(iris, 10));
    // The network gives irises no depth; they lie as deep as the eye around them.
    const depth = eye.slice(0, AROUND).reduce((sum, i) => sum + points[i * 3 + 2]!, 0) / AROUND;
    for (const i of indices) points[i * 3 + 2] = depth;
  }
  return inPicture(outputs, points, imageFromTile);
}

function inPicture(outputs: Outputs, points: Float32Array, [a, b, tx, c, d, ty]: Affine): FaceMesh {
  const scale = Math.hypot(a, c);
  for (let i = 0; i < points.length; i += 3) {
    const [x, y] = [points[i]!, points[i + 1]!];
    points[i] = a * x + b * y + tx;
    points[i + 1] = c * x + d * y + ty;
    points[i + 2]! *= scale;
  }
  return { points, presence: 1 / (1 + Math.exp(-outputOf(outputs, 'conv_faceflag', 1)[0]!)) };
}
