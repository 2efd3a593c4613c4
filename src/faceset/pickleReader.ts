/**
 * Reads the subset of Python's pickle that DeepFaceLab's files use (protocols 2 to 5). A pickle is a program for a stack machine;
 * here it can only build plain values: a short list of known names is recognised, and nothing is ever imported or called.
 * Source: the opcode descriptions of CPython's pickletools, and NumPy's __reduce__ of arrays, scalars and dtypes.
 */
import { FormatError, type Shape, shapeText, sizeOf } from '../base/index.ts';
import {
  type DtypeCode,
  elementBytes,
  isDtypeCode,
  PyArray,
  PyCall,
  PyDtype,
  type PyKey,
  PyOrderedDict,
  PyScalar,
  PyTuple,
  type PyValue,
} from './pythonValues.ts';
import { decodeUtf8 } from './utf8.ts';

const MAX_DEPTH = 64;
const MIN_OBJECTS = 1 << 20;
const MAX_DICT = 1 << 22;
const MAX_RANK = 32;

type Callable = 'reconstruct' | 'scalar' | 'dtype' | 'ndarray' | 'frombuffer' | 'encode' | 'orderedDict' | 'opaque';

/** The names that a pickle may mention. Opaque ones are kept as data, never constructed. */
const allowed: Readonly<Record<string, Callable>> = {
  'numpy.core.multiarray _reconstruct': 'reconstruct',
  'numpy._core.multiarray _reconstruct': 'reconstruct',
  'numpy.core.multiarray scalar': 'scalar',
  'numpy._core.multiarray scalar': 'scalar',
  'numpy.core.numeric _frombuffer': 'frombuffer',
  'numpy._core.numeric _frombuffer': 'frombuffer',
  'numpy dtype': 'dtype',
  'numpy ndarray': 'ndarray',
  '_codecs encode': 'encode',
  'collections OrderedDict': 'orderedDict',
  'samplelib.Sample SampleType': 'opaque',
  'facelib.FaceType FaceType': 'opaque',
  'pathlib Path': 'opaque',
  'pathlib PosixPath': 'opaque',
  'pathlib WindowsPath': 'opaque',
  'pathlib PurePath': 'opaque',
  'pathlib PurePosixPath': 'opaque',
  'pathlib PureWindowsPath': 'opaque',
};

/** Things that live on the stack only. */
class Global {
  readonly module: string;
  readonly name: string;
  readonly role: Callable;

  constructor(module: string, name: string, role: Callable) {
    this.module = module;
    this.name = name;
    this.role = role;
  }
}

/** An array or dtype between REDUCE and BUILD; `memo` lists where it was stored meanwhile. */
class Unbuilt {
  readonly code: string | undefined;
  readonly memo: number[] = [];

  /** @param code of a dtype; undefined for an array. */
  constructor(code: string | undefined) {
    this.code = code;
  }
}

class ByteArray {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

type Item = PyValue | Global | Unbuilt | ByteArray;

/**
 * Reads one pickle.
 *
 * Arrays and bytes are views of `bytes`. Memory is at most a small multiple of the input: every length is held against what remains.
 *
 * @param name what errors call the file.
 * @throws FormatError with the offset, for anything outside the subset, malformed or nested more than 64 deep.
 */
export function readPickle(bytes: Uint8Array, name: string): PyValue {
  return new Machine(bytes, name).run();
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  #at = 0;
  #opcodeAt = 0;
  #stack: Item[] = [];
  readonly #marks: number[] = [];
  readonly #memo: Item[] = [];
  #memoCount = 0;
  #objects = 0;
  readonly #maxObjects: number;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
    // In the files of this field an object, such as a landmark [x, y], takes 20 bytes and more.
    this.#maxObjects = MIN_OBJECTS + Math.floor(bytes.length / 16);
  }

  run(): PyValue {
    for (;;) {
      this.#opcodeAt = this.#at;
      const opcode = this.#bytes[this.#skip(1)]!;
      if (opcode === 0x2e) return this.#finish(); // STOP
      const action = actions[opcode];
      if (action === undefined) this.fail(`opcode 0x${opcode.toString(16).padStart(2, '0')}, which these files never use`);
      action(this);
    }
  }

  fail(found: string): never {
    throw new FormatError(`${this.#name}: not a pickle that can be read`, {
      found: `${found}, at byte ${this.#opcodeAt}`,
      expected: 'plain values and NumPy arrays, as DeepFaceLab writes them',
    });
  }

