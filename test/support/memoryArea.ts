/** A folder of faces in memory, for tests, which can be killed at any step. */
import { baseOf, type FaceArea, parentOf, workPrefix } from '../../src/curate/index.ts';

export class Killed extends Error {}

export interface MemoryArea extends FaceArea {
  /** Contents by path. */
  readonly files: Map<string, string>;
  readonly journal: () => string;
  /** Lets this many changes happen and then stops dead, in the middle of a line if the next one writes the journal. */
  killAfter(steps: number): void;
  revive(): void;
}

export function memoryArea(contents: Readonly<Record<string, string>>): MemoryArea {
  const files = new Map(Object.entries(contents));
  let journal = '';
  let left = Infinity;
  const step = (torn: () => void = () => {}): void => {
    if (left === 0) torn();
    if (left-- <= 0) throw new Killed();
  };
  return {
    files,
    journal: () => journal,
    killAfter: (steps) => void (left = steps),
    revive: () => void (left = Infinity),
    describe: (path) => `/memory/${path}`,
    exists: async (path) => files.has(path),
    list: async (path) => {
      const folder = path.replace(/\/$/, '');
      return [...files.keys()]
        .filter((file) => parentOf(file) === folder && !baseOf(file).startsWith(workPrefix))
        .map(baseOf)
        .sort();
    },
    async move(from, to) {
      step();
      const content = files.get(from);
      if (content === undefined) throw new Error(`no ${from}`);
      if (files.has(to)) throw new Error(`${to} would be lost`);
      files.delete(from);
      files.set(to, content);
    },
    async write(path, bytes) {
      step();
      if (!(bytes instanceof Uint8Array)) throw new Error('pieces are not kept here');
      files.set(path, new TextDecoder().decode(bytes));
    },
    async clear(path) {
      for (const file of [...files.keys()]) if (file.startsWith(`${path}/`)) files.delete(file);
    },
    flush: async () => {},
    readJournal: async () => journal,
    async appendJournal(text) {
      step(() => void (journal += text.slice(0, text.length >> 1)));
      journal += text;
    },
  };
}
