/** A folder on disk: a file is replaced as a whole or not at all, and what is missing is said. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readWhole } from '../../faceset/index.ts';
import { nodeFolder } from './files.ts';

let path = '';
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'liae-'));
});
afterEach(() => rmSync(path, { recursive: true }));

test('a write that fails leaves the old content and nothing else', async () => {
  const folder = nodeFolder(path);
  await folder.write('a.bin', [Uint8Array.of(1, 2), Uint8Array.of(3)]);
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(100_000);
    throw new Error('no more');
  }
  await expect(folder.write('a.bin', broken())).rejects.toThrow('no more');
  expect([...readFileSync(join(path, 'a.bin'))]).toEqual([1, 2, 3]);
  expect(readdirSync(path)).toEqual(['a.bin']);
});

test('folders above a file are made, and files in them are not listed', async () => {
  const folder = nodeFolder(join(path, 'new'));
  await folder.write('anna/1.jpg', [Uint8Array.of(7)]);
  await folder.write('b', []);
  expect(existsSync(join(path, 'new/anna/1.jpg'))).toBe(true);
  expect(await folder.list()).toEqual(['b']);
  await folder.remove('b');
  await folder.remove('b');
  expect(await folder.list()).toEqual([]);
});

test('reads are cut at the end of the file', async () => {
  writeFileSync(
    join(path, 'f'),
    Uint8Array.from({ length: 10 }, (_, i) => i),
  );
  await using file = await nodeFolder(path).open('f');
  expect(file.size).toBe(10);
  expect([...(await file.read(7, 100))]).toEqual([7, 8, 9]);
  expect([...(await file.read(10, 1))]).toEqual([]);
  expect([...(await file.read(2 ** 40, 1))]).toEqual([]);
});

test('a file larger than one read comes in pieces', async () => {
  writeFileSync(
    join(path, 'f'),
    Uint8Array.from({ length: 10 }, (_, i) => i),
  );
  expect([...(await readWhole(nodeFolder(path, 4), 'f'))]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('what is missing, a folder or a file, is named', async () => {
  const folder = nodeFolder(path);
  await expect(folder.open('no.jpg')).rejects.toThrow(`${join(path, 'no.jpg')}: there is no such file`);
  await expect(nodeFolder(join(path, 'none')).list()).rejects.toThrow('there is no such folder');
  mkdirSync(join(path, 'sub'));
  await expect(folder.open('sub')).rejects.toThrow('sub: not a file');
  symlinkSync(join(path, 'gone'), join(path, 'link'));
  await expect(folder.open('link')).rejects.toThrow('there is no such file');
});
