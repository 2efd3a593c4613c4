/**
 * Pictures of the studio's screens for docs/studio, taken of the compiled program in Chromium: node scripts/studio-pictures.mjs [WORKSPACE] [OUT] [--only=NAME,NAME].
 * Without a workspace, one is made from the files of the tests: two clips, their faces, and a small model. They are made smaller by pngquant where there is one.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
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

/** Nothing of the one who takes them is in the pictures. */
const env = { ...process.env, LIAE_CONFIG: join(scratch, 'config'), HOME: join(scratch, 'home'), USERPROFILE: join(scratch, 'home') };

function fill() {
  for (const side of ['src', 'dst']) {
    mkdirSync(join(workspace, `data_${side}`), { recursive: true });
    cpSync(join(root, 'assets', 'demo', `${side}.mp4`), join(workspace, `data_${side}.mp4`));
    const faces = join(workspace, `data_${side}`, 'aligned');
    const words = ['extract', join(workspace, `data_${side}.mp4`), '--out', faces, '--every=2', '--size=256'];
    spawnSync(process.execPath, [main, ...words], { stdio: 'ignore', env });
  }
  // The recipe of liae demo, for a few minutes' worth of iterations less.
  const size = ['--archi=liae-ud', '--resolution=64', '--ae-dims=64', '--e-dims=24', '--d-dims=24', '--d-mask-dims=16', '--no-adabelief'];
  const from = `--from=${join(root, 'assets', 'demo', 'base.safetensors.gz')}`;
  const small = [...size, from, '--learning-rate=3e-4', '--batch-size=4', '--target=600', '--preview-every=100'];
  const sides = ['src', 'dst'].map((side) => `--${side}=${join(workspace, `data_${side}`, 'aligned')}`);
  spawnSync(process.execPath, [main, 'train', '--model', join(workspace, 'model'), ...small, ...sides], { stdio: 'ignore', env });
  const film = [
    '--input',
    join(workspace, 'data_dst.mp4'),
    '--faces',
    join(workspace, 'data_dst', 'aligned'),
    '--output',
    join(workspace, 'film.mp4'),
  ];
  spawnSync(process.execPath, [main, 'merge', '--model', join(workspace, 'model'), ...film, '--missing=copy', '--to=60'], {
    stdio: 'ignore',
    env,
  });
}

const screens = [
  ['workspace', '#workspace', async (page) => await page.getByText('in all').waitFor()],
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
      await page.locator('.frame-of-face svg').waitFor();
    },
  ],
  [
    'poses',
    '#faces/data_src/aligned',
    async (page) => {
      await page.getByRole('tab', { name: 'Poses' }).click();
      const other = page.getByRole('button', { name: 'Measure it' });
      await page.locator('.pose-cell').first().waitFor();
      await page.waitForTimeout(500);
      if (await other.isVisible()) await other.click();
      await page.locator('.gaps button').nth(1).waitFor({ timeout: 60_000 });
      await page.locator('.pose-cell[aria-label^="5° left, 5° down"]').click();
    },
  ],
  [
    'mask',
    '#faces/data_dst/aligned',
    async (page) => {
      await page.locator('.face').nth(3).dblclick();
      await page.getByRole('button', { name: 'Mask', exact: true }).click();
      await page.getByRole('button', { name: 'From landmarks' }).click();
      await page.keyboard.press('e');
      const { x, y, width } = await page.locator('.stage').boundingBox();
      for (const [u, v] of [
        [0.52, 0.28],
        [0.74, 0.24],
        [0.76, 0.38],
        [0.56, 0.4],
      ])
        await page.mouse.click(x + width * u, y + width * v);
      await page.keyboard.press('Enter');
    },
  ],
  ['export', '#export/model', async (page) => await page.getByText('With the key of this installation').waitFor()],
  ['verify', '#verify/film.mp4', async (page) => await page.locator('.verdict').waitFor()],
  [
    'merge',
    '#merge',
    async (page) => {
      await page.locator('.merge-stage[data-frame]').waitFor({ timeout: 60_000 });
      await page.getByText('Looking for cuts').waitFor({ state: 'detached', timeout: 120_000 });
      for (const name of ['Smooth', 'Fill gaps']) await page.getByLabel(name).check(); // every second frame has its face kept
      await page.waitForTimeout(3000);
      await page.getByLabel('Frame', { exact: true }).fill('24');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Cut here' }).click();
      for (const key of ['Shift+E', 'Shift+E', 'c']) await page.keyboard.press(key);
      await page.locator('#merge-blur_mask_modifier').hover();
      await page.locator('.merge-stage[data-frame="24"]:not(.is-late)').waitFor();
    },
  ],
  ['training', '#training/model', async (page) => await page.locator('.preview-box img').waitFor()],
  [
    'training-new',
    '#training',
    async (page) => {
      await page.getByRole('button', { name: /^Head and shoulders/ }).click();
      await page.getByText('M parameters').waitFor({ timeout: 20_000 });
      await page.getByLabel('batch size', { exact: true }).hover();
    },
  ],
  [
    'jobs',
    '#workspace',
    async (page) => {
      await page.getByRole('button', { name: 'Extract faces' }).first().click();
      await page.getByLabel('Into the folder').fill('extracted/faces');
      await page.getByRole('dialog').getByRole('button', { name: 'Extract' }).click();
      await page
        .getByText(/\d left/)
        .first()
        .waitFor({ timeout: 60_000 });
    },
  ],
];

