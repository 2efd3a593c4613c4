/**
 * Values of Python as the files of this field hold them, one JavaScript type for each Python type, so that what is read can be
 * written back with equal types: float is number, int is bigint, list is an array, dict a Map. Nothing here knows of pickle.
 */
import { FormatError, type Shape, sizeOf } from '../base/index.ts';

/** An int is a bigint and a float a number, so 1 and 1.0 stay apart; bytes are a Uint8Array. */
export type PyValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | readonly PyValue[]
  | PyDict
  | PyTuple
  | PyArray
  | PyScalar
  | PyDtype
  | PyCall;

export type PyKey = null | boolean | bigint | number | string;
export interface PyDict extends ReadonlyMap<PyKey, PyValue> {}

/** collections.OrderedDict. */
export class PyOrderedDict extends Map<PyKey, PyValue> {}

export class PyTuple {
  readonly items: readonly PyValue[];

  constructor(items: readonly PyValue[]) {
    this.items = items;
  }
}

/** Element types by NumPy's code; all little-endian. */
export const elementTypes = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
  b1: Uint8Array,
} as const;

export type DtypeCode = keyof typeof elementTypes;
export type Elements = InstanceType<(typeof elementTypes)[DtypeCode]>;

export const elementBytes = (dtype: DtypeCode): number => elementTypes[dtype].BYTES_PER_ELEMENT;
export const isDtypeCode = (code: string): code is DtypeCode => Object.hasOwn(elementTypes, code);

/** numpy.dtype as a value of its own. */
export class PyDtype {
  readonly code: DtypeCode;

  constructor(code: DtypeCode) {
    this.code = code;
  }
}

/** numpy.ndarray: its bytes as the file holds them, little-endian, first index slowest unless `fortran`. */
export class PyArray {
  readonly dtype: DtypeCode;
  readonly shape: Shape;
  readonly bytes: Uint8Array;
  readonly fortran: boolean;

  /** @throws FormatError if the bytes do not fill the shape. */
  constructor(dtype: DtypeCode, shape: Shape, bytes: Uint8Array, fortran = false) {
    const expected = sizeOf(shape) * elementBytes(dtype);
    if (bytes.length !== expected) {
      throw new FormatError(`an array ${dtype}[${shape.join(', ')}] does not fit its data`, {
        found: `${bytes.length} bytes`,
        expected: `${expected} bytes`,
      });
    }
    this.dtype = dtype;
    this.shape = shape;
    this.bytes = bytes;
    this.fortran = fortran;
  }

  /** The elements with the last index fastest: a view of `bytes` where they are aligned and already in that order, else a copy. */
  values(): Elements {
    const elements = elementsOf(this.dtype, this.bytes);
    return this.fortran && this.shape.length > 1 ? fromFortran(elements, this.shape) : elements;
  }
}

/** A NumPy scalar such as numpy.int64(3). */
export class PyScalar {
  readonly dtype: DtypeCode;
  readonly bytes: Uint8Array;

  constructor(dtype: DtypeCode, bytes: Uint8Array) {
    if (bytes.length !== elementBytes(dtype)) {
      throw new FormatError(`a NumPy scalar ${dtype} has ${bytes.length} bytes`, { expected: `${elementBytes(dtype)} bytes` });
    }
    this.dtype = dtype;
    this.bytes = bytes;
  }

  get value(): number | bigint | boolean {
    const element = elementsOf(this.dtype, this.bytes)[0]!;
    return this.dtype === 'b1' ? element !== 0 : element;
  }
}

/** An object known by its class and arguments only, such as the enum member `samplelib.Sample.SampleType(1)`. It is never constructed. */
export class PyCall {
  readonly module: string;
  readonly name: string;
  readonly args: readonly PyValue[];

  constructor(module: string, name: string, args: readonly PyValue[]) {
    this.module = module;
    this.name = name;
    this.args = args;
  }
}

/** An array of numbers as a NumPy array. */
export function pyArray(dtype: DtypeCode, shape: Shape, values: ArrayLike<number>): PyArray {
  return new PyArray(dtype, shape, bytesOf(elementsFrom(dtype, values)));
}

export const pyScalar = (dtype: DtypeCode, value: number | bigint): PyScalar => new PyScalar(dtype, bytesOf(elementsFrom(dtype, [value])));

