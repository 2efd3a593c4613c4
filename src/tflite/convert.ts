/**
 * TensorFlow Lite networks as ONNX. Activations there are [n, h, w, c]; here those of four axes become [n, c, h, w], others stay, so
 * that convolutions need no transposes. Constants are folded where the file only unpacks them.
 */
import { FormatError, type Shape, shapeText, sizeOf } from '../base/index.ts';
import { dataTypes, encodeModel, OnnxWriter } from '../graph/index.ts';
import { type Constant, constantOf, transposed } from './constants.ts';
import { channelsFirst, inOnnx } from './lowering.ts';
import { type LiteModel, type LiteOperator, type LiteTensor, readTflite } from './model.ts';
import { operators } from './operators.ts';

/**
 * The ONNX file of a network. Its inputs are called `input` (or `input0`, `input1`…), its outputs as in the file; of four axes they are
 * [n, c, h, w].
 *
 * @param name of the file, for errors.
 * @param wanted names of outputs: what the others alone need is left out. All of them if left out.
 * @throws FormatError if the file is damaged or not of the kind that the face networks are.
 */
export function onnxFromTflite(bytes: Uint8Array, name: string, wanted?: readonly string[]): Uint8Array {
  const model = readTflite(bytes, name);
  return new Conversion(wanted === undefined ? model : withOutputs(model, wanted, name), bytes.length, name).run();
}

function withOutputs(model: LiteModel, wanted: readonly string[], name: string): LiteModel {
  const outputs = model.outputs.filter((i) => wanted.includes(model.tensors[i]!.name));
  if (outputs.length < wanted.length) {
    throw new FormatError(`${name}: not a network that can be converted`, { found: `not all of the outputs ${wanted.join(', ')}` });
  }
  const needed = new Set(outputs);
  const operators: LiteOperator[] = [];
  for (const operator of [...model.operators].reverse()) {
    if (!operator.outputs.some((i) => needed.has(i))) continue;
    operators.unshift(operator);
    for (const i of operator.inputs) needed.add(i);
  }
  return { ...model, operators, outputs };
}

class Conversion {
  readonly #model: LiteModel;
  readonly #name: string;
  readonly #writer = new OnnxWriter();
  readonly #values = new Map<number, string>();
  readonly #constants = new Map<number, Constant>();
  /** Elements of constants that may still be unpacked or transposed: a small file must not ask for endless work. */
  #budget: number;

  constructor(model: LiteModel, fileSize: number, name: string) {
    this.#model = model;
    this.#name = name;
    this.#budget = 8 * fileSize;
  }

  run(): Uint8Array {
    const { tensors, inputs, outputs } = this.#model;
    const writer = this.#writer;
    for (const [k, i] of inputs.entries()) this.#values.set(i, inputs.length === 1 ? 'input' : `input${k}`);
    const info = (i: number, label: string): { name: string; elemType: number; dims: Shape } => ({
      name: label,
      elemType: dataTypes.float32,
      dims: inOnnx(tensors[i]!.shape),
    });
    const graphInputs = inputs.map((i) => info(i, this.#values.get(i)!));
    for (const operator of this.#model.operators) this.#lower(operator);
    const graphOutputs = outputs.map((i) => info(i, tensors[i]!.name));
    for (const [k, i] of outputs.entries()) {
      writer.nodes.push({ opType: 'Identity', domain: '', input: [this.#value(i)], output: [graphOutputs[k]!.name], attribute: [] });
    }
    return encodeModel(
      { name: 'tflite', node: writer.nodes, initializer: writer.initializers, input: graphInputs, output: graphOutputs },
      writer.opset,
    );
  }

  #lower(operator: LiteOperator): void {
    const write = operators.get(operator.kind) ?? this.#fail(`operator ${operator.kind}`);
    const fail = (found: string): never => this.#fail(`${operator.kind}: ${found}`);
    const index = (input: number): number => {
      const i = operator.inputs[input];
      return i === undefined || i < 0 ? fail(`no operand ${input}`) : i;
    };
    const result = operator.outputs[0] ?? fail('no result');
    const tensor = (input: number): LiteTensor => this.#model.tensors[index(input)]!;
    const given = write({
      operator,
      writer: this.#writer,
      shape: (input) => tensor(input).shape,
      resultShape: this.#model.tensors[result]!.shape,
      has: (input) => (operator.inputs[input] ?? -1) >= 0,
      value: (input) => this.#value(index(input)),
      spread: (input, other) => this.#spread(index(input), tensor(other).shape.length),
      constant: (input) => this.#constant(index(input)) ?? fail(`operand ${input} is no constant`),
      integers: (input) => {
        const { type } = tensor(input);
        const constant = this.#constant(index(input));
        if (type !== 'int32' || constant === undefined || constant.data.length > 4096)
          return fail(`operand ${input} is no list of numbers`);
        return [...constant.data];
      },
      weights: (input, order) => {
        const constant = this.#constant(index(input)) ?? fail(`operand ${input} is no constant`);
        if (constant.shape.length !== order.length) fail(`weights of shape ${shapeText(constant.shape)}`);
        return this.#array(this.#transposed(constant, order));
      },
      fail,
    });
    if (typeof given === 'string') this.#values.set(result, given);
    else if (sizeOf(given.shape) === sizeOf(this.#model.tensors[result]!.shape)) this.#constants.set(result, given);
    else fail('a constant of another size');
  }

  #constant(i: number): Constant | undefined {
    const known = this.#constants.get(i);
    const tensor = this.#model.tensors[i]!;
    if (known !== undefined || tensor.data.length === 0) return known;
    this.#spend(sizeOf(tensor.shape));
    const constant = constantOf(tensor);
    this.#constants.set(i, constant);
    return constant;
  }

  #value(i: number): string {
    const known = this.#values.get(i);
    if (known !== undefined) return known;
    const constant = this.#constant(i) ?? this.#fail(`tensor ${this.#model.tensors[i]!.name} is used before it is computed`);
    const name = this.#array(constant.shape.length === 4 ? this.#transposed(constant, channelsFirst) : constant);
    this.#values.set(i, name);
    return name;
  }

  /** [c] and [h, w, c] spread over [n, h, w, c]; with channels first they are [c, 1, 1] and [c, h, w]. */
  #spread(i: number, otherAxes: number): string {
    const constant = this.#constant(i);
    const axes = this.#model.tensors[i]!.shape.length;
    if (otherAxes !== 4 || axes === 4 || axes === 0) return this.#value(i);
    if (constant === undefined || axes === 2) return this.#fail(`${shapeText(this.#model.tensors[i]!.shape)} spread over four axes`);
    return this.#array(axes === 3 ? this.#transposed(constant, [2, 0, 1]) : { shape: [constant.data.length, 1, 1], data: constant.data });
  }

  #transposed(constant: Constant, order: readonly number[]): Constant {
    this.#spend(constant.data.length);
    return transposed(constant, order);
  }

  #array({ shape, data }: Constant): string {
    return this.#writer.array(shape, data);
  }

  #spend(elements: number): void {
    this.#budget -= elements;
    if (this.#budget < 0) this.#fail('constants that are unpacked over and over');
  }

  #fail(found: string): never {
    throw new FormatError(`${this.#name}: not a network that can be converted`, { found });
  }
}
