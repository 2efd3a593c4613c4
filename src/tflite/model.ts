/**
 * TensorFlow Lite files as plain data: tensors with their constants in place, and the operators in the order of execution. Whatever is
 * here has indices, shapes and lengths that fit; what an operator makes of them is up to convert.ts.
 * Format: tensorflow/compiler/mlir/lite/schema/schema.fbs (Apache-2.0); numbers of fields and operators are from there.
 */
import { FormatError, shapeText, sizeOf } from '../base/index.ts';
import { FlatTable } from './flatbuffer.ts';

export interface LiteTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: 'float32' | 'float16' | 'int32';
  /** The constant, little-endian; empty for a tensor that is fed or computed. */
  readonly data: Uint8Array;
}

export interface LiteOperator {
  /** As the schema calls it, `CONV_2D`; of a custom operator its own name. */
  readonly kind: string;
  /** Indices of tensors; −1 for one that is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: FlatTable | undefined;
  readonly customOptions: Uint8Array;
}

export interface LiteModel {
  readonly tensors: readonly LiteTensor[];
  readonly operators: readonly LiteOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

const tensorTypes: readonly (LiteTensor['type'] | undefined)[] = ['float32', 'float16', 'int32'];
const widths = { float32: 4, float16: 2, int32: 4 } as const;

/** Operators of the schema that the converter knows, by their numbers there. */
const builtins = new Map([
  [0, 'ADD'],
  [1, 'AVERAGE_POOL_2D'],
  [2, 'CONCATENATION'],
  [3, 'CONV_2D'],
  [4, 'DEPTHWISE_CONV_2D'],
  [6, 'DEQUANTIZE'],
  [14, 'LOGISTIC'],
  [17, 'MAX_POOL_2D'],
  [18, 'MUL'],
  [19, 'RELU'],
  [22, 'RESHAPE'],
  [23, 'RESIZE_BILINEAR'],
  [34, 'PAD'],
  [45, 'STRIDED_SLICE'],
  [54, 'PRELU'],
  [117, 'HARD_SWISH'],
]);
const CUSTOM = 32;

const MOST_OPERANDS = 64;
const MOST_ELEMENTS = 1 << 26;

/**
 * @param name of the file, for errors.
 * @throws FormatError if the file is damaged, or holds operators or types of numbers that the face networks do not use.
 */
export function readTflite(bytes: Uint8Array, name: string): LiteModel {
  const fail = (found: string): never => {
    throw new FormatError(`${name}: not a network that can be read`, { found });
  };
  if (bytes.length < 8 || String.fromCharCode(...bytes.subarray(4, 8)) !== 'TFL3') fail('no mark of a TensorFlow Lite file');
  const model = FlatTable.root(bytes, name);
  const graphs = model.tables(2);
  if (graphs.length !== 1) fail(`${graphs.length} graphs`);
  const graph = graphs[0]!;

  const kinds = model.tables(1).map((code) => {
    const number = Math.max(code.byte(0), code.int(3)); // numbers above 127 are in the newer field alone
    return number === CUSTOM ? code.text(1) : builtins.get(number);
  });
  const buffers = model.tables(4);
  const tensors = graph.tables(0).map((tensor): LiteTensor => {
    const [shape, label] = [tensor.ints(0, 4), tensor.text(3)];
    if (shape.some((side) => side < 1) || sizeOf(shape) > MOST_ELEMENTS) fail(`tensor ${label} of shape ${shapeText(shape)}`);
    const type = tensorTypes[tensor.byte(1)] ?? fail(`tensor ${label} of type ${tensor.byte(1)}`);
    const buffer = tensor.int(2);
    const data = buffer === 0 ? new Uint8Array() : (buffers[buffer]?.bytes(0) ?? fail(`buffer ${buffer} of ${buffers.length}`));
    if (data.length !== 0 && data.length !== sizeOf(shape) * widths[type]) {
      fail(`tensor ${label}: ${data.length} bytes for ${type}${shapeText(shape)}`);
    }
    return { name: label, shape, type, data };
  });

  const indices = (table: FlatTable, field: number, least: number): readonly number[] => {
    const found = table.ints(field, MOST_OPERANDS);
    const wrong = found.find((i) => i < least || i >= tensors.length);
    return wrong === undefined ? found : fail(`tensor ${wrong} of ${tensors.length}`);
  };
  const operators = graph.tables(3).map((operator): LiteOperator => {
    const code = operator.int(0);
    return {
      kind: kinds[code] ?? fail(`operator code ${code} of ${kinds.length}, or one of an unknown kind`),
      inputs: indices(operator, 1, -1),
      outputs: indices(operator, 2, 0),
      options: operator.table(4),
      customOptions: operator.bytes(5),
    };
  });
  return { tensors, operators, inputs: indices(graph, 1, 0), outputs: indices(graph, 2, 0) };
}
