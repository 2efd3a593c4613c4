/** The server as a page and as an attacker meet it: over real sockets, with a small program in the place of liae where jobs run. */
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../test/support/until.ts';
import { faceNumbers } from '../../curate/index.ts';
import { optionTable } from '../../train/index.ts';
import type { FaceList, JobInfo, WorkspaceInfo } from '../protocol.ts';
import { faceList, faceMeasures, jobInfo, optionGroup, workspaceInfo } from '../protocol.ts';
import { list } from '../schema.ts';
import { openApi, routes } from './api.ts';
import { optionGroups, withoutChoice } from './optionGroups.ts';
import { type RunningStudio, startStudio } from './serve.ts';

const repo = fileURLToPath(new URL('../../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'liae-studio-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Stands for liae: tells progress, looks at its orders, and leaves its exit code as liae does. */
const standIn = join(scratch, 'standIn.mjs');
writeFileSync(
  standIn,
  `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
  process.on('exit', (code) => writeFileSync(process.env.LIAE_EXIT_FILE, String(code)));
  const words = process.argv.slice(2);
  console.log(JSON.stringify({ event: 'clip', words }));
  let n = 0;
  const timer = setInterval(() => console.log(JSON.stringify({ event: 'analysed', frames: ++n, of: 1000, faces: n })), 20);
  const looks = setInterval(() => {
    if (!existsSync(process.env.LIAE_ORDERS) || !readFileSync(process.env.LIAE_ORDERS, 'utf8').includes('stop\\n')) return;
    if (words.join(' ').includes('deaf')) return;
    console.error('stopping'); clearInterval(timer); clearInterval(looks); process.exitCode = 130;
  }, 50);
  if (words.join(' ').includes('bad')) { clearInterval(timer); clearInterval(looks); console.error('bad.mp4: not a clip\\n  found    nothing'); process.exitCode = 2; }
  setTimeout(() => { clearInterval(timer); clearInterval(looks); }, 60_000).unref();`,
);

const workspace = join(scratch, 'work');
mkdirSync(join(workspace, 'data_src'), { recursive: true });
cpSync(join(repo, 'test/faces/src'), join(workspace, 'data_src/aligned'), { recursive: true });
cpSync(join(repo, 'assets/demo/src.mp4'), join(workspace, 'data_src.mp4'));
writeFileSync(join(scratch, 'secret.jpg'), 'secret');
symlinkSync(scratch, join(workspace, 'way_out'));
writeFileSync(join(scratch, 'page.html'), '');
mkdirSync(join(scratch, 'page'));
writeFileSync(join(scratch, 'page', 'index.html'), '<!doctype html><title>liae studio</title>');

const start = (): Promise<RunningStudio> =>
  startStudio({
    ...{ workspace, host: '127.0.0.1', port: 0, program: [process.execPath, standIn], page: join(scratch, 'page'), version: '0' },
    settings: join(scratch, 'settings'),
    onFault: (error) => {
      throw error;
    },
  });

let studio: RunningStudio;
let cookie = '';
beforeAll(async () => {
  studio = await start();
  cookie = await enter(studio);
});
afterAll(async () => await studio[Symbol.asyncDispose]());

async function enter({ url }: RunningStudio): Promise<string> {
  const { headers } = await ask(url);
  return headers['set-cookie']![0]!.split(';')[0]!;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Node's own client: fetch would not let us lie about the host, nor keep dots in a path. */
function ask(
  url: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const path = url.slice(url.indexOf('/', 8));
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers }, (reply) => {
      const pieces: Buffer[] = [];
      reply.on('data', (piece: Buffer) => pieces.push(piece));
      reply.on('end', () => resolve({ status: reply.statusCode!, headers: reply.headers, body: Buffer.concat(pieces) }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const origin = (): string => new URL(studio.url).origin;
const api = (path: string, options: Parameters<typeof ask>[1] = {}): Promise<Answer> =>
  ask(`${origin()}/api${path}`, { ...options, headers: { cookie, ...options.headers } });
const post = (path: string, value: unknown, method = 'POST'): Promise<Answer> =>
  api(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) });
const read = <T>({ body }: Answer): T => JSON.parse(body.toString()) as T;
const extraction = { kind: 'extract', input: 'data_src.mp4', out: 'new', faceType: 'wf', size: 512, every: 1, maxFaces: 0, again: false };

describe('the gate', () => {
  test('without the cookie nothing is told, with a wrong one neither', async () => {
    for (const headers of [{}, { cookie: cookie.replace(/=.*/, '=x') }]) {
      for (const path of ['/', '/api/workspace', '/api/events', '/api/openapi.json', '/app.js']) {
        const { status, body } = await ask(origin() + path, { headers: headers as Record<string, string> });
        expect(status, path).toBe(401);
        expect(body.toString()).not.toContain(scratch);
      }
    }
    expect((await ask(`${origin()}/?token=wrong`)).status).toBe(401);
    expect((await ask(`${origin()}/api/workspace${new URL(studio.url).search}`)).status).toBe(401); // only the page's address takes the token
  });

  test('the cookie is out of reach of scripts and of other sites', async () => {
    const { headers } = await ask(studio.url);
    expect(headers['set-cookie']).toEqual([expect.stringMatching(/^liae-studio-\d+=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict/)]);
  });

  test('a foreign host name is refused even with the cookie: no page can point its own name here', async () => {
    const port = new URL(studio.url).port;
    for (const host of [`evil.example:${port}`, 'localhost', '127.0.0.1:1', `127.0.0.1.evil.example:${port}`, `192.168.1.5:${port}`]) {
      expect((await api('/workspace', { headers: { host } })).status, host).toBe(403);
    }
    expect((await api('/workspace', { headers: { host: `localhost:${port}` } })).status).toBe(200);
  });

  test('another page is refused even with the cookie', async () => {
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      expect((await api('/jobs', { method: 'POST', headers: headers as Record<string, string> })).status).toBe(403);
    }
    expect((await api('/jobs', { headers: { origin: origin(), 'sec-fetch-site': 'same-origin' } })).status).toBe(200);
  });

  test('every answer forbids what is not from here', async () => {
    for (const path of ['/', '/api/workspace', '/nothing']) {
      const { headers } = await ask(origin() + path, { headers: { cookie } });
      expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers['content-security-policy']).not.toMatch(/unsafe|http/);
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });
});

describe('places', () => {
  test('nothing outside the workspace can be named', async () => {
    const places = [
      '../secret.jpg',
      '..',
      '/etc/passwd',
      'way_out/secret.jpg',
      'way_out',
      '.liae/jobs',
      'data_src/../../secret.jpg',
      'data_src\\..\\..',
      'a\0b',
      '',
    ];
    for (const place of places) {
      for (const path of [
        `/faces?path=${encodeURIComponent(place)}`,
        `/clips/thumbnail?path=${encodeURIComponent(place)}`,
        `/models/loss?from=0&path=${encodeURIComponent(place)}`,
      ]) {
        const { status, body } = await api(path);
        expect(status, `${path}: ${body.toString()}`).toBe(400);
        expect(body.toString()).not.toContain('secret"');
      }
      for (const request of [
        { ...extraction, input: place },
        { ...extraction, out: place },
        { kind: 'train', model: place, options: {} },
        { kind: 'train', model: 'm', options: { src: place } },
      ]) {
        if (place === '' && request.kind === 'train' && 'options' in request && 'src' in (request.options as object)) continue; // no source: the trainer says so
        expect((await post('/jobs', request)).status, JSON.stringify(request)).toBe(400);
      }
    }
    for (const name of ['../../../secret.jpg', '..%2fsecret.jpg', 'a/b.jpg', '.liae-journal.ndjson']) {
      expect((await api(`/faces/picture?path=data_src/aligned&name=${encodeURIComponent(name)}`)).status, name).toBe(400);
    }
    for (const path of ['/../secret.jpg', '/%2e%2e/secret.jpg', '/..%2fpage.html', '//etc/passwd']) {
      expect((await ask(origin() + path, { headers: { cookie } })).status, path).toBe(404);
    }
  });

  test('options of training are those of the table, and words cannot become others', async () => {
    for (const options of [{ config: 'x' }, { model: 'other' }, { random_warp: '--x' }]) {
      expect((await post('/jobs', { kind: 'train', model: 'm', options })).status).toBe(400);
    }
  });
});

describe('what is there', () => {
  test('clips with their facts, facesets with their counts', async () => {
    const answer = read<WorkspaceInfo>(await api('/workspace'));
    expect(workspaceInfo.read(answer, 'answer')).toEqual(answer);
    const faces = readdirSync(join(repo, 'test/faces/src')).length;
    expect(answer.clips).toMatchObject([{ path: 'data_src.mp4', about: { width: 640, height: 480, frames: 240 }, problem: null }]);
    expect(answer.facesets).toMatchObject([{ path: 'data_src/aligned', count: faces, packed: false, trashed: 0 }]);
    const gone = await api('/clips/thumbnail?path=gone.mp4'); // as a clip that was taken away while it was shown
    expect([gone.status, gone.body.toString()]).toEqual([400, expect.stringContaining('gone.mp4: there is no such file')]);
    const picture = await api('/clips/thumbnail?path=data_src.mp4');
    expect([...picture.body.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
  });

  test('faces go to the trash and come back byte for byte', async () => {
    const at = '/faces?path=data_src/aligned';
    const before = read<FaceList>(await api(at));
    expect(faceList.read(before, 'answer')).toEqual(before);
    const [first, second] = before.names;
    const bytes = readFileSync(join(workspace, 'data_src/aligned', first!));
    expect((await api(`/faces/picture?path=data_src/aligned&name=${first}`)).body.equals(bytes)).toBe(true);
    expect(read(await api(`/faces/detail?path=data_src/aligned&name=${first}`))).toMatchObject({
      name: first,
      faceType: 'whole_face',
      width: 256,
    });
    expect((await post('/faces/trash?path=data_src/aligned', { names: [first, second] })).status).toBe(200);
    expect(read<FaceList>(await api(at))).toMatchObject({ names: before.names.slice(2), trashed: 2, undo: '2 files to the trash' });
    expect((await post('/faces/trash?path=data_src/aligned', { names: [first] })).status).toBe(400);
    expect((await post('/faces/undo?path=data_src/aligned', {})).status).toBe(200);
    expect(read<FaceList>(await api(at)).names).toEqual(before.names);
    expect(readFileSync(join(workspace, 'data_src/aligned', first!)).equals(bytes)).toBe(true);
  });

  test('the form offers every option once, except those without a choice', async () => {
    const groups = optionGroups();
    expect(list(optionGroup).read(read(await api('/options')), 'answer')).toEqual(groups);
    const offered = groups.flatMap(({ options }) => options.map(({ name }) => name));
    expect([...offered, ...withoutChoice].sort()).toEqual(optionTable.map(({ name }) => name).sort());
  });

  test('lists of faces know the numbers that liae faces measure writes', () => {
    expect(faceNumbers.map(({ name }) => name)).toEqual([...faceMeasures]);
  });

  test('the manual holds the description of the API', async () => {
    await expect(`${JSON.stringify(openApi('as installed'), null, 2)}\n`).toMatchFileSnapshot('../../../docs/studio-api.json');
  });

  test('the API describes itself: every route with its shapes', async () => {
    const document = read<{ openapi: string; paths: Record<string, Record<string, unknown>> }>(await api('/openapi.json'));
    expect(document.openapi).toBe('3.1.0');
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(described.sort()).toEqual(
      routes.map(({ method, path }) => `${method.toLowerCase()} /api${path.replace(/:(\w+)/g, '{$1}')}`).sort(),
    );
  });
});

describe('uploads', () => {
  const clip = readFileSync(join(repo, 'assets/demo/dst.mp4'));
  const put = (name: string, body: Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
    api(`/clips/${encodeURIComponent(name)}`, { method: 'PUT', body, headers: { 'content-length': String(body.length), ...headers } });

  test('a clip arrives whole, and never over another', async () => {
    expect(read(await put('data_dst.mp4', clip))).toEqual({ path: 'data_dst.mp4' });
    expect(read(await put('data_dst.mp4', clip))).toEqual({ path: 'data_dst-2.mp4' });
    expect(readFileSync(join(workspace, 'data_dst.mp4')).equals(clip)).toBe(true);
    rmSync(join(workspace, 'data_dst-2.mp4'));
  });

  test('no other files, no other places, no more than the disk takes', async () => {
    for (const name of ['x.exe', '../x.mp4', '.x.mp4', 'x/../y.mp4', '.liae', 'x']) expect((await put(name, clip)).status, name).toBe(400);
    const huge = await new Promise<number>((resolve, reject) => {
      const sent = request(
        `${origin()}/api/clips/huge.mp4`,
        { method: 'PUT', headers: { cookie, 'content-length': '900000000000000' } },
        (reply) => {
          resolve(reply.statusCode!);
          sent.destroy();
        },
      );
      sent.on('error', reject);
      sent.write('x');
    });
    expect(huge).toBe(400);
    expect(readdirSync(join(workspace, '.liae/incoming'))).toEqual([]);
  });
});

describe('jobs', () => {
  test('run beside the server, tell their progress, outlive it, and obey the next one', async () => {
    const job = read<JobInfo>(await post('/jobs', extraction));
    expect(jobInfo.read(job, 'job')).toEqual(job);
    const far = await until(async () => {
      const [now] = read<JobInfo[]>(await api('/jobs'));
      return (now?.progress?.done ?? 0) > 10 ? now : undefined;
    }, 'progress');
    expect(far).toMatchObject({ id: job.id, state: 'running', progress: { phase: 'frames', total: 1000 } });
    const words = JSON.parse(readFileSync(join(workspace, '.liae/jobs', job.id, 'events.ndjson'), 'utf8').split('\n')[0]!).words;
    expect(words.slice(0, 3)).toEqual(['extract', join(studio.workspace!, 'data_src.mp4'), `--out=${join(studio.workspace!, 'new')}`]);

    await studio[Symbol.asyncDispose]();
    await delay(200);
    studio = await start();
    cookie = await enter(studio);
    const found = read<JobInfo[]>(await api('/jobs'));
    expect(found).toMatchObject([{ id: job.id, state: 'running' }]);
    await until(
      async () => (read<JobInfo[]>(await api('/jobs'))[0]!.progress!.done > far.progress!.done + 5 ? true : undefined),
      'more progress',
    );
    expect((await api(`/jobs/${job.id}`, { method: 'DELETE' })).status).toBe(400);
    expect(read(await post(`/jobs/${job.id}/order`, { order: 'stop' }))).toMatchObject({ state: 'stopping' });
    const ended = await until(async () => read<JobInfo[]>(await api('/jobs')).find(({ state }) => state === 'stopped'), 'its end');
    expect(ended.ended).not.toBeNull();
    expect((await api(`/jobs/${job.id}/log`)).body.toString()).toBe('stopping\n');

    const again = read<JobInfo>(await post(`/jobs/${job.id}/resume`, {}));
    expect(again).toMatchObject({ state: 'running', request: extraction });
    await post(`/jobs/${again.id}/order`, { order: 'kill' });
    await until(async () => read<JobInfo[]>(await api('/jobs')).find(({ state }) => state === 'interrupted'), 'interrupted');
    expect((await api(`/jobs/${again.id}`, { method: 'DELETE' })).status).toBe(200);
    expect(read(await api('/jobs'))).toEqual([]);
    expect((await api(`/jobs/${again.id}/log`)).status).toBe(404);
  });

  test('a job that was asked to stop and has not yet is stopping for the next server as well', async () => {
    const { id } = read<JobInfo>(await post('/jobs', { ...extraction, input: 'deaf.mp4' }));
    await until(async () => (read<JobInfo[]>(await api('/jobs'))[0]?.progress ? true : undefined), 'progress');
    await post(`/jobs/${id}/order`, { order: 'stop' });
    await studio[Symbol.asyncDispose]();
    studio = await start();
    cookie = await enter(studio);
    expect(read<JobInfo[]>(await api('/jobs'))).toMatchObject([{ id, state: 'stopping' }]);
    await post(`/jobs/${id}/order`, { order: 'kill' });
    await until(async () => read<JobInfo[]>(await api('/jobs')).find(({ state }) => state === 'interrupted'), 'its end');
    await api(`/jobs/${id}`, { method: 'DELETE' });
  });

  test('a job that failed says why', async () => {
    const { id } = read<JobInfo>(await post('/jobs', { ...extraction, input: 'bad.mp4' }));
    const failed = await until(async () => read<JobInfo[]>(await api('/jobs')).find(({ state }) => state === 'failed'), 'its failure');
    expect(failed.note).toBe('bad.mp4: not a clip\n  found    nothing');
    await api(`/jobs/${id}`, { method: 'DELETE' });
  });

  test('pages hear of everything as it happens', async () => {
    const events: { event: string; job?: JobInfo }[] = [];
    const sent = request(`${origin()}/api/events`, { headers: { cookie } });
    sent.end();
    const [reply] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
    expect(reply.headers['content-type']).toBe('text/event-stream');
    let text = '';
    reply.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      for (const block of text.split('\n\n').slice(0, -1)) if (block.startsWith('data: ')) events.push(JSON.parse(block.slice(6)));
      text = text.slice(text.lastIndexOf('\n\n') + 2);
    });
    const { id } = read<JobInfo>(await post('/jobs', { ...extraction, input: 'bad.mp4' }));
    await until(async () => (events.some(({ job }) => job?.id === id && job.state === 'failed') ? true : undefined), 'the failure');
    await api(`/jobs/${id}`, { method: 'DELETE' });
    await until(async () => (events.some(({ event }) => event === 'jobgone') ? true : undefined), 'the removal');
    expect(events[0]).toMatchObject({ event: 'hello', version: 1 });
    sent.destroy();
  });

  test('requests of another shape are refused with words', async () => {
    const bad = [{}, { kind: 'format' }, { ...extraction, size: 1 }, { ...extraction, more: 1 }, { ...extraction, size: '512' }, []];
    for (const value of bad) expect((await post('/jobs', value)).status, JSON.stringify(value)).toBe(400);
    expect((await api('/jobs', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' })).status).toBe(400);
    expect((await api('/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' })).status).toBe(400);
  });
});
