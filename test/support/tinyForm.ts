/** The form of a new training filled so small that an iteration takes a moment. */
import type { Page } from 'playwright-core';

const values: Readonly<Record<string, string>> = {
  resolution: '64',
  'ae dims': '32',
  'e dims': '16',
  'd dims': '16',
  'd mask dims': '16',
  'batch size': '2',
  workers: '1',
};

/** All options have to be shown. */
export async function fillTinyModel(page: Page): Promise<void> {
  for (const [name, value] of Object.entries(values)) await page.getByLabel(name, { exact: true }).fill(value);
}
