/**
 * Pictures of the studio's screens, taken of the compiled program in Chromium: node scripts/studio-pictures.mjs [WORKSPACE] [OUT]. A WORKSPACE that does not
 * exist is made of the demo (two clips, their faces, a small model, a film) and kept; without one it is made and removed. Without OUT, those of the manual go to
 * docs/studio. To look at a change: --all takes every state, --only=NAME,NAME some, at --size=1440x900, at --zoom=2 (of the browser) and in --language=zh.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
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
/** Of a picture in the manual; a larger one gets fewer colours. */
const MOST_BYTES = 290_000;
const scratch = mkdtempSync(join(tmpdir(), 'liae-pictures-'));
const workspace = given === undefined ? join(scratch, 'home', 'Films', 'Screen test') : resolve(given);

/** Nothing of the one who takes them is in the pictures: the folder above the workspace's is the home. */
const home = dirname(dirname(workspace));
const env = { ...process.env, LIAE_CONFIG: join(scratch, 'config'), HOME: home, USERPROFILE: home, LIAE_CACHE: join(scratch, 'cache') };

/** @throws Error if it fails: a picture of half a workspace would look like one of the program. */
function liae(...order) {
  const { status, stderr } = spawnSync(process.execPath, [main, ...order], { stdio: ['ignore', 'ignore', 'pipe'], env });
  if (status !== 0) throw new Error(`liae ${order.join(' ')}: ${stderr}`);
}

function fill() {
  for (const side of ['src', 'dst']) {
    mkdirSync(join(workspace, `data_${side}`), { recursive: true });
    cpSync(join(root, 'assets', 'demo', `${side}.mp4`), join(workspace, `data_${side}.mp4`));
    liae('extract', join(workspace, `data_${side}.mp4`), '--out', join(workspace, `data_${side}`, 'aligned'), '--size=256');
  }
  // The recipe of liae demo, told in iterations: the last of them in small steps.
  const size = ['--archi=liae-ud', '--resolution=64', '--ae-dims=64', '--e-dims=24', '--d-dims=24', '--d-mask-dims=16', '--no-adabelief'];
  const rest = ['--eyes-mouth-prio', '--random-src-flip', '--batch-size=4', '--preview-every=250'];
  const sides = ['src', 'dst'].map((side) => `--${side}=${join(workspace, `data_${side}`, 'aligned')}`);
  const model = ['--model', join(workspace, 'model')];
  const from = `--from=${join(root, 'assets', 'demo', 'base.safetensors.gz')}`;
  liae('train', ...model, ...size, ...rest, ...sides, from, '--learning-rate=3e-4', '--target=1500');
  liae('train', ...model, '--learning-rate=6e-5', '--target=2000');
  const film = ['--input', join(workspace, 'data_dst.mp4'), '--faces', join(workspace, 'data_dst', 'aligned')];
  liae('merge', ...model, ...film, '--output', join(workspace, 'film.mp4'), '--to=100');
}

/** Nothing may write into the workspace when it is removed. */
async function endJobs(page) {
  if (!(await page.locator('.drawer').isVisible())) await page.locator('.jobs-button').click();
  const alive = page.locator('.job-running, .job-stopping');
  const before = Date.now();
  while ((await alive.count()) > 0 && Date.now() - before < 60_000) {
    const running = page.locator('.job-running .row button').first();
    if (await running.isVisible()) await running.click({ timeout: 2000 }).catch(() => {}); // it may have ended by itself
    await page.waitForTimeout(300);
  }
}

if (!existsSync(workspace)) fill();
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
  await page.waitForFunction(() => [...document.images].every(({ complete }) => complete), undefined, { timeout: 10_000 }).catch(() => {});
  const shifts = await page.evaluate(() => window.shifts);
  if (shifts.length > 0) process.stdout.write(`${name}: moved ${shifts.join('; ')}\n`);
  await page.screenshot({ path: join(out, `${name}.png`) });
}

try {
  if (isWanted({ name: 'start', doc: true })) {
    const first = serve();
    try {
      const page = await open(await first.url);
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
    if (name === 'jobs' && width >= 640) await endJobs(page).catch(() => {});
    if (name !== 'upload')
      // what is held would arrive after all
      await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.context().close();
  }
  const quantize = (pictures, ...how) =>
    spawnSync('pngquant', [...how, '--force', '--ext=.png', '--strip', ...pictures], { cwd: out, stdio: 'ignore' });
  const pictures = readdirSync(out).filter((name) => name.endsWith('.png'));
  quantize(pictures, '--quality=60-95');
  const large = pictures.filter((name) => statSync(join(out, name)).size > MOST_BYTES);
  if (large.length > 0) quantize(large, '100');
} finally {
  await browser.close();
  server.kill('SIGINT');
  rmSync(scratch, { recursive: true, force: true });
}
