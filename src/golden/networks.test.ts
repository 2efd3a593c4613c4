/** Losses, layers and optimizers against the golden vectors: every array of every case within its tolerance. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { goldenFolder } from '../../test/support.ts';
import { readSafetensors } from '../base/index.ts';
import type { CaseRunner, GoldenCase } from './case.ts';
import { blurStyle, dssim } from './losses.ts';
import { model } from './model.ts';
import { optimizers } from './optimizers.ts';
import { spatial } from './spatial.ts';

async function expectCase(runner: CaseRunner, name: string, lowering: GoldenCase['lowering']): Promise<void> {
  const read = (file: string): Promise<Uint8Array> => readFile(new URL(file, goldenFolder));
  const open = async (file: string) => readSafetensors(await read(file), file);
  const index = JSON.parse(new TextDecoder().decode(await read(`${name}.json`))) as Record<string, unknown>;
  const arrays = await open(`${name}.safetensors`).catch(() => ({ tensors: new Map(), metadata: {} }));
  const checks = await runner({ name, folder: goldenFolder.pathname, index, lowering, arrays, open, read });
  expect(checks.length).toBeGreaterThan(0);
  expect(checks.filter((c) => !c.ok).map((c) => `${c.tensor} (${c.tolerance}): ${c.detail}`)).toEqual([]);
}

test('DSSIM and its gradient agree with the reference', () => expectCase(dssim, 'op_dssim', 'direct'));
test('blur, style and total variation agree with the reference', () => expectCase(blurStyle, 'op_blur_style', 'direct'));
test('depth to space, flattening and pixel norm agree with the reference', () => expectCase(spatial, 'op_spatial', 'direct'));
test('optimizers agree with the reference, step by step', () => expectCase(optimizers, 'op_optimizers', 'direct'));

for (const lowering of ['direct', 'fast', 'winograd'] as const) {
  for (const name of [
    'm_liae-ud',
    'm_liae',
    'm_liae-u',
    'm_liae-d',
    'm_liae-t',
    'm_liae-udt',
    'm_liae-udtc',
    'm_df-ud',
    'm_clip',
    'm_nowarp',
    'm_style',
    'm_gan',
    'm_blurout',
    'm_unmasked',
    'm_r256',
    'm_trueface',
  ]) {
    test(`${name} agrees with the reference, ${lowering}`, () => expectCase(model, name, lowering));
  }
}
