/** The compiled studio over a workspace, and a page of it in Chromium. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findBrowser } from '../../scripts/browser.mjs';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** @returns an empty page, the address with its key, and how both are ended. */
export async function servedPage(workspace, viewport, env = process.env) {
  const server = spawn(process.execPath, [main, 'studio', workspace, '--port=0', '--no-open', '--json'], {
    ...{ env, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  const browser = await chromium.launch({ executablePath: findBrowser(), args: ['--no-sandbox'] });
  const end = async () => {
    await browser.close();
    const ended = new Promise((done) => server.once('exit', done));
    server.kill('SIGINT');
    await ended;
  };
  const line = await new Promise((done) => createInterface({ input: server.stdout }).once('line', done));
  const { url } = JSON.parse(line);
  return { url, page: await (await browser.newContext({ viewport })).newPage(), end };
}
