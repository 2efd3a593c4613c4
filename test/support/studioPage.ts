/**
 * The compiled studio in a process of its own and its page in Chromium, for tests of screens. Without a Chromium those are skipped, with the reason, except
 * where CI is set. Settings of tests stay away from the user's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { built } from './built.ts';

const { findBrowser } = (await import(new URL('../../scripts/browser.mjs', import.meta.url).href)) as {
  findBrowser: () => string | undefined;
};
const program = findBrowser();
/** Whether tests of the page are to be skipped. */
export const noBrowser = program === undefined && process.env.CI === undefined;
if (noBrowser) process.stderr.write('tests of the page are skipped: no Chromium was found; LIAE_BROWSER names one\n');

export interface Served extends AsyncDisposable {
  /** With the token. */
  readonly url: string;
  readonly origin: string;
  readonly workspace: string | null;
  /** Its exit code. */
  readonly end: () => Promise<number | null>;
}

/** @param workspace  none: the page asks for one. @param home  where new workspaces are suggested, and settings are kept. */
export async function serveStudio(workspace?: string, home = mkdtempSync(join(tmpdir(), 'liae-home-'))): Promise<Served> {
  const words = ['studio', ...(workspace === undefined ? [] : [workspace]), '--port', '0', '--no-open', '--json'];
  const server: ChildProcess = spawn(process.execPath, [fileURLToPath(built('cli/main.js')), ...words], {
    env: { ...process.env, LIAE_CONFIG: join(home, 'config'), HOME: home, USERPROFILE: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await Promise.race([
    once(createInterface({ input: server.stdout! }), 'line') as Promise<[string]>,
    once(server, 'exit').then(([code]) => {
      throw new Error(`liae studio ended with ${String(code)}`);
    }),
  ]);
  const event = JSON.parse(line) as { event: string; url: string; workspace: string | null };
  expect(event.event).toBe('listening');
  const end = async (): Promise<number | null> => {
    if (server.exitCode !== null) return server.exitCode;
    const ended = once(server, 'exit');
    server.kill('SIGINT');
    return ((await ended) as [number | null])[0];
  };
  return {
    ...{ url: event.url, origin: new URL(event.url).origin, workspace: event.workspace, end },
    async [Symbol.asyncDispose]() {
      await end();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** What the page complained of, and every request that went elsewhere. */
  readonly trouble: string[];
}

/** A page that is not shown anything yet. @param origins  whom it may ask; grows when a server is started again. */
export async function openPage(origins: readonly string[], options: BrowserContextOptions = {}): Promise<Opened> {
  const browser: Browser = await chromium.launch({ executablePath: program!, args: ['--no-sandbox'] });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const trouble: string[] = [];
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.on('request', (request) => {
    const url = request.url();
    if (!origins.some((origin) => url.startsWith(origin)) && !url.startsWith('data:') && !url.startsWith('blob:')) trouble.push(url);
  });
  page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()));
  return { page, trouble, [Symbol.asyncDispose]: () => browser.close() };
}

/** Checks what is shown with axe. */
export async function expectAccessible(page: Page): Promise<void> {
  const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(source); // as a debugger does, past the content security policy
  const found = await page.evaluate(async () => {
    const axe = (
      globalThis as unknown as {
        axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
      }
    ).axe;
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
  });
  expect(found).toEqual([]);
}

/** Nothing hangs over the edge of the page. */
export async function expectFitting(page: Page): Promise<void> {
  const [content, window] = await page.evaluate<number[]>('[document.documentElement.scrollWidth, innerWidth]');
  expect(content).toBeLessThanOrEqual(window!);
}
