/** A session on a real disk: what is there after it, and that a second one continues it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ToyBatches, ToyEngine } from '../../../test/support/toyEngine.ts';
import { FormatError, LiaeError } from '../../base/index.ts';
import type { TrainEvent } from '../../train/index.ts';
import { nodeCodec } from './codec.ts';
import { runTraining } from './training.ts';
import { errorOf, failureOf } from './trainProtocol.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae-training-'));
afterAll(() => rmSync(scratch, { recursive: true }));

async function trained(model: string, asked: Record<string, unknown>): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  const parts = {
    codec: nodeCodec(),
    createEngine: async (options: ConstructorParameters<typeof ToyEngine>[0]) => new ToyEngine(options),
    createBatches: async (options: ConstructorParameters<typeof ToyBatches>[0]) => new ToyBatches(options),
  };
  await runTraining({ model, asked, tool: '1.0.0' }, parts, { emit: (event) => events.push(event), commands: () => [] });
  return events;
}

const asked = { src: '/src', dst: '/dst', archi: 'liae', resolution: 64, batch_size: 2, seed: 3 };
const manifestOf = (model: string): { iteration: number; files: unknown; tool: string; time: string } => {
  const save = readFileSync(join(model, 'current'), 'utf8').trim();
  return JSON.parse(readFileSync(join(model, 'saves', save, 'manifest.json'), 'utf8'));
};

test('two sessions leave what one leaves, bit for bit', async () => {
  const [whole, parted] = [join(scratch, 'whole'), join(scratch, 'parted')];
  await trained(whole, { ...asked, target: 12 });
  await trained(parted, { ...asked, target: 5 });
  const events = await trained(parted, { target: 12 });
  expect(events.at(-1)).toMatchObject({ event: 'done', iteration: 12, reason: 'target', saved: true });
  expect(manifestOf(parted).files).toEqual(manifestOf(whole).files);
  expect(readFileSync(join(parted, 'loss.bin'))).toEqual(readFileSync(join(whole, 'loss.bin')));
  expect(readdirSync(parted).sort()).toEqual(['current', 'journal.ndjson', 'loss.bin', 'previews', 'saves']);
  expect(manifestOf(parted).tool).toBe('1.0.0');
  expect(Math.abs(Date.parse(manifestOf(parted).time) - Date.now())).toBeLessThan(60_000);
  const done = events.at(-1);
  if (done?.event === 'done') expect(done.peakBytes).toBeGreaterThan(10 * 2 ** 20); // bytes, not KiB
});

test('previews are PNG files of the sheet', async () => {
  const model = join(scratch, 'previews');
  await trained(model, { ...asked, target: 2 });
  const bytes = readFileSync(join(model, 'previews', '0000002.png'));
  const { width, height } = await nodeCodec().decode(bytes, 'preview');
  expect([width, height]).toEqual([5 * 68 + 4, 14 + 2 * (14 + 2 * 68) + 4]);
  expect(readFileSync(join(model, 'previews', 'latest.png'))).toEqual(bytes);
});

test('errors keep their kind, words and stack when they cross a thread', () => {
  const user = errorOf(structuredClone(failureOf(new FormatError('x: bad', { found: 'a', next: 'b' }))));
  expect(user).toBeInstanceOf(LiaeError);
  expect((user as LiaeError).report()).toBe('x: bad\n  found    a\n  next     b');
  const ours = errorOf(structuredClone(failureOf(new TypeError('oops'))));
  expect(ours).not.toBeInstanceOf(LiaeError);
  expect(ours.stack).toContain('training.test.ts');
});