/** Nothing may write into the workspace when it is removed. */
async function endJobs(page) {
  if (!(await page.locator('.drawer').isVisible())) await page.locator('.jobs-button').click();
  await page.locator('.job-running').getByRole('button', { name: 'Stop' }).click();
  await page.locator('.job-running, .job-stopping').waitFor({ state: 'detached', timeout: 60_000 });
  await page.locator('.jobs-button').click();
}

if (given === undefined) fill();
mkdirSync(out, { recursive: true });
function serve(...folder) {
  const server = spawn(process.execPath, [main, 'studio', ...folder, '--port=0', '--no-open', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  const url = new Promise((done, fail) => {
    createInterface({ input: server.stdout }).once('line', (line) => done(JSON.parse(line).url));
    server.once('exit', (code) => fail(new Error(`liae studio ended with ${code}`)));
  });
  url.catch(() => {});
  return { server, url };
}

const { server, url } = serve(workspace);
const browser = await chromium.launch({ executablePath: findBrowser(), args: ['--no-sandbox'] });
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'dark' });
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && process.stderr.write(`${message.text()}\n`));
  page.on('pageerror', (error) => process.stderr.write(`${error}\n`));
  await page.goto(await url);
  const first = serve();
  const entry = await context.newPage();
  await entry.goto(await first.url);
  await entry.getByLabel('Folder that will be made').fill('/home/you/liae/workspace');
  await entry.screenshot({ path: join(out, 'start.png') });
  await entry.close();
  first.server.kill('SIGINT');
  const only = process.argv
    .find((word) => word.startsWith('--only='))
    ?.slice(7)
    .split(',');
  for (const [name, hash, prepare] of screens.filter(([each]) => only?.includes(each) ?? true)) {
    await page.evaluate((to) => {
      location.hash = to;
    }, hash);
    await prepare(page);
    await page.waitForTimeout(name === 'jobs' ? 100 : 700);
    for (const close of await page.locator('.notice .icon').all()) await close.click();
    await page.screenshot({ path: join(out, `${name}.png`) });
    await page.keyboard.press('Escape');
    if (name === 'jobs') await endJobs(page);
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
  const pictures = readdirSync(out).filter((name) => name.endsWith('.png'));
  spawnSync('pngquant', ['--force', '--ext=.png', '--quality=60-95', '--strip', ...pictures], { cwd: out, stdio: 'ignore' });
} finally {
  await browser.close();
  server.kill('SIGINT');
  rmSync(scratch, { recursive: true, force: true });
}
