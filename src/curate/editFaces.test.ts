/** New versions of faces: all in place or none, several at a time, in the order of the names whatever finishes first. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { memoryArea } from '../../test/support/memoryArea.ts';
import { FormatError, ResourceError } from '../base/index.ts';
import type { Folder } from '../faceset/index.ts';
import { editFaces, type FaceEdit } from './editFaces.ts';

const demo = fileURLToPath(new URL('../../test/faces/src/', import.meta.url));
const names = readdirSync(demo).slice(0, 5);
const now = (): Date => new Date(0);
const before = Object.fromEntries(names.map((name) => [name, `old ${name}`]));

/** Faces to read; what is done to them happens in the area. */
const folder: Folder = {
  describe: (name) => name,
  list: async () => names,
  async open(name) {
    const bytes = readFileSync(join(demo, name));
    return { size: bytes.length, read: async (from, length) => bytes.subarray(from, from + length), async [Symbol.asyncDispose]() {} };
  },
  write: () => Promise.reject(new Error('not here')),
  remove: () => Promise.reject(new Error('not here')),
};

const job = (edit: FaceEdit, more: object = {}) => ({
  tool: 'edit',
  what: (n: number) => `${n} edited`,
  names,
  edit,
  parallel: 3,
  ...more,
});
const [first = '', second = '', third = ''] = names;

test('what changes is replaced, what cannot be edited stays and is told, whichever finishes first', async () => {
  const area = memoryArea(before);
  const edit: FaceEdit = async ({ name }) => {
    await new Promise((resolve) => setTimeout(resolve, name === first ? 20 : 1));
    if (name === second) throw new FormatError(`${name}: broken`);
    return name === third ? undefined : new TextEncoder().encode(`new ${name}`);
  };
  const { changed, skipped, action } = await editFaces(area, folder, job(edit), { now });
  expect(changed).toEqual(names.filter((name) => name !== second && name !== third));
  expect([skipped, action?.what]).toEqual([[{ name: second, cause: `${second}: broken` }], '3 edited']);
  expect([area.files.get(first), area.files.get(third), area.files.get(`@trash/replaced-1/${first}`)]).toEqual([
    `new ${first}`,
    `old ${third}`,
    `old ${first}`,
  ]);
  expect([...area.files.keys()].filter((path) => path.startsWith('.liae-'))).toEqual([]);
});

test('a fault of the program, a full disk, an interrupt and a dry run leave everything as it was', async () => {
  const area = memoryArea(before);
  const made: FaceEdit = async () => new Uint8Array(1);
  const failing: FaceEdit = async ({ name }) => (name === third ? Promise.reject(new TypeError('ours')) : new Uint8Array(1));
  await expect(editFaces(area, folder, job(failing), { now })).rejects.toThrow('ours');
  const full: FaceEdit = async ({ name }) => (name === third ? Promise.reject(new ResourceError('the disk is full')) : new Uint8Array(1));
  await expect(editFaces(area, folder, job(full), { now })).rejects.toThrow('the disk is full');
  const abort = new AbortController();
  const progress = (done: number): void => void (done === 2 && abort.abort(new Error('enough')));
  await expect(editFaces(area, folder, job(made), { now, signal: abort.signal, progress })).rejects.toThrow('enough');
  const dry = await editFaces(area, folder, job(made, { dryRun: true }), { now });
  expect([dry.changed, dry.action]).toEqual([names, undefined]);
  expect(Object.fromEntries(area.files)).toEqual(before);
  expect(area.journal()).toBe('');
});
