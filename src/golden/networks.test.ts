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

test('a case may leave out what another has and what it does not check, and borrow from a borrower', async () => {
  const read = async (file: string): Promise<Uint8Array> => new Uint8Array(await readFile(new URL(file, goldenFolder)));
  const open = async (file: string) => readSafetensors(await read(file), file);
  const full = JSON.parse(new TextDecoder().decode(await read('m_clip.json'))) as Record<string, unknown>;
  const after = { rmsprop: { 2: {}, src_loss: (full.after as Record<string, Record<string, unknown>>).rmsprop!.src_loss } };
  const index = { options: full.options, weights_of: 'm_clip', after };
  const arrays = { tensors: new Map(), metadata: {} };
  const checks = await model({ name: 'm_short', folder: goldenFolder.pathname, index, lowering: 'direct', arrays, open, read });
  const names = checks.map(({ tensor }) => tensor);
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(names).toContain('out/pred_src_dst');
  expect(names).toContain('after/rmsprop/src_loss, step 3');
});

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
