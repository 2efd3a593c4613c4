/** What every FileStore must do, for the one on disk and the one that the crash tests use. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { NodeFileStore } from '../../src/platform/node/modelStore.ts';
import { type FileStore, readWhole } from '../../src/train/index.ts';
import { MemoryFileStore } from '../support/memoryFileStore.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae-files-'));
afterAll(() => rmSync(scratch, { recursive: true }));
let count = 0;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = async (files: FileStore, path: string): Promise<string> =>
  new TextDecoder().decode(await readWhole(files, path, (await files.size(path)) ?? 0));

describe.each([
  ['on disk', async () => new NodeFileStore(join(scratch, String(count++)))],
  ['in memory', async () => new MemoryFileStore()],
])('a FileStore %s', (_, make) => {
  const made = async (): Promise<FileStore> => {
    const files: FileStore = await make();
    await files.makeFolder('a/b');
    return files;
  };

  test('what is missing is empty, undefined or an error', async () => {
    const files: FileStore = await make();
    expect(await files.list('')).toEqual([]);
    expect(await files.size('a')).toBeUndefined();
    expect(await files.size('a/b')).toBeUndefined();
    await files.remove('a');
    await expect(files.read('a', () => undefined)).rejects.toThrow();
  });

  test('a written file reads back, and a second write replaces it', async () => {
    const files = await made();
    await files.write('a/x', [bytes('one '), bytes(''), bytes('two')]);
    expect(await text(files, 'a/x')).toBe('one two');
    await files.write('a/x', [bytes('3')]);
    expect(await text(files, 'a/x')).toBe('3');
    expect(await files.list('a')).toEqual(['b', 'x']);
    expect(await files.size('a')).toBeUndefined();
    await files.sync('a/x');
    await files.sync('a');
    await files.sync('');
  });

  test('a large file is read whole and in order', async () => {
    const files = await made();
    const large = new Uint8Array(9_000_001).map((_, i) => (i * 7) >> 5);
    await files.write('large', [large.subarray(0, 5), large.subarray(5)]);
    expect(Buffer.compare(await readWhole(files, 'large', large.length), large)).toBe(0);
    expect((await readWhole(files, 'large', 10)).length).toBe(10);
  });

  test('append and truncate work at the end, and only on a file that is there', async () => {
    const files = await made();
    await files.write('a/x', [bytes('12')]);
    await files.append('a/x', bytes('345'));
    expect(await text(files, 'a/x')).toBe('12345');
    await files.truncate('a/x', 3);
    expect(await text(files, 'a/x')).toBe('123');
    await expect(files.append('a/none', bytes('1'))).rejects.toThrow();
    await expect(files.truncate('a/none', 0)).rejects.toThrow();
  });

  test('rename replaces a file, moves a folder, and never replaces a folder with files', async () => {
    const files = await made();
    await files.write('a/b/x', [bytes('x')]);
    await files.write('y', [bytes('y')]);
    await files.rename('y', 'a/b/x');
    expect(await text(files, 'a/b/x')).toBe('y');
    await files.rename('a/b', 'c');
    expect(await files.list('c')).toEqual(['x']);
    await files.makeFolder('d');
    await files.write('d/z', [bytes('z')]);
    await expect(files.rename('d', 'c')).rejects.toThrow();
    await expect(files.rename('none', 'e')).rejects.toThrow();
  });

  test('a link keeps the content after the first name is gone', async () => {
    const files = await made();
    await files.write('a/x', [bytes('x')]);
    await files.link('a/x', 'a/b/y');
    await files.remove('a/x');
    expect(await text(files, 'a/b/y')).toBe('x');
    await files.remove('a');
    expect(await files.list('')).toEqual([]);
  });

  test('free space is a count of bytes or unknown', async () => {
    const free = await (await made()).freeBytes();
    if (free !== undefined) expect(free).toBeGreaterThan(0);
  });
});