export const bytesOf = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** The number that a float, an int, a bool or a NumPy scalar stands for; undefined for anything else and for ints that a double cannot hold. */
export function numberOf(value: PyValue | undefined): number | undefined {
  const plain = value instanceof PyScalar ? value.value : value;
  if (typeof plain === 'number') return plain;
  if (typeof plain === 'boolean') return plain ? 1 : 0;
  if (typeof plain !== 'bigint') return undefined;
  const number = Number(plain);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** The items of a list or a tuple. */
export function itemsOf(value: PyValue | undefined): readonly PyValue[] | undefined {
  if (value instanceof PyTuple) return value.items;
  return Array.isArray(value) ? (value as readonly PyValue[]) : undefined;
}

/** The rows of numbers that a list of lists, of tuples, or a two-dimensional array holds; undefined for anything else. */
export function rowsOf(value: PyValue | undefined, width: number): number[][] | undefined {
  if (value instanceof PyArray) {
    if (value.shape.length !== 2 || value.shape[1] !== width) return undefined;
    const values = value.values();
    return Array.from({ length: value.shape[0]! }, (_, row) => Array.from({ length: width }, (_, i) => Number(values[row * width + i]!)));
  }
  const rows: number[][] = [];
  for (const item of itemsOf(value) ?? [null]) {
    const row = numbersOf(item);
    if (row?.length !== width) return undefined;
    rows.push(row);
  }
  return rows;
}

/** The numbers of a list, a tuple or a one-dimensional array; undefined for anything else. */
export function numbersOf(value: PyValue | undefined): number[] | undefined {
  if (value instanceof PyArray) return value.shape.length === 1 ? Array.from(value.values(), Number) : undefined;
  const numbers: number[] = [];
  for (const item of itemsOf(value) ?? [null]) {
    const number = numberOf(item);
    if (number === undefined) return undefined;
    numbers.push(number);
  }
  return numbers;
}

export const isDict = (value: PyValue | undefined): value is PyDict => value instanceof Map;

/** How Python would name the type, e.g. "ndarray int32 (4,)"; for messages. */
export function typeText(value: PyValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (value instanceof PyArray)
    return `ndarray ${dtypeName(value.dtype)} (${value.shape.join(', ')}${value.shape.length === 1 ? ',' : ''})`;
  if (value instanceof PyScalar) return `numpy.${dtypeName(value.dtype)}`;
  if (value instanceof PyDtype) return 'dtype';
  if (value instanceof PyTuple) return 'tuple';
  if (value instanceof PyCall) return value.name;
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof PyOrderedDict) return 'OrderedDict';
  if (value instanceof Map) return 'dict';
  if (Array.isArray(value)) return 'list';
  return { boolean: 'bool', bigint: 'int', number: 'float', string: 'str' }[typeof value as string] ?? 'object';
}

function dtypeName(code: DtypeCode): string {
  const kind = { f: 'float', i: 'int', u: 'uint', b: 'bool' }[code[0]!]!;
  return kind === 'bool' ? kind : `${kind}${8 * elementBytes(code)}`;
}

function elementsFrom(dtype: DtypeCode, values: ArrayLike<number | bigint>): Elements {
  if (dtype === 'i8') return BigInt64Array.from(values, BigInt);
  if (dtype === 'u8') return BigUint64Array.from(values, BigInt);
  return (elementTypes[dtype] as Float64ArrayConstructor).from(values, Number);
}

function elementsOf(dtype: DtypeCode, bytes: Uint8Array): Elements {
  const Kind = elementTypes[dtype];
  // Not slice(): that of a Buffer, which is a Uint8Array too, would share its memory.
  const aligned = bytes.byteOffset % Kind.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new Kind(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.length / Kind.BYTES_PER_ELEMENT);
}

/** Reorders from first index fastest to last index fastest. */
function fromFortran(elements: Elements, shape: Shape): Elements {
  const out = elements.slice() as Elements;
  const strides: number[] = [];
  for (let axis = 0, stride = 1; axis < shape.length; stride *= shape[axis++]!) strides.push(stride);
  const index = shape.map(() => 0);
  for (let i = 0, from = 0; i < out.length; i++) {
    out[i] = elements[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
