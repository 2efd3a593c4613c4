/**
 * ONNX Runtime's C interface, called in the library file that onnxruntime-node ships. That package's own binding copies every output into memory
 * that was never touched, which for the weights of a training call costs a seventh of the time; here outputs land in arrays that exist.
 * Source: onnxruntime_c_api.h. The positions of its table of functions are fixed: newer versions only append.
 */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import koffi from 'koffi';

/** An address in native memory. */
export type Pointer = bigint;

/** Since ONNX Runtime 1.16 every function used here exists. */
const API_VERSION = 16;

const [pointer, text, size, int] = ['void *', 'str', 'size_t', 'int'] as const;
const toPointer = koffi.out(koffi.pointer('void *'));
const toText = koffi.out(koffi.pointer('void *'));
const toInt = koffi.out(koffi.pointer('int'));
const toSize = koffi.out(koffi.pointer('size_t'));
const pointers = koffi.pointer('void *');
const changedPointers = koffi.inout(koffi.pointer('void *'));
const texts = koffi.pointer('str');
const toLongs = koffi.out(koffi.pointer('int64_t'));
/** Paths are wide characters on Windows. */
const path = process.platform === 'win32' ? 'str16' : 'str';

type KoffiType = Parameters<typeof koffi.sizeof>[0];

/** Position in the table, result and arguments, in koffi's types. */
type Signature = readonly [at: number, result: unknown, values: readonly unknown[]];

const signatures = <N extends string>(table: Readonly<Record<N, Signature>>): Readonly<Record<N, Signature>> => table;

/** A pointer that comes back is a status: null, or an error to be released. */
const functions = signatures({
  GetErrorMessage: [2, text, [pointer]],
  CreateEnv: [3, pointer, [int, text, toPointer]],
  CreateSessionFromArray: [8, pointer, [pointer, pointer, size, pointer, toPointer]],
  Run: [9, pointer, [pointer, pointer, texts, pointers, size, texts, size, changedPointers]],
  CreateSessionOptions: [10, pointer, [toPointer]],
  EnableProfiling: [14, pointer, [pointer, path]],
  SetSessionLogSeverityLevel: [22, pointer, [pointer, int]],
  SetSessionGraphOptimizationLevel: [23, pointer, [pointer, int]],
  SetIntraOpNumThreads: [24, pointer, [pointer, int]],
  SessionGetInputCount: [30, pointer, [pointer, toSize]],
  SessionGetOutputCount: [31, pointer, [pointer, toSize]],
  SessionGetInputTypeInfo: [33, pointer, [pointer, size, toPointer]],
  SessionGetOutputTypeInfo: [34, pointer, [pointer, size, toPointer]],
  SessionGetInputName: [36, pointer, [pointer, size, pointer, toText]],
  SessionGetOutputName: [37, pointer, [pointer, size, pointer, toText]],
  CreateTensorWithDataAsOrtValue: [49, pointer, [pointer, pointer, size, pointer, size, int, toPointer]],
  GetTensorMutableData: [51, pointer, [pointer, toPointer]],
  CastTypeInfoToTensorInfo: [55, pointer, [pointer, toPointer]],
  GetTensorElementType: [60, pointer, [pointer, toInt]],
  GetDimensionsCount: [61, pointer, [pointer, toSize]],
  GetDimensions: [62, pointer, [pointer, toLongs, size]],
  GetTensorTypeAndShape: [65, pointer, [pointer, toPointer]],
  CreateCpuMemoryInfo: [69, pointer, [int, int, toPointer]],
  AllocatorFree: [76, pointer, [pointer, pointer]],
  GetAllocatorWithDefaultOptions: [78, pointer, [toPointer]],
  ReleaseStatus: [93, 'void', [pointer]],
  ReleaseSession: [95, 'void', [pointer]],
  ReleaseValue: [96, 'void', [pointer]],
  ReleaseTypeInfo: [98, 'void', [pointer]],
  ReleaseTensorTypeAndShapeInfo: [99, 'void', [pointer]],
  ReleaseSessionOptions: [100, 'void', [pointer]],
  SessionEndProfiling: [110, pointer, [pointer, pointer, toText]],
  GetAvailableProviders: [125, pointer, [toPointer, toInt]],
  ReleaseAvailableProviders: [126, pointer, [pointer, int]],
});

