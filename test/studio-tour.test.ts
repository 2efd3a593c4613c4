/** The first tour carried through with the demo, by its own buttons, from an empty workspace to a film that is verified; jobs are made small on their way to the server. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectAccessible, noBrowser, type Opened, openPage, type Served, serveStudio } from './support/studioPage.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae-tour-'));
const workspace = join(scratch, 'demo');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Of the jobs that the page asks for, only their size is changed. */
const smaller: Readonly<Record<string, (request: Record<string, unknown>) => object>> = {
  extract: (request) => ({ ...request, every: 12 }),
  train: (request) => ({ ...request, options: { ...(request.options as object), target: 4, preview_every: 0, workers: 1 } }),
};

describe.skipIf(noBrowser)('the tour', () => {
  let served: Served;
  let opened: Opened;
  let page: Page;
  beforeAll(async () => {
    mkdirSync(workspace);
    served = await serveStudio(workspace);
    opened = await openPage([served.origin]);
    ({ page } = opened);
    await page.route('**/api/jobs', async (route) => {
      const request = route.request();
      if (request.method() !== 'POST') return await route.continue();
      const asked = request.postDataJSON() as Record<string, unknown>;
      return await route.continue({ postData: JSON.stringify(smaller[String(asked.kind)]?.(asked) ?? asked) });
    });
    await page.goto(served.url);
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
    await served?.[Symbol.asyncDispose]();
  });
  const tour = () => page.locator('.tour');
  const press = (name: string): Promise<void> => tour().getByRole('button', { name, exact: true }).click();
  const isDone = (): Promise<void> => tour().locator('.tour-done').waitFor({ timeout: 60_000 });
  /** To the next step, which is not done yet and shows where it is done. */
  const next = async (title: string, hash: RegExp): Promise<void> => {
    await press('Next');
    await tour().locator('h2', { hasText: title }).waitFor();
    expect(await tour().locator('.tour-done').count()).toBe(0);
    await expect.poll(() => page.url()).toMatch(hash);
  };

  test('each step can be done from the tour, is ticked when it is, and leads to the next', { timeout: 120_000 }, async () => {
    await tour().getByText('Step 1 of 5').waitFor();
    await expectAccessible(page);
    await press('Use the demo’s clips');
    await isDone();
    await next('Extract the faces', /#workspace$/);
    await press('Extract both');
    await page.locator('.job', { hasText: 'data_dst.mp4' }).waitFor();
    expect(await tour().getByRole('button', { name: 'Extract both' }).isDisabled()).toBe(true);
    await isDone();
    await expect.poll(() => page.locator('.job-done').count(), { timeout: 60_000 }).toBe(2);
    await page.keyboard.press('Escape');

    await next('Look at the faces', /#faces\/data_dst\/aligned$/);
    await page.goto(`${served.origin}/#workspace`); // astray: the tour knows the way
    await press('Open the faces');
    await expect.poll(() => page.url()).toMatch(/#faces\/data_dst\/aligned$/);
    await page.getByRole('button', { name: 'Measure faces' }).click();
    await isDone();
    await next('Train a model', /#training$/);
    await press('Train the demo’s model (3 minutes)');
    await expect.poll(() => page.url()).toMatch(/#training\/model$/);
    await isDone();
    await page.getByText('target reached').first().waitFor({ timeout: 60_000 });
    await expectAccessible(page);

    await next('Make and verify the film', /#merge$/);
    await page.goto(`${served.origin}/#workspace`);
    await press('Open Merge');
    await expect.poll(() => page.url()).toMatch(/#merge$/);
    await page.locator('.merge-stage[data-frame]').waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Render', exact: true }).first().click();
    await page.getByLabel('Form').selectOption('draft');
    await page.getByLabel('Whole clip').uncheck();
    await page.getByLabel('to', { exact: true }).fill('5');
    await page.locator('.merge-renders button[type=submit]').click();
    await isDone();
    await press('Verify the film');
    await expect.poll(() => page.url()).toMatch(/#verify\/result\.mp4$/);
    await press('End the tour');
    expect(await tour().count()).toBe(0);
    await page.getByText('Its credentials hold').waitFor();
    await page.reload();
    await page.getByText('Its credentials hold').waitFor();
    expect(await tour().count()).toBe(0);
  });

  test('nothing failed on the page and nobody else was asked', () => {
    expect(opened.trouble.filter((text) => !/status of 400|ERR_ABORTED/.test(text))).toEqual([]);
  });
});
