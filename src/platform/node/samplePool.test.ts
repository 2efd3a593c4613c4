/**
 * Pools of sample workers over real face files: the same batches for any number of workers, resumed or not, ahead of a blocked thread,
 * and errors that arrive as they were thrown. The worker runs from dist, as Node 20 does not run TypeScript.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { built } from '../../../test/support/built.ts';
import { goldenFolder } from '../../../test/support.ts';
import { FormatError } from '../../base/index.ts';
import { readJpeg } from '../../faceset/index.ts';
import type { Batch, BatchEvent } from '../../train/index.ts';
import { createSamplePool, type PoolLimits, type PoolSpec } from './samplePool.ts';

const workerUrl = built('platform/node/sampleWorker.js');
const files = ['00001_0.jpg', '00002_0.jpg', '00003_0.jpg', '00004_0.jpg', '00005_0.jpg'];
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liae-pool-'));
  for (const file of files) await copyFile(fileURLToPath(new URL(`tools/dfljpg/${file}`, goldenFolder)), join(folder, file));
});
afterAll(() => rm(folder, { recursive: true }));

const options = {
  resolution: 48,
  faceType: 'full_face',
  randomFlip: true,
  randomWarp: true,
  hsvPower: 0,
  uniformYaw: false,
  symmetricWarp: true,
  halfPixelShift: true,
} as const;

const spec = (): PoolSpec => ({
  seed: 11,
  batchSize: 2,
  src: { folder, options: { ...options, colourMode: 'rct', uniformYaw: true } },
  dst: { folder, options },
});

/** All bits of a batch in short. */
function digest({ src, dst }: Batch): string {
  const hash = createHash('sha256');
  for (const side of [src, dst]) for (const array of [side.warped, side.target, side.mask, side.em]) hash.update(array);
  return hash.digest('hex');
}

async function take(limits: PoolLimits, iterations: readonly number[], attempt = 0): Promise<string[]> {
  await using pool = await createSamplePool(spec(), { workerUrl, ...limits });
  const batches: string[] = [];
  for (const i of iterations) batches.push(digest((await pool.next(i, attempt)).batch));
  return batches;
}

test('any number of workers and any cache make the same batches', async () => {
  const expected = await take({ workers: 0, cacheBytes: 0 }, [0, 1, 2, 3, 4]);
  expect(await take({ workers: 0, cacheBytes: 2 ** 26 }, [0, 1, 2, 3, 4])).toEqual(expected);
  expect(await take({ workers: 1, cacheBytes: 400_000 }, [0, 1, 2, 3, 4])).toEqual(expected);
  expect(await take({ workers: 2 }, [0, 1, 2, 3, 4])).toEqual(expected);
  expect(new Set(expected).size).toBe(5);
});

test('a run that starts late, goes back or tries again gets the batches of those numbers', async () => {
  const [third] = await take({ workers: 0 }, [3]);
  const [again] = await take({ workers: 0 }, [3], 1);
  expect(await take({ workers: 2 }, [3])).toEqual([third]);
  await using pool = await createSamplePool(spec(), { workerUrl, workers: 2 });
  for (const i of [2, 3, 4, 5]) await pool.next(i, 0);
  expect(digest((await pool.next(3, 0)).batch)).toBe(third);
  expect(digest((await pool.next(3, 1)).batch)).toBe(again);
  expect(again).not.toBe(third);
});

