/** Routes of facesets: faces, their pictures and measures, trash and undo. */
import { changed, faceDetail, faceList, faceNames, fileName } from '../../protocol.ts';
import { object, optional, text } from '../../schema.ts';
import { facePicture, listFaces, faceDetail as readDetail, trashFaces, undoFaces } from '../faceTable.ts';
import { type Route, route, type Studio, unchanging } from '../routing.ts';

const inWorkspace = object({ path: text({ min: 1, max: 1000 }) });
const oneFace = object({ path: text({ min: 1, max: 1000 }), name: fileName(), v: optional(text()) });

export const facesRoutes: readonly Route[] = [
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
];

function facesMoved({ hub }: Studio, path: string): void {
  hub.tell({ event: 'faces', path });
  hub.tell({ event: 'workspace' });
}
