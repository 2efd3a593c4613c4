/** Merging against the golden vectors: every setting of one frame, the predictor's input, and motion. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { goldenFolder } from '../../test/support.ts';
import { nodeCodec } from '../platform/node/codec.ts';
import type { CaseRunner } from './case.ts';
import { toolsMerge, toolsMotion } from './toolsMerge.ts';

test.each([
  ['cases', 57, toolsMerge(nodeCodec().decode)],
  ['motion', 2, toolsMotion],
] as const)('tools/merge/%s: every case within its limits', async (name, count, runner: CaseRunner) => {
  const folder = new URL('tools/merge/', goldenFolder);
  const read = (file: string): Promise<Uint8Array> => readFile(new URL(file, folder));
  const index: unknown = JSON.parse(new TextDecoder().decode(await read(`${name}.json`)));
  const checks = await runner({
    name,
    folder: folder.pathname,
    index: index as Record<string, unknown>,
    lowering: 'direct',
    arrays: { tensors: new Map(), metadata: {} },
    open: () => Promise.reject(new Error('no arrays')),
    read,
  });
  expect(checks).toHaveLength(count);
  expect(checks.filter((check) => !check.ok).map((check) => `${check.tensor}: ${check.detail}`)).toEqual([]);
});
