/** Workspaces over real sockets: choosing one, opening another, what arrives in it, how much room it takes; how films are marked; what files say. */
import { generateKeyPairSync } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type DiskUse,
  diskUse,
  type JobInfo,
  type StudioInfo,
  studioInfo,
  type VerdictInfo,
  type WorkspaceInfo,
  workspaceInfo,
} from '../protocol.ts';
import { type RunningStudio, startStudio } from './serve.ts';
import { Settings } from './settings.ts';

const repo = fileURLToPath(new URL('../../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'liae-workspaces-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Stands for liae: says its words and ends. */
const standIn = join(scratch, 'standIn.mjs');
writeFileSync(
  standIn,
  `import { writeFileSync } from 'node:fs';
  writeFileSync(process.env.LIAE_EXIT_FILE, '0');
  console.log(JSON.stringify({ event: 'words', words: process.argv.slice(2) }));`,
);
mkdirSync(join(scratch, 'page'));

interface Client extends AsyncDisposable {
  readonly running: RunningStudio;
  /** @throws unless it is answered with this status. */
  readonly ask: <T>(method: string, path: string, body?: unknown, status?: number) => Promise<T>;
  readonly raw: (path: string, init?: RequestInit) => Promise<Response>;
}

const faults: unknown[] = [];
async function studioOf(workspace: string | undefined, host = '127.0.0.1'): Promise<Client> {
  const running = await startStudio({
    ...{ workspace, host, port: 0, program: [process.execPath, standIn], page: join(scratch, 'page'), version: '0' },
    ...{ settings: join(scratch, 'settings'), onFault: (error: unknown) => void faults.push(error) },
  });
  const entry = await fetch(running.url, { redirect: 'manual' });
  const cookie = entry.headers.get('set-cookie')!.split(';')[0]!;
  const origin = new URL(running.url).origin;
  const raw = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${origin}/api${path}`, { ...init, headers: { cookie, ...(init.headers as Record<string, string>) } });
  return {
    running,
    raw,
    async ask<T>(method: string, path: string, body?: unknown, status = 200): Promise<T> {
      const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      const reply = await raw(path, { method, ...sent });
      const text = await reply.text();
      expect(reply.status, `${method} ${path}: ${text}`).toBe(status);
      return JSON.parse(text) as T;
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

beforeEach(() => rmSync(join(scratch, 'settings'), { recursive: true, force: true }));

interface Refusal {
  readonly error: { readonly message: string; readonly found?: string; readonly next?: string };
}

describe('choosing a workspace', () => {
  test('without one, everything that needs it is refused with the next step, and nothing faults', async () => {
    await using client = await studioOf(undefined);
    const info = await client.ask<StudioInfo>('GET', '/studio');
    expect(studioInfo.read(info, 'info')).toEqual(info);
    expect(info).toMatchObject({ workspace: null, canOpen: true, recent: [] });
    for (const folder of Object.values(info.suggested)) expect(existsSync(folder)).toBe(false);
    for (const path of [
      '/workspace',
      '/workspace/use',
      '/jobs',
      '/faces?path=a',
      '/clips/thumbnail?path=a',
      '/models/loss?path=a&from=0',
    ]) {
      expect(await client.ask<Refusal>('GET', path, undefined, 409)).toEqual({
        error: { message: 'no workspace is open', next: 'open one or make a new one' },
      });
    }
    expect(faults).toEqual([]);
  });

  test('a new one is made, with the demo if wanted; the last ones are remembered, the latest first', async () => {
    await using client = await studioOf(undefined);
    const [a, b] = [join(scratch, 'new', 'film a'), join(scratch, 'film b')];
    expect(await client.ask<StudioInfo>('POST', '/studio/open', { create: a, demo: true })).toMatchObject({
      workspace: { name: 'film a', folder: a },
    });
    expect(readdirSync(a).sort()).toEqual(['.liae', 'base.safetensors.gz', 'data_dst.mp4', 'data_src.mp4']);
    expect(readFileSync(join(a, 'data_src.mp4')).equals(readFileSync(join(repo, 'assets/demo/src.mp4')))).toBe(true);
    expect((await client.ask<WorkspaceInfo>('GET', '/workspace')).clips.map(({ path }) => path)).toEqual(['data_dst.mp4', 'data_src.mp4']);
    await client.ask('POST', '/studio/open', { create: b, demo: false });
    expect((await client.ask<WorkspaceInfo>('GET', '/workspace')).clips).toEqual([]);
    await client.ask('POST', '/workspace/demo', {});
    writeFileSync(join(b, 'data_src.mp4'), 'mine');
    await client.ask('POST', '/workspace/demo', {});
    expect(readFileSync(join(b, 'data_src.mp4'), 'utf8')).toBe('mine');
    expect(readdirSync(join(b, '.liae/incoming'))).toEqual([]);
    const { recent } = await client.ask<StudioInfo>('GET', '/studio');
    expect(recent.map(({ folder, name, there }) => ({ folder, name, there }))).toEqual([
      { folder: b, name: 'film b', there: true },
      { folder: a, name: 'film a', there: true },
    ]);
    rmSync(a, { recursive: true });
    expect((await client.ask<StudioInfo>('GET', '/studio')).recent[1]).toMatchObject({ folder: a, there: false });
    expect((await client.ask<StudioInfo>('POST', '/studio/forget', { folder: a })).recent).toHaveLength(1);
  });

  test('what cannot be a workspace is refused in words', async () => {
    await using client = await studioOf(undefined);
    const file = join(scratch, 'a file');
    writeFileSync(file, '');
    mkdirSync(join(scratch, 'full', 'x'), { recursive: true });
    for (const [request, message] of [
      [{ open: join(scratch, 'nowhere') }, /there is no such folder/],
      [{ open: 'relative' }, /not a whole path/],
      [{ open: '../up' }, /not a whole path/],
      [{ open: '/' }, /too much for a workspace/],
      [{ open: homedir() }, /too much for a workspace/],
      [{ open: '~' }, /too much for a workspace/],
      [{ open: file }, /a file, not a folder/],
      [{ create: file, demo: false }, /a file, not a folder/],
      [{ create: join(file, 'below'), demo: false }, /cannot be used as a workspace/],
      [{ create: join(scratch, 'full'), demo: false }, /not empty/],
      [{ open: `${scratch}/a\0b` }, /not a whole path/],
    ] as const) {
      expect((await client.ask<Refusal>('POST', '/studio/open', request, 400)).error.message, JSON.stringify(request)).toMatch(message);
    }
    for (const request of [{}, { open: '' }, { open: 1 }, { create: scratch }, { open: scratch, create: scratch, demo: true }])
      await client.ask('POST', '/studio/open', request, 400);
    expect((await client.ask<StudioInfo>('GET', '/studio')).workspace).toBeNull();
    expect(faults).toEqual([]);
  });

  test('nothing of the one before can be named in the next, and its pictures are not taken for those of the next', async () => {
    const [a, b] = [join(scratch, 'one'), join(scratch, 'two')];
    for (const folder of [a, b]) cpSync(join(repo, 'test/faces', folder === a ? 'src' : 'dst'), join(folder, 'faces'), { recursive: true });
    symlinkSync(a, join(b, 'link'));
    const name = readdirSync(join(a, 'faces'))[0]!;
    await using client = await studioOf(a);
    const picture = async (w: string): Promise<Response> => await client.raw(`/faces/picture?path=faces&name=${name}&v=1&w=${w}`);
    const key = async (): Promise<string> => (await client.ask<StudioInfo>('GET', '/studio')).workspace!.key;
    const first = await key();
    expect((await picture(first)).headers.get('cache-control')).toContain('immutable');
    await client.ask('POST', '/studio/open', { open: b });
    expect(await key()).not.toBe(first);
    expect((await picture(first)).headers.get('cache-control')).toBe('no-store');
    for (const path of ['../one/faces', 'link/faces', `${a}/faces`])
      await client.ask('GET', `/faces?path=${encodeURIComponent(path)}`, undefined, 400);
  });

  test('where the network can reach the page, it can neither open other folders nor see which there were; nor start without one', async () => {
    const folder = join(scratch, 'served');
    await expect(studioOf(undefined, '0.0.0.0')).rejects.toThrow('which workspace?');
    await new Settings(join(scratch, 'settings')).remember(join(scratch, 'secret'));
    await using client = await studioOf(folder, '0.0.0.0');
    expect(await client.ask<StudioInfo>('GET', '/studio')).toMatchObject({
      canOpen: false,
      recent: [],
      suggested: { plain: '', demo: '' },
      workspace: { folder },
    });
    expect((await client.ask<Refusal>('POST', '/studio/open', { open: scratch }, 400)).error.message).toMatch(
      /cannot be opened while the network/,
    );
    expect((await client.ask<Refusal>('PUT', '/marking', { mark: 'own', certificate: '/a', key: '/b' }, 400)).error.message).toMatch(
      /network/,
    );
    await new Settings(join(scratch, 'settings')).keepMarking({
      mark: 'own',
      certificate: '/home/me/a.pem',
      key: '/home/me/b.pem',
      label: null,
    });
    expect(await client.ask('GET', '/marking')).toEqual({ mark: 'own', certificate: null, key: null, label: null });
  });

  test('settings that are damaged or huge count as none; of recent folders twelve are kept', async () => {
    const settings = new Settings(join(scratch, 'settings'));
    for (let i = 0; i < 15; i++) await settings.remember(join(scratch, `${i}`));
    await Promise.all([settings.remember('/x'), settings.remember('/y')]);
    expect((await settings.recent()).map(({ name }) => name)).toEqual(['y', 'x', '14', '13', '12', '11', '10', '9', '8', '7', '6', '5']);
    for (const text of ['{', '[]', `"${'x'.repeat(300_000)}"`]) {
      writeFileSync(join(scratch, 'settings/studio.json'), text);
      expect(await settings.recent()).toEqual([]);
    }
  });
});

describe('what is in a workspace', () => {
  test("photos are a clip, DeepFaceLab's models are told, and nothing is shown twice", async () => {
    const folder = join(scratch, 'dfl');
    mkdirSync(join(folder, 'model'), { recursive: true });
    writeFileSync(join(folder, 'model', 'new_SAEHD_data.dat'), '');
    writeFileSync(join(folder, 'model', 'new_SAEHD_encoder.npy'), '');
    writeFileSync(join(folder, 'model', 'preview.jpg'), '');
    cpSync(join(repo, 'test/faces/src'), join(folder, 'data_src/aligned'), { recursive: true });
    cpSync(join(repo, 'assets/demo/dst.mp4'), join(folder, 'data_dst.mp4'));
    await using client = await studioOf(folder);
    const photo = readFileSync(join(repo, 'test/credentials/foreign.jpg'));
    const send = async (into: string, name: string, body = photo): Promise<Response> =>
      await client.raw(`/pictures/${encodeURIComponent(name)}?folder=${encodeURIComponent(into)}`, {
        method: 'PUT',
        body: new Uint8Array(body),
      });
    expect(await (await send('photos', 'a.jpg')).json()).toEqual({ path: 'photos/a.jpg' });
    expect(await (await send('photos', 'a.jpg')).json()).toEqual({ path: 'photos/a-2.jpg' });
    for (const [into, name] of [
      ['..', 'a.jpg'],
      ['.liae', 'a.jpg'],
      ['photos', 'a.exe'],
      ['photos', '.a.jpg'],
      ['/tmp', 'a.jpg'],
      ['photos', '../a.jpg'],
    ] as const)
      expect((await send(into, name)).status, `${into} ${name}`).toBe(400);
    const found = await client.ask<WorkspaceInfo>('GET', '/workspace');
    expect(workspaceInfo.read(found, 'answer')).toEqual(found);
    expect(found.clips).toMatchObject([
      { path: 'data_dst.mp4', kind: 'clip' },
      { path: 'photos', kind: 'pictures', bytes: null, about: { frames: 2, rate: null, seconds: null }, problem: null },
    ]);
    expect(found.facesets.map(({ path }) => path)).toEqual(['data_src/aligned']);
    expect(found.foreign).toEqual([{ path: 'model', names: ['new'] }]);
    const thumbnail = await client.raw('/clips/thumbnail?path=photos');
    expect([...new Uint8Array(await thumbnail.arrayBuffer()).subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);

    const use = await client.ask<DiskUse>('GET', '/workspace/use');
    expect(diskUse.read(use, 'answer')).toEqual(use);
    const faces = readdirSync(join(folder, 'data_src/aligned')).reduce(
      (sum, name) => sum + statSync(join(folder, 'data_src/aligned', name)).size,
      0,
    );
    expect(use.folders).toEqual({ model: 0, photos: 2 * photo.length, data_src: faces, 'data_src/aligned': faces });
    expect(use.total).toBe(use.own + faces + 2 * photo.length + statSync(join(folder, 'data_dst.mp4')).size);
  });
});

async function wordsOf(client: Client, request: unknown): Promise<readonly string[]> {
  const { id } = await client.ask<JobInfo>('POST', '/jobs', request);
  for (let i = 0; i < 200; i++) {
    const jobs = await client.ask<JobInfo[]>('GET', '/jobs');
    if (jobs.find((job) => job.id === id)?.state === 'done') break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const events = readFileSync(join(client.running.workspace!, '.liae/jobs', id, 'events.ndjson'), 'utf8');
  return (JSON.parse(events) as { words: string[] }).words;
}

describe('what leaves a workspace', () => {
  test('exports and imports are commands on places of the workspace', async () => {
    const folder = join(scratch, 'leaving');
    await using client = await studioOf(folder);
    expect(await wordsOf(client, { kind: 'export', model: 'model', format: 'dfm', out: 'export/a.dfm' })).toEqual([
      ...['export', `--model=${folder}/model`, '--format=dfm', `--out=${folder}/export/a.dfm`],
    ]);
    expect(await wordsOf(client, { kind: 'import', from: 'dfl', name: '--x', model: 'model', weightsOnly: true })).toEqual([
      ...['import', `${folder}/dfl`, '--name=--x', `--model=${folder}/model`, '--weights-only'],
    ]);
    for (const place of ['../x', '/x', '.liae/x', '']) {
      await client.ask('POST', '/jobs', { kind: 'export', model: 'model', format: 'dfm', out: place }, 400);
      await client.ask('POST', '/jobs', { kind: 'export', model: place, format: 'dfm', out: 'x' }, 400);
      await client.ask('POST', '/jobs', { kind: 'import', from: place, name: 'a', model: 'm', weightsOnly: false }, 400);
    }
  });

  test('films are marked unless that is switched off with a confirmation, which is not kept', async () => {
    {
      await using client = await studioOf(join(scratch, 'marks'));
      expect(await client.ask('GET', '/marking')).toEqual({ mark: 'local', certificate: null, key: null, label: null });
      expect((await client.ask<Refusal>('PUT', '/marking', { mark: 'off' }, 400)).error.message).toMatch(/has to be confirmed/);
      await client.ask('PUT', '/marking', { mark: 'off', confirmed: false }, 400);
      expect(await client.ask('PUT', '/marking', { mark: 'off', label: 'made by a model', confirmed: true })).toMatchObject({
        mark: 'off',
      });
    }
    await using client = await studioOf(join(scratch, 'marks'));
    expect(await client.ask('GET', '/marking')).toEqual({ mark: 'local', certificate: null, key: null, label: 'made by a model' });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = join(scratch, 'key.pem');
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    for (const request of [
      { mark: 'own' },
      { mark: 'own', certificate: key },
      { mark: 'own', certificate: 'a.pem', key: 'b.pem' },
      { mark: 'own', certificate: join(scratch, 'none.pem'), key },
      { mark: 'own', certificate: key, key },
      { mark: 'local', label: 'x'.repeat(121) },
    ])
      await client.ask('PUT', '/marking', request, 400);
    expect(await client.ask('GET', '/marking')).toMatchObject({ mark: 'local' });
    expect(faults).toEqual([]);
  });

  test('what a file says of itself: one that holds, one that was changed, one that says nothing, one that is none', async () => {
    const folder = join(scratch, 'saying');
    mkdirSync(folder, { recursive: true });
    const signed = readFileSync(join(repo, 'test/credentials/foreign.png'));
    const changed = Buffer.from(signed);
    changed[changed.length - 30]! ^= 1; // in the last chunk of pixels
    cpSync(join(repo, 'test/credentials/foreign.png'), join(folder, 'signed.png'));
    cpSync(join(repo, 'assets/demo/dst.mp4'), join(folder, 'plain.mp4'));
    writeFileSync(join(folder, 'none.txt'), 'x');
    await using client = await studioOf(folder);
    const sent = async (name: string, body: Buffer): Promise<Response> =>
      await client.raw(`/verify/${name}`, { method: 'PUT', body: new Uint8Array(body) });
    const held = await client.ask<VerdictInfo>('GET', '/verify?path=signed.png');
    expect(held).toMatchObject({ name: 'signed.png', state: 'holds', where: 'embedded' });
    expect(await (await sent('signed.png', signed)).json()).toEqual(held);
    expect(await (await sent('signed.png', changed)).json()).toMatchObject({ state: 'broken' });
    expect(await client.ask('GET', '/verify?path=plain.mp4')).toMatchObject({ state: 'none', manifests: [] });
    expect(await client.ask('GET', '/verify?path=none.txt')).toMatchObject({ name: 'none.txt', state: 'none' });
    const cut = await sent('cut.png', signed.subarray(0, 5000));
    expect([cut.status, ((await cut.json()) as Refusal).error.message]).toEqual([400, expect.stringMatching(/^cut\.png: /)]);
    for (const path of ['../x', '/etc/passwd', '.liae/jobs'])
      await client.ask('GET', `/verify?path=${encodeURIComponent(path)}`, undefined, 400);
    expect(readdirSync(join(folder, '.liae/incoming'))).toEqual([]);
    expect(faults).toEqual([]);
  });
});
