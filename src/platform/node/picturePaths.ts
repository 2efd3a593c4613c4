/** Which files a folder, a pattern or a name stands for, in natural order: img2 before img10. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { FormatError } from '../../base/index.ts';

/** Folders below each other that `**` enters. */
const MAX_DEPTH = 32;
const MAX_FILES = 10_000_000;

export interface PicturePaths {
  readonly paths: readonly string[];
  /** Files that are left out, a sentence each. */
  readonly trouble: readonly string[];
}

/** Whether a name ends as pictures' do. */
export const isPictureName = (path: string): boolean => /^\.(jpe?g|png|webp|tiff?|bmp)$/i.test(extname(path));

/** Whether a path asks for several files. A file that is really called so goes before: `photo[1].jpg`. */
export const isPattern = (path: string): boolean => /[*?[\]]/.test(path);

/** Splits names into runs of digits and the rest, so that numbers count by value; the same everywhere, whatever the locale. */
export function naturalOrder(a: string, b: string): number {
  const parts = (name: string): readonly string[] => name.match(/\d+|\D+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i]!, right[i]!];
    if (x === y) continue;
    const [p, q] = [x, y].map((part) => (/^\d/.test(part) ? part.replace(/^0+(?=\d)/, '') : undefined));
    if (p === undefined || q === undefined) return x < y ? -1 : 1;
    if (p !== q) return p.length - q.length || (p < q ? -1 : 1);
  }
  return left.length - right.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** @throws FormatError if a named file or folder is missing. */
export async function picturePaths(inputs: readonly string[]): Promise<PicturePaths> {
  const paths: string[] = [];
  const trouble: string[] = [];
  const stems = new Map<string, string>();
  for (const input of inputs) {
    const found = await stat(input).catch(() => undefined);
    const named = found?.isFile() === true;
    let files: string[];
    if (named) files = [input];
    else if (found?.isDirectory() === true) files = await picturesIn(input);
    else if (isPattern(input)) files = await matching(input);
    else throw new FormatError(`${input}: no such file or folder`, { next: 'check the name' });
    for (const file of files.sort(naturalOrder)) {
      const stem = join(dirname(file), basename(file, extname(file)));
      const first = stems.get(stem);
      if (first === file) continue;
      if (first !== undefined) {
        trouble.push(`${basename(file)}: left out, as ${basename(first)} has the same name but for the ending`);
        continue;
      }
      stems.set(stem, file);
      paths.push(file);
    }
  }
  return { paths, trouble };
}

async function picturesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && isPictureName(entry.name))
    .map((entry) => join(folder, entry.name));
}

/** Pictures whose path matches a pattern. Names that begin with a dot are not matched by wildcards. */
async function matching(pattern: string): Promise<string[]> {
  const parts = pattern.split(/[\\/]/);
  const fixed = parts.findIndex(isPattern);
  const root = fixed === 0 ? '.' : parts.slice(0, fixed).join('/') || '/';
  const found: string[] = [];
  const walk = async (folder: string, rest: readonly string[], depth: number): Promise<void> => {
    const [part, ...behind] = rest;
    if (part === undefined || depth > MAX_DEPTH || found.length > MAX_FILES) return;
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    if (part === '**') await walk(folder, behind.length === 0 ? ['*'] : behind, depth);
    const fits = matcher(part === '**' ? '*' : part);
    for (const entry of entries) {
      if (!fits.test(entry.name)) continue;
      const path = fixed === 0 && folder === '.' ? entry.name : join(folder, entry.name);
      if (part === '**') {
        if (entry.isDirectory()) await walk(path, rest, depth + 1);
      } else if (behind.length > 0) {
        if (entry.isDirectory()) await walk(path, behind, depth + 1);
      } else if (!entry.isDirectory() && isPictureName(entry.name)) found.push(path);
    }
  };
  await walk(root, parts.slice(fixed), 0);
  return [...new Set(found)];
}

/** One part of a pattern as a regular expression: * any characters, ? one, […] one of them, [!…] none of them. */
function matcher(part: string): RegExp {
  let text = /^[*?[]/.test(part) ? '(?!\\.)' : '';
  for (let i = 0; i < part.length; i++) {
    const c = part[i]!;
    const close = c === '[' ? part.indexOf(']', i + 2) : -1;
    if (c === '*') {
      if (part[i + 1] !== '*') text += '.*';
    } else if (c === '?') text += '.';
    else if (close > 0) {
      const set = part.slice(i + 1, close).replace(/[\\\]^]/g, '\\$&');
      text += set.startsWith('!') ? `[^${set.slice(1)}]` : `[${set}]`;
      i = close;
    } else text += c.replace(/[\\^$.|+(){}[\]]/g, '\\$&');
  }
  try {
    return new RegExp(`^${text}$`, 'su');
  } catch (cause) {
    throw new FormatError(`${part}: not a pattern`, { expected: '* for any characters, ? for one, [a-z] for one of them', cause });
  }
}