test('workers go on while the thread that takes the batches is blocked', async () => {
  const large = { ...options, resolution: 160 };
  const costly = { ...spec(), batchSize: 4, src: { folder, options: large }, dst: { folder, options: large } };
  const waits = async (limits: PoolLimits, blockMs: number): Promise<number> => {
    await using pool = await createSamplePool(costly, { workerUrl, ...limits });
    await pool.next(0, 0);
    if (blockMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
    let waited = 0;
    for (let i = 1; i <= 8; i++) waited += (await pool.next(i, 0)).waitMs;
    return waited;
  };
  const alone = await waits({ workers: 0 }, 0);
  expect(await waits({ workers: 1 }, 5 * alone)).toBeLessThan(alone / 2);
});

/** A picture whose header and end are whole while half of its data is lost. */
const torn = (jpeg: Buffer): Buffer => {
  const scan = readJpeg(jpeg, 'face', 'header').segments.at(-1)!.end;
  return Buffer.concat([jpeg.subarray(0, (scan + jpeg.length) >> 1), Buffer.from([0xff, 0xd9])]);
};

test('the face after a damaged one takes its place, for any number of workers, and it is told once', async () => {
  const [broken, patched] = await Promise.all([mkdtemp(join(tmpdir(), 'liae-torn-')), mkdtemp(join(tmpdir(), 'liae-patched-'))]);
  try {
    for (const [i, file] of files.entries()) {
      const [own, next] = await Promise.all([readFile(join(folder, file)), readFile(join(folder, files[(i + 1) % files.length]!))]);
      const lost = i === 1 || i === 4;
      await writeFile(join(broken, file), lost ? torn(own) : own);
      await writeFile(join(patched, file), lost ? next : own);
    }
    const batches = async (path: string, workers: number): Promise<{ digests: string[]; events: BatchEvent[] }> => {
      const sides = { src: { folder: path, options: { ...options, colourMode: 'rct' as const } }, dst: { folder: path, options } };
      const events: BatchEvent[] = [];
      await using pool = await createSamplePool({ ...spec(), ...sides }, { workerUrl, workers, report: (event) => events.push(event) });
      const digests: string[] = [];
      for (let i = 0; i < 6; i++) digests.push(digest((await pool.next(i, 0)).batch));
      return { digests, events };
    };
    const expected = await batches(patched, 0);
    expect(expected.events).toEqual([]);
    for (const workers of [0, 1, 2]) {
      const { digests, events } = await batches(broken, workers);
      expect(digests).toEqual(expected.digests);
      const told = events.map((event) => {
        const [, side, name] = /^(\w+): .* place: (\S+): this JPEG is damaged; Corrupt/.exec(
          event.event === 'warning' ? event.message : '',
        )!;
        return `${side} ${name}`;
      });
      expect(told.sort()).toEqual(['dst', 'src'].flatMap((side) => [`${side} ${files[1]}`, `${side} ${files[4]}`]));
    }
  } finally {
    await Promise.all([rm(broken, { recursive: true }), rm(patched, { recursive: true })]);
  }
});

test('files that are cut off are told at the start; without a usable face training fails, by name', async () => {
  const broken = await mkdtemp(join(tmpdir(), 'liae-broken-'));
  try {
    await expect(createSamplePool({ ...spec(), dst: { folder: broken, options } })).rejects.toThrow('no faces in this folder');
    const jpeg = await readFile(join(folder, '00001_0.jpg'));
    await writeFile(join(broken, 'cut.jpg'), jpeg.subarray(0, jpeg.length - 200));
    await expect(createSamplePool({ ...spec(), dst: { folder: broken, options } })).rejects.toThrow('no faces in this folder');
    await writeFile(join(broken, 'torn.jpg'), torn(jpeg));
    const events: BatchEvent[] = [];
    await using pool = await createSamplePool(
      { ...spec(), dst: { folder: broken, options } },
      { workerUrl, workers: 1, report: (event) => events.push(event) },
    );
    expect(events).toEqual([
      {
        ...{ event: 'skipped', side: 'dst', usable: 1 },
        files: [{ name: 'cut.jpg', cause: `the picture is cut off; no end marker (EOI) in its ${jpeg.length - 200} bytes` }],
      },
    ]);
    const failure = await pool.next(0, 0).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FormatError);
    expect((failure as FormatError).report()).toMatch(
      /dst: none of its 1 faces can be read.*torn.jpg: this JPEG is damaged.*restore the files of --dst/s,
    );
  } finally {
    await rm(broken, { recursive: true });
  }
});
