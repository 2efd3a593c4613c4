/**
 * dlib's identity network, a ResNet of 29 layers, out of the weight files that face-api ships: a manifest in JSON and the numbers, most
 * arrays in 8 bits with a scale and a least value each. They stay 8 bits in the ONNX file (the runtime unpacks them when it loads it),
 * and the layers that only scale and shift are folded into their convolutions.
 * Source of the wiring: face-api.js, faceRecognitionNet (MIT); dlib, dnn_face_recognition_ex.cpp (BSL-1.0).
 */
import { FormatError, type Shape, sizeOf } from '../base/index.ts';
import { dataTypes, encodeModel, OnnxWriter } from '../graph/index.ts';

const SIDE = 150;

/** An array of v · scale + least. */
interface Packed {
  readonly shape: Shape;
  readonly data: Uint8Array | Float32Array;
  readonly scale: number;
  readonly least: number;
}

/**
 * The ONNX file: input `input` [1, 3, 150, 150] of R, G, B, output `embedding` [1, 128].
 *
 * @param manifest, weights the two files of the model.
 * @throws FormatError if they do not belong together or hold another network.
 */
export function onnxFromIdentityWeights(manifest: Uint8Array, weights: Uint8Array, name: string): Uint8Array {
  const arrays = readArrays(manifest, weights, name);
  const writer = new OnnxWriter();
  const array = (label: string, shape: Shape): Packed => {
    const found = arrays.get(label);
    if (found !== undefined && found.shape.length === shape.length && shape.every((side, i) => side === found.shape[i])) return found;
    throw new FormatError(`${name}: not dlib's identity network`, {
      found: `${label} [${found?.shape ?? 'absent'}]`,
      expected: `[${shape}]`,
    });
  };
  const vector = (label: string, length: number): Float32Array => unpack(array(label, [length]));

  const conv = (x: string, label: string, kernel: number, from: number, to: number, stride: number, border: number): string => {
    const filters = array(`${label}/conv/filters`, [kernel, kernel, from, to]);
    const bias = vector(`${label}/conv/bias`, to);
    const [factor, shift] = [vector(`${label}/scale/weights`, to), vector(`${label}/scale/biases`, to)];
    const spread = (data: Float32Array): string => writer.array([to, 1, 1, 1], data);
    const stored = writer.array([to, from, kernel, kernel], outputsFirst(filters));
    const raw = filters.data instanceof Uint8Array ? writer.node('Cast', [stored], { to: dataTypes.float32 }) : stored;
    const scaled = writer.node('Mul', [raw, spread(factor.map((v) => v * filters.scale))]);
    const weight = filters.least === 0 ? scaled : writer.node('Add', [scaled, spread(factor.map((v) => v * filters.least))]);
    const offset = writer.array(
      [to],
      factor.map((v, i) => v * bias[i]! + shift[i]!),
    );
    const window = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [border, border, border, border] };
    return writer.node('Conv', [x, weight, offset], window);
  };
  const relu = (x: string): string => writer.node('Relu', [x]);
  const padded = (x: string, channels: number, pixels: number): string =>
    channels === 0 && pixels === 0 ? x : writer.node('Pad', [x, writer.ints([0, 0, 0, 0, 0, channels, pixels, pixels])]);

  const residual = (x: string, label: string, width: number): string => {
    const inner = relu(conv(x, `${label}/conv1`, 3, width, width, 1, 1));
    return relu(writer.node('Add', [conv(inner, `${label}/conv2`, 3, width, width, 1, 1), x]));
  };
  /** Halves the picture of `side`; the skip is pooled, and each of the two is padded with zeros to the other's size. */
  const down = (x: string, label: string, side: number, from: number, to: number): string => {
    const inner = relu(conv(x, `${label}/conv1`, 3, from, to, 2, 0));
    const main = conv(inner, `${label}/conv2`, 3, to, to, 1, 1);
    const skip = writer.node('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
    const short = Math.floor(side / 2) - (Math.floor((side - 3) / 2) + 1);
    return relu(writer.node('Add', [padded(skip, to - from, 0), padded(main, 0, short)]));
  };

  let x = relu(conv('input', 'conv32_down', 7, 3, 32, 2, 0));
  x = writer.node('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2] });
  let [side, width] = [35, 32];
  for (const [label, to, times] of stages) {
    if (label !== 'conv32') {
      x = down(x, label === 'out' ? 'conv256_down_out' : `${label}_down`, side, width, to);
      side = Math.floor(side / 2);
    }
    width = to;
    for (let i = 1; i <= times; i++) x = residual(x, `${label}_${i}`, width);
  }
  x = writer.node('ReduceMean', [x], { axes: [2, 3], keepdims: 0 });
  const last = writer.array([256, 128], unpack(array('fc', [256, 128])));
  writer.nodes.push({ opType: 'MatMul', domain: '', input: [x, last], output: ['embedding'], attribute: [] });
  const info = (label: string, dims: Shape): { name: string; elemType: number; dims: Shape } => ({
    name: label,
    elemType: dataTypes.float32,
    dims,
  });
  return encodeModel(
    {
      name: 'identity',
      node: writer.nodes,
      initializer: writer.initializers,
      input: [info('input', [1, 3, SIDE, SIDE])],
      output: [info('embedding', [1, 128])],
    },
    writer.opset,
  );
}

/** Names, widths and numbers of residual blocks; each but the first begins by halving the picture. */
const stages = [
  ['conv32', 32, 3],
  ['conv64', 64, 3],
  ['conv128', 128, 2],
  ['conv256', 256, 2],
  ['out', 256, 0],
] as const;

const unpack = ({ data, scale, least }: Packed): Float32Array => Float32Array.from(data, (v) => v * scale + least);

/** [h, w, from, to] as [to, from, h, w]. */
function outputsFirst({ shape, data }: Packed): Uint8Array | Float32Array {
  const [h = 0, w = 0, from = 0, to = 0] = shape;
  const out = data instanceof Uint8Array ? new Uint8Array(data.length) : new Float32Array(data.length);
  for (let pixel = 0, i = 0; pixel < h * w; pixel++) {
    for (let a = 0; a < from; a++) for (let b = 0; b < to; b++) out[(b * from + a) * h * w + pixel] = data[i++]!;
  }
  return out;
}

function readArrays(manifest: Uint8Array, weights: Uint8Array, name: string): ReadonlyMap<string, Packed> {
  const fail = (found: string): never => {
    throw new FormatError(`${name}: damaged weights`, { found });
  };
  let groups: unknown;
  try {
    groups = JSON.parse(new TextDecoder().decode(manifest));
  } catch (cause) {
    throw new FormatError(`${name}: damaged weights`, { found: 'a manifest that is no JSON', cause });
  }
  const out = new Map<string, Packed>();
  let at = 0;
  for (const group of listOf(groups)) {
    for (const entry of listOf(fieldOf(group, 'weights'))) {
      const [label, shape, packing] = [fieldOf(entry, 'name'), listOf(fieldOf(entry, 'shape')), fieldOf(entry, 'quantization')];
      if (typeof label !== 'string') return fail('an array without a name');
      const sides = shape.map((side) =>
        typeof side === 'number' && Number.isInteger(side) && side > 0 ? side : fail(`shape of ${label}`),
      );
      const length = sizeOf(sides) * (packing === undefined ? 4 : 1);
      if (length > weights.length - at) fail(`${label} ends behind the file's ${weights.length} bytes`);
      const bytes = weights.slice(at, at + length);
      at += length;
      const [scale, least] = packing === undefined ? [1, 0] : [fieldOf(packing, 'scale'), fieldOf(packing, 'min')];
      if (typeof scale !== 'number' || typeof least !== 'number') return fail(`scale of ${label}`);
      if (packing === undefined ? fieldOf(entry, 'dtype') !== 'float32' : fieldOf(packing, 'dtype') !== 'uint8')
        return fail(`type of ${label}`);
      out.set(label, { shape: sides, data: packing === undefined ? new Float32Array(bytes.buffer) : bytes, scale, least });
    }
  }
  return at === weights.length ? out : fail(`${weights.length} bytes, of which the manifest names ${at}`);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const fieldOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
