/** Merging as the page asks for it: pictures of a real clip by a real, tiny model; merge.json shared with the command line; the queue of renders. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { liae } from '../../../test/support/built.ts';
import { makeClip } from '../../../test/support/makeClip.ts';
import { clip, exactFaces, tinyModel } from '../../../test/support/merging.ts';
import type { ByteImage } from '../../image/index.ts';
import { mergeDefaults, parseSession } from '../../merge/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';
import { openInput } from '../../platform/node/openInput.ts';
import type { JobInfo, MergeJobRequest, MergeSessionInfo, MergeValues, Problem, RenderQueueInfo, SceneInfo } from '../protocol.ts';
import { MergeBench } from './mergeBench.ts';
import { changedRect, coveredRect, cut, shrunkBy } from './mergePictures.ts';
import { type RunningStudio, startStudio } from './serve.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae-studio-merge-'));
const workspace = join(scratch, 'work');
const at = (name: string): string => join(workspace, name);
const FRAMES = 12;

/** Stands for liae: waits until a file says that it is done, or it is told to stop. */
const standIn = join(scratch, 'standIn.mjs');
writeFileSync(
  standIn,
  `import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
  const words = process.argv.slice(2);
  appendFileSync(${JSON.stringify(join(scratch, 'asked'))}, JSON.stringify(words) + '\\n');
  console.log(JSON.stringify({ event: 'progress', frame: 4, done: 5, total: 12 }));
  const end = (code) => { console.log(JSON.stringify({ event: 'done', trouble: ['one.mp4: no sound'] })); writeFileSync(process.env.LIAE_EXIT_FILE, String(code)); process.exit(code); };
  setInterval(() => {
    const orders = existsSync(process.env.LIAE_ORDERS) ? readFileSync(process.env.LIAE_ORDERS, 'utf8') : '';
    if (orders.includes('stop')) end(130);
    if (existsSync(words.find((word) => word.startsWith('--output=')).slice(9) + '.done')) end(0);
  }, 20);`,
);

let studio: RunningStudio;
let cookie = '';
/** Scenes that are open. */
let held = 0;
beforeAll(async () => {
  mkdirSync(workspace, { recursive: true });
  cpSync(clip('dst_rotated.mp4'), at('data_dst.mp4'));
  await exactFaces(at('data_dst.mp4'), at('data_dst/aligned'), [{ track: 'dst', dx: 0 }], FRAMES);
  await tinyModel(at('model'));
  mkdirSync(join(scratch, 'page'));
  writeFileSync(join(scratch, 'page', 'index.html'), '');
  studio = await startStudio({
    ...{ workspace, host: '127.0.0.1', port: 0, program: [process.execPath, standIn], page: join(scratch, 'page'), version: '0' },
    settings: join(scratch, 'settings'),
    bench: async (ask) => {
      const bench = await MergeBench.open(ask);
      held++;
      const dispose = bench[Symbol.asyncDispose].bind(bench);
      return Object.assign(bench, {
        [Symbol.asyncDispose]: async () => {
          held--;
          await dispose();
        },
      });
    },
    onFault: (error) => {
      throw error;
    },
  });
  cookie = (await fetch(studio.url, { redirect: 'manual' })).headers.get('set-cookie')!.split(';')[0]!;
});
afterAll(async () => {
  await studio[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
});

const api = (path: string, { headers = {}, ...options }: { method?: string; body?: string; headers?: Record<string, string> } = {}) =>
  fetch(`${new URL(studio.url).origin}/api${path}`, { ...options, headers: { cookie, ...headers } });
const send = (method: string, path: string, value: unknown): Promise<Response> =>
  api(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) });
const json = async <T>(answer: Promise<Response>): Promise<T> => (await (await answer).json()) as T;
const refusal = async (answer: Promise<Response>): Promise<Problem> => {
  const response = await answer;
  expect(response.status).toBe(400);
  return ((await response.json()) as { error: Problem }).error;
};

