/**
 * Tables of a FlatBuffer, read where they lie. Files come from strangers: each offset and length is checked against the file before
 * it is used. Offsets point forward only, so no chain of tables is endless.
 * Format: FlatBuffers internals, https://flatbuffers.dev/internals. A table begins with the distance back to its vtable, which lists
 * where in the table each field is; numbers are little-endian.
 */
import { FormatError } from '../base/index.ts';

/** No vector of tables or of numbers that a network needs is longer. */
const LONGEST_VECTOR = 20_000;

export class FlatTable {
  readonly #view: DataView;
  readonly #name: string;
  readonly #at: number;
  readonly #vtable: number;
  readonly #fields: number;
  readonly #end: number;

  private constructor(view: DataView, name: string, at: number) {
    this.#view = view;
    this.#name = name;
    this.#at = at;
    this.#need(at, 4);
    this.#vtable = at - view.getInt32(at, true);
    this.#need(this.#vtable, 4);
    const size = view.getUint16(this.#vtable, true);
    this.#need(this.#vtable, size);
    this.#fields = Math.floor(size / 2) - 2;
    this.#end = at + view.getUint16(this.#vtable + 2, true);
  }

  /**
   * The table that the file begins with.
   *
   * @param name of the file, for errors.
   * @throws FormatError, as every method, if a place lies outside the file.
   */
  static root(bytes: Uint8Array, name: string): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 8) throw new FormatError(`${name}: too short`, { found: `${bytes.length} bytes` });
    return new FlatTable(view, name, view.getUint32(0, true));
  }

  int(field: number, otherwise = 0): number {
    const at = this.#field(field, 4);
    return at === undefined ? otherwise : this.#view.getInt32(at, true);
  }

  /** A signed byte. */
  byte(field: number, otherwise = 0): number {
    const at = this.#field(field, 1);
    return at === undefined ? otherwise : this.#view.getInt8(at);
  }

  table(field: number): FlatTable | undefined {
    const at = this.#field(field, 4);
    return at === undefined ? undefined : new FlatTable(this.#view, this.#name, this.#target(at));
  }

  tables(field: number): readonly FlatTable[] {
    const { at, length } = this.#vector(field, 4, LONGEST_VECTOR);
    return Array.from({ length }, (_, i) => new FlatTable(this.#view, this.#name, this.#target(at + 4 * i)));
  }

  /** @param longest the greatest number of elements that is taken for true. */
  ints(field: number, longest: number): readonly number[] {
    const { at, length } = this.#vector(field, 4, longest);
    return Array.from({ length }, (_, i) => this.#view.getInt32(at + 4 * i, true));
  }

  /** The bytes in place, not a copy; none if the field is absent. */
  bytes(field: number): Uint8Array {
    const { at, length } = this.#vector(field, 1, this.#view.byteLength);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, length);
  }

  text(field: number): string {
    const bytes = this.bytes(field);
    if (bytes.length > 4096) this.#fail(`a name of ${bytes.length} bytes`);
    return new TextDecoder().decode(bytes);
  }

  /** Where the field lies in the file; undefined if the table leaves it out. */
  #field(field: number, size: number): number | undefined {
    if (field >= this.#fields) return undefined;
    const offset = this.#view.getUint16(this.#vtable + 4 + 2 * field, true);
    if (offset === 0) return undefined;
    const at = this.#at + offset;
    if (at + size > this.#end) this.#fail(`a field at ${at} behind its table's end at ${this.#end}`);
    this.#need(at, size);
    return at;
  }

  #target(at: number): number {
    this.#need(at, 4);
    return at + this.#view.getUint32(at, true);
  }

  #vector(field: number, size: number, longest: number): { readonly at: number; readonly length: number } {
    const from = this.#field(field, 4);
    if (from === undefined) return { at: 0, length: 0 };
    const start = this.#target(from);
    this.#need(start, 4);
    const length = this.#view.getUint32(start, true);
    if (length > longest) this.#fail(`a vector of ${length} elements`);
    this.#need(start + 4, length * size);
    return { at: start + 4, length };
  }

  #need(at: number, size: number): void {
    if (at < 0 || at + size > this.#view.byteLength) this.#fail(`bytes ${at}…${at + size} of ${this.#view.byteLength}`);
  }

  #fail(found: string): never {
    throw new FormatError(`${this.#name}: damaged`, { found });
  }
}
