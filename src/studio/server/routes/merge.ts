/** Routes of merging: the scene, its settings file, pictures of single frames, the queue of renders, and films to play. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { Readable } from 'node:stream';
import { FormatError, OptionError } from '../../../base/index.ts';
import {
  mergeJob,
  mergeSession,
  mergeSessionRequest,
  mergeSettingInfo,
  pictureRequest,
  renderQueue,
  sceneInfo,
  sceneRequest,
} from '../../protocol.ts';
import { flag, list, object, optional, text, word } from '../../schema.ts';
import { isClipName } from '../clips.ts';
import { networkFiles } from '../mergeNetworkFiles.ts';
import { mergeSettings, readMergeSession, writeMergeSession } from '../mergeSessions.ts';
import { type Bytes, type Route, route } from '../routing.ts';

const ofClip = object({ clip: text({ min: 1, max: 1000 }) });

export const mergeRoutes: readonly Route[] = [
  route('GET', '/merge/settings', 'every setting of the merger with its range and what it does', {
    reply: list(mergeSettingInfo),
    answer: async () => mergeSettings(),
  }),
  route('GET', '/merge/networks', 'ONNX files of the workspace, for masks and for super resolution', {
    reply: list(text()),
    answer: async ({ studio: { places } }) => await networkFiles(places),
  }),
  route('POST', '/merge/scene', 'open a model, a clip and its faces for pictures of single frames; while cuts are null, ask again', {
    body: sceneRequest,
    reply: sceneInfo,
    answer: async ({ studio: { benches, places }, body }) => await benches.scene(places, body),
  }),
  route(
    'POST',
    '/merge/picture',
    'the part of a frame that merging changes; x-rect tells which, x-size of what, x-faces how many, x-ms what it took',
    {
      body: pictureRequest,
      reply: 'image/jpeg',
      async answer({ studio: { benches }, body, request }) {
        const { jpeg, rect, width, height, faces, ms, cpuMs } = await benches.picture(body, request.signal);
        const { ready, compose, encode } = ms;
        return {
          bytes: jpeg,
          type: 'image/jpeg',
          headers: {
            'x-rect': [rect.x, rect.y, rect.width, rect.height].join(),
            'x-size': `${width},${height}`,
            'x-faces': String(faces),
            'x-ms': [ready, compose, encode, cpuMs ?? 0].map(Math.round).join(),
          },
        };
      },
    },
  ),
  route('GET', '/merge/session', 'settings and shots of a clip, as merge.json keeps them', {
    query: ofClip,
    reply: mergeSession,
    answer: async ({ studio: { places }, query }) => await readMergeSession(places, query.clip),
  }),
  route('PUT', '/merge/session', 'write settings and shots of a clip to its merge.json', {
    query: ofClip,
    body: mergeSessionRequest,
    reply: mergeSession,
    answer: async ({ studio: { places }, query, body }) => await writeMergeSession(places, query.clip, body),
  }),
  route('GET', '/merge/renders', 'renders that wait', {
    reply: renderQueue,
    answer: async ({ studio: { renders } }) => renders.info,
  }),
  route('POST', '/merge/renders', 'add a render to the queue; the first begins at once', {
    body: object({ request: mergeJob, first: flag() }),
    reply: renderQueue,
    answer: async ({ studio: { renders }, body }) => await renders.add(body.request, body.first),
  }),
  route('POST', '/merge/renders/paused', 'hold the queue, or let it go on', {
    body: object({ paused: flag() }),
    reply: renderQueue,
    answer: async ({ studio: { renders }, body }) => await renders.pause(body.paused),
  }),
  route('DELETE', '/merge/renders/:id', 'take a render off the queue', {
    reply: renderQueue,
    answer: async ({ studio: { renders }, id }) => await renders.remove(id),
  }),
  route('GET', '/clips/film', 'a film of the workspace, to play or to keep; ranges of bytes are served', {
    query: object({ path: text({ min: 1, max: 1000 }), v: optional(text()), keep: optional(word('yes')) }),
    reply: 'video/mp4',
    answer: async ({ studio: { places }, query, request }) =>
      await film(await places.at(query.path), query.keep === 'yes', request.headers.get('range')),
  }),
];

const types: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.m4v': 'video/mp4',
  '.mov': 'video/quicktime',
  '.webm': 'video/webm',
  '.mkv': 'video/x-matroska',
};

/** @throws FormatError if there is no such film; OptionError for a range that it does not have. */
async function film(path: string, keep: boolean, range: string | null): Promise<Bytes> {
  const name = basename(path);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true || !isClipName(name)) throw new FormatError(`${name}: there is no such film`);
  const type = types[extname(name).toLowerCase()] ?? 'application/octet-stream';
  const kept = keep ? { 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}` } : {};
  const asked = /^bytes=(\d{1,15})-(\d{1,15})?$/.exec(range ?? '');
  const from = Number(asked?.[1] ?? 0);
  const to = Math.min(found.size - 1, Number(asked?.[2] ?? found.size - 1));
  if (from > to) throw new OptionError(`${name}: no such range`, { found: String(range), expected: `bytes of ${found.size}` });
  const headers = { 'accept-ranges': 'bytes', 'content-length': String(to - from + 1), ...kept };
  const bytes = Readable.toWeb(createReadStream(path, { start: from, end: to })) as ReadableStream<Uint8Array>;
  if (asked === null) return { bytes, type, headers };
  return { bytes, type, headers: { ...headers, 'content-range': `bytes ${from}-${to}/${found.size}` }, status: 206 };
}
