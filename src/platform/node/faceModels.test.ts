/** Where the face networks come from and where they are kept; what they see is tested in test/vision. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FormatError, ResourceError } from '../../base/index.ts';
import { cached, defaultCacheDir } from './faceModelCache.ts';
import { networkSources, readNetworkFiles } from './faceModelFiles.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'liae-models-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const made = Uint8Array.of(1, 2, 3, 4);
const silent = (): void => {};
const never = (): Uint8Array => {
  throw new Error('made again');
};

test('what was converted once is read the next time, unless its sources changed', async () => {
  expect(await cached(folder, 'net', ['a'], () => made, silent)).toEqual(made);
  expect(await cached(folder, 'net', ['a'], never, silent)).toEqual(made);
  expect(await cached(folder, 'net', ['b'], () => Uint8Array.of(9), silent)).toEqual(Uint8Array.of(9));
  expect(readdirSync(folder).length).toBe(2);
});

test('a kept file that is damaged or cut off is made again', async () => {
  await cached(folder, 'net', ['a'], () => made, silent);
  const path = join(folder, readdirSync(folder)[0]!);
  const whole = readFileSync(path);
  for (const broken of [whole.subarray(0, 20), whole.subarray(0, -1), Buffer.from(whole.map((v, i) => (i === 34 ? v ^ 1 : v)))]) {
    writeFileSync(path, broken);
    expect(await cached(folder, 'net', ['a'], () => made, silent)).toEqual(made);
    expect(readFileSync(path)).toEqual(whole);
  }
});

test('a cache that cannot be written costs a note, no more', async () => {
  const notes: string[] = [];
  writeFileSync(join(folder, 'file'), '');
  expect(
    await cached(
      join(folder, 'file'),
      'net',
      ['a'],
      () => made,
      (line) => notes.push(line),
    ),
  ).toEqual(made);
  expect(notes.length).toBe(1);
  expect(notes[0]).toContain(join(folder, 'file'));
});

test('the cache is where the system wants it', () => {
  expect(defaultCacheDir({ LIAE_CACHE: '/somewhere', XDG_CACHE_HOME: '/x' }, 'linux')).toBe('/somewhere');
  expect(defaultCacheDir({ XDG_CACHE_HOME: '/x' }, 'linux')).toBe(join('/x', 'liae'));
  expect(defaultCacheDir({}, 'darwin')).toMatch(/\.cache.liae$/);
  expect(defaultCacheDir({ LOCALAPPDATA: '/local' }, 'win32')).toBe(join('/local', 'liae'));
});

test('a package that is missing is named with the command that installs it', async () => {
  const error = await readNetworkFiles(networkSources.identity, folder).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ResourceError);
  expect((error as ResourceError).report()).toContain('npm install @vladmandic/face-api@1.7.15');
  const absent = { ...networkSources.identity, package: '@liae/absent', version: '1.0.0' };
  await expect(readNetworkFiles(absent)).rejects.toThrow('@liae/absent: the package is not installed');
});

test('another file than the pinned one is refused with both checksums', async () => {
  writeFileSync(join(folder, 'selfie_segmentation.tflite'), 'another');
  const error = await readNetworkFiles(networkSources.person, folder).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(FormatError);
  expect((error as FormatError).report()).toContain('8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27');
});
