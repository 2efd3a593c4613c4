/** Routes of the workspace: what is in it, events, clips and photos, how much room it takes. */
import { diskUse as diskUseShape, workspaceInfo } from '../../protocol.ts';
import { object, optional, text } from '../../schema.ts';
import { receiveClip, receivePicture, taking } from '../arrivals.ts';
import { thumbnailOf } from '../clips.ts';
import { copyDemo } from '../demo.ts';
import { diskUse } from '../diskUse.ts';
import { type Route, route, unchanging } from '../routing.ts';
import { scanWorkspace } from '../workspace.ts';

export const workspaceRoutes: readonly Route[] = [
  route('GET', '/workspace', 'clips, facesets and models of the workspace', {
    reply: workspaceInfo,
    answer: async ({ studio: { places, name } }) => await scanWorkspace(places, name),
  }),
  route('GET', '/workspace/use', 'how much room the workspace and its folders take', {
    reply: diskUseShape,
    answer: async ({ studio: { places } }) => await diskUse(places),
  }),
  route('POST', '/workspace/demo', 'copy the clips of the demo and the weights that its model starts from into the workspace', {
    reply: object({}),
    async answer({ studio: { places, hub } }) {
      await copyDemo(places);
      hub.tell({ event: 'workspace' });
      return {};
    },
  }),
  route('GET', '/events', 'everything that changes, as server-sent events', {
    reply: 'text/event-stream',
    answer: async ({ studio: { hub } }) => ({ bytes: hub.stream(), type: 'text/event-stream' }),
  }),
  route('GET', '/clips/thumbnail', 'a frame of a clip or of a folder of pictures, small', {
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
      const path = await taking(id, request, (arrival) => receiveClip(places, arrival));
      hub.tell({ event: 'workspace' });
      return { path };
    },
  }),
  route('PUT', '/pictures/:id', 'a photo into a folder of the workspace; the body is the file, its length announced', {
    query: object({ folder: text({ min: 1, max: 1000 }) }),
    body: 'stream',
    reply: object({ path: text() }),
    async answer({ studio: { places, hub }, id, query, request }) {
      const path = await taking(id, request, (arrival) => receivePicture(places, query.folder, arrival));
      hub.tell({ event: 'workspace' });
      return { path };
    },
  }),
];
