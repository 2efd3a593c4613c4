/** What a route of the server is: its path, the shapes of what it reads and answers, and how it answers. */

import type { OpenRequest, StudioInfo } from '../protocol.ts';
import { object, type Schema } from '../schema.ts';
import type { Hub } from './hub.ts';
import type { Jobs } from './jobs.ts';
import type { MarkingChoice } from './marking.ts';
import type { Benches } from './mergeBenches.ts';
import type { RenderQueue } from './mergeQueue.ts';
import type { Places } from './places.ts';
import type { Settings } from './settings.ts';

/** What the routes work on. The workspace may be another one in the next request; without one, what needs it throws NoWorkspace. */
export interface Studio {
  readonly places: Places;
  readonly jobs: Jobs;
  readonly renders: RenderQueue;
  /** The scene that is looked at. */
  readonly benches: Benches;
  readonly name: string;
  /** Of the workspace; undefined without one. */
  readonly key: string | undefined;
  readonly hub: Hub;
  readonly version: string;
  readonly settings: Settings;
  readonly marking: MarkingChoice;
  /** Whether pages may open other folders. */
  readonly canOpen: boolean;
  readonly info: (mayAct: boolean) => Promise<StudioInfo>;
  readonly choose: (request: OpenRequest) => Promise<void>;
}

export interface Asked<Q, B> {
  readonly studio: Studio;
  readonly query: Q;
  readonly body: B;
  /** The last part of the path, where the route has one. */
  readonly id: string;
  /** Whether the one who asks may change anything. */
  readonly mayAct: boolean;
  readonly request: Request;
}

/** Bytes with their type; the page may keep them for good where their address changes with them. */
export interface Bytes {
  readonly bytes: Uint8Array | ReadableStream<Uint8Array>;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** 200 if left out. */
  readonly status?: 206;
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

export interface Parts<Q, B, R> {
  readonly query?: Schema<Q>;
  readonly body?: Schema<B> | 'stream';
  readonly reply: Schema<R> | string;
  readonly answer: (asked: Asked<Q, B>) => Promise<R | Bytes>;
}

const nothing = object({});

/** An entry of the table; its shapes type what it answers with. */
export function route<Q, B, R>(method: Route['method'], path: string, summary: string, parts: Parts<Q, B, R>): Route {
  const { query = nothing, body, reply, answer } = parts;
  return { method, path, summary, query, body, reply, answer: (asked) => answer(asked as Asked<Q, B>) };
}

/** Headers of bytes whose address changes when they do. */
export const unchanging = { 'cache-control': 'private, max-age=31536000, immutable' };
