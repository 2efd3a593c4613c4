/** A second Ctrl-C: extraction and merging end at once and by the signal, in the midst of their networks, and the same command goes on afterwards. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { built, liae } from './support/built.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae twice '));
const at = (name: string): string => join(scratch, name);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const clip = fileURLToPath(new URL('./clips/dst_rotated.mp4', import.meta.url));
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

beforeAll(async () => {
  const faces = fileURLToPath(new URL('./faces/', import.meta.url));
  const sizes = ['--archi', 'liae', '--resolution', '64', '--ae-dims', '32', '--e-dims', '16', '--d-dims', '16', '--d-mask-dims', '16'];
  const rest = ['--batch-size', '2', '--workers', '1', '--face-type', 'f', '--target', '1', '--seed', '5'];
  const trained = await liae([
    'train',
    '--model',
    at('model'),
    '--src',
    join(faces, 'src'),
    '--dst',
    join(faces, 'dst'),
    ...sizes,
    ...rest,
  ]);
  expect(trained.code, trained.err).toBe(0);
}, 120_000);

test('extraction and merging end by the signal, without a word of ONNX Runtime, and go on', { timeout: 120_000 }, async () => {
  const extract = ['extract', clip, '--out', at('faces'), '--size', '256', '--json'];
  const first = await interruptedTwice(extract, /"event":"analysed"/);
  expect(first.err).toContain('ended at once');
  expect(first.signal).toBe('SIGINT');
  const extracted = await liae(extract);
  expect([extracted.code, readdirSync(at('faces')).filter((name) => name.endsWith('.jpg')).length]).toEqual([0, 50]);

  const merge = ['merge', '--model', at('model'), '--input', clip, '--faces', at('faces'), '--output', at('film.mp4')];
  const more = ['--json', '--part', '8', '--no-provenance'];
  const second = await interruptedTwice([...merge, ...more], /"frame":9,/);
  expect(second.signal).toBe('SIGINT');
  for (const { err } of [first, second]) expect(err).not.toMatch(/Napi|terminate|abort/i);
  const merged = await liae([...merge, ...more]);
  expect(merged.code, merged.err).toBe(0);
  expect(merged.out).toMatch(/"event":"resumed","frames":(8|16)\D/);
});
