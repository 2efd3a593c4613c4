/**
 * Writes a graph as ONNX. Nodes and constants that are equal are written once: this is where common subexpressions meet, also those
 * that arise inside an operation's lowering (transposes, transforms of a shared input).
 */
import { type Shape, sizeOf } from '../../base/index.ts';
import { topological } from '../autodiff.ts';
import type { Value } from '../op.ts';
import {
  type AttributeMessage,
  attributeTypes,
  dataTypes,
  type GraphMessage,
  type NodeMessage,
  type TensorMessage,
  type ValueInfo,
} from './schema.ts';

type Setting = number | readonly number[] | string;

export interface WriterOptions {
  /**
   * A batch size that stands for any: a prime that divides no other size. Wherever a shape would fix it, the file says "whatever is
   * left". Only for graphs in which the batch is on one side of each reshaped array.
   */
  readonly anyBatch?: number;
  /** Version of the operator set; 13 moved axes from attributes to inputs. */
  readonly opset?: number;
}

export class OnnxWriter {
  readonly nodes: NodeMessage[] = [];
  readonly initializers: TensorMessage[] = [];
  readonly #names = new Map<Value, string>();
  readonly #nodes = new Map<string, string>();
  readonly #constants = new Map<string, string>();
  readonly #anyBatch: number | undefined;
  readonly opset: number;

  constructor({ anyBatch, opset = 17 }: WriterOptions = {}) {
    this.#anyBatch = anyBatch;
    this.opset = opset;
  }

  /**
   * Adds a node of one output unless an equal one exists, and returns the name of its output.
   *
   * @param settings its attributes that are whole numbers, lists of them, or words.
   */
  node(
    opType: string,
    inputs: readonly string[],
    settings: Readonly<Record<string, Setting>> = {},
    floats: Readonly<Record<string, number>> = {},
    domain = '',
  ): string {
    const key = JSON.stringify([opType, inputs, settings, floats]);
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const attribute: AttributeMessage[] = [
      ...Object.entries(settings).map(([name, value]) => attributeOf(name, value)),
      ...Object.entries(floats).map(([name, f]) => ({ name, type: attributeTypes.float, f })),
    ];
    const output = `v${this.nodes.length}`;
    this.nodes.push({ opType, domain, input: inputs, output: [output], attribute });
    this.#nodes.set(key, output);
    return output;
  }

  reshape(x: string, to: Shape): string {
    const any = this.#anyBatch;
    return this.node('Reshape', [x, this.ints(any === undefined ? to : to.map((side) => (side % any === 0 ? -1 : side)))]);
  }

