/** Runs every golden case below a folder and collects its checks. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FormatError, LiaeError, readSafetensors } from '../base/index.ts';
import { nodeCodec } from '../platform/node/codec.ts';
import { type Check, type GoldenCase, same } from './case.ts';
import { runnersOf } from './registry.ts';

export interface CaseReport {
  /** The case's index below the folder, without ".json". */
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'not covered yet' | 'unknown kind';
  readonly checks: readonly Check[];
}

/**
 * @param folder  laid out like test/golden.
 * @param only  runs just the cases whose name contains this.
 * @throws FormatError if there is no case.
 */
export async function* runGolden(folder: string, lowering: GoldenCase['lowering'], only = ''): AsyncGenerator<CaseReport> {
  const codec = nodeCodec();
  const paths = (await readdir(folder, { recursive: true }))
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.json') && path.includes(only))
    .sort();
  if (paths.length === 0) {
    throw new FormatError(`${folder}: no golden case here`, {
      expected: 'NAME.json beside NAME.safetensors',
      next: 'name a folder laid out like test/golden',
    });
  }
  const tools = new Set<string>();
  for (const path of paths) {
    const name = path.slice(0, -'.json'.length);
    const found = runnersOf(name, codec);
    if (found.kind === 'data') continue;
    if (found.kind === 'later') {
      const tool = dirname(name); // a tool's cases share indices: they count once
      if (!tools.has(tool)) yield { name: tool, status: 'not covered yet', checks: [] };
      tools.add(tool);
      continue;
    }
    if (found.kind === 'unknown') {
      yield { name, status: 'unknown kind', checks: [] };
      continue;
    }
    const checks: Check[] = [];
    for (const runner of found.runners) {
      try {
        checks.push(...(await runner(await load(folder, name, lowering))));
      } catch (error) {
        // A case that can't be read or run has failed; the others still run.
        const detail =
          error instanceof LiaeError ? error.report() : error instanceof Error ? (error.stack ?? error.message) : String(error);
        checks.push(same('the case runs', false, detail));
      }
    }
    if (checks.length === 0) checks.push(same('the case holds something to check', false, 'nothing was compared'));
    yield { name, status: checks.every(({ ok }) => ok) ? 'passed' : 'failed', checks };
  }
}

async function load(root: string, path: string, lowering: GoldenCase['lowering']): Promise<GoldenCase> {
  const folder = join(root, dirname(path));
  const name = path.slice(path.lastIndexOf('/') + 1);
  const read = (file: string): Promise<Uint8Array> => readFile(join(folder, file));
  const open = async (file: string): Promise<GoldenCase['arrays']> => readSafetensors(await read(file), file);
  const index: unknown = JSON.parse(new TextDecoder().decode(await read(`${name}.json`)));
  if (typeof index !== 'object' || index === null) throw new FormatError(`${name}.json: not an object`);
  const exists = (await readdir(folder)).includes(`${name}.safetensors`);
  const arrays = exists ? await open(`${name}.safetensors`) : { tensors: new Map(), metadata: {} };
  return { name, folder: `${folder}/`, index: index as Record<string, unknown>, lowering, arrays, open, read };
}
