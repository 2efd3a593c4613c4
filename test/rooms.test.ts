/**
 * The rooms of the house and their walls: which room may import which, that each file says what it is, and that none grows too long. The table
 * below is the truth; ARCHITECTURE.md draws it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('../src/', import.meta.url));

/** Lowest first. A room imports only from rooms before it. */
const rooms = [
  'base',
  'graph',
  'image',
  'runtime',
  'nn',
  'face',
  'faceset',
  'tflite',
  'vision',
  'video',
  'models',
  'dfl',
  'sample',
  'train',
  'extract',
  'curate',
  'merge',
  'platform',
  'studio',
  'cli',
  'golden',
] as const;
/** No Node and no DOM here. */
const portable = rooms.slice(0, rooms.indexOf('platform'));
/** Rooms that may import the platform's implementations. */
const openings = ['studio', 'cli', 'golden'];

const LONGEST = 600;

interface Source {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly isTest: boolean;
}

const files: readonly Source[] = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'))
  .map((path) => ({
    path: path.split(sep).join('/'),
    room: path.split(sep).length > 1 ? path.split(sep)[0]! : '',
    text: readFileSync(join(source, path), 'utf8'),
    isTest: path.endsWith('.test.ts'),
  }));

const imports = ({ text }: Source): string[] => [...text.matchAll(/(?<!')(?:from|import)\s*\(?\s*'([^']+)'/g)].map((m) => m[1]!);

test('every folder of src is a room of the table', () => {
  const found = [...new Set(files.map(({ room }) => room).filter((room) => room !== ''))];
  expect(found.filter((room) => !(rooms as readonly string[]).includes(room))).toEqual([]);
});

test('rooms import only rooms below them, through their index', () => {
  const wrong: string[] = [];
  for (const file of files) {
    if (file.isTest || file.room === '') continue;
    for (const specifier of imports(file)) {
      if (!specifier.startsWith('.')) continue;
      const target = relative(source, join(dirname(join(source, file.path)), specifier))
        .split(sep)
        .join('/');
      const room = target.split('/')[0]!;
      if (room === file.room) continue;
      const below = rooms.indexOf(room as (typeof rooms)[number]) < rooms.indexOf(file.room as (typeof rooms)[number]);
      const open = room !== 'platform' || openings.includes(file.room);
      const throughIndex = target === `${room}/index.ts` || room === 'platform';
      if (!below || !open || !throughIndex) wrong.push(`${file.path} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('portable rooms import nothing of Node', () => {
  const wrong = files
    .filter(({ room, isTest }) => !isTest && (portable as readonly string[]).includes(room))
    .flatMap((file) =>
      imports(file)
        .filter((s) => s.startsWith('node:') || s === 'onnxruntime-node')
        .map((s) => `${file.path} imports ${s}`),
    );
  expect(wrong).toEqual([]);
});

test('every dependency is imported by one file', () => {
  const users = new Map<string, string[]>();
  for (const file of files.filter(({ isTest }) => !isTest)) {
    for (const s of imports(file).filter((name) => !name.startsWith('.') && !name.startsWith('node:'))) {
      const name = s
        .split('/')
        .slice(0, s.startsWith('@') ? 2 : 1)
        .join('/');
      users.set(name, [...new Set([...(users.get(name) ?? []), file.path])]);
    }
  }
  expect([...users].filter(([, paths]) => paths.length > 1)).toEqual([]);
});

test('every file says in its first lines what it is, and none is too long', () => {
  const wrong = files.flatMap(({ path, text }) => [
    ...(text.startsWith('/**') || path.endsWith('.test.ts') || text.startsWith('#!') ? [] : [`${path} has no header`]),
    ...(text.split('\n').length > LONGEST ? [`${path} has more than ${LONGEST} lines`] : []),
  ]);
  expect(wrong).toEqual([]);
});
