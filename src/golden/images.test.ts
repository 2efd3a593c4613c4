/** Images, alignment, masks, colours and samples against the golden vectors: every array of every case within its tolerance. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { goldenFolder } from '../../test/support.ts';
import { readSafetensors } from '../base/index.ts';
import { nodeCodec } from '../platform/node/codec.ts';
import { align } from './align.ts';
import type { CaseRunner } from './case.ts';
import { colour } from './colour.ts';
import { masks } from './masks.ts';
import { samples } from './samples.ts';
import { toolsAlign } from './toolsAlign.ts';
import { warp } from './warp.ts';

async function expectCase(runner: CaseRunner, name: string, folder = goldenFolder): Promise<void> {
  const read = (file: string): Promise<Uint8Array> => readFile(new URL(file, folder));
  const open = async (file: string) => readSafetensors(await read(file), file);
  const index: unknown = JSON.parse(new TextDecoder().decode(await read(`${name}.json`)));
  const arrays = await open(`${name}.safetensors`).catch(() => ({ tensors: new Map(), metadata: {} }));
  const checks = await runner({
    name,
    folder: folder.pathname,
    index: index as Record<string, unknown>,
    lowering: 'direct',
    arrays,
    open,
    read,
  });
  expect(checks.length).toBeGreaterThan(0);
  expect(checks.filter((c) => !c.ok).map((c) => `${c.tensor} (${c.tolerance}): ${c.detail}`)).toEqual([]);
}

test('colour transfer, L*a*b* and HSV agree with the reference', () => expectCase(colour, 'op_colour'));

test('crops, pose and resizing agree with the reference', () => expectCase(align, 'op_align'));

test('hull, eyes and mouth masks agree with the reference', () => expectCase(masks, 'op_masks'));

test('warp maps, affines and the images they move agree with the reference', () => expectCase(warp, 'op_warp'));

test('whole samples agree with the reference', () => expectCase(samples, 'samples'));

test('crops, poses and masks of the tools agree with the reference', () =>
  expectCase(toolsAlign(nodeCodec().decode), 'align_cases', new URL('tools/align/', goldenFolder)));
