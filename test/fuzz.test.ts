/** A short fuzz campaign on every run; `npm run fuzz` is the long one, which measures memory too. */
import { expect, test } from 'vitest';
import { campaign, parserNames, parsers } from '../scripts/fuzz/campaign.mjs';
import * as base from '../src/base/index.ts';
import * as orders from '../src/cli/orders.ts';
import * as curate from '../src/curate/index.ts';
import * as dfl from '../src/dfl/index.ts';
import * as extract from '../src/extract/index.ts';
import * as faceset from '../src/faceset/index.ts';
import * as merge from '../src/merge/index.ts';
import * as written from '../src/platform/node/extractFiles.ts';
import * as parts from '../src/platform/node/mergePlan.ts';
import * as renders from '../src/studio/protocol/merge.ts';
import * as jobs from '../src/studio/server/jobs.ts';
import * as tflite from '../src/tflite/index.ts';
import * as train from '../src/train/index.ts';
import { goldenFolder } from './support.ts';

const own = { curate, extract, jobs, merge, orders, parts, renders, train, written };
const room = { ...base, ...faceset, ...tflite, ...dfl, ...own };

test('a parser that throws another error, or takes too long, is a finding', async () => {
  const slow = { use: () => new Promise<void>((resolve) => setTimeout(resolve, 1100)), make: () => new Uint8Array(1) };
  const broken = { use: (bytes: Uint8Array) => void bytes[0]!.toFixed(1000), make: () => new Uint8Array(1) };
  for (const [parser, text] of [
    [slow, ' ms'],
    [broken, 'RangeError'],
  ] as const) {
    const { findings } = await campaign({ name: 'fake', parser, room, count: 1, seed: 1 });
    expect(findings[0]).toContain(text);
  }
});

test.each([...parserNames])('%s: damaged files are read or refused, within a second each', async (name) => {
  const parser = parsers(room, goldenFolder)[name]!;
  const { accepted, refused, findings } = await campaign({ name, parser, room, count: 3000, seed: 7 });
  expect(findings).toEqual([]);
  expect(accepted + refused).toBe(3000);
  expect(refused).toBeGreaterThan(1000);
});
