/**
 * Writes Python values as a pickle of protocol 3 or 4 that loads in Python to equal types and values, with old and new NumPy alike.
 * It follows CPython's pickler step by step (memo, batches, frames), so that a file which DeepFaceLab wrote comes out byte for byte.
 * Source: the opcode descriptions of CPython's pickletools, PEP 3154 (framing), NumPy's __reduce__ formats.
 */
import { type DtypeCode, elementBytes, PyArray, PyCall, PyDtype, PyOrderedDict, PyScalar, PyTuple, type PyValue } from './pythonValues.ts';
import { encodeUtf8 } from './utf8.ts';

const FRAME_TARGET = 65536;
const FRAME_MIN = 4;
const BATCH = 1000;
const MAX_DEPTH = 100;

/**
 * The pickle as pieces to be written one after another. Large arrays are not copied: their pieces are the memory they were given in.
 *
 * @param protocol 4, or 3 for files that Python 3.6 must read.
 * @param shared texts of which the writing program would hold one object each, besides dict keys.
 */
export function writePickle(value: PyValue, protocol: 3 | 4 = 4, shared: ReadonlySet<string> = new Set()): Uint8Array[] {
  return new Pickler(protocol, shared).dump(value);
}

/** A stand-in for what Python's pickler sees as one object: a class, a dtype, an interned string. */
type Identity = object | string;

class Pickler {
  readonly #protocol: 3 | 4;
  readonly #shared: ReadonlySet<string>;
  readonly #chunks: Uint8Array[] = [];
  #buffer = new Uint8Array(1024);
  #length = 0;
  /** Where the current frame's payload begins in the buffer; undefined outside a frame. */
  #frame: number | undefined;
  #framing = false;
  readonly #memo = new Map<Identity, number>();
  #memoCount = 0;
  #depth = 0;

  constructor(protocol: 3 | 4, shared: ReadonlySet<string>) {
    this.#protocol = protocol;
    this.#shared = shared;
  }

  dump(value: PyValue): Uint8Array[] {
    this.#bytes(0x80, this.#protocol);
    this.#framing = this.#protocol >= 4;
    this.#save(value);
    this.#bytes(0x2e);
    this.#closeFrame();
    this.#flush();
    return this.#chunks;
  }

  /** Between two objects a frame that is full ends. */
  #boundary(): void {
    if (this.#frame === undefined || this.#length - this.#frame < FRAME_TARGET) return;
    this.#closeFrame();
    this.#flush();
  }

  #save(value: PyValue): void {
    this.#boundary();
    if (++this.#depth > MAX_DEPTH) throw new Error(`a value nested more than ${MAX_DEPTH} deep cannot be pickled`);
    if (value === null) this.#bytes(0x4e);
    else if (typeof value === 'boolean') this.#bytes(value ? 0x88 : 0x89);
    else if (typeof value === 'bigint') this.#saveInteger(value);
    else if (typeof value === 'number') this.#saveFloat(value);
    else if (typeof value === 'string') this.#saveText(value, (value.length <= 1 && value <= '\u00ff') || this.#shared.has(value));
    else this.#saveObject(value);
    this.#depth--;
  }

