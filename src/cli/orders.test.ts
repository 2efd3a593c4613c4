/** Orders from a file: read from its beginning, once each, whole lines only. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { type Order, watchOrders } from './orders.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae-orders-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !done(); i++) await delay(50);
}

test('orders are obeyed once each and in their order, also those given before anybody looked; half a line is waited for', async () => {
  const file = join(scratch, 'orders');
  appendFileSync(file, 'save\nno such order\npre');
  const seen: Order[] = [];
  using _watch = watchOrders(file, (order) => seen.push(order));
  await until(() => seen.length > 0);
  expect(seen).toEqual(['save']);
  appendFileSync(file, 'view\nsto');
  await until(() => seen.length > 1);
  appendFileSync(file, 'p\n');
  await until(() => seen.length > 2);
  expect(seen).toEqual(['save', 'preview', 'stop']);
});

test('no file, no orders; none after the end', async () => {
  const file = join(scratch, 'later');
  const seen: Order[] = [];
  const watch = watchOrders(file, (order) => seen.push(order));
  await delay(300);
  watch[Symbol.dispose]();
  appendFileSync(file, 'stop\n');
  await delay(400);
  expect(seen).toEqual([]);
});

test('a setting comes with its text, whatever is in it', async () => {
  const file = join(scratch, 'settings');
  appendFileSync(file, 'set {"src":"/ä/set stop"}\nbackup\nsettle\n');
  const seen: string[] = [];
  using _watch = watchOrders(file, (order, json) => seen.push(`${order} ${json}`));
  await until(() => seen.length > 1);
  expect(seen).toEqual(['set {"src":"/ä/set stop"}', 'backup ']);
});
