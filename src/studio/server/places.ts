/** Places in the workspace: what the page names is resolved here and nowhere else, and nothing outside can be named, not even through a link. */
import { lstatSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { OptionError } from '../../base/index.ts';

/** Where the studio keeps its own files; hidden, so that no path of the page leads there. */
export const ownFolder = '.liae';

export class Places {
  /** Absolute, without links. */
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async open(folder: string): Promise<Places> {
    return new Places(await realpath(folder));
  }

  /**
   * The absolute path of a place, which need not exist.
   *
   * @throws OptionError if it is not a plain relative path, names something hidden, or leads outside through a link.
   */
  async at(place: string): Promise<string> {
    const parts = place.split('/');
    const plain = parts.every((part) => part !== '' && !part.startsWith('.') && !/[\\\0:]/.test(part));
    if (!plain) throw outside(place);
    const path = resolve(this.root, ...parts);
    if (!this.#holds(path)) throw outside(place);
    let existing = path;
    while (!isThere(existing)) existing = dirname(existing); // of a folder that is still to be made, what there is of its way; ends at the root
    if (!this.#holds(await realpath(existing).catch(() => ''))) throw outside(place);
    return path;
  }

  /** Of an absolute path inside the workspace. */
  nameOf(path: string): string {
    return relative(this.root, path).split(sep).join('/');
  }

  /** A file of the studio's own. */
  own(...parts: readonly string[]): string {
    return join(this.root, ownFolder, ...parts);
  }

  #holds(path: string): boolean {
    return path === this.root || path.startsWith(this.root.endsWith(sep) ? this.root : this.root + sep);
  }
}

/** A link that leads nowhere is there too: it must not be written through. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

const outside = (place: string): OptionError =>
  new OptionError(`${place.slice(0, 200)}: not a place in this workspace`, {
    expected: 'a relative path with forward slashes, without hidden folders and without links that lead elsewhere',
  });
