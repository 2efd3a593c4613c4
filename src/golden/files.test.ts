/** Files of DeepFaceLab against the golden vectors: models, aligned faces, packed facesets. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { goldenFolder } from '../../test/support.ts';
import type { CaseRunner } from './case.ts';
import { files } from './files.ts';
import { toolsDfljpg } from './toolsDfljpg.ts';

test.each([
  ['files/', 'tiny', files],
  ['tools/dfljpg/', 'expected', toolsDfljpg],
  ['tools/dfljpg/', 'faceset_expected', toolsDfljpg],
] as const)('%s%s: every value, and what is written again', async (path, name, runner: CaseRunner) => {
  const folder = new URL(path, goldenFolder);
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
  expect(checks.length).toBeGreaterThan(50);
  expect(checks.filter((check) => !check.ok).map((check) => `${check.tensor}: ${check.detail}`)).toEqual([]);
});