type Name = keyof typeof functions;
type Call = (...values: readonly unknown[]) => unknown;

export interface OrtLibrary {
  /** Of ONNX Runtime, "1.30.0". */
  readonly version: string;
  /** Calls a function that returns a status. @throws Error with the library's message. */
  do(name: Name, ...values: readonly unknown[]): void;
  /** Calls one whose last argument is where it writes. @returns what it wrote. */
  get(name: Name, ...values: readonly unknown[]): Pointer;
  release(name: Extract<Name, `Release${string}`>, value: Pointer): void;
  /** Of the devices that this build knows, whether they are there or not: "CPUExecutionProvider"… */
  providers(): readonly string[];
  readonly environment: Pointer;
  /** Describes memory that belongs to JavaScript. */
  readonly memory: Pointer;
  readonly allocator: Pointer;
}

let opened: OrtLibrary | undefined;
/** Held for as long as the thread runs: koffi unloads what nothing refers to, and functions found by their addresses refer to nothing. */
let held: ReturnType<typeof koffi.load> | undefined;

/** The library, opened at the first call in a thread. @throws Error if there is none for this system. */
export function ortLibrary(): OrtLibrary {
  opened ??= open();
  return opened;
}

function open(): OrtLibrary {
  held = koffi.load(libraryFile());
  const base = held.func('OrtGetApiBase', pointer, [])() as Pointer;
  const [getApi, getVersion] = koffi.decode(base, koffi.array('void *', 2)) as [Pointer, Pointer];
  const version = String((koffi.decode(getVersion, koffi.proto(text, [])) as Call)());
  const table = (koffi.decode(getApi, koffi.proto(pointer, ['uint32_t'])) as Call)(API_VERSION) as Pointer | null;
  if (table === null) throw new Error(`ONNX Runtime ${version} does not offer version ${API_VERSION} of its interface`);
  const addresses = koffi.decode(
    table,
    koffi.array('void *', 1 + Math.max(...Object.values<Signature>(functions).map(([at]) => at))),
  ) as Pointer[];
  const calls = Object.fromEntries(
    Object.entries<Signature>(functions).map(([name, [at, result, values]]) => {
      return [name, koffi.decode(addresses[at]!, koffi.proto(result as KoffiType, values as KoffiType[]))];
    }),
  ) as Record<Name, Call>;

  const run = (name: Name, values: readonly unknown[]): void => {
    const status = calls[name](...values) as Pointer | null;
    if (status === null) return;
    const message = String(calls.GetErrorMessage(status));
    calls.ReleaseStatus(status);
    throw new Error(`ONNX Runtime: ${message}`);
  };
  const get = (name: Name, ...values: readonly unknown[]): Pointer => {
    const out: [Pointer | null] = [null];
    run(name, [...values, out]);
    return out[0]!;
  };
  return {
    version,
    do: (name, ...values) => run(name, values),
    get,
    release: (name, value) => {
      calls[name](value);
    },
    providers() {
      const [list, count]: [[Pointer | null], [number]] = [[null], [0]];
      run('GetAvailableProviders', [list, count]);
      const names = (koffi.decode(list[0], koffi.array('void *', count[0])) as Pointer[]).map(textAt);
      run('ReleaseAvailableProviders', [list[0], count[0]]);
      return names;
    },
    environment: get('CreateEnv', 4, 'liae'),
    memory: get('CreateCpuMemoryInfo', 1, 0),
    allocator: get('GetAllocatorWithDefaultOptions'),
  };
}

/** Native memory as JavaScript's, while it lasts. */
export const memoryAt = (at: Pointer, bytes: number): ArrayBuffer => koffi.view(at, bytes);

/** A text that ends with 0. */
export const textAt = (at: Pointer): string => koffi.decode.string(at);

/** libonnxruntime.so.1, libonnxruntime.1.30.0.dylib or onnxruntime.dll. */
function libraryFile(): string {
  const home = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const folder = join(home, 'bin', 'napi-v6', process.platform, process.arch);
  let files: readonly string[] = [];
  try {
    files = readdirSync(folder);
  } catch {
    // said below
  }
  const file = files.find((name) => /^(lib)?onnxruntime\.(so|dll|dylib|\d)/.test(name));
  if (file === undefined)
    throw new Error(`onnxruntime-node has no library for ${process.platform} on ${process.arch}: nothing in ${folder}`);
  return join(folder, file);
}