  /**
   * Transposes leading axes and leaves the last in place: whole rows move. ONNX Runtime's Transpose copies them on one thread, its Gather on all, so
   * this is a Gather of rows, unless the batch is free.
   *
   * @param shape how x is split; the product of all but the last side is the number of rows.
   * @returns an array of the permuted shape.
   */
  permuteRows(x: string, shape: Shape, perm: readonly number[]): string {
    const sides = shape.slice(0, -1);
    const to = [...perm.map((axis) => sides[axis]!), shape.at(-1)!];
    if (this.#anyBatch !== undefined) return this.node('Transpose', [this.reshape(x, shape)], { perm: [...perm, sides.length] });
    const strides = sides.map((_, axis) => sizeOf(sides.slice(axis + 1)));
    const rows = sizeOf(sides);
    const index = new Array<number>(rows);
    const at = perm.map(() => 0);
    for (let i = 0, from = 0; i < rows; i++) {
      index[i] = from;
      for (let d = at.length - 1; d >= 0; d--) {
        const stride = strides[perm[d]!]!;
        from += stride;
        if (++at[d]! < to[d]!) break;
        from -= stride * to[d]!;
        at[d] = 0;
      }
    }
    const gathered = this.node('Gather', [this.reshape(x, [rows, shape.at(-1)!]), this.ints(index)], { axis: 0 });
    return this.reshape(gathered, to);
  }

  /** An int64 vector: axes, shapes, pads. */
  ints(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.#initializer([values.length], dataTypes.int64, new Uint8Array(data.buffer));
  }

  /** A float32 scalar. */
  float(value: number): string {
    return this.#initializer([], dataTypes.float32, new Uint8Array(Float32Array.of(value).buffer));
  }

  /** An array of the file's own: weights, tables. */
  array(shape: Shape, data: Float32Array | Uint8Array): string {
    const dataType = data instanceof Float32Array ? dataTypes.float32 : dataTypes.uint8;
    return this.#initializer(shape, dataType, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  constant(value: Value): string {
    if (value.source.kind !== 'constant') throw new Error(`${value.describe()} is not a constant`);
    return this.array(value.shape, value.source.data);
  }

  /** A parameter stored in the file under its own name. */
  parameter(value: Value, name: string, data: Float32Array): void {
    this.initializers.push({
      name,
      dims: value.shape,
      dataType: dataTypes.float32,
      rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    });
    this.#names.set(value, name);
  }

  /** Writes all that `outputs` need; their names are asked for with nameOf. */
  write(outputs: readonly Value[]): void {
    for (const value of topological(outputs)) {
      if (this.#names.has(value)) continue;
      const { source } = value;
      switch (source.kind) {
        case 'input':
          this.#names.set(value, source.name);
          break;
        case 'constant':
          this.#names.set(value, this.constant(value));
          break;
        case 'op':
          this.#names.set(
            value,
            source.op.onnx(
              this,
              source.inputs.map((x) => this.nameOf(x)),
              value,
            ),
          );
          break;
      }
    }
  }

  nameOf(value: Value): string {
    const name = this.#names.get(value);
    if (name === undefined) throw new Error(`${value.describe()} has not been written`);
    return name;
  }

  /**
   * Gives written values names of their own, as a graph's outputs need. The node that makes a value is renamed where it can be: an
   * Identity node would copy the array.
   */
  alias(outputs: readonly (readonly [name: string, value: Value])[]): void {
    const renamed = new Map<string, string>();
    const made = new Set(this.nodes.flatMap((node) => node.output));
    for (const [name, value] of outputs) {
      const from = this.nameOf(value);
      if (made.has(from) && !renamed.has(from)) renamed.set(from, name);
      else this.nodes.push({ opType: 'Identity', domain: '', input: [from], output: [name], attribute: [] });
    }
    const rename = (text: string): string => renamed.get(text) ?? text;
    for (const [i, node] of this.nodes.entries()) {
      this.nodes[i] = { ...node, input: node.input.map(rename), output: node.output.map(rename) };
    }
  }

  #initializer(dims: Shape, dataType: number, rawData: Uint8Array): string {
    const key = `${dataType}|${dims}|${rawData.length <= 64 ? rawData.join() : contentKey(rawData)}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = `c${this.initializers.length}`;
    this.initializers.push({ name, dims, dataType, rawData });
    this.#constants.set(key, name);
    return name;
  }
}

function attributeOf(name: string, value: Setting): AttributeMessage {
  if (typeof value === 'number') return { name, type: attributeTypes.int, i: value };
  if (typeof value === 'string') return { name, type: attributeTypes.string, s: new TextEncoder().encode(value) };
  return { name, type: attributeTypes.ints, ints: value };
}

/** Two independent 32-bit hashes and the length: equal keys of different constants are not to be expected. */
function contentKey(bytes: Uint8Array): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b + byte, 0x5bd1e995) ^ (b >>> 13);
  }
  return `${bytes.length}:${a >>> 0}:${b >>> 0}`;
}

/** The inputs among the values that `outputs` depend on. */
export const inputsOf = (outputs: readonly Value[]): readonly Value[] => topological(outputs).filter((v) => v.source.kind === 'input');

export const valueInfo = (name: string, value: Value, lead: readonly (number | string)[] = []): ValueInfo => ({
  name,
  elemType: dataTypes[value.dtype],
  dims: [...lead, ...value.shape],
});

/** A graph that computes named outputs from the inputs they need. */
export function lower(outputs: Readonly<Record<string, Value>>, options: WriterOptions = {}): GraphMessage {
  const values = Object.values(outputs);
  const writer = new OnnxWriter(options);
  writer.write(values);
  const info = inputsOf(values).map((v) => valueInfo(writer.nameOf(v), v));
  writer.alias(Object.entries(outputs));
  return {
    name: 'liae',
    node: writer.nodes,
    initializer: writer.initializers,
    input: info,
    output: Object.entries(outputs).map(([name, value]) => valueInfo(name, value)),
  };
}
