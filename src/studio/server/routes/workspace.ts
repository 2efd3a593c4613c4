/** Routes of the workspace: what is in it, events, clips. */
import { OptionError } from '../../../base/index.ts';
import { fileName, workspaceInfo } from '../../protocol.ts';
import { object, optional, text } from '../../schema.ts';
import { receiveClip, thumbnailOf } from '../clips.ts';
import { type Route, route, unchanging } from '../routing.ts';
import { scanWorkspace } from '../workspace.ts';

/** How long the rest of a refused upload is read: at loopback's pace, some gigabytes. */
const READ_AWAY_MS = 2000;

export const workspaceRoutes: readonly Route[] = [
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
