/** Who may act: this machine, and other machines only where the studio was started so. The program's answers to requests as they come over each connection. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routes } from './api.ts';
import { studioApp } from './app.ts';
import { type Ends, isFromHere } from './gate.ts';
import { Hub } from './hub.ts';
import { OpenStudio } from './openStudio.ts';
import { startStudio } from './serve.ts';
import { Settings } from './settings.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae-gate-'));
const program = [process.execPath, join(scratch, 'nothing.mjs')];
const onFault = (error: unknown): never => {
  throw error;
};
writeFileSync(join(scratch, 'index.html'), '');
const settings = join(scratch, 'settings');
const studio = new OpenStudio({ hub: new Hub(), version: '0', settings: new Settings(settings), program, canOpen: false });
beforeAll(async () => await studio.open(join(scratch, 'work')));
afterAll(() => {
  studio[Symbol.dispose]();
  rmSync(scratch, { recursive: true, force: true });
});

const [HERE, THERE]: readonly [Ends, Ends] = [
  { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' },
  { remoteAddress: '192.0.2.7', localAddress: '192.0.2.2' },
];

/** A request with the cookie, as the page sends it. */
async function asked(ends: Ends, method: string, path: string, remoteChanges: boolean): Promise<{ status: number; text: string }> {
  const gate = { token: 'key', host: '0.0.0.0', port: 4173, remoteChanges };
  const app = studioApp({ studio, gate: () => gate, page: scratch, onFault });
  const headers = { host: '192.0.2.2:4173', cookie: 'liae-studio-4173=key', 'content-type': 'application/json' };
  const answer = await app(
    new Request(`http://192.0.2.2:4173${path}`, { method, headers, ...(method === 'GET' ? {} : { body: '{}' }) }),
    ends,
  );
  const text = answer.headers.get('content-type') === 'text/event-stream' ? '' : await answer.text();
  return { status: answer.status, text };
}

/** Requests that have a body and change nothing. */
const looking = ['POST /merge/scene', 'POST /merge/picture', 'POST /training/estimate', 'PUT /verify/:id'];

test('another machine is refused whatever changes something, route by route, and nothing else', async () => {
  expect(routes.length).toBeGreaterThan(40);
  const refused: string[] = [];
  for (const { method, path } of routes) {
    const { status, text } = await asked(THERE, method, `/api${path.replace(':id', 'a.mp4')}`, false);
    if (status === 403) {
      refused.push(`${method} ${path}`);
      expect(JSON.parse(text).error.message).toBe('other machines may only look at this workspace');
      expect(JSON.parse(text).error.next).toContain('--remote-changes');
    }
  }
  const acting = routes.map(({ method, path }) => `${method} ${path}`).filter((one) => !one.startsWith('GET ') && !looking.includes(one));
  expect(refused).toEqual(acting);
  expect(refused).toContain('POST /jobs');
});

test('spellings of a path do not make a change look like a look', async () => {
  for (const path of ['/api/jobs/', '//api/jobs', '/api/verify/../jobs', '/api/verify/%2e%2e/jobs', '/api/merge/scene/../../jobs', '/jobs'])
    expect((await asked(THERE, 'POST', path, false)).status, path).toBe(403);
  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS'])
    expect((await asked(THERE, method, '/api/jobs', false)).status, method).toBe(403);
});

test('this machine may act, and others where the studio was started so; each is told', async () => {
  const mayAct = async (ends: Ends, remoteChanges: boolean): Promise<unknown> =>
    JSON.parse((await asked(ends, 'GET', '/api/studio', remoteChanges)).text).mayAct;
  const changes = async (ends: Ends, remoteChanges: boolean): Promise<number> =>
    (await asked(ends, 'POST', '/api/merge/renders/paused', remoteChanges)).status;
  for (const [ends, remoteChanges, may] of [
    [HERE, false, true],
    [THERE, false, false],
    [THERE, true, true],
  ] as const) {
    expect(await mayAct(ends, remoteChanges)).toBe(may);
    expect(await changes(ends, remoteChanges)).toBe(may ? 400 : 403); // 400: what is asked is not whole
  }
});

test('this machine is known by its connection', () => {
  for (const remoteAddress of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) expect(isFromHere({ remoteAddress })).toBe(true);
  expect(isFromHere({ remoteAddress: '192.0.2.2', localAddress: '192.0.2.2' })).toBe(true);
  for (const remoteAddress of ['192.0.2.7', '::ffff:192.0.2.7', 'fe80::1', '127.0.0.1.example', undefined])
    expect(isFromHere({ remoteAddress, localAddress: '192.0.2.2' })).toBe(false);
  expect(isFromHere({})).toBe(false);
});

test('over a real connection of this machine a studio that the network reaches may be used', async () => {
  const own = { workspace: join(scratch, 'own'), host: '0.0.0.0', port: 0, program, page: scratch, settings, version: '0', onFault };
  await using running = await startStudio(own);
  const cookie = (await fetch(running.url)).headers.get('set-cookie')!.split(';')[0]!;
  const origin = new URL(running.url).origin;
  const info = (await (await fetch(`${origin}/api/studio`, { headers: { cookie } })).json()) as { mayAct: boolean; canOpen: boolean };
  expect(info).toMatchObject({ mayAct: true, canOpen: false });
  const headers = { cookie, 'content-type': 'application/json' };
  const held = await fetch(`${origin}/api/merge/renders/paused`, { method: 'POST', headers, body: '{"paused":true}' });
  expect(held.status).toBe(200);
});