const choice = { model: 'model', faces: 'data_dst/aligned', clip: 'data_dst.mp4', smooth: false, fill: false };
const scene = (more: object = {}): Promise<SceneInfo> => json(send('POST', '/merge/scene', { ...choice, ...more }));

interface Part {
  readonly image: ByteImage;
  readonly rect: readonly number[];
}

async function picture(ask: { frame: number; settings?: MergeValues; show?: string; shrink?: number }): Promise<Part | undefined> {
  const { id } = await scene();
  const response = await send('POST', '/merge/picture', { scene: id, settings: {}, show: 'after', shrink: 1, ...ask });
  expect(response.status, await response.clone().text()).toBe(200);
  const rect = response.headers.get('x-rect')!.split(',').map(Number);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return bytes.length === 0 ? undefined : { image: await nodeCodec().decode(bytes, 'picture'), rect };
}

const meanDifference = (a: ByteImage, b: ByteImage): number => {
  expect([a.width, a.height, a.channels]).toEqual([b.width, b.height, b.channels]);
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - b.data[i]!), 0) / a.data.length;
};

describe('pictures', () => {
  test('a scene tells of its frames, its faces and how they tremble, and finds the cuts', async () => {
    const opened = await scene();
    expect(opened.clip).toMatchObject({ width: 640, height: 480, rate: 25 });
    expect(opened.withFace).toEqual([{ from: 0, to: FRAMES }]);
    expect(opened.several).toBe(0);
    expect(opened.tremble[0]).toBeNull();
    expect(opened.tremble[5]).toBeGreaterThan(0);
    expect(opened.smoothed).toBeNull();
    await expect.poll(async () => (await scene()).cuts, { timeout: 60_000 }).toEqual([]);
  });

  test('smoothed faces tremble less', async () => {
    await exactFaces(at('data_dst.mp4'), at('shaken'), [{ track: 'dst', dx: 0 }], FRAMES);
    await exactFaces(at('data_dst.mp4'), join(scratch, 'aside'), [{ track: 'dst', dx: 3 }], FRAMES);
    for (let i = 2; i <= FRAMES; i += 2) {
      const name = `${String(i).padStart(5, '0')}_0.jpg`;
      cpSync(join(scratch, 'aside', name), join(at('shaken'), name));
    }
    const { tremble, smoothed, cuts } = await scene({ faces: 'shaken', smooth: true });
    expect(cuts).toEqual([]); // the clip is not looked through again
    // Every second face lies 3 pixels aside: second differences of 6 in one of two coordinates, over √6.
    expect(tremble[5]).toBeCloseTo(6 / Math.sqrt(12), 0);
    const sum = (values: readonly (number | null)[]): number => values.reduce<number>((all, value) => all + (value ?? 0), 0);
    expect(sum(smoothed!)).toBeLessThan(sum(tremble) / 2);
  });

  test('faces are smoothed across a cut only as long as nobody knows of it', async () => {
    const [CUT, side] = [6, { width: 640, height: 480 }];
    const whole: Uint8Array[] = [];
    await using source = await openInput(at('data_dst.mp4'));
    for await (const { image } of source.frames({ to: FRAMES })) whole.push(image.data.slice() as Uint8Array);
    // From the cut on everything is darker and the other way round, and the face lies 14 pixels aside.
    const turned = (data: Uint8Array): Uint8Array => data.map((_, i) => 255 - data[data.length - 1 - i]!);
    const folder = join(scratch, 'cut');
    mkdirSync(folder);
    await makeClip(join(folder, 'two.mp4'), { ...side, frames: FRAMES, picture: (i) => (i < CUT ? whole[i]! : turned(whole[i]!)) });
    await exactFaces(join(folder, 'two.mp4'), join(folder, 'faces'), [{ track: 'dst', dx: 0 }], FRAMES);
    await exactFaces(join(folder, 'two.mp4'), join(folder, 'aside'), [{ track: 'dst', dx: 14 }], FRAMES);
    for (let i = CUT + 1; i <= FRAMES; i++) {
      const name = `${String(i).padStart(5, '0')}_0.jpg`;
      cpSync(join(folder, 'aside', name), join(folder, 'faces', name));
    }
    const ask = { model: at('model'), faces: join(folder, 'faces'), clip: join(folder, 'two.mp4'), smooth: true, fill: false, id: 'a' };
    const last = { frame: CUT - 1, settings: { mask_mode: 'dst' }, show: 'after', shrink: 1 } as const;
    await using told = await MergeBench.open({ ...ask, cuts: [CUT] });
    await using finding = await MergeBench.open(ask);
    const early = await finding.picture(last);
    expect((await finding.facts()).cuts).toBeNull();
    await expect.poll(async () => (await finding.facts()).cuts, { timeout: 60_000 }).toEqual([CUT]);
    const [found, right] = [await finding.picture(last), await told.picture(last)];
    expect(Buffer.from(found.jpeg).equals(right.jpeg)).toBe(true);
    expect(found.rect).toEqual(right.rect);
    expect(Buffer.from(early.jpeg).equals(right.jpeg)).toBe(false);
    expect(await finding.facts()).toEqual(await told.facts());
    expect((await told.facts()).smoothed!.slice(CUT - 1, CUT + 1)).toEqual([null, null]);
  });

  test('the page shows what the command line makes: each part on the clip is the merged frame', { timeout: 120_000 }, async () => {
    const settings = { mode: 'seamless', mask_mode: 'dst', erode_mask_modifier: 5, blur_mask_modifier: 40, color_transfer_mode: 'lct' };
    const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name.replaceAll('_', '-')}`, String(value)]);
    const sides = ['--input', at('data_dst.mp4'), '--faces', at('data_dst/aligned'), '--model', at('model')];
    const ended = await liae(['merge', ...sides, '--output', join(scratch, 'frames'), '--to', '6', '--missing', 'copy', ...flags]);
    expect(ended.code, ended.err).toBe(0);
    const codec = nodeCodec();
    const merged = await codec.decode(readFileSync(join(scratch, 'frames', '00005.png')), 'frame');
    const before = (await picture({ frame: 4, show: 'before' }))!;
    expect(before.rect).toEqual([0, 0, 640, 480]);
    const { image, rect } = (await picture({ frame: 4, settings }))!;
    const [x, y, width, height] = rect as [number, number, number, number];
    expect(meanDifference(image, cut(merged, { x, y, width, height }))).toBeLessThan(1.5); // what JPEG loses
    expect(meanDifference(cut(before.image, { x, y, width, height }), cut(merged, { x, y, width, height }))).toBeGreaterThan(4);
    const shown = { ...before.image, data: before.image.data.slice() };
    for (let v = 0; v < height; v++) shown.data.set(image.data.subarray(v * width * 3, (v + 1) * width * 3), ((y + v) * 640 + x) * 3);
    expect(meanDifference(shown, merged)).toBeLessThan(1.5);
  });

  test('masks, a clip without a face, squares and smaller pictures', async () => {
    const mask = (await picture({ frame: 3, show: 'mask', settings: { mask_mode: 'dst' } }))!;
    expect(Math.max(...mask.image.data)).toBeGreaterThan(240);
    expect(mask.rect[2]).toBeLessThan(400);
    expect(await picture({ frame: FRAMES + 2 })).toBeUndefined();
    const square = (await picture({ frame: 3, settings: { mode: 'raw-predict' } }))!;
    expect([square.image.width, square.image.height]).toEqual([64, 64]);
    const small = (await picture({ frame: 3, show: 'before', shrink: 3 }))!;
    expect([small.image.width, small.image.height]).toEqual([214, 160]);
    const part = (await picture({ frame: 3, shrink: 2 }))!;
    expect(part.rect.slice(0, 2).map((v) => v % 2)).toEqual([0, 0]);
    expect(part.image.width).toBe(Math.ceil(part.rect[2]! / 2));
  });

  test('of scenes that are asked for at the same time, one is held', async () => {
    const asked = await Promise.allSettled([scene({ fill: true }), scene({ smooth: true, fill: true }), scene()]);
    expect(asked.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    await expect.poll(() => held).toBe(1);
  });

  test('networks of the workspace are listed, hidden ones and those of saves are not', async () => {
    for (const name of ['masks.onnx', 'nets/deep/fine.ONNX', 'model/saves/x/a.onnx', '.hidden/b.onnx']) {
      mkdirSync(join(at(name), '..'), { recursive: true });
      writeFileSync(at(name), '');
    }
    expect(await json(api('/merge/networks'))).toEqual(['masks.onnx', 'nets/deep/fine.ONNX']);
    const refused = await refusal(send('POST', '/merge/scene', { ...choice, xseg: { path: '../masks.onnx', pixels: 'bgr' } }));
    expect(refused.message).toContain('not a place');
    const { id } = await scene({ xseg: { path: 'masks.onnx', pixels: 'bgr' } });
    const ask = { scene: id, frame: 0, settings: { mask_mode: 'xseg-prd' }, show: 'after', shrink: 1 };
    expect((await refusal(send('POST', '/merge/picture', ask))).message).toContain('masks.onnx: ONNX Runtime does not take it');
    rmSync(at('model/saves/x'), { recursive: true });
  });

  test('impossible settings, frames and scenes are refused with words, and what lies outside is not opened', async () => {
    const { id } = await scene();
    const ask = (more: object): Promise<Response> =>
      send('POST', '/merge/picture', { scene: id, frame: 0, settings: {}, show: 'after', shrink: 1, ...more });
    expect((await refusal(ask({ settings: { mode: 'magic' } }))).message).toContain('"magic" is not allowed');
    expect((await refusal(ask({ settings: { mask_mode: 'xseg-prd' } }))).message).toContain('needs a network');
    expect((await refusal(ask({ settings: { mask_mode: 'xseg-dst' } }))).message).toContain('needs a mask in every face');
    expect((await refusal(ask({ frame: 9999 }))).message).toContain('the clip ends before');
    expect((await refusal(ask({ scene: 'other' }))).message).toContain('this scene is closed');
    expect((await refusal(send('POST', '/merge/scene', { ...choice, clip: '../data_dst.mp4' }))).message).toContain('not a place');
    expect((await refusal(send('POST', '/merge/scene', { ...choice, model: 'nothing' }))).message).toContain('no such place');
    expect((await refusal(send('POST', '/merge/scene', { ...choice, model: 'data_dst' }))).message).toContain('no saved model');
  });
});

describe('parts of pictures', () => {
  const plain = (): ByteImage => ({ width: 20, height: 10, channels: 3, data: new Uint8Array(600) });
  test('what differs is found to the pixel, and brought to whole steps', () => {
    const other = plain();
    other.data[(3 * 20 + 7) * 3 + 1] = 1;
    other.data[(6 * 20 + 2) * 3] = 1;
    expect(changedRect(plain(), other, 1)).toEqual({ x: 2, y: 3, width: 6, height: 4 });
    expect(changedRect(plain(), other, 4)).toEqual({ x: 0, y: 0, width: 8, height: 8 });
    expect(changedRect(plain(), plain(), 1).width).toBe(0);
    other.data.fill(9);
    expect(changedRect(plain(), other, 8)).toEqual({ x: 0, y: 0, width: 20, height: 10 });
  });

  test('a mask covers what is not 0', () => {
    const mask: ByteImage = { width: 5, height: 4, channels: 1, data: new Uint8Array(20) };
    mask.data[2 * 5 + 4] = 1;
    expect(coveredRect(mask, 1)).toEqual({ x: 4, y: 2, width: 1, height: 1 });
  });

  test('a smaller picture holds means, at its edges of what there is', () => {
    const image: ByteImage = { width: 3, height: 2, channels: 1, data: Uint8Array.of(0, 10, 100, 20, 30, 200) };
    expect([...shrunkBy(image, 2).data]).toEqual([15, 150]);
  });
});

describe('merge.json', () => {
  const session = (): Promise<MergeSessionInfo> => json(api('/merge/session?clip=data_dst.mp4'));
  const write = (value: object): Promise<Response> => send('PUT', '/merge/session?clip=data_dst.mp4', value);
  const shots = [
    { from: 0, to: 20, settings: {} },
    { from: 20, to: null, settings: { mode: 'seamless', blur_mask_modifier: 60 } },
  ];

  test('what the page writes, the command line reads, and the other way round', async () => {
    const first = await session();
    expect(first).toMatchObject({ path: 'merge.json', stamp: null, settings: mergeDefaults, shots: [{ from: 0, to: null, settings: {} }] });
    const kept = await json<MergeSessionInfo>(write({ stamp: null, settings: { ...first.settings, erode_mask_modifier: 33 }, shots }));
    const parsed = parseSession(readFileSync(at('merge.json'), 'utf8'), 'merge.json');
    expect(parsed.settings.erode_mask_modifier).toBe(33);
    expect(parsed.shots[1]).toEqual({ from: 20, settings: { mode: 'seamless', blur_mask_modifier: 60 } });
    expect(await session()).toEqual(kept);
    writeFileSync(at('merge.json'), readFileSync(at('merge.json'), 'utf8').replace('"mode":"seamless"', '"mode":2,"erode":7'));
    expect((await session()).shots[1]!.settings).toEqual({ mode: 'hist-match', erode_mask_modifier: 7, blur_mask_modifier: 60 });
  });

  test('what someone else wrote meanwhile is not lost', async () => {
    const now = await session();
    expect((await refusal(write({ stamp: 'another', settings: now.settings, shots }))).message).toContain('changed meanwhile');
    expect(await session()).toEqual(now);
  });

  test('what the command line could not read is not written', async () => {
    const now = await session();
    const same = { stamp: now.stamp, settings: now.settings };
    expect((await refusal(write({ ...same, shots: [{ from: 5, to: 2, settings: {} }] }))).found).toContain('from frame 5 to 2');
    expect((await refusal(write({ ...same, shots: [{ from: 0, to: null, settings: { mode: 'magic' } }] }))).message).toContain('magic');
    expect((await refusal(write({ ...same, settings: { blur: 9000 }, shots }))).message).toContain('not allowed');
    expect(await session()).toEqual(now);
  });

  test('a clip whose merge.json is of another has one of its own', async () => {
    cpSync(clip('one_frame.mp4'), at('second.mp4'));
    const own = await json<MergeSessionInfo>(api('/merge/session?clip=second.mp4'));
    expect(own).toMatchObject({ path: 'second.merge.json', stamp: null });
    expect((await api('/merge/session?clip=..%2Fsecret.mp4')).status).toBe(400);
  });
});

describe('renders', () => {
  const render: MergeJobRequest = {
    ...{ kind: 'merge', model: 'model', faces: 'data_dst/aligned', input: 'data_dst.mp4', out: 'result.mp4', session: 'merge.json' },
    ...{
      codec: 'h264',
      quality: 'high',
      depth: '8',
      alpha: false,
      sound: true,
      smooth: true,
      fill: false,
      copyMissing: true,
      again: false,
    },
  };
  const queue = (): Promise<RenderQueueInfo> => json(api('/merge/renders'));
  const jobs = (): Promise<readonly JobInfo[]> => json(api('/jobs'));
  const add = (out: string, first = false): Promise<RenderQueueInfo> =>
    json(send('POST', '/merge/renders', { request: { ...render, out }, first }));
  const running = async (): Promise<readonly string[]> =>
    (await jobs()).flatMap(({ state, request }) => (state === 'running' && request.kind === 'merge' ? [request.out] : []));

  const finish = (out: string): void => writeFileSync(at(`${out}.done`), '');

  test('one at a time: the next begins when the one before is done', async () => {
    await add('one.mp4');
    await add('two.mp4');
    await add('three.mp4');
    expect(await running()).toEqual(['one.mp4']);
    expect((await queue()).waiting.map(({ request }) => request.out)).toEqual(['two.mp4', 'three.mp4']);
    await expect.poll(async () => (await jobs())[0]!.progress).toMatchObject({ phase: 'merged', done: 5, total: 12 });
    finish('one.mp4');
    await expect.poll(running, { timeout: 10_000 }).toEqual(['two.mp4']);
    expect((await jobs()).find(({ state }) => state === 'done')?.note).toBe('one.mp4: no sound');
    const asked = readFileSync(join(scratch, 'asked'), 'utf8').split('\n')[0]!;
    const words = JSON.parse(asked) as string[];
    expect(words).toEqual(expect.arrayContaining(['merge', `--output=${at('one.mp4')}`, `--session=${at('merge.json')}`, '--smooth']));
    expect(words).toEqual(expect.arrayContaining(['--codec=h264', '--quality=high', '--depth=8', '--missing=copy', '--json']));
    expect(words).not.toContain('--fill');
  });

  test('after a stop nothing begins by itself; the one that was stopped may go first again', async () => {
    const two = (await jobs()).find(({ state }) => state === 'running')!;
    await send('POST', `/jobs/${two.id}/order`, { order: 'stop' });
    await expect.poll(async () => (await jobs()).find(({ id }) => id === two.id)?.state, { timeout: 10_000 }).toBe('stopped');
    await expect.poll(async () => (await queue()).paused).toBe(true);
    expect(await running()).toEqual([]);
    await add('two.mp4', true);
    expect(await running()).toEqual(['two.mp4']);
    finish('two.mp4');
    await expect.poll(running, { timeout: 10_000 }).toEqual(['three.mp4']);
  });

  test('what cannot begin says why, and what is behind it is made; the queue outlives the server', async () => {
    await add('../out.mp4');
    const four = await add('four.mp4');
    expect(four.waiting.map(({ problem }) => problem)).toEqual([null, null]);
    const kept = JSON.parse(readFileSync(at('.liae/renders.json'), 'utf8')) as RenderQueueInfo;
    expect(kept.waiting.map(({ request }) => request.out)).toEqual(['../out.mp4', 'four.mp4']);
    finish('three.mp4');
    await expect.poll(running, { timeout: 10_000 }).toEqual(['four.mp4']);
    const [bad] = (await queue()).waiting;
    expect(bad!.problem).toContain('not a place in this workspace');
    expect((await json<RenderQueueInfo>(api(`/merge/renders/${bad!.id}`, { method: 'DELETE' }))).waiting).toEqual([]);
    finish('four.mp4');
    await expect.poll(running, { timeout: 10_000 }).toEqual([]);
  });

  test('films are served whole and in ranges, and nothing else is', async () => {
    const bytes = readFileSync(at('data_dst.mp4'));
    const whole = await api('/clips/film?path=data_dst.mp4');
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
    const part = await api('/clips/film?path=data_dst.mp4', { headers: { range: 'bytes=100-199' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${bytes.length}`]);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true);
    expect((await api('/clips/film?path=data_dst.mp4&keep=yes')).headers.get('content-disposition')).toContain(
      "attachment; filename*=UTF-8''data_dst.mp4",
    );
    for (const path of ['merge.json', '../x.mp4', 'model', '.liae/renders.json'])
      expect((await api(`/clips/film?path=${encodeURIComponent(path)}`)).status).toBe(400);
  });
});
