/**
 * Pictures of the studio's screens, taken of the compiled program in Chromium: node scripts/studio-pictures.mjs [WORKSPACE] [OUT]. Without WORKSPACE, one is
 * made of the files of the tests: two clips, their faces, and a small model; without OUT, those of the manual go to docs/studio. To look at a change: --all
 * takes every state, --only=NAME,NAME some, at --size=1440x900, at --zoom=2 (of the browser) and in --language=zh; how far things moved is said.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findBrowser } from './browser.mjs';
import { states } from './studio-states.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'dist', 'cli', 'main.js');
const words = process.argv.slice(2);
const [given, out = join(root, 'docs', 'studio')] = words.filter((word) => !word.startsWith('--'));
const option = (name, otherwise) => words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise;
const [width = 1280, height = 800] = option('size', '1280x800').split('x').map(Number);
const zoom = Number(option('zoom', '1'));
const language = option('language', 'en');
const only = option('only')?.split(',');
const isWanted = ({ name, doc = false }) => only?.includes(name) ?? (doc || words.includes('--all'));
const scratch = mkdtempSync(join(tmpdir(), 'liae-pictures-'));
const workspace = given === undefined ? join(scratch, 'two people') : resolve(given);

/** Nothing of the one who takes them is in the pictures. */
const env = { ...process.env, LIAE_CONFIG: join(scratch, 'config'), HOME: join(scratch, 'home'), USERPROFILE: join(scratch, 'home') };

function fill() {
  for (const side of ['src', 'dst']) {
    mkdirSync(join(workspace, `data_${side}`), { recursive: true });
    cpSync(join(root, 'assets', 'demo', `${side}.mp4`), join(workspace, `data_${side}.mp4`));
    const faces = join(workspace, `data_${side}`, 'aligned');
    const order = ['extract', join(workspace, `data_${side}.mp4`), '--out', faces, '--every=2', '--size=256'];
    spawnSync(process.execPath, [main, ...order], { stdio: 'ignore', env });
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
  if (!words.includes('--all')) return;
  const broken = readFileSync(join(workspace, 'film.mp4'));
  broken[broken.indexOf('mdat') + 2000] ^= 1;
  writeFileSync(join(workspace, 'broken.mp4'), broken);
}

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

const viewport = { width: Math.round(width / zoom), height: Math.round(height / zoom) };
const { server, url } = serve(workspace);
const browser = await chromium.launch({ executablePath: findBrowser(), args: ['--no-sandbox'] });

/** A page of its own for each state, that has seen the tour. */
async function open(address, at = '') {
  const context = await browser.newContext({ viewport, deviceScaleFactor: zoom, colorScheme: 'dark' });
  await context.addInitScript(() => {
    if (localStorage.getItem('tour') === null) localStorage.setItem('tour', 'seen');
    window.shifts = [];
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput, sources } of list.getEntries())
        if (!hadRecentInput)
          window.shifts.push([value.toFixed(4), ...sources.map(({ node }) => node?.className ?? node?.nodeName)].join(' '));
    }).observe({ type: 'layout-shift', buffered: true });
  });
  const page = await context.newPage();
  page.setDefaultTimeout(words.includes('--all') || only !== undefined ? 8000 : 30_000);
  page.on('console', (message) => message.type() === 'error' && process.stderr.write(`${message.text()}\n`));
  page.on('pageerror', (error) => process.stderr.write(`${error}\n`));
  await page.goto(address);
  await page.locator('.bar').waitFor();
  if (at !== '')
    await page.evaluate((to) => {
      location.hash = to;
    }, at);
  return page;
}

async function picture(page, name) {
  if (language !== 'en')
    await page.evaluate((to) => {
      const select = document.querySelector('.language');
      select.value = to;
      select.dispatchEvent(new Event('change', { bubbles: true }));
    }, language);
  await page.waitForTimeout(500);
  const shifts = await page.evaluate(() => window.shifts);
  if (shifts.length > 0) process.stdout.write(`${name}: moved ${shifts.join('; ')}\n`);
  await page.screenshot({ path: join(out, `${name}.png`) });
}

try {
  if (isWanted({ name: 'start', doc: true })) {
    const first = serve();
    try {
      const page = await open(await first.url);
      const folder = page.getByLabel('Folder that will be made');
      if (await folder.isVisible()) await folder.fill('/home/you/liae/workspace');
      await picture(page, 'start');
      await page.context().close();
    } finally {
      first.server.kill('SIGINT');
    }
  }
  for (const state of states.filter(isWanted)) {
    const { name, at, doc = false } = state;
    const page = await open(await url, at);
    try {
      await state.reach(page);
    } catch (error) {
      if (doc && !words.includes('--all') && only === undefined) throw error;
      process.stderr.write(`${name}: not reached: ${String(error).split('\n')[0]}\n`); // on a phone some are not there
    }
    if (name !== 'problem' && name !== 'jobs')
      for (const close of await page.locator('.notice .icon').all()) await close.click().catch(() => {});
    await picture(page, name).catch((error) => process.stderr.write(`${name}: ${error}\n`));
    if (name === 'jobs') await endJobs(page).catch(() => {});
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.context().close();
  }
  const pictures = readdirSync(out).filter((name) => name.endsWith('.png'));
  spawnSync('pngquant', ['--force', '--ext=.png', '--quality=60-95', '--strip', ...pictures], { cwd: out, stdio: 'ignore' });
} finally {
  await browser.close();
  server.kill('SIGINT');
  rmSync(scratch, { recursive: true, force: true });
}
