/** The server's requests: the gate first, then the routes of the table, then the files of the page. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { LiaeError, OptionError } from '../../base/index.ts';
import { isActing, type Problem } from '../protocol.ts';
import { openApi, routes } from './api.ts';
import { type Ends, type GateOptions, guards, isFromHere, judge, lookingOnly } from './gate.ts';
import { MissingJob } from './jobs.ts';
import { NoWorkspace } from './openStudio.ts';
import { isBytes, type Route, type Studio } from './routing.ts';

/** Of a JSON body; a hundred thousand names fit. */
const MAX_BODY = 32 * 1024 * 1024;

export interface AppOptions {
  readonly studio: Studio;
  /** Known only once the server listens. */
  readonly gate: () => GateOptions;
  /** Folder of the built page. */
  readonly page: string;
  /** Told of faults of ours. */
  readonly onFault: (error: unknown) => void;
}

/** @returns what answers a request that came over such a connection. */
export function studioApp({ studio, gate, page, onFault }: AppOptions): (request: Request, ends: Ends) => Response | Promise<Response> {
  const app = new Hono<{ Bindings: Ends }>();
  const mayAct = (ends: Ends): boolean => gate().remoteChanges || isFromHere(ends);
  app.use(async ({ req, env, header, json, html }, next) => {
    for (const [name, value] of Object.entries(guards)) header(name, value);
    header('cache-control', 'no-store');
    const url = new URL(req.url);
    const verdict = judge({ method: req.method, url, header: (name) => req.header(name) }, gate());
    if (verdict.pass) {
      if (verdict.cookie !== undefined) header('set-cookie', verdict.cookie);
      if (!mayAct(env) && isActing(req.method, url.pathname.replace(/^\/api(?=\/)/, ''))) return json({ error: lookingOnly }, 403);
      return await next();
    }
    if (url.pathname === '/' && verdict.status === 401) return html(strangerPage, 401);
    return json({ error: { message: verdict.why } satisfies Problem }, verdict.status);
  });
  for (const route of routes) {
    app.on(route.method, `/api${route.path}`, async (context) => {
      // `w` names the workspace in addresses of pictures, since the browser keeps them by address and two workspaces may hold the same names.
      const { w, ...given } = context.req.query();
      const query = route.query.read(given, 'query');
      const answer = await route.answer({
        studio,
        query,
        body: await bodyOf(route, context.req.raw),
        id: context.req.param('id') ?? '',
        mayAct: mayAct(context.env),
        request: context.req.raw,
      });
      if (!isBytes(answer)) return context.json(answer as object);
      const headers: Record<string, string> = { 'content-type': answer.type, ...answer.headers };
      if (headers['cache-control'] !== undefined && w !== studio.key) headers['cache-control'] = 'no-store';
      return context.body(answer.bytes as ReadableStream<Uint8Array<ArrayBuffer>>, answer.status ?? 200, headers);
    });
  }
  app.get('/api/openapi.json', (context) => context.json(openApi(studio.version) as object));
  app.get('/*', async (context) => {
    const path = new URL(context.req.url).pathname;
    const name = path === '/' ? 'index.html' : path.slice(1);
    const type = types[extname(name)];
    if (!/^[\w-]+\.\w+$/.test(name) || type === undefined) return context.json(notHere(path), 404);
    const file = join(page, name);
    const found = await stat(file).catch(() => undefined);
    if (found === undefined) return context.json(notHere(path), 404);
    const tag = `"${found.size.toString(36)}-${Math.round(found.mtimeMs).toString(36)}"`;
    const headers: Record<string, string> = { 'content-type': type, etag: tag, 'cache-control': 'private, no-cache' };
    if (context.req.header('if-none-match') === tag) return context.body(null, 304, headers);
    return context.body(Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array<ArrayBuffer>>, 200, headers);
  });
  app.notFound((context) => context.json(notHere(context.req.path), 404));
  app.onError((error, context) => {
    if (error instanceof LiaeError)
      return context.json(problemOf(error), error instanceof MissingJob ? 404 : error instanceof NoWorkspace ? 409 : 400);
    onFault(error);
    return context.json({ error: { message: 'a fault of the program; the terminal of liae studio says more' } satisfies Problem }, 500);
  });
  return (request, ends) => app.fetch(request, ends);
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** To one who comes without the token; it tells nothing about the workspace. */
const strangerPage = `<!doctype html><html lang="en"><meta charset="utf-8"><title>liae studio</title>
<body><h1>This page needs its key</h1><p>Open the whole address that <code>liae studio</code> printed when it started. It changes with every start.</p></body></html>`;

const notHere = (path: string): { readonly error: Problem } => ({ error: { message: `${path.slice(0, 200)}: nothing here` } });

function problemOf({ message, details: { found, expected, next } }: LiaeError): { readonly error: Problem } {
  const given = Object.entries({ found, expected, next }).filter(([, value]) => value !== undefined);
  return { error: { message, ...Object.fromEntries(given) } };
}

/** The body as the route wants it. @throws OptionError if it is too long or not JSON. */
async function bodyOf({ body }: Route, request: Request): Promise<unknown> {
  if (body === undefined || body === 'stream') return undefined;
  if (!(request.headers.get('content-type') ?? '').startsWith('application/json'))
    throw new OptionError('not JSON', { expected: 'content-type: application/json' });
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of (request.body ?? new ReadableStream()) as unknown as AsyncIterable<Uint8Array>) {
    length += piece.length;
    if (length > MAX_BODY) throw new OptionError('too long', { expected: `at most ${MAX_BODY} bytes` });
    pieces.push(piece);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(pieces).toString('utf8'));
  } catch (cause) {
    throw new OptionError('not JSON', { found: cause instanceof Error ? cause.message : String(cause) });
  }
  return body.read(value, 'body');
}
