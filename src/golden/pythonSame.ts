/** Equality of Python values, types included, that says where two differ. */
import { PyArray, PyCall, PyDtype, PyScalar, PyTuple, type PyValue } from '../faceset/index.ts';

/** Where two values differ in type, value or order of keys; undefined if nowhere. */
export function differs(a: PyValue, b: PyValue, at: string): string | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || a.constructor !== b.constructor) return at;
  if (a instanceof Uint8Array) return sameBits(a, b as Uint8Array) ? undefined : at;
  if (a instanceof PyArray) {
    const other = b as PyArray;
    const equal = a.dtype === other.dtype && a.shape.join() === other.shape.join() && a.fortran === other.fortran;
    return equal && sameBits(a.bytes, other.bytes) ? undefined : at;
  }
  if (a instanceof PyScalar) return a.dtype === (b as PyScalar).dtype && sameBits(a.bytes, (b as PyScalar).bytes) ? undefined : at;
  if (a instanceof PyDtype) return a.code === (b as PyDtype).code ? undefined : at;
  if (a instanceof PyCall) return a.name === (b as PyCall).name ? differs(a.args, (b as PyCall).args, at) : at;
  if (a instanceof PyTuple) return differs(a.items, (b as PyTuple).items, at);
  if (a instanceof Map) return differs([...(a as Map<PyValue, PyValue>)].flat(), [...(b as Map<PyValue, PyValue>)].flat(), at);
  const [left, right] = [a as readonly PyValue[], b as readonly PyValue[]];
  if (left.length !== right.length) return at;
  for (const [i, item] of left.entries()) {
    const found = differs(item, right[i]!, `${at}/${typeof left[i - 1] === 'string' ? String(left[i - 1]) : i}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function sameBits(a: Uint8Array | Float32Array, b: Uint8Array | Float32Array): boolean {
  const [left, right] = [a, b].map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength));
  return left!.equals(right!);
}
