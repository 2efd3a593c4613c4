/**
 * Values and operations. A Value is a node of an acyclic graph: an operation applied to earlier values, with its shape already
 * inferred. Nothing is computed here; a graph is whatever can be reached from the values that one asks for.
 * An operation is defined in one place (ops/): its shape rule, its gradient, its ONNX form and inputs to test it with.
 */
import { type Shape, ShapeError, sameShape, shapeText } from '../base/index.ts';
import type { OnnxWriter } from './onnx/writer.ts';

export type DType = 'float32' | 'bool';

/** Attributes are plain data, so that equal operations can be recognised. */
export type Attrs = Readonly<Record<string, number | string | boolean | readonly number[] | readonly (readonly number[])[] | undefined>>;

export interface Op {
  readonly name: string;
  readonly shape: (inputs: readonly Value[], attrs: Attrs) => Shape;
  readonly dtype: DType;
  /**
   * Gradients with respect to the inputs, given that of the output. Entries of inputs that are not needed may be undefined.
   *
   * @param needs which inputs lead to a variable that is differentiated.
   */
  readonly grad: (dy: Value, y: Value, needs: readonly boolean[]) => readonly (Value | undefined)[];
  readonly onnx: (writer: OnnxWriter, inputs: readonly string[], y: Value) => string;
  readonly examples: readonly Example[];
}

/** Inputs to check an operation with by central differences: shapes of random arrays, and a range they are drawn from. */
export interface Example {
  readonly shapes: readonly Shape[];
  readonly attrs?: Attrs;
  readonly range?: readonly [low: number, high: number];
  /** Inputs that are not differentiated. */
  readonly fixed?: readonly number[];
  /** Inputs that are drawn as true or false. */
  readonly bools?: readonly number[];
}

export type Source =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: Float32Array }
  | { readonly kind: 'op'; readonly op: Op; readonly inputs: readonly Value[]; readonly attrs: Attrs };

/** A tensor to be: its shape, its type, and where it comes from. */
export class Value {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly source: Source;

  constructor(shape: Shape, dtype: DType, source: Source) {
    this.shape = shape;
    this.dtype = dtype;
    this.source = source;
  }

  /** "conv2d float32[16, 16, 2, 64]": how errors show an operand. */
  describe(): string {
    const { source } = this;
    const label = source.kind === 'op' ? source.op.name : source.kind === 'input' ? source.name : 'constant';
    return `${label} ${this.dtype}${shapeText(this.shape)}`;
  }

  add(b: Value | number): Value {
    return applyBinary('add', this, b);
  }
  sub(b: Value | number): Value {
    return applyBinary('sub', this, b);
  }
  mul(b: Value | number): Value {
    return applyBinary('mul', this, b);
  }
  div(b: Value | number): Value {
    return applyBinary('div', this, b);
  }
  /** b − this. */
  rsub(b: number): Value {
    return applyBinary('sub', scalar(b), this);
  }
  square(): Value {
    return applyBinary('mul', this, this);
  }
  neg(): Value {
    return applyBinary('mul', this, -1);
  }
}

type BinaryName = 'add' | 'sub' | 'mul' | 'div';
const arithmetic = new Map<BinaryName, (a: Value, b: Value) => Value>();

/** ops/arithmetic.ts gives Value its methods this way, because a class can't import operations that are made of it. */
export function defineArithmetic(name: BinaryName, apply: (a: Value, b: Value) => Value): void {
  arithmetic.set(name, apply);
}

function applyBinary(name: BinaryName, a: Value, b: Value | number): Value {
  const apply = arithmetic.get(name);
  if (apply === undefined) throw new Error(`${name} is not defined: import from graph/index.ts`);
  return apply(a, typeof b === 'number' ? scalar(b) : b);
}

/** A named input of the graph: data, a parameter, or a scalar such as the learning rate. */
export const input = (name: string, shape: Shape, dtype: DType = 'float32'): Value => new Value(shape, dtype, { kind: 'input', name });

/** An array known when the graph is built. */
export function constant(data: Float32Array | readonly number[], shape: Shape): Value {
  return new Value(shape, 'float32', { kind: 'constant', data: data instanceof Float32Array ? data : Float32Array.from(data) });
}

export const scalar = (x: number): Value => constant([x], []);

export const zeros = (shape: Shape): Value => constant(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);

interface OpSpec<A extends Attrs> {
  readonly name: string;
  readonly arity: number | 'any';
  readonly dtype?: DType;
  shape(inputs: readonly Value[], attrs: A): Shape;
  grad(dy: Value, inputs: readonly Value[], attrs: A, y: Value, needs: readonly boolean[]): readonly (Value | undefined)[];
  onnx(writer: OnnxWriter, inputs: readonly string[], attrs: A, y: Value, values: readonly Value[]): string;
  readonly examples: readonly [Example, ...Example[]];
}

export type Apply<A extends Attrs> = ((inputs: readonly Value[], attrs: A) => Value) & { readonly op: Op };

/** Defines an operation and returns the function that applies it. */
export function defineOp<A extends Attrs = Record<never, never>>(spec: OpSpec<A>): Apply<A> {
  const parts = (y: Value): { inputs: readonly Value[]; attrs: A } => {
    if (y.source.kind !== 'op') throw new Error(`${y.describe()} is not the result of ${spec.name}`);
    return { inputs: y.source.inputs, attrs: y.source.attrs as A };
  };
  const op: Op = {
    name: spec.name,
    dtype: spec.dtype ?? 'float32',
    shape: (inputs, attrs) => spec.shape(inputs, attrs as A),
    grad(dy, y, needs) {
      const { inputs, attrs } = parts(y);
      return spec.grad(dy, inputs, attrs, y, needs);
    },
    onnx(writer, names, y) {
      const { inputs, attrs } = parts(y);
      return spec.onnx(writer, names, attrs, y, inputs);
    },
    examples: spec.examples,
  };
  const apply = (inputs: readonly Value[], attrs: A): Value => {
    if (spec.arity !== 'any' && inputs.length !== spec.arity) throw new Error(`${spec.name} takes ${spec.arity} inputs`);
    return new Value(spec.shape(inputs, attrs), op.dtype, { kind: 'op', op, inputs, attrs });
  };
  return Object.assign(apply, { op });
}

/** The four sides of an activation, [height, width, batch, channels]. @throws ShapeError for another rank. */
export function dims4(x: Value): readonly [h: number, w: number, n: number, c: number] {
  const [h, w, n, c] = x.shape;
  if (h === undefined || w === undefined || n === undefined || c === undefined || x.shape.length !== 4) {
    throw misfit('an activation [height, width, batch, channels] is needed', { x });
  }
  return [h, w, n, c];
}

/** A ShapeError that shows every operand. */
export function misfit(message: string, operands: Readonly<Record<string, Value>>): ShapeError {
  const found = Object.entries(operands).map(([name, value]) => `${name} = ${value.describe()}`);
  return new ShapeError(message, { found: found.join('\n') });
}

/** The shape of an elementwise result: sides are equal, or 1, or missing in front. @throws ShapeError otherwise. */
export function broadcastShape(name: string, a: Value, b: Value): Shape {
  if (sameShape(a.shape, b.shape)) return a.shape;
  const rank = Math.max(a.shape.length, b.shape.length);
  const side = (v: Value, i: number): number => v.shape[i - rank + v.shape.length] ?? 1;
  return Array.from({ length: rank }, (_, i) => {
    const [p, q] = [side(a, i), side(b, i)];
    if (p !== q && p !== 1 && q !== 1) throw misfit(`${name}: shapes do not go together`, { a, b });
    return p === 1 ? q : p;
  });
}
