/**
 * Facesets as one works on them in the page: measures with a brush, poses, persons, tools, and a single face with its frame, its landmarks and the regions of its mask.
 * What is saved is read back from the files.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { followRegions } from '../src/curate/index.ts';
import { type FaceMetadata, readFace } from '../src/faceset/index.ts';
import { nodeCodec } from '../src/platform/node/codec.ts';
import { faceMeasures } from '../src/studio/protocol.ts';
import { liae } from './support/built.ts';
import { expectAccessible, expectFitting, noBrowser, type Opened, openPage, type Served, serveStudio } from './support/studioPage.ts';
import { expectClose } from './support.ts';

const repo = fileURLToPath(new URL('../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'liae-faces-page-'));
const workspace = join(scratch, 'work');
const src = join(workspace, 'data_src/aligned');
const dst = join(workspace, 'data_dst/aligned');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const codec = nodeCodec();
const namesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jpg'))
    .sort();
const metadata = (folder: string, name: string): FaceMetadata => readFace(readFileSync(join(folder, name)), name).metadata;

describe.skipIf(noBrowser)('in Chromium', () => {
  let server: Served;
  let opened: Opened;
  let page: Page;
  beforeAll(async () => {
    mkdirSync(dst, { recursive: true });
    cpSync(join(repo, 'assets/demo/src.mp4'), join(workspace, 'data_src.mp4'));
    for (const name of readdirSync(join(repo, 'test/faces/dst')).slice(0, 24)) cpSync(join(repo, 'test/faces/dst', name), join(dst, name));
    const words = ['--every', '20', '--workers', '1', '--size', '256'];
    const { code, err } = await liae(['extract', join(workspace, 'data_src.mp4'), '--out', src, ...words]);
    expect(code, err).toBe(0);
    server = await serveStudio(workspace);
    opened = await openPage([server.origin]);
    page = opened.page;
    await page.goto(server.url);
    await page.evaluate(`localStorage.setItem('tour', 'seen')`);
  }, 120_000);
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  async function open(path: string): Promise<void> {
    await page.goto(`${server.origin}/#faces/${path}`);
    await page.locator('.face').first().waitFor();
  }
  const shown = async (): Promise<number> => Number((await page.locator('.tools [role=status]').textContent())!.split(' of ')[0]);
  const press = (keys: string): Promise<void> => page.keyboard.press(keys);
  /** A place of an element, as shares of its sides. */
  async function placeOf(element: Locator, x: number, y: number): Promise<[number, number]> {
    const box = (await element.boundingBox())!;
    return [box.x + box.width * x, box.y + box.height * y];
  }
  const isFitting = async (): Promise<void> => {
    await expectAccessible(page);
    await expectFitting(page);
  };

  test('a brush over a histogram keeps a range of faces, by hand and by keys', async () => {
    for (const path of ['data_dst/aligned', 'data_src/aligned']) {
      await open(path);
      await page.getByRole('button', { name: 'Measure faces' }).click();
      await page.getByText(/^(\d+) of \1 measured$/).waitFor({ timeout: 60_000 });
    }
    const all = namesIn(src).length;
    const bars = page.locator('.histogram');
    expect(await bars.count()).toBe(faceMeasures.length); // these faces are liae's own: it knows all of them
    for (const measure of ['sharpness', 'size in frame', 'motion sharpness', 'detector score', 'time in clip'])
      await page.getByRole('img', { name: new RegExp(`^${measure}: ${all} of ${all} faces`) }).waitFor();
    const yaw = page.locator('.measure-range', { hasText: 'yaw' }).locator('.histogram');
    await page.mouse.move(...(await placeOf(yaw, 0.5, 0.5)));
    await page.mouse.down();
    await page.mouse.move(...(await placeOf(yaw, 0.99, 0.5)), { steps: 4 });
    await page.mouse.up();
    await page.getByLabel('Sort').selectOption('yaw');
    const angles = async (): Promise<number[]> =>
      (await page.locator('.face span').allTextContents()).map((text) => Number.parseInt(text.replace('\u2212', '-'), 10));
    const least = Number(await page.getByLabel('yaw from').inputValue());
    expect(await shown()).toBeLessThan(all);
    expect(Math.min(...(await angles()))).toBeGreaterThanOrEqual(Math.floor(least));
    const before = await shown();
    await page.getByRole('slider', { name: 'yaw, least' }).focus();
    for (let i = 0; i < 3; i++) await press('Shift+ArrowRight');
    expect(await shown()).toBeLessThan(before);
    await press('Delete');
    await expect.poll(shown).toBe(all);
    await isFitting();
  });

  test('an order that needs the pictures is found once by a job, and then at hand', async () => {
    const order = async (): Promise<string[]> =>
      (await page.locator('.face').all()).length === 0
        ? []
        : await page.locator('.face').evaluateAll((all) => all.map((one) => String((one as { ariaLabel?: string }).ariaLabel)));
    await page.getByLabel('Sort').selectOption('novelty');
    await page.getByRole('button', { name: 'Find this order' }).click();
    const { out } = await liae(['faces', 'sort', src, '--by', 'novelty', '--list']);
    const listed = out.trim().split('\n');
    await expect.poll(order, { timeout: 30_000 }).toEqual(listed);
    await page.getByRole('button', { name: 'ascending' }).click();
    await expect.poll(order).toEqual([...listed].reverse());
    await page.getByRole('button', { name: 'descending' }).click();
    await page.reload();
    await page.locator('.face').first().waitFor();
    await page.getByLabel('Sort').selectOption('novelty');
    await expect.poll(order).toEqual(listed);
    expect(await page.getByRole('button', { name: 'Find this order' }).count()).toBe(0);
    await page.getByLabel('Sort').selectOption('yaw');
    await isFitting();
  });

  test('the map of poses shows the faces of a cell, and what the source lacks in the other set', async () => {
    await page.getByRole('tab', { name: 'Poses' }).click();
    await page.getByText(/destination faces find at least/).waitFor();
    const cell = page.locator('.pose-cell[aria-label*=" source"]:not([aria-label*=" 0 source"])').first();
    const label = (await cell.getAttribute('aria-label'))!;
    const [, angle, side, faces] = /^(\d+)° (left|right), .*: (\d+) source/.exec(label)!;
    const [yaw, count] = [Number(angle) * (side === 'left' ? 1 : -1), Number(faces)];
    await cell.click();
    await expect.poll(shown).toBe(count);
    const angles = (await page.locator('.face span').allTextContents()).map((text) => Number.parseInt(text.replace('\u2212', '-'), 10));
    for (const one of angles) expect(Math.abs(one - yaw)).toBeLessThanOrEqual(5);
    await press('Escape');
    await expect.poll(shown).toBe(namesIn(src).length);
    await isFitting();
    await page.locator('.gaps button').first().click();
    const gap = (await page.locator('.gaps button').first().textContent())!;
    await page.getByRole('button', { name: 'Show in data_dst/aligned' }).click();
    await page.waitForURL('**/#faces/data_dst/aligned');
    await expect.poll(shown).toBeGreaterThanOrEqual(Number(/(\d+) faces/.exec(gap)![1]));
    expect(await shown()).toBeLessThan(24);
    await press('ArrowLeft');
  });

  test('persons are found, named, shown, and a person that goes to the trash comes back', async () => {
    await open('data_src/aligned');
    await page.getByRole('tab', { name: 'Persons' }).click();
    await page.getByRole('button', { name: 'Find persons' }).click();
    await page.locator('.person').first().waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Rename: Person 1' }).click();
    await page.getByLabel('Name of this person').fill('Ada');
    await press('Enter');
    await page.locator('.person strong', { hasText: 'Ada' }).waitFor();
    const count = Number.parseInt((await page.locator('.person .muted').first().textContent())!, 10);
    await page.getByRole('button', { name: 'Show only these faces: Ada' }).click();
    await expect.poll(shown).toBe(count);
    await isFitting();
    const names = namesIn(src);
    await page.getByRole('button', { name: 'Move this person to the trash: Ada' }).click();
    await expect.poll(() => namesIn(src).length).toBe(names.length - count);
    await page.locator('.notice').getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => namesIn(src)).toEqual(names);
    await page.locator('.person strong', { hasText: 'Ada' }).waitFor();
    await page.getByRole('tab', { name: 'Filter' }).click();
  });

  test('a tool runs as a job and is taken back', async () => {
    const before = namesIn(src);
    await page.getByRole('button', { name: 'Tools…' }).click();
    await page.getByLabel('Rename in order').check();
    await page.getByRole('combobox', { name: 'Order' }).selectOption('face-pitch');
    await isFitting();
    await page.getByRole('button', { name: 'Run' }).click();
    await expect.poll(() => namesIn(src)[0], { timeout: 30_000 }).toBe('00000.jpg');
    await page.getByText('Rename in order: data_src/aligned: done').waitFor();
    await page.getByText(/^(\d+) of \1 measured$/).waitFor(); // faces are known under their new names
    await page.locator('.tools').getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => namesIn(src)).toEqual(before);
  });

  test('a face has its frame; landmarks moved by hand and keys are saved for good, and not left unsaved', async () => {
    await page.reload();
    await open('data_src/aligned');
    const [name = ''] = namesIn(src);
    const was = metadata(src, name);
    await page.locator('.grid').focus();
    await press('Enter');
    await page.getByText('data_src.mp4, frame 1', { exact: true }).waitFor();
    await page.locator('.crop-outline').waitFor();
    await isFitting();
    await press('2');
    await page.getByText('Point 31, ridge of the nose').waitFor();
    await isFitting();
    await press('p');
    await press('Shift+ArrowUp');
    await press('Control+z');
    await press('Control+y');
    await press('PageDown');
    await page.getByText('Leave without saving?').waitFor();
    await page.getByRole('button', { name: 'Stay' }).click();
    const stage = page.locator('.stage');
    const at = async (point: number, dy = 0): Promise<[number, number]> =>
      await placeOf(stage, (was.landmarks[2 * point]! + 0.5) / 256, (was.landmarks[2 * point + 1]! + 0.5 + dy) / 256);
    await page.mouse.move(...(await at(8)));
    await page.mouse.down();
    await page.mouse.move(...(await at(8, 12)), { steps: 3 });
    await page.mouse.up();
    await page.getByText(/^Point 9, jaw/).waitFor();
    // An eye is moved far, so that the crop turns; what the page shows of it is what the file holds then.
    for (let i = 0; i < 28; i++) await press(']');
    await page.getByText(/^Point 37, left eye/).waitFor();
    for (let i = 0; i < 3; i++) await press('Shift+ArrowUp');
    const crop = (): Promise<string> =>
      page.locator('.new-crop canvas').evaluate((canvas) => (canvas as unknown as { toDataURL: () => string }).toDataURL());
    let shot = await crop();
    const isStill = async (): Promise<boolean> => {
      await page.waitForTimeout(150);
      const before = shot;
      shot = await crop();
      return before === shot;
    };
    await expect.poll(isStill).toBe(true); // it follows the keys a moment later
    await press('Control+s');
    await page.getByText(`Saved: landmarks of ${name} by hand`, { exact: true }).waitFor();
    const preview = await codec.decode(Buffer.from(shot.slice(shot.indexOf(',') + 1), 'base64'), 'preview');
    const saved = await codec.decode(readFileSync(join(src, name)), name);
    const off = (shift: number): number => {
      let sum = 0;
      for (let y = 8; y < 248; y++)
        for (let x = 8; x < 248; x++) sum += Math.abs(preview.data[(y * 256 + x) * 3]! - saved.data[(y * 256 + x + shift) * 3]!);
      return sum / 240 ** 2;
    };
    expect(off(0)).toBeLessThan(4);
    expect(Math.min(off(1), off(-1)) / off(0)).toBeGreaterThan(1.3);
    const now = metadata(src, name);
    const source = (points: ArrayLike<number>, i: number): [number, number] => [points[2 * i]!, points[2 * i + 1]!];
    const [a, b, , c, d] = was.imageToFace!;
    const inFace = (i: number): [number, number] => {
      const [x, y] = source(now.sourceLandmarks!, i).map((v, k) => v - source(was.sourceLandmarks!, i)[k]!) as [number, number];
      return [a! * x + b! * y, c! * x + d! * y];
    };
    expectClose(inFace(27), [0, -4], { abs: 0.05 });
    expectClose(inFace(8), [0, 12], { abs: 1 }); // the middle of the chin lies under the part that the pointer took
    expectClose(inFace(44), [0, 0], { abs: 0.05 });
    expectClose(inFace(38), [0, -12], { abs: 0.05 });
    expect(readdirSync(src)).toContain('data_src.mp4.edits.json');
    await press('1');
    await page.getByText('by hand', { exact: true }).waitFor();
    await press('Escape');
  });

  test('regions are drawn, changed and copied; the mask of them is stored; one step takes all of it back', async () => {
    await open('data_dst/aligned');
    const [first = '', name = '', third = ''] = namesIn(dst);
    const before = [first, name, third].map((one) => readFileSync(join(dst, one)));
    await page.locator('.face').nth(1).dblclick();
    await page.getByRole('button', { name: 'Mask', exact: true }).click();
    await page.getByText('No region yet').waitFor();
    const stage = page.locator('.stage');
    for (const [x, y] of [
      [0.25, 0.25],
      [0.75, 0.25],
      [0.75, 0.75],
      [0.25, 0.75],
      [0.25, 0.25],
    ] as const)
      await page.mouse.click(...(await placeOf(stage, x, y)));
    await page.getByText('Include 1, 4 points').waitFor();
    await press('e');
    for (const [x, y] of [
      [0.4, 0.4],
      [0.5, 0.4],
      [0.5, 0.5],
    ] as const)
      await page.mouse.click(...(await placeOf(stage, x, y)));
    await press('Enter');
    await page.getByText('Exclude 2, 3 points').waitFor();
    await press('v');
    await page.mouse.click(...(await placeOf(stage, 0.7, 0.7))); // takes the first region
    await page.mouse.click(...(await placeOf(stage, 0.5, 0.75))); // its edge: one point more
    await page.getByText('Include 1, 5 points').waitFor();
    await press('Control+z');
    await page.getByText('Include 1, 4 points').waitFor();
    await press('Control+y');
    await press('Delete');
    await page.getByText('Include 1, 4 points').waitFor();
    await isFitting();
    await page.mouse.click(...(await placeOf(stage, 0.7, 0.7)));
    await press('x'); // nothing is included any more
    await page.getByText('The mask is empty.').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Start from the outline' }).click();
    await page.getByText(/^Include 3, \d+ points$/).waitFor();
    expect(await page.getByText('The mask is empty.').count()).toBe(0);
    for (const _ of ['the outline', 'the exclusion']) await press('Control+z');
    await page.getByText('Include 1, 4 points').waitFor();
    await page.getByLabel('Copy to faces after').fill('1');
    await page.getByLabel('Also store the mask of the regions').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved: mask regions of 2 faces by hand, masks stored').waitFor();
    const drawn = { include: true, points: Float32Array.of(63.5, 63.5, 191.5, 63.5, 191.5, 191.5, 63.5, 191.5) };
    for (const one of [name, third]) {
      const { polygons, xsegMask } = metadata(dst, one);
      expect(polygons.map(({ include, points }) => [include, points.length])).toEqual([
        [true, 8],
        [false, 6],
      ]);
      // A copy goes with the landmarks.
      const [there] = followRegions([drawn], metadata(dst, name).landmarks, metadata(dst, one).landmarks, 256);
      expectClose(polygons[0]!.points, one === name ? drawn.points : there!.points, { abs: 0.6 });
      expect(xsegMask).toBeDefined();
    }
    expect(readFileSync(join(dst, first)).equals(before[0]!)).toBe(true);
    await page.getByLabel('stored mask', { exact: true }).check();
    await page.locator('.mask-stored').waitFor();
    await page.locator('.told').getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => [first, name, third].every((one, i) => readFileSync(join(dst, one)).equals(before[i]!))).toBe(true);
    await press('Escape');
    expect(opened.trouble).toEqual([]);
  });
});
