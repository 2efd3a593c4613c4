/**
 * From a setting changed on the merge page to the picture painted, in Chromium: npm run bench -- studioMerge [SIDE] [RUNS] [words that settings
 * must contain]. A 1080p clip, one face, a model of 128 unless said, a window of 1920×1080; every setting in turn, the prediction being kept. The time
 * begins with the control's event in the page and ends behind the frame in which the canvas shows the picture. Median and most of the runs, beside the
 * first time of all; over 300 ms is SLOW. The browser draws with the same processors.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeSettingTable } from '../dist/merge/index.js';
import { enlargedScene, freshModel } from './support/enlarged.mjs';
import { servedPage } from './support/servedPage.mjs';

const LIMIT_MS = 300;
const [side = '128', runs = '7', ...words] = process.argv.slice(2);
const scratch = mkdtempSync(join(process.env.LIAE_BENCH ?? tmpdir(), 'liae-live-'));
const workspace = join(scratch, 'scene');
const env = { ...process.env, LIAE_CONFIG: join(scratch, 'config') };
mkdirSync(workspace);
freshModel(join(workspace, 'model'), side);
await enlargedScene(join(workspace, 'data_dst.mp4'), join(workspace, 'data_dst', 'aligned'), {
  ...{ width: 1920, height: 1080, count: 50, quality: 'high' },
});

const { url, page, end } = await servedPage(workspace, { width: 1920, height: 1080 }, env);
try {
  await page.addInitScript(`localStorage.setItem('tour', 'seen')`);
  await page.goto(url);
  await page.goto(`${new URL(url).origin}/#merge`);
  await page.locator('.merge-stage[data-frame="0"]').waitFor({ timeout: 60_000 });
  await page.getByText('not kept yet').waitFor();
  await page.evaluate(watch);
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0];
  console.log(
    `${cpus()[0]?.model.trim()}, ${cpus().length} processors, Node ${process.version}; model of ${side}, 1920×1080, load ${load}`,
  );
  for (const [name, first, second, before] of changes()) {
    if (!words.every((word) => `${name} ${first}`.includes(word))) continue;
    if (before !== undefined) await set(...before);
    if (mergeSettingTable.some((setting) => setting.name === name && setting.default === first)) await set(name, second);
    const times = [];
    for (let i = 0; i <= Number(runs); i++) {
      times.push(await set(name, first));
      await set(name, second);
    }
    const fresh = times.shift();
    times.sort((a, b) => a - b);
    const median = times[times.length >> 1];
    const facts = `${median.toFixed(0).padStart(4)}  (most ${times.at(-1).toFixed(0)}, first ${fresh.toFixed(0)})`;
    console.log(`  ${`${name} ${first}`.padEnd(40)} ${facts}${median > LIMIT_MS ? ' SLOW' : ''}`);
    const reset = page.getByRole('button', { name: 'Reset', exact: true });
    if (await reset.isEnabled()) await reset.click();
    await page.locator('.merge-stage:not(.is-late)').waitFor();
  }

  /** @returns milliseconds. */
  async function set(name, value) {
    return await page.evaluate(([of, to]) => globalThis.changed(of, to), [name, value]);
  }
} finally {
  await end();
  rmSync(scratch, { recursive: true, force: true });
}

/** Each: a setting, the value whose picture is timed, the one that it is taken back to, and what must be set for it to matter. */
function* changes() {
  for (const { name, kind, values = [], default: usual } of mergeSettingTable) {
    if (name === 'super_resolution_power') continue; // needs a network of the user's
    const before = /hist_match/.test(name) ? ['mode', 'hist-match'] : name === 'sharpen_mode' ? ['blursharpen_amount', 50] : undefined;
    if (kind === 'bool') yield [name, !usual, usual, before];
    if (kind === 'int') yield [name, name === 'output_face_scale' ? 20 : 50, name === 'output_face_scale' ? 19 : 49, before];
    if (kind !== 'choice') continue;
    const shown = values.filter((value) => !/xseg/.test(value));
    for (const value of shown) yield [name, value, value === usual ? shown.find((other) => other !== usual) : usual, before];
  }
}

/** Runs in the page. */
function watch() {
  const stage = document.querySelector('.merge-stage');
  globalThis.changed = (name, value) =>
    new Promise((done) => {
      const control = document.querySelector(`#merge-${name}`);
      const begun = performance.now();
      let isAsked = false;
      const watcher = new MutationObserver(() => {
        const isLate = stage.classList.contains('is-late');
        isAsked ||= isLate;
        if (!isAsked || isLate) return;
        watcher.disconnect();
        clearTimeout(timer);
        // Behind the frame that shows it.
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => done(performance.now() - begun);
          port2.postMessage(0);
        });
      });
      watcher.observe(stage, { attributes: true, attributeFilter: ['class'] });
      const timer = setTimeout(() => done(Number.NaN), 20_000);
      if (control.type === 'checkbox') control.click();
      else {
        control.value = String(value);
        control.dispatchEvent(new Event(control.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }));
      }
    });
}
