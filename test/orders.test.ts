/** Orders to the compiled program: files in the place of signals, as the studio gives them on every system. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { built, liae } from './support/built.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae-orders-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('stop ends a process that has nothing to keep, with the code of an interrupt, and is left to commands that obey', async () => {
  for (const [obeys, code] of [
    [false, 130],
    [true, 7],
  ] as const) {
    const orders = join(scratch, `orders-${obeys}`);
    const script = `import { obey, obeyAtLeastStop } from ${JSON.stringify(built('cli/orders.js').href)};
      obeyAtLeastStop();
      ${obeys ? 'obey({ stop: () => setTimeout(() => process.exit(7), 400) });' : ''}
      console.log('ready');
      setTimeout(() => {}, 20_000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, LIAE_ORDERS: orders },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const ended = once(child, 'exit');
    appendFileSync(orders, 'stop\n');
    expect(await ended).toEqual([code, null]);
  }
});

test('training saves, paints and stops by a file, as it does by signals', async () => {
  const [model, orders, exit] = ['model', 'orders', 'exit'].map((name) => join(scratch, name)) as [string, string, string];
  const faces = (side: string): string => fileURLToPath(new URL(`./faces/${side}`, import.meta.url));
  const small = ['--resolution=64', '--ae-dims=32', '--e-dims=16', '--d-dims=16', '--d-mask-dims=16', '--batch-size=2', '--workers=1'];
  const child = spawn(
    process.execPath,
    [fileURLToPath(built('cli/main.js')), 'train', '--model', model, '--src', faces('src'), '--dst', faces('dst'), ...small, '--json'],
    { env: { ...process.env, LIAE_ORDERS: orders, LIAE_EXIT_FILE: exit }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  writeFileSync(orders, '');
  const events: { event: string; iteration?: number; reason?: string }[] = [];
  let rest = '';
  const given: string[] = [];
  const order = (name: string): void => {
    if (given.includes(name)) return;
    given.push(name);
    appendFileSync(orders, `${name}\n`);
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const event = JSON.parse(line) as (typeof events)[number];
      events.push(event);
      if (event.event === 'iteration' && event.iteration! >= 3) order('save');
      if (event.event === 'saved' && given.includes('save')) order('preview');
      if (event.event === 'preview' && given.includes('preview')) order('stop');
    }
  });
  await once(child, 'close');
  expect(given).toEqual(['save', 'preview', 'stop']);
  expect(events.at(-1)).toMatchObject({ event: 'done', reason: 'stopped' });
  expect(readFileSync(exit, 'utf8')).toBe('0');
  const { code } = await liae(['history', '--model', model]);
  expect(code).toBe(0);
});
