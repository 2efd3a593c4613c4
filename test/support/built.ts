/** The compiled program, for tests that start it as users do, or that need worker threads, which run JavaScript only. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TrainEvent } from '../../src/train/index.ts';

/** A file of dist. @throws Error if the program has not been compiled. */
export function built(path: string): URL {
  const url = new URL(`../../dist/${path}`, import.meta.url);
  if (!existsSync(url)) throw new Error(`dist/${path} is missing: compile first with npm run build (npm test does)`);
  return url;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `liae` to its end. @param watch sees all of stdout so far whenever more comes, and may send a signal. */
export async function liae(
  args: readonly string[],
  { cwd, watch }: { readonly cwd?: string; readonly watch?: (out: string, kill: (signal: NodeJS.Signals) => void) => void } = {},
): Promise<Ended> {
  const env = { ...process.env, LIAE_CONFIG: join(tmpdir(), 'liae-test-config') }; // signing keys of tests stay away from the user's
  const child = spawn(process.execPath, [fileURLToPath(built('cli/main.js')), ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    watch?.(out, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject));
  return { code, out, err };
}

/** The events of `--json`; throws where a line is none. */
export const eventsOf = (out: string): TrainEvent[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TrainEvent);
