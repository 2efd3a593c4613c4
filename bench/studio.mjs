/**
 * The studio under load, in Chromium: npm run bench -- studio [FACES]. A folder of many faces (links to those of the tests) is opened and scrolled
 * from end to end; what is reported is how soon the page and the grid are there, and the time between frames while scrolling.
 */
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { servedPage } from './support/servedPage.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const faces = Number(process.argv[2] ?? 50_000);
const scratch = mkdtempSync(join(process.env.LIAE_BENCH ?? tmpdir(), 'liae-grid-'));
const folder = join(scratch, 'many');
mkdirSync(folder);
const kept = readdirSync(join(root, 'test', 'faces', 'src')).filter((name) => name.endsWith('.jpg'));
for (let i = 0; i < faces; i++)
  linkSync(join(root, 'test', 'faces', 'src', kept[i % kept.length]), join(folder, `${String(i).padStart(6, '0')}_0.jpg`));

const { url, page, end } = await servedPage(scratch, { width: 1280, height: 800 });
try {
  const began = performance.now();
  await page.goto(url);
  await page.locator('#facesets').waitFor();
  const first = performance.now() - began;
  const asked = performance.now();
  await page.goto(`${new URL(url).origin}/#faces/many`);
  await page.locator('.face img').first().waitFor();
  const grid = performance.now() - asked;
  await page.waitForTimeout(500);
  const times = await page.evaluate(
    () =>
      new Promise((done) => {
        const box = document.querySelector('.grid');
        const found = [];
        let last = performance.now();
        const started = last;
        const step = (now) => {
          found.push(now - last);
          last = now;
          const t = (now - started) / 8000;
          // Half of the time by the wheel's pace, half of it from one end to the other.
          box.scrollTop = t < 0.5 ? t * 2 * 8000 : (t - 0.5) * 2 * (box.scrollHeight - box.clientHeight);
          if (t < 1) requestAnimationFrame(step);
          else done(found.slice(1));
        };
        requestAnimationFrame(step);
      }),
  );
  const sorted = times.sort((a, b) => a - b);
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)].toFixed(1);
  const cells = await page.locator('.face').count();
  process.stdout.write(`first page ${first.toFixed(0)} ms, grid of ${faces} faces ${grid.toFixed(0)} ms, ${cells} cells in the page\n`);
  process.stdout.write(`${sorted.length} frames: median ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms\n`);
} finally {
  await end();
  rmSync(scratch, { recursive: true, force: true });
}
