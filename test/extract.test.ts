/**
 * Extraction from the command line, on real clips with real networks: killed by force it goes on where it was; what it writes is read by an
 * independent reader; bad clips and folders end with words and the right exit code.
 */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFace } from '../src/faceset/index.ts';
import { describe, pythonReads, pythonWithNumpy } from './python.ts';
import { liae } from './support/built.ts';

const clip = (name: string): string => fileURLToPath(new URL(`clips/${name}`, import.meta.url));
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liae extract ü '));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const faces = async (path: string): Promise<string[]> => (await readdir(path)).filter((name) => name.endsWith('.jpg')).sort();

/** Mean distance of landmarks 17…67 from the exact ones, in distances between the eyes. */
function meanError(found: ArrayLike<number>, exact: readonly number[]): number {
  const middle = (from: number, k: number): number =>
    exact.reduce((sum, v, i) => (i % 2 === k && i >> 1 >= from && i >> 1 < from + 6 ? sum + v / 6 : sum), 0);
  const eyes = Math.hypot(middle(42, 0) - middle(36, 0), middle(42, 1) - middle(36, 1));
  let sum = 0;
  for (let i = 17; i < 68; i++) sum += Math.hypot(found[i * 2]! - exact[i * 2]!, found[i * 2 + 1]! - exact[i * 2 + 1]!) / 51;
  return sum / eyes;
}

test('killed by force twice, it goes on to the faces that an undisturbed run makes', { timeout: 240_000 }, async () => {
  const whole = join(folder, 'whole');
  const args = (out: string): string[] => ['extract', clip('two_faces.mp4'), '--out', out, '--size', '256', '--json', '--workers', '2'];
  const undisturbed = await liae(args(whole));
  expect(undisturbed.err + undisturbed.out.slice(-300)).toContain('"stopped":false');
  expect(undisturbed.code).toBe(0);
  const out = join(folder, 'killed');
  const kills: (number | null)[] = [];
  for (const sign of ['"event":"clip"', '"faces":20']) {
    const { code } = await liae(args(out), { watch: (text, kill) => text.includes(sign) && kill('SIGKILL') });
    kills.push(code);
  }
  expect(kills).toEqual([null, null]);
  const last = await liae(args(out));
  expect(last.code).toBe(0);
  expect(JSON.parse(last.out.trim().split('\n').at(-1)!)).toMatchObject({
    clips: [{ frames: 50, withFaces: 50, faces: 100, settled: { tracks: 2 } }],
  });
  expect(await faces(out)).toEqual(await faces(whole));
  for (const name of await faces(whole))
    expect((await readFile(join(out, name))).equals(await readFile(join(whole, name))), name).toBe(true);

  const { clips } = JSON.parse(await readFile(clip('landmarks.json'), 'utf8')) as {
    clips: Record<string, { frames?: { landmarks: number[] }[] } & { landmarks: number[] }[]>;
  };
  const exact = clips.src!.frames ?? clips.src!;
  const errors: number[] = [];
  for (const name of await faces(out)) {
    const { sourceLandmarks, sourceFilename } = readFace(await readFile(join(out, name)), name).metadata;
    const found = sourceLandmarks!;
    if (found[60]! < 440)
      errors.push(
        meanError(
          found.map((v, i) => (i % 2 === 0 ? v + 100 : v)),
          exact[Number.parseInt(sourceFilename!, 10) - 1]!.landmarks,
        ),
      );
  }
  expect(errors.length).toBe(50);
  expect(errors.reduce((sum, v) => sum + v / errors.length, 0)).toBeLessThan(0.08);

  const python = pythonWithNumpy();
  if (python === undefined) return;
  const file = join(out, '00001_0.jpg');
  const [read] = pythonReads(python, [file]);
  expect(JSON.stringify(read)).toContain(JSON.stringify(describe(readFace(await readFile(file), file).dict)));
});

test('a hand before the face: five frames are filled in, so that every frame has a face', { timeout: 120_000 }, async () => {
  const out = join(folder, 'occluded');
  const { code, out: text } = await liae(['extract', clip('occluded.mp4'), '--out', out, '--size', '256', '--json']);
  expect(code).toBe(0);
  const done = JSON.parse(text.trim().split('\n').at(-1)!) as { clips: { faces: number; settled: { filled: number; tracks: number } }[] };
  expect(done.clips[0]!.faces).toBe(48);
  expect(done.clips[0]!.settled.tracks).toBe(1);
  expect(done.clips[0]!.settled.filled).toBeLessThanOrEqual(5);
});

test('no faces, cut-off clips and folders that cannot be written end with words', { timeout: 120_000 }, async () => {
  const black = await liae(['extract', clip('black.mp4'), '--out', join(folder, 'black')]);
  expect(black.code).toBe(2);
  expect(black.err).toMatch(/no faces\n {2}found {4}50 frames\n {2}next {5}try --tiles/);
  const cut = await liae(['extract', clip('truncated.mp4'), clip('truncated_noindex.mp4'), '--out', join(folder, 'cut'), '--size', '256']);
  expect(cut.code).toBe(0);
  expect(cut.err).toMatch(/truncated.mp4: ends after frame/);
  expect(cut.err).toMatch(/truncated_noindex.mp4: not a clip that can be read/);
  expect(cut.out).toMatch(/unreadable .*truncated_noindex/);
  expect((await faces(join(folder, 'cut'))).length).toBeGreaterThan(20);
  if (process.getuid?.() !== 0) {
    const closed = join(folder, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o500);
    const { code, err } = await liae(['extract', clip('one_frame.mp4'), '--out', closed]);
    expect(code).toBe(2);
    expect(err).toContain(closed);
  }
  const full = await liae(['extract', clip('one_frame.mp4'), '--out', '/dev/null/faces']);
  expect(full.code).toBe(2);
  expect(full.err).toContain('/dev/null/faces');
});

test('a clip under a name with spaces and other letters', { timeout: 60_000 }, async () => {
  const name = join(folder, 'ein Gesicht, schön (1).mp4');
  await symlink(clip('one_frame.mp4'), name);
  const out = join(folder, 'ö ut');
  expect((await liae(['extract', name, '--out', out])).code).toBe(0);
  expect(await faces(out)).toEqual(['00001_0.jpg']);
});
