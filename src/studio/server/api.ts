/**
 * Everything that can be asked of the server under /api, as a table: the server routes by it and the OpenAPI document is made of it. To add a
 * route, add an entry; its query and body are read through their shapes before it runs.
 */

import { readFile, stat } from 'node:fs/promises';
import { FormatError, OptionError } from '../../base/index.ts';
import {
  changed,
  faceDetail,
  faceList,
  faceNames,
  fileName,
  jobInfo,
  jobOrder,
  jobRequest,
  optionGroup,
  problem,
  protocolVersion,
  workspaceInfo,
} from '../protocol.ts';
import { integerText, type Json, list, object, optional, type Schema, text } from '../schema.ts';
import { receiveClip, thumbnailOf } from './clips.ts';
import { facePicture, listFaces, faceDetail as readDetail, trashFaces, undoFaces } from './faceTable.ts';
import type { Hub } from './hub.ts';
import type { Jobs } from './jobs.ts';
import { lossesOf } from './models.ts';
import { optionGroups } from './optionGroups.ts';
import type { Places } from './places.ts';
import { scanWorkspace } from './workspace.ts';

/** What the routes work on. */
export interface Studio {
  readonly places: Places;
  readonly jobs: Jobs;
  readonly hub: Hub;
  readonly name: string;
  readonly version: string;
}

interface Asked<Q, B> {
  readonly studio: Studio;
  readonly query: Q;
  readonly body: B;
  /** The last part of the path, where the route has one. */
  readonly id: string;
  readonly request: Request;
}

/** Bytes with their type; the page may keep them for good where their address changes with them. */
interface Bytes {
  readonly bytes: Uint8Array | ReadableStream<Uint8Array>;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `:id` stands for one part. */
  readonly path: string;
  readonly summary: string;
  readonly query: Schema<unknown>;
  /** `stream`: bytes of any length, left in the request. */
  readonly body: Schema<unknown> | 'stream' | undefined;
  /** The shape of the JSON that is answered, or the type of the bytes. */
  readonly reply: Schema<unknown> | string;
  readonly answer: (asked: Asked<unknown, unknown>) => Promise<unknown>;
}

export const isBytes = (value: unknown): value is Bytes =>
  typeof value === 'object' && value !== null && 'bytes' in value && 'type' in value;

interface Parts<Q, B, R> {
  readonly query?: Schema<Q>;
  readonly body?: Schema<B> | 'stream';
  readonly reply: Schema<R> | string;
  readonly answer: (asked: Asked<Q, B>) => Promise<R | Bytes>;
}

const nothing = object({});

function route<Q, B, R>(method: Route['method'], path: string, summary: string, parts: Parts<Q, B, R>): Route {
  const { query = nothing, body, reply, answer } = parts;
  return { method, path, summary, query, body, reply, answer: (asked) => answer(asked as Asked<Q, B>) };
}

/** How long the rest of a refused upload is read: at loopback's pace, some gigabytes. */
const READ_AWAY_MS = 2000;

const inWorkspace = object({ path: text({ min: 1, max: 1000 }) });
const oneFace = object({ path: text({ min: 1, max: 1000 }), name: fileName(), v: optional(text()) });
const unchanging = { 'cache-control': 'private, max-age=31536000, immutable' };

