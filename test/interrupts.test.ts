/** A second Ctrl-C: extraction and merging end at once and by the signal, in the midst of their networks, and the same command goes on afterwards. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { built, liae } from './support/built.ts';
import { clip, tinyModel } from './support/merging.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae twice '));
const at = (name: string): string => join(scratch, name);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const source = clip('dst_rotated.mp4');
process.env.LIAE_CONFIG = at('config');

/** Runs `liae` and interrupts it twice once its output shows that it is at work. */
function interruptedTwice(args: readonly string[], working: RegExp): Promise<{ signal: NodeJS.Signals | null; err: string }> {
  const child = spawn(process.execPath, [fileURLToPath(built('cli/main.js')), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err, sent] = ['', '', false];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (sent || !working.test(out)) return;
    sent = true;
    child.kill('SIGINT');
    setTimeout(() => child.kill('SIGINT'), 20);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((resolve, reject) => child.on('close', (_, signal) => resolve({ signal, err })).on('error', reject));
}

beforeAll(() => tinyModel(at('model')), 120_000);

test('extraction and merging end by the signal, without a word of ONNX Runtime, and go on', { timeout: 120_000 }, async () => {
  const extract = ['extract', source, '--out', at('faces'), '--size', '256', '--json'];
  const first = await interruptedTwice(extract, /"event":"analysed"/);
  expect(first.err).toContain('ended at once');
  expect(first.signal).toBe('SIGINT');
  const extracted = await liae(extract);
  expect([extracted.code, readdirSync(at('faces')).filter((name) => name.endsWith('.jpg')).length]).toEqual([0, 50]);

  const merge = ['merge', '--model', at('model'), '--input', source, '--faces', at('faces'), '--output', at('film.mp4')];
  const more = ['--json', '--part', '8', '--no-provenance'];
  const second = await interruptedTwice([...merge, ...more], /"frame":9,/);
  expect(second.signal).toBe('SIGINT');
  for (const { err } of [first, second]) expect(err).not.toMatch(/Napi|terminate|abort/i);
  const merged = await liae([...merge, ...more]);
  expect(merged.code, merged.err).toBe(0);
  expect(merged.out).toMatch(/"event":"resumed","frames":(8|16)\D/);
});
