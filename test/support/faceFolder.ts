/** Folders of demo faces for tests of `liae faces`, the commands run in this process, and undoing them. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { runCli } from '../../src/cli/run.ts';
import { type FaceFile, readFace } from '../../src/faceset/index.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae-faces-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const demo = fileURLToPath(new URL('../faces/src/', import.meta.url));

let folders = 0;
/** A folder of its own with some of the demo's faces, or the files given. */
export function workspace(count = 4, from = demo): string {
  const folder = join(scratch, `${folders++}`, 'aligned');
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(from).filter((name) => name.endsWith('.jpg'));
  for (const name of names.slice(0, count)) cpSync(join(from, name), join(folder, name));
  return folder;
}

export async function faces(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const terminal = { out: (text: string) => void (out += text), note: (line: string) => void (err += `${line}\n`) };
  const code = await runCli(['faces', ...argv], { commands, terminal, version: '1.2.3' });
  return { code, out, err };
}

export async function done(...argv: string[]): Promise<{ out: string; err: string }> {
  const { code, out, err } = await faces(...argv);
  expect(code, `liae faces ${argv.join(' ')}\n${out}${err}`).toBe(0);
  return { out, err };
}

/** Files of a folder by name, sub-folders included, without the journal and kept measures. */
export function filesOf(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    found
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !/^\.liae-(journal|measures)\./.test(basename(path)))
      .map((path): [string, string] => [path.slice(folder.length + 1), readFileSync(path, 'base64')])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

export const namesIn = (folder: string): string[] => Object.keys(filesOf(folder));
export const face = (folder: string, name: string): FaceFile => readFace(readFileSync(join(folder, name)), name);

/** Runs a tool, and after `check` has seen what it did, takes it back: the folder must be what it was. */
export async function undone(folder: string, argv: readonly string[], check: (said: { out: string; err: string }) => void | Promise<void>) {
  const before = filesOf(folder);
  await check(await done(argv[0]!, folder, ...argv.slice(1)));
  expect(filesOf(folder)).not.toEqual(before);
  await done('undo', folder);
  expect(filesOf(folder)).toEqual(before);
}
