/** The training screen: from a preset to a training whose options change on the way, back to a backup and forth, and a million iterations of loss. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NodeFileStore, nodeSha256 } from '../src/platform/node/modelStore.ts';
import { Checkpoints, resolveOptions } from '../src/train/index.ts';
import { expectAccessible, expectFitting, noBrowser, type Opened, openPage, type Served, serveStudio } from './support/studioPage.ts';
import { fillTinyModel } from './support/tinyForm.ts';

const repo = fileURLToPath(new URL('../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'liae-training-page-'));
const workspace = join(scratch, 'film');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const MILLION = 1_000_000;

/** A model of a million iterations whose training gave up, as its files tell. */
async function longModel(): Promise<void> {
  const files = new NodeFileStore(join(workspace, 'long'));
  await files.makeFolder('previews');
  const tensors = new Map([['net/weight', { shape: [1], data: Float32Array.of(1) }]]);
  const ports = { sha256: nodeSha256, time: () => '2026-01-01T00:00:00Z', tool: '0' };
  await new Checkpoints(files, ports).save({
    ...{ iteration: MILLION, options: resolveOptions({}).options, restores: 1 },
    ...{ history: { first: 1, records: MILLION }, state: { tensors, counters: {} } },
  });
  const losses = new Float32Array(2 * MILLION).map((_, i) => (0.4 + 3 / Math.sqrt(1 + i / 2000)) * (1 + 0.3 * Math.sin(i * 12.9898)));
  const header = Buffer.from('LIAELOSS\x01\0\0\0\x01\0\0\0', 'latin1');
  await files.write('loss.bin', [header, new Uint8Array(losses.buffer)]);
  const lines = [
    { time: '2026-01-01T00:00:00Z', what: 'changed', iteration: 400_000, option: 'random_warp', from: true, to: false },
    { time: '2026-01-01T00:00:00Z', what: 'rollback', iteration: 700_000, failed: 700_123 },
    ...Array.from({ length: 500 }, (_, i) => ({ time: '2026-01-01T00:00:00Z', what: 'saved', iteration: 2000 * (i + 1) })),
  ];
  await files.write('journal.ndjson', [new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))]);

  const job = join(workspace, '.liae/jobs/20260101000000-0000abcd');
  mkdirSync(job, { recursive: true });
  const request = { kind: 'train', model: 'long', options: {} };
  writeFileSync(
    join(job, 'job.json'),
    JSON.stringify({ request, process: { pid: 999_999, host: hostname(), started: '1' }, started: '2026-01-01' }),
  );
  const events = [
    { event: 'started', iteration: 700_000, options: { target: 0 } },
    { event: 'nonfinite', iteration: 700_123, save: 's', back: 700_000 },
    { event: 'done', iteration: 700_000, reason: 'diverged', saved: true, peakBytes: 1 },
  ];
  writeFileSync(join(job, 'events.ndjson'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  writeFileSync(join(job, 'exit'), '1');
}

describe.skipIf(noBrowser)('in Chromium', () => {
  let served: Served;
  let opened: Opened;
  let page: Page;
  beforeAll(async () => {
    for (const side of ['src', 'dst']) cpSync(join(repo, 'test/faces', side), join(workspace, `data_${side}/aligned`), { recursive: true });
    await longModel();
    served = await serveStudio(workspace);
    opened = await openPage([served.origin]);
    ({ page } = opened);
    await page.addInitScript("localStorage.setItem('tour', 'seen')");
    await page.goto(served.url);
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
    await served?.[Symbol.asyncDispose]();
  });

  /** What the training that began last said of its options. */
  const presentStart = (): string => {
    const ids = readdirSync(join(workspace, '.liae/jobs')).sort();
    const events = readFileSync(join(workspace, '.liae/jobs', ids.at(-1)!, 'events.ndjson'), 'utf8');
    return events.split('\n').findLast((line) => line.includes('"event":"started"')) ?? '';
  };
  const journal = (): string => readFileSync(join(workspace, 'model/journal.ndjson'), 'utf8');
  const iteration = async (): Promise<number> => Number((await page.locator('.big strong').textContent())!.replace(/\D/g, ''));

  test('a preset fills the form; what it will take is counted before anything starts; options explain themselves', async () => {
    await page.goto(`${served.origin}/#training`);
    await page.getByRole('button', { name: /^Quick test/ }).click();
    expect(await page.getByLabel('resolution', { exact: true }).inputValue()).toBe('64');
    await page.getByText('7.29 M parameters').waitFor();
    expect(await page.getByLabel('src', { exact: true }).inputValue()).toBe('data_src/aligned');
    await page.getByLabel('batch size', { exact: true }).focus();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Tab');
    expect(await page.getByRole('tooltip').textContent()).toMatch(/default4.*usual4 to 8.*costTime.*takes effect/);
    await expectAccessible(page);
    await page.getByLabel('resolution', { exact: true }).fill('10');
    await page.getByText('resolution: 10 is not allowed').waitFor();
  });

  test('a training starts; options change at once or by a restart, as is said before', async () => {
    await page.getByRole('button', { name: 'All options' }).click();
    await fillTinyModel(page);
    await page.getByRole('button', { name: 'Start training' }).click();
    await expect.poll(iteration, { timeout: 60_000 }).toBeGreaterThan(3);
    await page.getByText(/GiB memory at most|MiB memory at most/).waitFor({ timeout: 30_000 });
    await page.getByLabel('learning rate', { exact: true }).fill('0.00001');
    await page.getByText('At once: learning rate').waitFor();
    await page.getByRole('button', { name: 'Apply now' }).click();
    await expect.poll(journal, { timeout: 20_000 }).toContain('"option":"learning_rate","from":0.0003,"to":0.00001');
    await expect.poll(() => page.getByLabel('learning rate', { exact: true }).inputValue(), { timeout: 15_000 }).toBe('0.00001');

    await page.getByLabel('random warp', { exact: true }).uncheck();
    await page.getByText(/By a save, a stop and a start.*random warp/).waitFor();
    await page.getByRole('button', { name: 'Save, restart and apply' }).click();
    await expect.poll(journal, { timeout: 60_000 }).toContain('"option":"random_warp","from":true,"to":false');
    await expect.poll(() => page.locator('.status-state').textContent(), { timeout: 20_000 }).toBe('running');
    await expect.poll(() => page.getByLabel('random warp', { exact: true }).isChecked(), { timeout: 10_000 }).toBe(false);
    await page.locator('.event-changed').getByText('random warp').first().waitFor();
  });

  test('a backup is made, the training pauses, goes back to it and forth again', async () => {
    await page.getByRole('button', { name: 'Back up' }).click();
    await page.locator('.backups li').waitFor({ timeout: 30_000 });
    const at = await iteration();
    await expect.poll(iteration, { timeout: 30_000 }).toBeGreaterThan(at + 4);
    await page.getByRole('button', { name: 'Paint preview' }).click();
    await page.getByRole('button', { name: 'Compare' }).and(page.locator(':enabled')).waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Pause' }).click();
    await expect.poll(() => page.locator('.status-state').textContent(), { timeout: 60_000 }).toBe('paused');
    const paused = await iteration();
    await page.getByRole('button', { name: 'Restore' }).click();
    await page.getByText(`What it is now, at iteration ${paused},`).waitFor();
    await expectAccessible(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click();
    await page
      .getByText(/^Back at iteration/)
      .first()
      .waitFor();
    await expect.poll(iteration, { timeout: 10_000 }).toBeLessThan(paused);
    await expect.poll(() => page.locator('.backups li').count(), { timeout: 10_000 }).toBe(2);
    await page.locator('.notice').getByRole('button', { name: 'Undo' }).click();
    await expect.poll(iteration, { timeout: 10_000 }).toBe(paused);
  });

  test('a training that was paused is called so, and goes on with all its options and its backups in order', async () => {
    const state = page.locator('.status-state');
    const expectOptions = async (): Promise<void> => {
      await expect.poll(() => page.getByLabel('learning rate', { exact: true }).inputValue()).toBe('0.00001');
      expect(await page.getByLabel('random warp', { exact: true }).isChecked()).toBe(false);
    };
    const paused = await iteration();
    await page.locator('.jobs-button').click();
    const job = page.locator('.job', { hasText: 'Train model' }).first();
    expect(await job.locator('.state').textContent()).toBe('paused');
    await job.getByRole('button', { name: 'Resume' }).click();
    await page.keyboard.press('Escape');
    await expect.poll(() => state.textContent(), { timeout: 30_000 }).toBe('running');
    await expect.poll(iteration, { timeout: 60_000 }).toBeGreaterThan(paused);
    await expectOptions();
    await page.getByRole('button', { name: 'Back up', exact: true }).click();
    await expect.poll(() => page.locator('.backups li').count(), { timeout: 30_000 }).toBe(4);
    const kept = (await page.locator('.backups li strong').allTextContents()).map((text) => Number(text.replace(/\D/g, '')));
    expect(kept[0]).toBeGreaterThanOrEqual(paused);
    expect(await page.locator('.backups code').allTextContents()).toEqual(['01', '02', '03', '04']);
    // Ended from outside, what was changed after the last save is not in it: the training goes on with it all the same.
    await page.getByLabel('learning rate', { exact: true }).fill('0.00002');
    await page.getByRole('button', { name: 'Apply now' }).click();
    await expect.poll(journal, { timeout: 20_000 }).toContain('"option":"learning_rate","from":0.00001,"to":0.00002');
    const jobs = (await (await page.request.get(`${served.origin}/api/jobs`)).json()) as { id: string; state: string }[];
    await page.request.post(`${served.origin}/api/jobs/${jobs.find((one) => one.state === 'running')!.id}/order`, {
      data: { order: 'kill' },
    });
    await expect.poll(() => state.textContent(), { timeout: 30_000 }).toBe('interrupted');
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await expect.poll(() => state.textContent(), { timeout: 30_000 }).toBe('running');
    await expect.poll(() => /"learning_rate":([\d.e-]+)/.exec(presentStart())?.[1], { timeout: 30_000 }).toBe('0.00002');
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await expect.poll(() => state.textContent(), { timeout: 60_000 }).toBe('paused');
    await page.locator('.notice').getByRole('button', { name: 'Close' }).first().click();
  });

  test('two previews are compared with a line between them', async () => {
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.locator('.under-wipe').waitFor();
    const box = (await page.locator('.preview-stage').boundingBox())!;
    await page.mouse.click(box.x + box.width * 0.25, box.y + 20);
    expect(
      await page.locator('.under-wipe').evaluate((image) => (image as unknown as { style: { clipPath: string } }).style.clipPath),
    ).toMatch(/^inset\(0px 7[45]/);
    await expectAccessible(page);
  });

  test('a million iterations are drawn within a frame or two, also while one looks at parts of them; what ended it is told', async () => {
    await page.evaluate(() => {
      const own = globalThis as unknown as {
        draws: number[];
        HTMLCanvasElement: { prototype: { getContext: (...args: unknown[]) => unknown } };
      };
      own.draws = [];
      const { getContext } = own.HTMLCanvasElement.prototype;
      own.HTMLCanvasElement.prototype.getContext = function (...args: unknown[]) {
        const began = performance.now();
        queueMicrotask(() => own.draws.push(performance.now() - began)); // drawing is one synchronous step after it
        return getContext.apply(this, args);
      };
    });
    await page.evaluate(() => {
      (globalThis as unknown as { location: { hash: string } }).location.hash = '#training/long';
    });
    await page.getByText('iteration 1 000 000').waitFor({ timeout: 20_000 });
    const scale = page.getByLabel('Log scale');
    for (let i = 0; i < 10; i++) await scale.click();
    await page.getByLabel('Smoothing').selectOption('20000');
    const draws = (await page.evaluate(() => (globalThis as unknown as { draws: number[] }).draws)).sort((a, b) => a - b);
    process.stderr.write(
      `a million iterations drawn in ${draws[Math.floor(draws.length / 2)]!.toFixed(1)} ms (median of ${draws.length}), at most ${draws.at(-1)!.toFixed(1)} ms\n`,
    );
    expect(draws.length).toBeGreaterThan(10);
    expect(draws[Math.floor(draws.length / 2)]!).toBeLessThan(40);

    const box = (await page.locator('.chart-box').boundingBox())!;
    await page.mouse.move(box.x + 52 + (box.width - 62) * 0.7, box.y + 40);
    await page.getByText('iteration 700123 was not a number').first().waitFor();
    await page.mouse.move(box.x + 60, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + 60, { steps: 4 });
    await page.mouse.up();
    expect(await page.getByRole('button', { name: 'Whole range' }).isEnabled()).toBe(true);
    await page.locator('.chart-box').focus();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Home');
    await page.getByText('iteration 1', { exact: true }).waitFor();
    await page.locator('.guard-gaveUp').getByText('Restore a backup from before').waitFor();
    await expectAccessible(page);
  });

  test('a phone shows all of it and takes no orders', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByText('Read-only on a small screen').waitFor();
    await expectFitting(page);
    for (const part of ['.status', '.chart canvas', '.preview', '.history', '.summary'])
      expect(await page.locator(part).isVisible(), part).toBe(true);
    for (const name of ['Resume', 'Pause', 'Save now', 'Back up', 'Paint preview', 'Restore', 'Continue training'])
      expect(await page.getByRole('button', { name }).count(), name).toBe(0);
    await expectAccessible(page);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('nothing failed on the page and nobody else was asked', () => {
    expect(opened.trouble.filter((text) => !/status of 40[01]/.test(text))).toEqual([]);
  });
});