  #saveObject(value: Exclude<PyValue, null | boolean | bigint | number | string>): void {
    // CPython holds one object for b'' and one for each single byte, one per enum member and per dtype.
    if (value instanceof Uint8Array) this.#saveBytes(value);
    else if (value instanceof PyDtype) this.#saveDtype(value.code);
    else if (value instanceof PyCall) this.#once(`call ${callText(value)}`, () => this.#saveCall(value));
    else if (value instanceof PyScalar) this.#once(value, () => this.#saveScalar(value));
    else if (value instanceof PyArray) this.#once(value, (put) => this.#saveArray(value, put));
    else if (value instanceof PyTuple) {
      if (value.items.length === 0) this.#bytes(0x29);
      else this.#once(value, () => this.#saveTuple(value.items.map((item) => () => this.#save(item))));
    } else if (value instanceof PyOrderedDict) {
      this.#once(value, (put) => {
        this.#reduce('collections', 'OrderedDict', []);
        put();
        this.#saveEntries([...value]);
      });
    } else if (value instanceof Map) {
      this.#once(value, (put) => {
        this.#bytes(0x7d);
        put();
        this.#saveEntries([...value]);
      });
    } else {
      this.#once(value, (put) => {
        this.#bytes(0x5d);
        put();
        this.#saveItems(value as readonly PyValue[]);
      });
    }
  }

  /** Writes a reference if `key` was written before, else writes it and remembers it: where `put` is called, or else at the end. */
  #once(key: Identity, write: (put: () => void) => void): void {
    this.#boundary();
    const index = this.#memo.get(key);
    if (index !== undefined) {
      if (index < 256) this.#bytes(0x68, index);
      else this.#withU32(0x6a, index);
      return;
    }
    let remembered = false;
    const put = (): void => {
      remembered = true;
      this.#memoize(key);
    };
    write(put);
    if (!remembered) put();
  }

  #memoize(key: Identity): void {
    const index = this.#memoCount++;
    this.#memo.set(key, index);
    if (this.#protocol >= 4) this.#bytes(0x94);
    else if (index < 256) this.#bytes(0x71, index);
    else this.#withU32(0x72, index);
  }

  #saveItems(items: readonly PyValue[]): void {
    if (items.length === 1) {
      this.#save(items[0]!);
      this.#bytes(0x61);
      return;
    }
    for (let from = 0; from < items.length; from += BATCH) {
      this.#bytes(0x28);
      for (const item of items.slice(from, from + BATCH)) this.#save(item);
      this.#bytes(0x65);
    }
  }

  #saveEntries(entries: readonly (readonly [PyValue, PyValue])[]): void {
    const save = ([key, value]: readonly [PyValue, PyValue]): void => {
      // Keys are literals in the programs that make these dicts, so Python holds one string for all equal ones.
      if (typeof key === 'string') this.#saveText(key, true);
      else this.#save(key);
      this.#save(value);
    };
    if (entries.length === 1) {
      save(entries[0]!);
      this.#bytes(0x73);
      return;
    }
    // CPython ends with a batch that is not full, so a multiple of 1000 ends with an empty one.
    for (let from = 0; entries.length > 0 && from <= entries.length; from += BATCH) {
      this.#bytes(0x28);
      for (const entry of entries.slice(from, from + BATCH)) save(entry);
      this.#bytes(0x75);
    }
  }

  #saveTuple(saves: readonly (() => void)[]): void {
    if (saves.length > 3) this.#bytes(0x28);
    for (const save of saves) save();
    this.#bytes(saves.length > 3 ? 0x74 : 0x84 + saves.length);
  }

  #saveInteger(value: bigint): void {
    if (value >= 0n && value < 256n) this.#bytes(0x4b, Number(value));
    else if (value >= 0n && value < 65536n) this.#bytes(0x4d, Number(value & 255n), Number(value >> 8n));
    else if (BigInt.asIntN(32, value) === value) this.#withU32(0x4a, Number(BigInt.asUintN(32, value)));
    else this.#saveLong(value);
  }

  #saveLong(value: bigint): void {
    const bytes: number[] = [];
    for (let rest = value; ; rest >>= 8n) {
      bytes.push(Number(rest & 255n));
      if (BigInt.asIntN(8 * bytes.length, value) === value) break;
    }
    if (bytes.length > 255) throw new Error('an integer of more than 255 bytes cannot be pickled');
    this.#bytes(0x8a, bytes.length, ...bytes);
  }

  #saveFloat(value: number): void {
    const bytes = new Uint8Array(9);
    bytes[0] = 0x47;
    new DataView(bytes.buffer).setFloat64(1, value, false);
    this.#write(bytes);
  }

  /** @param interned whether equal strings are one object in Python. */
  #saveText(text: string, interned: boolean): void {
    this.#once(interned ? `text ${text}` : {}, () => {
      const bytes = encodeUtf8(text);
      if (this.#protocol >= 4 && bytes.length < 256) this.#withData([0x8c, bytes.length], bytes);
      else this.#withData([0x58, ...u32(bytes.length)], bytes);
    });
  }

  #saveBytes(bytes: Uint8Array): void {
    this.#once(bytes.length <= 1 ? `bytes ${bytes.join()}` : bytes, () => {
      if (bytes.length < 256) this.#withData([0x43, bytes.length], bytes);
      else if (bytes.length <= 0xffffffff) this.#withData([0x42, ...u32(bytes.length)], bytes);
      else if (this.#protocol >= 4)
        this.#withData([0x8e, ...u32(bytes.length % 2 ** 32), ...u32(Math.floor(bytes.length / 2 ** 32))], bytes);
      else throw new Error('protocol 3 holds no array above 4 GiB');
    });
  }

  #saveGlobal(module: string, name: string): void {
    this.#once(`global ${module} ${name}`, () => {
      if (this.#protocol < 4) {
        this.#write(encodeUtf8(`c${module}\n${name}\n`));
        return;
      }
      this.#saveText(module, true);
      this.#saveText(name, true);
      this.#bytes(0x93);
    });
  }

  /** The call module.name(args), whose result the caller remembers. */
  #reduce(module: string, name: string, args: readonly (() => void)[]): void {
    this.#saveGlobal(module, name);
    this.#boundary();
    if (args.length === 0) this.#bytes(0x29);
    else this.#once({}, () => this.#saveTuple(args));
    this.#bytes(0x52);
  }

  #saveCall({ module, name, args }: PyCall): void {
    this.#reduce(
      module,
      name,
      args.map((arg) => () => this.#save(arg)),
    );
  }

  #saveDtype(code: DtypeCode): void {
    this.#once(`dtype ${code}`, (put) => {
      this.#reduce('numpy', 'dtype', [() => this.#save(code), () => this.#save(false), () => this.#save(true)]);
      put();
      const state: PyValue[] = [3n, elementBytes(code) === 1 ? '|' : '<', null, null, null, -1n, -1n, 0n];
      this.#once({}, () => this.#saveTuple(state.map((part) => () => this.#save(part))));
      this.#bytes(0x62);
    });
  }

  #saveScalar({ dtype, bytes }: PyScalar): void {
    this.#reduce('numpy.core.multiarray', 'scalar', [() => this.#saveDtype(dtype), () => this.#save(bytes)]);
  }

  #saveArray(array: PyArray, put: () => void): void {
    const placeholder = Uint8Array.of(0x62); // b'b', as NumPy writes it
    this.#reduce('numpy.core.multiarray', '_reconstruct', [
      () => this.#saveGlobal('numpy', 'ndarray'),
      () => this.#save(new PyTuple([0n])),
      () => this.#save(placeholder),
    ]);
    put();
    this.#once({}, () =>
      this.#saveTuple([
        () => this.#save(1n),
        () => this.#save(new PyTuple(array.shape.map(BigInt))),
        () => this.#saveDtype(array.dtype),
        () => this.#save(array.fortran),
        () => this.#save(array.bytes),
      ]),
    );
    this.#bytes(0x62);
  }

  #bytes(...bytes: number[]): void {
    this.#write(bytes);
  }

  #withU32(opcode: number, value: number): void {
    this.#write([opcode, ...u32(value)]);
  }

  /** Large data leaves the frame: its header and the data stand between frames. */
  #withData(header: readonly number[], data: Uint8Array): void {
    if (data.length < FRAME_TARGET) {
      this.#write(header);
      this.#write(data);
      return;
    }
    const framing = this.#framing;
    this.#closeFrame();
    this.#framing = false;
    this.#write(header);
    this.#flush();
    this.#chunks.push(data);
    this.#framing = framing;
  }

  #write(bytes: ArrayLike<number>): void {
    const opens = this.#framing && this.#frame === undefined;
    const wanted = this.#length + bytes.length + (opens ? 9 : 0);
    if (wanted > this.#buffer.length) {
      const larger = new Uint8Array(2 * wanted);
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    if (opens) {
      this.#length += 9; // the frame's header, known when it closes
      this.#frame = this.#length;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #closeFrame(): void {
    if (this.#frame === undefined) return;
    const length = this.#length - this.#frame;
    if (length >= FRAME_MIN) {
      this.#buffer[this.#frame - 9] = 0x95;
      new DataView(this.#buffer.buffer).setBigUint64(this.#frame - 8, BigInt(length), true);
    } else {
      this.#buffer.copyWithin(this.#frame - 9, this.#frame, this.#length);
      this.#length -= 9;
    }
    this.#frame = undefined;
  }

  #flush(): void {
    if (this.#length > 0) this.#chunks.push(this.#buffer.slice(0, this.#length));
    this.#length = 0;
  }
}

const u32 = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];

const callText = ({ module, name, args }: PyCall): string =>
  `${module} ${name} ${args.map((arg) => (typeof arg === 'bigint' ? `${arg}` : JSON.stringify(arg))).join()}`;