  /** Moves past `count` bytes and gives where they began. */
  #skip(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) this.fail(`${count} bytes wanted where ${this.#bytes.length - at} remain`);
    this.#at = at + count;
    return at;
  }

  u8 = (): number => this.#bytes[this.#skip(1)]!;
  u16 = (): number => this.#view.getUint16(this.#skip(2), true);
  u32 = (): number => this.#view.getUint32(this.#skip(4), true);
  i32 = (): number => this.#view.getInt32(this.#skip(4), true);
  u64 = (): number => Number(this.#view.getBigUint64(this.#skip(8), true));
  float = (): number => this.#view.getFloat64(this.#skip(8), false);

  take(count: number): Uint8Array {
    const at = this.#skip(count);
    return this.#bytes.subarray(at, at + count);
  }

  text(count: number): string {
    return decodeUtf8(this.take(count)) ?? this.fail('text that is not UTF-8');
  }

  line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0 || end - this.#at > 256) this.fail('a name without an end');
    const text = this.text(end - this.#at);
    this.#skip(1);
    return text;
  }

  /** Puts a new value on the stack. Objects are counted: they take far more memory than the byte or two that can ask for one. */
  push(item: Item): void {
    if (typeof item === 'object' && item !== null && ++this.#objects > this.#maxObjects) this.fail(`more than ${this.#maxObjects} objects`);
    this.#stack.push(item);
  }

  pop(): Item {
    const floor = this.#marks.at(-1) ?? 0;
    if (this.#stack.length <= floor) this.fail('an empty stack');
    return this.#stack.pop()!;
  }

  top(): Item {
    const item = this.pop();
    this.#stack.push(item);
    return item;
  }

  popPair(): [Item, Item] {
    const second = this.pop();
    return [this.pop(), second];
  }

  protocol(version: number): void {
    if (version < 2 || version > 5) this.fail(`protocol ${version}; known are 2 to 5`);
  }

  /** Frames help to read from a stream; here only their length is checked. */
  frame(length: number): void {
    if (length > this.#bytes.length - this.#at) this.fail(`a frame of ${length} bytes where ${this.#bytes.length - this.#at} remain`);
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** POP discards the top item, or a mark if there is nothing above it. */
  discard(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  /** Everything above the last mark. */
  popMark(): PyValue[] {
    const from = this.#marks.pop() ?? this.fail('no mark');
    const items = this.#stack.splice(from);
    for (const item of items) this.value(item);
    return items as PyValue[];
  }

  popValues(count: number): PyValue[] {
    const values: PyValue[] = new Array(count);
    for (let i = count - 1; i >= 0; i--) values[i] = this.value(this.pop());
    return values;
  }

  /** Refuses unfinished arrays. Globals and buffers may pass, as arguments of REDUCE; #check refuses those left in the result. */
  value(item: Item): PyValue {
    if (item instanceof Unbuilt) this.fail('an array without its contents');
    return item as PyValue;
  }

  remember(index: number): void {
    if (index > this.#bytes.length) this.fail(`memo entry ${index} in a file of ${this.#bytes.length} bytes`);
    const item = this.top();
    if (item instanceof Unbuilt) item.memo.push(index);
    this.#memo[index] = item;
    this.#memoCount++;
  }

  memoize(): void {
    this.remember(this.#memoCount);
  }

  recall(index: number): void {
    const item = this.#memo[index];
    if (item === undefined) this.fail(`memo entry ${index}, which was never stored`);
    this.#stack.push(item);
  }

  global(module: Item, name: Item): void {
    const key = `${String(module)} ${String(name)}`;
    if (typeof module !== 'string' || typeof name !== 'string' || !Object.hasOwn(allowed, key)) {
      this.fail(`the name ${JSON.stringify(key.slice(0, 100))}, which is not on the list of known ones`);
    }
    this.push(new Global(module, name, allowed[key]!));
  }

  append(items: readonly PyValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) this.fail('an append to something that is not a list');
    for (const item of items) list.push(item);
  }

  setItems(items: readonly PyValue[]): void {
    const dict = this.top();
    if (!(dict instanceof Map) || items.length % 2 !== 0) this.fail('items for something that is not a dict');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]!;
      if (typeof key === 'object' && key !== null) this.fail('a dict key that is not a plain value');
      dict.set(key as PyKey, items[i + 1]!);
    }
    if (dict.size > MAX_DICT) this.fail(`a dict of more than ${MAX_DICT} entries`);
  }

  /** REDUCE and NEWOBJ: would call; here each known name has one meaning. */
  reduce(): void {
    const args = this.#pop('arguments', (item) => (item instanceof PyTuple ? item.items : undefined));
    const callable = this.#pop('a callable', (item) => (item instanceof Global ? item : undefined));
    this.push(this.#call(callable, args));
  }

  #pop<T>(what: string, accept: (item: Item) => T | undefined): T {
    return accept(this.pop()) ?? this.fail(`something else where ${what} should be`);
  }

  #call({ module, name, role }: Global, args: readonly PyValue[]): Item {
    const [first, second, third, fourth] = args as readonly Item[];
    switch (role) {
      case 'reconstruct': {
        const empty = second instanceof PyTuple && second.items.length === 1 && second.items[0] === 0n;
        if (args.length === 3 && first instanceof Global && first.role === 'ndarray' && empty) return new Unbuilt(undefined);
        break;
      }
      case 'dtype':
        if (args.length === 3 && typeof first === 'string' && isDtypeCode(first)) return new Unbuilt(first);
        this.fail(`arrays of element type ${typeof first === 'string' ? JSON.stringify(first.slice(0, 20)) : 'unknown'}`);
        break;
      case 'scalar':
        if (args.length === 2 && first instanceof PyDtype && second instanceof Uint8Array && second.length === elementBytes(first.code)) {
          return new PyScalar(first.code, second);
        }
        break;
      case 'frombuffer': {
        const raw = first instanceof ByteArray ? first.bytes : first;
        if (args.length === 4 && raw instanceof Uint8Array && second instanceof PyDtype && (fourth === 'C' || fourth === 'F')) {
          return this.#array(second.code, third, raw, fourth === 'F');
        }
        break;
      }
      case 'encode':
        if (args.length === 2 && typeof first === 'string' && second === 'latin1') return this.#latin1(first);
        break;
      case 'orderedDict':
        if (args.length === 0) return new PyOrderedDict();
        break;
      case 'opaque':
        if (args.every((arg) => typeof arg === 'string' || typeof arg === 'bigint')) return new PyCall(module, name, args);
        break;
      case 'ndarray':
        break;
    }
    return this.fail(`${module}.${name} with arguments that these files never use`);
  }

  /** BUILD: gives an array or a dtype its state, also where the memo already holds it. */
  build(): void {
    const state = this.#pop('the state of an array', (item) => (item instanceof PyTuple ? item.items : undefined));
    const target = this.#pop('an array', (item) => (item instanceof Unbuilt ? item : undefined));
    const built = target.code === undefined ? this.#builtArray(state) : this.#dtype(target.code, state);
    for (const index of target.memo) this.#memo[index] = built;
    this.push(built);
  }

  /** (version, shape, dtype, is Fortran, bytes) */
  #builtArray(state: readonly PyValue[]): PyArray {
    const [, shape, dtype, fortran, raw] = state;
    if (state.length !== 5 || !(dtype instanceof PyDtype) || typeof fortran !== 'boolean' || !(raw instanceof Uint8Array)) {
      this.fail('an array whose state has another form');
    }
    return this.#array(dtype.code, shape, raw, fortran);
  }

  #array(dtype: DtypeCode, shape: Item | undefined, raw: Uint8Array, fortran: boolean): PyArray {
    const sides = this.#shape(shape);
    const size = sizeOf(sides) * elementBytes(dtype);
    if (size !== raw.length) this.fail(`an array ${dtype}${shapeText(sides)} of ${raw.length} bytes instead of ${size}`);
    return new PyArray(dtype, sides, raw, fortran);
  }

  /** (version, byte order, None, None, None, -1, -1, flags) */
  #dtype(code: string, state: readonly PyValue[]): PyDtype {
    const [, order, ...rest] = state;
    const plain = rest.slice(0, 3).every((part) => part === null) && state.length >= 8 && state.length <= 9;
    if (!isDtypeCode(code) || typeof order !== 'string' || !plain) return this.fail('a structured element type');
    if (!['<', '|', '='].includes(order)) this.fail(`byte order ${JSON.stringify(order.slice(0, 3))}; only little-endian is known`);
    return new PyDtype(code);
  }

  #shape(value: Item | undefined): Shape {
    const sides = value instanceof PyTuple ? value.items.map(Number) : this.fail('an array without a shape');
    if (
      sides.length > MAX_RANK ||
      !sides.every((side) => Number.isSafeInteger(side) && side >= 0) ||
      !Number.isSafeInteger(sizeOf(sides))
    ) {
      this.fail(`an array of shape [${sides.slice(0, MAX_RANK).join(', ')}]`);
    }
    return sides;
  }

  #latin1(text: string): Uint8Array {
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 255) this.fail('latin1 text with other characters');
      bytes[i] = unit;
    }
    return bytes;
  }

  #finish(): PyValue {
    if (this.#stack.length !== 1 || this.#marks.length > 0) this.fail(`${this.#stack.length} values at the end`);
    const result = this.value(this.#stack[0]!);
    this.#check(result, 0, new Map());
    return result;
  }

  /**
   * Refuses what a reader of the result could not survive: cycles, deep nesting, values shared so often that walking them would not
   * end, and globals that are left over.
   *
   * @returns how deep `value` reaches and how many values a walk over it meets.
   */
  #check(value: Item, depth: number, known: Map<Item, readonly [depth: number, count: number]>): readonly [number, number] {
    if (typeof value !== 'object' || value === null) return leaf;
    if (value instanceof Global || value instanceof ByteArray) this.fail('a name or a buffer where a value should be');
    const parts =
      value instanceof PyTuple
        ? value.items
        : value instanceof Map
          ? value.values()
          : Array.isArray(value)
            ? (value as PyValue[])
            : undefined;
    if (parts === undefined) return leaf;
    const seen = known.get(value);
    if (seen !== undefined) {
      if (depth + seen[0] > MAX_DEPTH) this.fail(`values nested more than ${MAX_DEPTH} deep`);
      return seen;
    }
    if (depth >= MAX_DEPTH) this.fail(`values nested more than ${MAX_DEPTH} deep, or a value that contains itself`);
    let [deepest, count] = [0, 1];
    for (const part of parts) {
      const [below, inside] = this.#check(part, depth + 1, known);
      deepest = Math.max(deepest, below + 1);
      count += inside;
    }
    if (count > 8 * this.#bytes.length + 1024) this.fail('values repeated without end');
    const measured = [deepest, count] as const;
    // Small values, such as the points of a landmark list, are cheap to measure again: the table stays small.
    if (count > 16) known.set(value, measured);
    return measured;
  }
}