export const routes: readonly Route[] = [
  route('GET', '/workspace', 'clips, facesets and models of the workspace', {
    reply: workspaceInfo,
    answer: async ({ studio: { places, name } }) => await scanWorkspace(places, name),
  }),
  route('GET', '/events', 'everything that changes, as server-sent events', {
    reply: 'text/event-stream',
    answer: async ({ studio: { hub } }) => ({ bytes: hub.stream(), type: 'text/event-stream' }),
  }),
  route('GET', '/clips/thumbnail', 'a frame of a clip, small', {
    query: object({ path: text({ min: 1, max: 1000 }), v: optional(text()) }),
    reply: 'image/jpeg',
    answer: async ({ studio: { places }, query }) => ({
      ...{ bytes: await thumbnailOf(places, await places.at(query.path)), type: 'image/jpeg' },
      headers: query.v === undefined ? {} : unchanging,
    }),
  }),
  route('PUT', '/clips/:id', 'a new clip; the body is the file, its length announced', {
    body: 'stream',
    reply: object({ path: text() }),
    async answer({ studio: { places, hub }, id, request }) {
      const length = Number(request.headers.get('content-length') ?? Number.NaN);
      if (!Number.isSafeInteger(length) || length <= 0 || request.body === null)
        throw new OptionError('the length of the file is not announced', { expected: 'a header content-length' });
      try {
        const path = await receiveClip(places, fileName().read(id, 'name'), request.body, length, request.signal);
        hub.tell({ event: 'workspace' });
        return { path };
      } catch (error) {
        await readAway(request.body); // one who is still sending does not hear why
        throw error;
      }
    },
  }),
  route('GET', '/faces', 'all faces of a set with their measures', {
    query: inWorkspace,
    reply: faceList,
    answer: async ({ studio: { places }, query }) => await listFaces(places, query.path),
  }),
  route('GET', '/faces/picture', 'the file of a face', {
    query: oneFace,
    reply: 'image/jpeg',
    answer: async ({ studio: { places }, query }) => ({
      ...{ bytes: await facePicture(places, query.path, query.name), type: 'image/jpeg' },
      headers: query.v === undefined ? {} : unchanging,
    }),
  }),
  route('GET', '/faces/detail', 'what the file of a face holds beside the picture', {
    query: oneFace,
    reply: faceDetail,
    answer: async ({ studio: { places }, query }) => await readDetail(places, query.path, query.name),
  }),
  route('POST', '/faces/trash', 'move faces to the trash beside their folder', {
    query: inWorkspace,
    body: faceNames,
    reply: changed,
    async answer({ studio, query, body }) {
      const done = await trashFaces(studio.places, query.path, body.names);
      facesMoved(studio, query.path);
      return done;
    },
  }),
  route('POST', '/faces/undo', 'take the last change of a faceset back', {
    query: inWorkspace,
    reply: changed,
    async answer({ studio, query }) {
      const done = await undoFaces(studio.places, query.path);
      facesMoved(studio, query.path);
      return done;
    },
  }),
  route('GET', '/models/loss', 'losses from a record on: float32 pairs of source and destination, little endian', {
    query: object({ path: text({ min: 1, max: 1000 }), from: integerText() }),
    reply: 'application/octet-stream',
    async answer({ studio: { places }, query }) {
      const { first, records, bytes } = await lossesOf(await places.at(query.path), query.from);
      return { bytes, type: 'application/octet-stream', headers: { 'x-first': String(first), 'x-records': String(records) } };
    },
  }),
  route('GET', '/models/preview', 'a preview sheet', {
    query: object({ path: text({ min: 1, max: 1000 }), file: text({ pattern: /^\d{1,12}\.png$/ }), v: optional(text()) }),
    reply: 'image/png',
    async answer({ studio: { places }, query }) {
      const file = await places.at(`${query.path}/previews/${query.file}`);
      const found = await stat(file).catch(() => undefined);
      if (found === undefined || found.size > 256 * 1024 * 1024) throw new FormatError(`${query.file}: there is no such preview`);
      return { bytes: await readFile(file), type: 'image/png', headers: query.v === undefined ? {} : unchanging };
    },
  }),
  route('GET', '/options', 'the options of training in groups', {
    reply: list(optionGroup),
    answer: async () => optionGroups(),
  }),
  route('GET', '/jobs', 'running and ended jobs, the newest first', {
    reply: list(jobInfo),
    answer: async ({ studio: { jobs } }) => jobs.list(),
  }),
  route('POST', '/jobs', 'start a job', {
    body: jobRequest,
    reply: jobInfo,
    answer: async ({ studio: { jobs }, body }) => await jobs.start(body),
  }),
  route('POST', '/jobs/:id/order', 'stop a job, or ask something of it', {
    body: jobOrder,
    reply: jobInfo,
    answer: async ({ studio: { jobs }, id, body }) => await jobs.order(id, body.order),
  }),
  route('POST', '/jobs/:id/resume', 'start an ended job again, to go on where it was', {
    reply: jobInfo,
    answer: async ({ studio: { jobs }, id }) => await jobs.resume(id),
  }),
  route('GET', '/jobs/:id/log', 'the end of what a job wrote for people', {
    reply: 'text/plain; charset=utf-8',
    answer: async ({ studio: { jobs }, id }) => ({
      bytes: new TextEncoder().encode(await jobs.log(id)),
      type: 'text/plain; charset=utf-8',
    }),
  }),
  route('DELETE', '/jobs/:id', 'forget an ended job', {
    reply: object({}),
    async answer({ studio: { jobs }, id }) {
      await jobs.remove(id);
      return {};
    },
  }),
];

/** Reads what is still being sent, within bounds. */
async function readAway(body: ReadableStream<Uint8Array>): Promise<void> {
  if (body.locked) return;
  const reader = body.getReader();
  const end = Date.now() + READ_AWAY_MS;
  for (;;) {
    const left = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), Math.max(0, end - Date.now())).unref());
    const got = await Promise.race([reader.read().catch(() => 'late' as const), left]);
    if (got === 'late' || got.done) return;
  }
}

function facesMoved({ hub }: Studio, path: string): void {
  hub.tell({ event: 'faces', path });
  hub.tell({ event: 'workspace' });
}

/** The OpenAPI document of the table. */
export function openApi(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const { method, path, summary, query, body, reply } of routes) {
    const parameters = parametersOf(query, path);
    const answer = typeof reply === 'string' ? { [reply]: { schema: { type: 'string', format: 'binary' } } } : jsonOf(reply);
    const key = `/api${path.replace(/:(\w+)/g, '{$1}')}`;
    paths[key] = {
      ...paths[key],
      [method.toLowerCase()]: {
        ...{ summary, parameters },
        ...(body === undefined ? {} : { requestBody: { required: true, content: body === 'stream' ? binary : jsonOf(body) } }),
        responses: {
          '200': { description: 'done', content: answer },
          default: { description: 'refused, with the reason', content: jsonOf(problem) },
        },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'liae studio',
      version,
      description: `Protocol ${protocolVersion}. The cookie comes with the address that liae studio prints.`,
    },
    paths,
    components: { securitySchemes: { cookie: { type: 'apiKey', in: 'cookie', name: 'liae-studio-PORT' } } },
    security: [{ cookie: [] }],
  };
}

const binary: Json = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
const jsonOf = ({ json }: Schema<unknown>): Json => ({ 'application/json': { schema: json } });

function parametersOf({ json }: Schema<unknown>, path: string): readonly Json[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(
    ([, name]): Json => ({ name: name!, in: 'path', required: true, schema: { type: 'string' } }),
  );
  const properties = Object.entries((json.properties ?? {}) as Record<string, Json>);
  const required = (json.required ?? []) as readonly string[];
  return [...inPath, ...properties.map(([name, schema]): Json => ({ name, in: 'query', required: required.includes(name), schema }))];
}
