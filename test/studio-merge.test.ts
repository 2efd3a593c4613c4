/** Merging on the page, in Chromium: pictures that follow the settings, shots that are kept in merge.json, keys, and a render to a film that plays. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mergeSettingTable, parseSession } from '../src/merge/index.ts';
import { clip, exactFaces, tinyModel } from './support/merging.ts';
import { expectAccessible, expectFitting, noBrowser, type Opened, openPage, type Served, serveStudio } from './support/studioPage.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae-page-merge-'));
const workspace = join(scratch, 'film');
const file = join(workspace, 'merge.json');
const kept = () => parseSession(readFileSync(file, 'utf8'), 'merge.json');

describe.skipIf(noBrowser)('the merge screen', () => {
  let served: Served;
  let opened: Opened;
  let page: Page;
  beforeAll(async () => {
    mkdirSync(workspace, { recursive: true });
    cpSync(clip('dst_rotated.mp4'), join(workspace, 'data_dst.mp4'));
    await exactFaces(join(workspace, 'data_dst.mp4'), join(workspace, 'data_dst/aligned'), [{ track: 'dst', dx: 0 }], 40);
    await tinyModel(join(workspace, 'model'));
    served = await serveStudio(workspace);
    opened = await openPage([served.origin]);
    page = opened.page;
    page.on('request', (request) => {
      if (request.url().endsWith('/api/merge/picture')) pictures.push((request.postDataJSON() as { show: string }).show);
    });
    await page.addInitScript(`localStorage.setItem('tour', 'seen')`);
    await page.goto(served.url);
    await page.goto(`${served.origin}/#merge`);
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
    await served?.[Symbol.asyncDispose]();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** What was asked for: of pictures, what they show. */
  const pictures: string[] = [];
  /** What the canvas shows, as numbers that change with it. */
  const pixels = (): Promise<string> =>
    page.locator('.merge-stage canvas').evaluate((canvas: unknown) => (canvas as { toDataURL: () => string }).toDataURL());
  const settled = async (): Promise<string> => {
    await expect.poll(() => page.locator('.merge-stage.is-late').count(), { timeout: 20_000 }).toBe(0);
    return await pixels();
  };
  const value = (name: string): Promise<string> => page.locator(`#merge-${name}`).inputValue();

  test('clip, faces and model are found, and every setting has a control', async () => {
    await page.locator('.merge-stage[data-frame="0"]').waitFor({ timeout: 30_000 });
    for (const { name } of mergeSettingTable) expect(await page.locator(`#merge-${name}`).count(), name).toBe(1);
    expect(await value('mode')).toBe('overlay');
    await page.getByText('not kept yet').waitFor();
    expect(existsSync(file)).toBe(false);
    // Faces may lie elsewhere once the cuts are known: the picture is made again, the frame under it is not.
    await expect.poll(() => pictures.toSorted(), { timeout: 20_000 }).toEqual(['after', 'after', 'before']);
    await page.getByText('Looking for cuts').waitFor({ state: 'detached' });
    await expectAccessible(page);
    await expectFitting(page);
  });

  test('a setting changes the picture and merge.json; undo takes both back', async () => {
    await page.getByRole('button', { name: 'Merged' }).click();
    await page.locator('#merge-mask_mode').selectOption('dst');
    const before = await settled();
    const times: number[] = [];
    for (const mode of ['seamless', 'hist-match', 'overlay', 'multiband']) {
      await page.locator('#merge-mode').selectOption(mode);
      expect(await settled()).not.toBe(mode === 'overlay' ? '' : before);
      times.push(Number.parseInt((await page.locator('.merge-ms').textContent()) ?? '', 10));
    }
    process.stderr.write(`setting to picture: ${times.join(', ')} ms\n`);
    expect(Math.min(...times)).toBeLessThan(2000);
    await expect.poll(() => existsSync(file) && kept().shots[0]?.settings).toEqual({ mask_mode: 'dst', mode: 'multiband' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => kept().shots[0]?.settings).not.toHaveProperty('mode', 'multiband');
    await page.getByRole('button', { name: 'Reset', exact: true }).click();
    await expect.poll(() => kept().shots[0]?.settings).toEqual({});
  });

  test('shots: cut at a frame, set apart by keys, copied from one to the other, joined again', async () => {
    await page.locator('.merge-timeline').focus();
    for (let i = 0; i < 2; i++) await page.keyboard.press('Shift+ArrowRight');
    await page.locator('.merge-stage[data-frame="20"]').waitFor();
    await page.getByRole('button', { name: 'Cut here' }).click();
    await page.getByText('Shot 2 of 2, frames 20–49').waitFor();
    await page.keyboard.press('3');
    await page.keyboard.press('Shift+E');
    await page.keyboard.press('w');
    await expect
      .poll(() => kept().shots)
      .toEqual([
        { from: 0, to: 20, settings: {} },
        { from: 20, settings: { mode: 'seamless', blur_mask_modifier: 37, erode_mask_modifier: 17 } },
      ]);
    await page.keyboard.press('Control+c');
    await page.keyboard.press('[');
    await page.keyboard.press('[');
    await page.getByText('Shot 1 of 2, frames 0–19').waitFor();
    await page.keyboard.press('Control+v');
    await expect.poll(() => kept().shots[0]?.settings).toMatchObject({ mode: 'seamless', blur_mask_modifier: 37 });
    await page.getByRole('button', { name: 'Whole clip' }).click();
    await page.locator('#merge-color_transfer_mode').selectOption('mkl');
    await expect.poll(() => kept().settings.color_transfer_mode).toBe('mkl');
    await page.keyboard.press(']');
    await page.getByRole('button', { name: 'Join' }).click();
    await expect.poll(() => kept().shots.length).toBe(1);
    expect(kept().shots[0]).toMatchObject({ from: 0, settings: { mode: 'seamless' } });
  });

  test('what the command line writes is what the page shows', async () => {
    await page.getByRole('button', { name: 'This shot' }).click();
    await page.getByText('kept in merge.json').waitFor();
    writeFileSync(file, readFileSync(file, 'utf8').replace('"mode":"seamless"', '"mode":"hist-match"'));
    await page.evaluate(`dispatchEvent(new Event('focus'))`);
    await expect.poll(() => value('mode')).toBe('hist-match');
    await page.reload();
    await page.locator('.merge-stage[data-frame]').waitFor({ timeout: 30_000 });
    expect(await value('mode')).toBe('hist-match');
  });

  test('masks, a frame without a face, and what cannot be made are told', async () => {
    await page.getByLabel('Frame', { exact: true }).fill('45');
    await page.keyboard.press('Enter');
    await page.getByText('No face in this frame').waitFor();
    await page.getByLabel('Frame', { exact: true }).fill('3');
    await page.keyboard.press('Enter');
    await page.locator('.merge-stage[data-frame="3"]').waitFor();
    for (const view of ['Mask', 'Checkerboard', 'Clip', 'Wipe']) {
      const before = await settled();
      await page.getByRole('button', { name: view, exact: true }).click();
      await expect.poll(settled).not.toBe(before);
    }
    await page.locator('#merge-mask_mode').selectOption('xseg-prd');
    await page.getByText('needs a network that masks the predicted face').waitFor();
    await expectAccessible(page);
    await page.locator('#merge-mask_mode').selectOption('dst');
    await expect.poll(() => page.locator('.merge-trouble').count()).toBe(0);
  });

  test('two renders, one after the other; the film plays', { timeout: 120_000 }, async () => {
    await page.getByRole('button', { name: 'Render', exact: true }).first().click();
    await page.getByLabel('Form').selectOption('draft');
    await page.getByLabel('Whole clip').uncheck();
    await page.getByLabel('to', { exact: true }).fill('30');
    await expectAccessible(page);
    expect(await page.getByText(/^About/).count()).toBe(0);
    await page.locator('.merge-renders button[type=submit]').click();
    await page.locator('.merge-render').waitFor();
    await page.getByRole('button', { name: 'Add to queue' }).click();
    await expect.poll(() => page.locator('.merge-render.job-done').count(), { timeout: 90_000 }).toBe(2);
    expect(existsSync(join(workspace, 'result.mp4')) && existsSync(join(workspace, 'result-2.mp4'))).toBe(true);
    await page.getByRole('button', { name: 'Play', exact: true }).last().click();
    const frames = async (): Promise<readonly number[]> =>
      await page.locator('video').evaluate((video: unknown) => {
        const { readyState, videoWidth, duration } = video as { readyState: number; videoWidth: number; duration: number };
        return [readyState >= 2 ? 1 : 0, videoWidth, Math.round(duration * 25)];
      });
    await expect.poll(frames, { timeout: 15_000 }).toEqual([1, 640, 30]);
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByText(/^About \d+\ss, at the [\d.]+ frames\/s measured with data_dst.mp4$/).waitFor();
    expect(kept().shots[0]?.settings).toMatchObject({ mask_mode: 'dst' });
  });

  test('nothing failed on the page and nobody else was asked', () => {
    expect(opened.trouble.filter((text) => !/status of 400/.test(text))).toEqual([]);
  });
});