const leaf = [0, 1] as const;
const smallIntegers: readonly bigint[] = Array.from({ length: 256 }, (_, i) => BigInt(i));

/** What each opcode does; STOP is in run(). */
const actions: Readonly<Record<number, (m: Machine) => void>> = {
  128: (m) => m.protocol(m.u8()), // PROTO
  149: (m) => m.frame(m.u64()), // FRAME
  40: (m) => m.mark(), // MARK
  48: (m) => m.discard(), // POP
  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  74: (m) => m.push(BigInt(m.i32())), // BININT
  75: (m) => m.push(smallIntegers[m.u8()]!), // BININT1
  77: (m) => m.push(BigInt(m.u16())), // BININT2
  138: (m) => m.push(integer(m.take(m.u8()))), // LONG1
  71: (m) => m.push(m.float()), // BINFLOAT
  140: (m) => m.push(m.text(m.u8())), // SHORT_BINUNICODE
  88: (m) => m.push(m.text(m.u32())), // BINUNICODE
  141: (m) => m.push(m.text(m.u64())), // BINUNICODE8
  67: (m) => m.push(m.take(m.u8())), // SHORT_BINBYTES
  66: (m) => m.push(m.take(m.u32())), // BINBYTES
  142: (m) => m.push(m.take(m.u64())), // BINBYTES8
  150: (m) => m.push(new ByteArray(m.take(m.u64()))), // BYTEARRAY8
  93: (m) => m.push([]), // EMPTY_LIST
  97: (m) => m.append(m.popValues(1)), // APPEND
  101: (m) => m.append(m.popMark()), // APPENDS
  125: (m) => m.push(new Map()), // EMPTY_DICT
  115: (m) => m.setItems(m.popValues(2)), // SETITEM
  117: (m) => m.setItems(m.popMark()), // SETITEMS
  41: (m) => m.push(new PyTuple([])), // EMPTY_TUPLE
  116: (m) => m.push(new PyTuple(m.popMark())), // TUPLE
  133: (m) => m.push(new PyTuple(m.popValues(1))), // TUPLE1
  134: (m) => m.push(new PyTuple(m.popValues(2))), // TUPLE2
  135: (m) => m.push(new PyTuple(m.popValues(3))), // TUPLE3
  113: (m) => m.remember(m.u8()), // BINPUT
  114: (m) => m.remember(m.u32()), // LONG_BINPUT
  148: (m) => m.memoize(), // MEMOIZE
  104: (m) => m.recall(m.u8()), // BINGET
  106: (m) => m.recall(m.u32()), // LONG_BINGET
  99: (m) => m.global(m.line(), m.line()), // GLOBAL
  147: (m) => m.global(...m.popPair()), // STACK_GLOBAL
  82: (m) => m.reduce(), // REDUCE
  129: (m) => m.reduce(), // NEWOBJ
  98: (m) => m.build(), // BUILD
};

/** Two's complement, little-endian; no bytes mean 0. */
function integer(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return BigInt.asIntN(8 * bytes.length, value);
}
