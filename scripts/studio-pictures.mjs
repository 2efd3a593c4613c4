/**
 * Pictures of the studio's screens for docs/studio, taken of the compiled program in Chromium: node scripts/studio-pictures.mjs [WORKSPACE] [OUT].
 * Without a workspace, one is made from the files of the tests: two clips, their faces, and a model of a few hundred small iterations.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findBrowser } from './browser.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'dist', 'cli', 'main.js');
const [given, out = join(root, 'docs', 'studio')] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), 'liae-pictures-'));
const workspace = given === undefined ? join(scratch, 'two people') : resolve(given);

function fill() {
  for (const side of ['src', 'dst']) {
    mkdirSync(join(workspace, `data_${side}`), { recursive: true });
    cpSync(join(root, 'assets', 'demo', `${side}.mp4`), join(workspace, `data_${side}.mp4`));
    cpSync(join(root, 'test', 'faces', side), join(workspace, `data_${side}`, 'aligned'), { recursive: true });
  }
  const small = ['--resolution=64', '--ae-dims=32', '--e-dims=16', '--d-dims=16', '--d-mask-dims=16', '--batch-size=2', '--target=300'];
  const sides = ['src', 'dst'].map((side) => `--${side}=${join(workspace, `data_${side}`, 'aligned')}`);
  spawnSync(process.execPath, [main, 'train', '--model', join(workspace, 'model'), ...small, ...sides], { stdio: 'ignore' });
}

const screens = [
  ['workspace', '#workspace', async () => {}],
  [
    'faces',
    '#faces/data_src/aligned',
    async (page) => {
      await page.locator('.face').first().waitFor();
      const measure = page.getByRole('button', { name: 'Measure faces' });
      if (await measure.isVisible()) await measure.click();
      await page.getByText(/^(\d+) of \1 measured$/).waitFor({ timeout: 60_000 });
      await page.getByLabel('Sort').selectOption('yaw');
      await page.locator('.face').nth(2).click();
      await page
        .locator('.face')
        .nth(4)
        .click({ modifiers: ['Shift'] });
    },
  ],
  [
    'face',
    '#faces/data_dst/aligned',
    async (page) => {
      await page.locator('.face').nth(3).dblclick();
      await page.locator('.face-view svg').waitFor();
    },
  ],
  ['training', '#training/model', async (page) => await page.locator('.preview-box img').waitFor()],
  [
    'jobs',
    '#training',
    async (page) => {
      await page.getByRole('button', { name: 'All options' }).click();
      await page.locator('.jobs-button').click();
    },
  ],
];

if (given === undefined) fill();
mkdirSync(out, { recursive: true });
const server = spawn(process.execPath, [main, 'studio', workspace, '--port=0', '--no-open', '--json'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const browser = await chromium.launch({ executablePath: findBrowser(), args: ['--no-sandbox'] });
try {
  const [line] = await new Promise((done) => createInterface({ input: server.stdout }).once('line', (text) => done([text])));
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'dark' })).newPage();
  page.on('console', (message) => message.type() === 'error' && process.stderr.write(`${message.text()}\n`));
  page.on('pageerror', (error) => process.stderr.write(`${error}\n`));
  await page.goto(JSON.parse(line).url);
  for (const [name, hash, prepare] of screens) {
    await page.evaluate((to) => {
      location.hash = to;
    }, hash);
    await prepare(page);
    await page.waitForTimeout(700);
    await page.screenshot({ path: join(out, `${name}.png`) });
    await page.keyboard.press('Escape');
  }
  if (process.argv.includes('--extra')) {
    await page.evaluate(() => {
      localStorage.setItem('language', 'zh');
      location.hash = '#workspace';
      location.reload();
    });
    await page.waitForTimeout(1200);
    await page.screenshot({ path: join(out, 'zh.png') });
    await page.setViewportSize({ width: 400, height: 800 });
    await page.evaluate(() => {
      location.hash = '#training/model';
    });
    await page.waitForTimeout(700);
    await page.screenshot({ path: join(out, 'phone.png') });
  }
} finally {
  await browser.close();
  server.kill('SIGINT');
  rmSync(scratch, { recursive: true, force: true });
}
