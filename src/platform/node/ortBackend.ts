/**
 * The backend over ONNX Runtime's C interface. Execution is on the CPU; a run occupies its thread, so training lives in a worker. Feeds and the
 * arrays of `into` are used where they lie, without a copy.
 */
import { sizeOf } from '../../base/index.ts';
import type { Backend, CompileOptions, Feed, FeedArray, Port, Program } from '../../runtime/index.ts';
import { memoryAt, type OrtLibrary, ortLibrary, type Pointer, textAt } from './ortLibrary.ts';

export function ortBackend(): OrtBackend {
  return {
    name: 'onnxruntime-node cpu',
    async compile(model: Uint8Array, options: CompileOptions = {}): Promise<OrtProgram> {
      const library = ortLibrary();
      const session = openSession(library, model, options);
      return programOver(library, session, () => {
        if (options.profile !== undefined) takeText(library, library.get('SessionEndProfiling', session, library.allocator));
        library.release('ReleaseSession', session);
      });
    },
  };
}

interface OrtBackend extends Backend {
  compile(model: Uint8Array, options?: CompileOptions): Promise<OrtProgram>;
}

export interface OrtProgram extends Program {
  /** Where the library has it, for other threads. */
  readonly address: Pointer;
}

/** A program that another thread of this process compiled, and disposes of when nobody runs it any more. Threads may run it at the same time. */
export const programAt = (address: Pointer): OrtProgram => programOver(ortLibrary(), address, () => {});

function programOver(library: OrtLibrary, session: Pointer, end: () => void): OrtProgram {
  const inputs = ports(library, session, 'Input');
  const outputs = ports(library, session, 'Output');
  const outputNames = outputs.map(({ name }) => name);
  let open = true;
  return {
    address: session,
    inputs,
    outputs,
    async run(feeds, fetch = outputNames, into = {}) {
      if (!open) throw new Error('the program was disposed of');
      return runSession(library, session, inputs, feeds, fetch, into);
    },
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      end();
    },
  };
}

/** Of ONNX Runtime's enumerations: errors are thrown, not printed; everything that makes graphs faster. */
const [ONLY_FATAL, ALL_OPTIMISATIONS] = [4, 99];

function openSession(library: OrtLibrary, model: Uint8Array, { threads, profile }: CompileOptions): Pointer {
  const options = library.get('CreateSessionOptions');
  try {
    library.do('SetSessionLogSeverityLevel', options, ONLY_FATAL);
    library.do('SetSessionGraphOptimizationLevel', options, ALL_OPTIMISATIONS);
    if (threads !== undefined) library.do('SetIntraOpNumThreads', options, threads);
    if (profile !== undefined) library.do('EnableProfiling', options, profile);
    return library.get('CreateSessionFromArray', library.environment, model, model.byteLength, options);
  } finally {
    library.release('ReleaseSessionOptions', options);
  }
}

function runSession(
  library: OrtLibrary,
  session: Pointer,
  inputs: readonly Port[],
  feeds: Readonly<Record<string, Feed>>,
  fetch: readonly string[],
  into: Readonly<Record<string, Feed>>,
): Readonly<Record<string, Feed>> {
  const given: Pointer[] = [];
  const value = (feed: Feed): Pointer => {
    const made = valueOver(library, feed);
    given.push(made);
    return made;
  };
  const results: (Pointer | null)[] = [];
  try {
    const names = inputs.map(({ name }) => name);
    const values = names.map((name) => {
      const feed = feeds[name];
      if (feed === undefined) throw new Error(`no array for the input ${name}`); // the library would read from nowhere
      return value(feed);
    });
    results.push(...fetch.map((name) => (into[name] === undefined ? null : value(into[name]))));
    const known = [...results];
    library.do('Run', session, null, names, values, names.length, [...fetch], fetch.length, results);
    const read = (name: string, i: number): Feed => (known[i] === null ? copyOf(library, results[i]!) : into[name]!);
    return Object.fromEntries(fetch.map((name, i) => [name, read(name, i)]));
  } finally {
    for (const pointer of new Set([...given, ...results])) if (pointer !== null) library.release('ReleaseValue', pointer);
  }
}

/** Of ONNX Runtime's element types, those that go in or out. */
const elementTypes = ['', 'float32', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool', 'float16', 'float64'];
const [FLOAT, LONG, BOOL] = ['float32', 'int64', 'bool'].map((name) => elementTypes.indexOf(name));

/** A value over the memory of the array, which must outlive it. @throws Error if the array does not fill the shape. */
function valueOver(library: OrtLibrary, { shape, data }: Feed): Pointer {
  if (data.length !== sizeOf(shape)) throw new Error(`${data.length} elements for the shape [${shape.join(', ')}]`);
  const type = data instanceof Float32Array ? FLOAT : data instanceof BigInt64Array ? LONG : BOOL;
  const lengths = BigInt64Array.from(shape, BigInt);
  return library.get('CreateTensorWithDataAsOrtValue', library.memory, data, data.byteLength, lengths, shape.length, type);
}

function copyOf(library: OrtLibrary, value: Pointer): Feed {
  const info = library.get('GetTensorTypeAndShape', value);
  try {
    const { type, shape } = tensorOf(library, info);
    const lengths = shape.map(Number);
    const size = sizeOf(lengths);
    const make =
      type === 'float32' ? Float32Array : type === 'int64' ? BigInt64Array : type === 'bool' || type === 'uint8' ? Uint8Array : undefined;
    if (make === undefined) throw new Error(`an output holds ${type}, which cannot be read`);
    if (size === 0) return { shape: lengths, data: new make(0) as FeedArray };
    const memory = memoryAt(library.get('GetTensorMutableData', value), size * make.BYTES_PER_ELEMENT);
    return { shape: lengths, data: new make(memory).slice() as FeedArray };
  } finally {
    library.release('ReleaseTensorTypeAndShapeInfo', info);
  }
}

/** Type and lengths of a tensor; a length of any size is below 0. */
function tensorOf(library: OrtLibrary, info: Pointer): { readonly type: string; readonly shape: readonly bigint[] } {
  const axes = Number(library.get('GetDimensionsCount', info));
  const lengths = new BigInt64Array(axes);
  if (axes > 0) library.do('GetDimensions', info, lengths, axes);
  return { type: elementTypes[Number(library.get('GetTensorElementType', info))] || 'none', shape: [...lengths] };
}

function ports(library: OrtLibrary, session: Pointer, side: 'Input' | 'Output'): Port[] {
  const count = Number(library.get(`SessionGet${side}Count`, session));
  return Array.from({ length: count }, (_, i): Port => {
    const name = takeText(library, library.get(`SessionGet${side}Name`, session, i, library.allocator));
    const info = library.get(`SessionGet${side}TypeInfo`, session, i);
    try {
      const tensor = library.get('CastTypeInfoToTensorInfo', info) as Pointer | null;
      if (tensor === null) return { name, type: 'none', shape: [] };
      const { type, shape } = tensorOf(library, tensor);
      return { name, type, shape: shape.map((n) => (n > 0n ? Number(n) : undefined)) };
    } finally {
      library.release('ReleaseTypeInfo', info);
    }
  });
}

/** A text that the library allocated, which is freed. */
function takeText(library: OrtLibrary, at: Pointer): string {
  const text = textAt(at);
  library.do('AllocatorFree', library.allocator, at);
  return text;
}
