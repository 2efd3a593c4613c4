/**
 * MediaPipe's custom operators of the attention mesh: they cut the regions of lips and eyes out of a layer of features, turned and scaled
 * as the coarse mesh lies, and bring what was found there back into the picture. Matrices are 4×4 on points (x, y, 0, 1).
 * Source: mediapipe/util/tflite/operations (Apache-2.0): landmarks_to_transform_matrix.cc, transform_tensor_bilinear.cc,
 * transform_landmarks.cc, all of version 2.
 */

import { type FlexValue, readFlexMap } from './flexbuffer.ts';
import type { Lowering } from './lowering.ts';

const MOST_POINTS = 4096;

/** The matrix that puts an output square of the given size over the bounding box of some landmarks, turned with a line between two. */
export function landmarksToMatrix(l: Lowering): string {
  const { writer } = l;
  const option = optionsOf(l);
  const [left, right] = [option.number('left_rotation_idx'), option.number('right_rotation_idx')];
  const [width, height] = [option.number('output_width'), option.number('output_height')];
  const subset = option.list('subset_idxs');
  const [, count = 0, axes] = l.shape(0);
  if (axes === undefined || [left, right, ...subset].some((i) => i < 0 || i >= count)) l.fail('landmarks that are not there');

  const plane = writer.node('Slice', [l.value(0), writer.ints([0]), writer.ints([2]), writer.ints([2])]);
  const point = (i: number): string => writer.node('Gather', [plane, writer.ints([i])], { axis: 1 });
  const line = writer.node('Sub', [point(right), point(left)]);
  const direction = writer.node('Div', [line, writer.node('ReduceL2', [line], { axes: [2], keepdims: 1 })]);
  const [cos, sin] = [0, 1].map((k) => writer.node('Slice', [direction, writer.ints([k]), writer.ints([k + 1]), writer.ints([2])]));
  // As rows: p · turn leads into the frame of the line, p · turnᵀ back; as a matrix on columns, `turn` leads back.
  const turn = writer.node(
    'Concat',
    [writer.node('Concat', [cos!, writer.node('Neg', [sin!])], { axis: 2 }), writer.node('Concat', [sin!, cos!], { axis: 2 })],
    { axis: 1 },
  );
  const turned = writer.node('MatMul', [writer.node('Gather', [plane, writer.ints(subset)], { axis: 1 }), turn]);
  const most = writer.node('ReduceMax', [turned], { axes: [1], keepdims: 1 });
  const least = writer.node('ReduceMin', [turned], { axes: [1], keepdims: 1 });
  const middle = writer.node('Mul', [writer.node('Add', [most, least]), writer.float(0.5)]);
  const centre = writer.node('MatMul', [middle, writer.node('Transpose', [turn], { perm: [0, 2, 1] })]);
  const perPixel = writer.array([1, 1, 2], Float32Array.of(option.number('scale_x') / width, option.number('scale_y') / height));
  const linear = writer.node('Mul', [turn, writer.node('Mul', [writer.node('Sub', [most, least]), perPixel])]);
  const toCorner = writer.node('MatMul', [linear, writer.array([1, 2, 1], Float32Array.of(-width / 2, -height / 2))]);
  const shift = writer.node('Add', [writer.reshape(centre, [1, 2, 1]), toCorner]);
  const rows = writer.node('Concat', [linear, writer.array([1, 2, 1], new Float32Array(2)), shift], { axis: 2 });
  return writer.node('Concat', [rows, writer.array([1, 2, 4], Float32Array.of(0, 0, 1, 0, 0, 0, 0, 1))], { axis: 1 });
}

/** Samples a picture where a matrix sends the centres of the output's pixels; outside it is 0. */
export function transformTensor(l: Lowering): string {
  const { writer } = l;
  const option = optionsOf(l);
  const [height, width] = [option.number('output_height'), option.number('output_width')];
  const [, h, w, channels] = l.shape(0);
  if (h === undefined || w === undefined || channels === undefined || h < 2 || w < 2) return l.fail('no picture to sample');
  if (height < 1 || width < 1 || height * width > MOST_POINTS) l.fail(`${width}×${height} points`);
  const centres = new Float32Array(2 * height * width);
  for (let i = 0; i < height * width; i++) {
    centres[i] = (i % width) + 0.5;
    centres[height * width + i] = Math.floor(i / width) + 0.5;
  }
  const [linear, shift] = partsOf(l, 1);
  const mapped = writer.node('Add', [writer.node('MatMul', [linear, writer.array([1, 2, height * width], centres)]), shift]);
  const pixel = writer.node('Sub', [mapped, writer.float(0.5)]); // pixel centres at whole numbers
  const scaled = writer.node('Mul', [pixel, writer.array([1, 2, 1], Float32Array.of(2 / (w - 1), 2 / (h - 1)))]);
  const unit = writer.node('Sub', [scaled, writer.float(1)]);
  const grid = writer.reshape(writer.node('Transpose', [unit], { perm: [0, 2, 1] }), [1, height, width, 2]);
  const settings = { mode: 'bilinear', padding_mode: 'zeros', align_corners: 1 };
  return writer.node('GridSample', [l.value(0), grid], settings);
}

/** Points x, y mapped by a matrix. */
export function transformLandmarks(l: Lowering): string {
  const { writer } = l;
  const [linear, shift] = partsOf(l, 1).map((part) => writer.node('Transpose', [part], { perm: [0, 2, 1] }));
  return writer.node('Add', [writer.node('MatMul', [l.value(0), linear!]), shift!]);
}

/** The plane's part of a 4×4 matrix: 2×2 and the shift, 2×1. */
function partsOf(l: Lowering, input: number): readonly [linear: string, shift: string] {
  const { writer } = l;
  const matrix = l.value(input);
  const columns = (from: number, to: number): string =>
    writer.node('Slice', [matrix, writer.ints([0, from]), writer.ints([2, to]), writer.ints([1, 2])]);
  return [columns(0, 2), columns(3, 4)];
}

interface Options {
  number(name: string): number;
  list(name: string): readonly number[];
}

function optionsOf(l: Lowering): Options {
  const map = readFlexMap(l.operator.customOptions, l.operator.kind);
  const get = (name: string): FlexValue => map.get(name) ?? l.fail(`no option ${name}`);
  return {
    number: (name) => {
      const value = get(name);
      return typeof value === 'number' && Number.isFinite(value) ? value : l.fail(`option ${name}`);
    },
    list: (name) => {
      const value = get(name);
      return typeof value === 'object' && value.length > 0 ? value : l.fail(`option ${name}`);
    },
  };
}
