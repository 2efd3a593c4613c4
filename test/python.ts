/**
 * Runs the independent Python readers of bench/peers, where a Python with NumPy is found: named by LIAE_PYTHON, or on the path.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { bytesOf, elementBytes, PyArray, PyCall, PyDtype, PyOrderedDict, PyScalar, PyTuple, type PyValue } from '../src/faceset/index.ts';
import { encodeUtf8 } from '../src/faceset/utf8.ts';

/** The command of a Python with NumPy; undefined, with a word on the console, if there is none. */
export function pythonWithNumpy(): string | undefined {
  const candidates = [process.env.LIAE_PYTHON, 'python3', 'python'].filter((name) => name !== undefined && name !== '') as string[];
  const found = candidates.find((command) => spawnSync(command, ['-c', 'import numpy'], { stdio: 'ignore' }).status === 0);
  if (found === undefined) console.warn('skipped: no Python with NumPy (name one in LIAE_PYTHON) to read what was written');
  return found;
}

/** What bench/peers/read_face.py says of each file. */
export function pythonReads(python: string, files: readonly string[]): Record<string, unknown>[] {
  const script = fileURLToPath(new URL('../bench/peers/read_face.py', import.meta.url));
  const { status, stdout, stderr } = spawnSync(python, [script, ...files], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${script} failed: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The same description of a value as the script's `describe`. */
export function describe(value: PyValue): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return { int: `${value}` };
  if (typeof value === 'number') {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value);
    return { float: hex(bytes) };
  }
  if (typeof value === 'string') return { str: hex(encodeUtf8(value)) };
  if (value instanceof Uint8Array) return { bytes: hex(value) };
  if (value instanceof PyTuple) return { tuple: value.items.map(describe) };
  if (value instanceof PyCall) return { enum: value.name, value: Number(value.args[0]) };
  if (value instanceof PyScalar) return { scalar: dtypeName(value.dtype), bits: hex(value.bytes) };
  if (value instanceof PyArray) {
    const sha256 = createHash('sha256').update(bytesOf(value.values())).digest('hex');
    return { ndarray: dtypeName(value.dtype), shape: [...value.shape], sha256 };
  }
  if (value instanceof PyDtype) throw new Error('no description of a dtype');
  if (value instanceof Map) {
    const entries = [...(value as Map<PyValue, PyValue>)].map(([key, entry]) => [describe(key), describe(entry)]);
    return { [value instanceof PyOrderedDict ? 'OrderedDict' : 'dict']: entries };
  }
  return { list: (value as readonly PyValue[]).map(describe) };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function dtypeName(code: string): string {
  const kind = ({ f: 'float', i: 'int', u: 'uint', b: 'bool' } as Record<string, string>)[code[0]!]!;
  return kind === 'bool' ? kind : `${kind}${8 * elementBytes(code as never)}`;
}
