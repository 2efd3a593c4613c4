/**
 * A FileStore in memory that knows what a power cut loses: content that was not flushed, and folder entries whose folder was not
 * flushed. A plan can fail any step, half done, once or from then on.
 */
import { ResourceError } from '../../src/base/index.ts';
import type { FileStore } from '../../src/train/fileStore.ts';

interface File {
  readonly kind: 'file';
  bytes: Uint8Array;
  flushed: Uint8Array;
}
interface Folder {
  readonly kind: 'folder';
  entries: Map<string, Node>;
  flushed: Map<string, Node>;
}
type Node = File | Folder;

const folder = (): Folder => ({ kind: 'folder', entries: new Map(), flushed: new Map() });

class Crash extends Error {}

export class MemoryFileStore implements FileStore {
  root = folder();
  /** Steps that change something, so far. */
  steps = 0;
  /** Names of those steps. */
  readonly log: string[] = [];
  /** The step that fails, counted from 0, and whether all later ones fail too (the process is dead). */
  failAt: number | undefined;
  dead = false;
  error: () => Error = () => new Crash('cut');
  free: number | undefined;

  describe(path: string): string {
    return path === '' ? 'model' : `model/${path}`;
  }

  async list(path: string): Promise<readonly string[]> {
    const node = this.#find(path);
    return node?.kind === 'folder' ? [...node.entries.keys()].sort() : [];
  }

  async size(path: string): Promise<number | undefined> {
    const node = this.#find(path);
    return node?.kind === 'file' ? node.bytes.length : undefined;
  }

  async makeFolder(path: string): Promise<void> {
    this.#step(`makeFolder ${path}`);
    let at = this.root;
    for (const name of parts(path)) {
      const next = at.entries.get(name) ?? folder();
      if (next.kind !== 'folder') throw new Error(`${path}: a file is in the way`);
      at.entries.set(name, next);
      at = next;
    }
  }

  async write(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
    const [parent, name] = this.#parent(path);
    const failing = this.#fails(`write ${path}`);
    const bytes = joined([...pieces]);
    // A half-done write has made the entry and flushed nothing.
    parent.entries.set(name, {
      kind: 'file',
      bytes: failing ? bytes.slice(0, bytes.length >> 1) : bytes,
      flushed: failing ? new Uint8Array() : bytes,
    });
    if (failing) throw this.error();
  }

  async append(path: string, bytes: Uint8Array): Promise<void> {
    const file = this.#file(path);
    const failing = this.#fails(`append ${path}`);
    file.bytes = joined([file.bytes, failing ? bytes.slice(0, bytes.length >> 1) : bytes]);
    if (failing) throw this.error();
  }

  async truncate(path: string, bytes: number): Promise<void> {
    const file = this.#file(path);
    this.#step(`truncate ${path}`);
    file.bytes = file.bytes.slice(0, bytes);
  }

  async sync(path: string): Promise<void> {
    const node = this.#find(path);
    if (node === undefined) throw new Error(`${path}: nothing to flush`);
    this.#step(`sync ${path}`);
    if (node.kind === 'file') node.flushed = node.bytes.slice();
    else node.flushed = new Map(node.entries);
  }

  async read(path: string, visit: (piece: Uint8Array) => void): Promise<void> {
    const { bytes } = this.#file(path);
    const piece = new Uint8Array(1000);
    for (let at = 0; at < bytes.length; at += piece.length) {
      const part = bytes.subarray(at, at + piece.length);
      piece.set(part);
      visit(piece.subarray(0, part.length)); // the same memory each time, as the port allows
    }
  }

  async rename(from: string, to: string): Promise<void> {
    const [source, name] = this.#parent(from);
    const [target, newName] = this.#parent(to);
    const node = source.entries.get(name);
    if (node === undefined) throw new Error(`${from}: missing`);
    if (target.entries.get(newName)?.kind === 'folder' || (node.kind === 'folder' && target.entries.has(newName)))
      throw new Error(`${to}: in the way`);
    this.#step(`rename ${from} ${to}`);
    source.entries.delete(name);
    target.entries.set(newName, node);
  }

  async link(from: string, to: string): Promise<void> {
    const file = this.#file(from);
    const [parent, name] = this.#parent(to);
    if (parent.entries.has(name)) throw new Error(`${to}: in the way`);
    this.#step(`link ${from} ${to}`);
    parent.entries.set(name, file);
  }

  async remove(path: string): Promise<void> {
    const node = this.#find(path);
    if (node === undefined) return;
    const [parent, name] = this.#parent(path);
    if (this.#fails(`remove ${path}`)) {
      if (node.kind === 'folder') for (const first of [...node.entries.keys()].slice(0, 1)) node.entries.delete(first);
      throw this.error();
    }
    parent.entries.delete(name);
  }

  async freeBytes(): Promise<number | undefined> {
    return this.free;
  }

  /** What a new process finds. @param lost true after a power cut: only what was flushed. */
  afterCrash(lost: boolean): MemoryFileStore {
    const next = new MemoryFileStore();
    const copy = (node: Node): Node => {
      if (node.kind === 'file') {
        const bytes = (lost ? node.flushed : node.bytes).slice();
        return { kind: 'file', bytes, flushed: bytes };
      }
      const entries = new Map([...(lost ? node.flushed : node.entries)].map(([name, child]) => [name, copy(child)]));
      return { kind: 'folder', entries, flushed: new Map(entries) };
    };
    next.root = copy(this.root) as Folder;
    return next;
  }

  /** The bytes of a file, to be changed in place by a test. */
  bytesOf(path: string): Uint8Array {
    return this.#file(path).bytes;
  }

  #step(name: string): void {
    if (this.#fails(name)) throw this.error();
  }

  #fails(name: string): boolean {
    this.log.push(name);
    const step = this.steps++;
    return this.failAt !== undefined && (this.dead ? step >= this.failAt : step === this.failAt);
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.root;
    for (const name of parts(path)) node = node?.kind === 'folder' ? node.entries.get(name) : undefined;
    return node;
  }

  #file(path: string): File {
    const node = this.#find(path);
    if (node?.kind !== 'file') throw new Error(`${path}: no such file`);
    return node;
  }

  #parent(path: string): [Folder, string] {
    const names = parts(path);
    const name = names.pop()!;
    const node = this.#find(names.join('/'));
    if (node?.kind !== 'folder') throw new Error(`${path}: no such folder`);
    return [node, name];
  }
}

export const diskFull = (): Error => new ResourceError('model: the disk is full');

const parts = (path: string): string[] => (path === '' ? [] : path.split('/'));

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
