/** Routes of facesets: faces, their pictures, frames and measures, groups, coverage; edits by hand, trash and undo. */
import {
  changed,
  faceDetail,
  faceGroups,
  faceList,
  faceNames,
  faceOrder,
  faceOrders,
  fileName,
  frameAnswer,
  groupLabel,
  landmarksRequest,
  polygonsRequest,
  poseCoverage,
} from '../../protocol.ts';
import { object, optional, text, word } from '../../schema.ts';
import { trashFaces, undoFaces } from '../faceChanges.ts';
import { openFace, faceDetail as readDetail, storedMaskOf } from '../faceDetail.ts';
import { saveLandmarks, savePolygons } from '../faceEdits.ts';
import { framePicture, frameAnswer as readFrame } from '../faceFrame.ts';
import { labelGroup, poseCoverage as readCoverage, faceGroups as readGroups } from '../faceGroups.ts';
import { faceOrder as readOrder } from '../faceOrders.ts';
import { facePicture, listFaces } from '../faceTable.ts';
import { type Bytes, type Route, route, type Studio, unchanging } from '../routing.ts';

const place = () => text({ min: 1, max: 1000 });
const inWorkspace = object({ path: place() });
const oneFace = object({ path: place(), name: fileName(), v: optional(text()) });

export const facesRoutes: readonly Route[] = [
  route('GET', '/faces', 'all faces of a set with their measures', {
    query: inWorkspace,
    reply: faceList,
    answer: async ({ studio: { places }, query }) => await listFaces(places, query.path),
  }),
  route('GET', '/faces/picture', 'the file of a face', {
    query: oneFace,
    reply: 'image/jpeg',
    answer: async ({ studio: { places }, query }) =>
      picture({ bytes: await facePicture(places, query.path, query.name), type: 'image/jpeg' }, query.v),
  }),
  route('GET', '/faces/detail', 'what the file of a face holds beside the picture', {
    query: oneFace,
    reply: faceDetail,
    answer: async ({ studio: { places }, query }) => await readDetail(places, query.path, query.name),
  }),
  route('GET', '/faces/mask', 'the mask that is stored in a face, PNG or JPEG', {
    query: oneFace,
    reply: 'image/png',
    answer: async ({ studio: { places }, query }) => picture(await storedMaskOf(places, query.path, query.name), query.v),
  }),
  route('GET', '/faces/frame', 'where the frame of a face is, or why it is not to be had', {
    query: oneFace,
    reply: frameAnswer,
    async answer({ studio: { places }, query }) {
      const face = await openFace(places, query.path, query.name);
      return await readFrame(places, face.folder, face);
    },
  }),
  route('GET', '/faces/frame/picture', 'the frame of a face, made smaller, or the part around the face in full', {
    query: object({ path: place(), name: fileName(), part: word('whole', 'near'), v: optional(text()) }),
    reply: 'image/jpeg',
    async answer({ studio: { places }, query }) {
      const face = await openFace(places, query.path, query.name);
      const bytes = await framePicture(places, face.folder, face, query.part);
      return picture({ bytes, type: 'image/jpeg' }, query.v);
    },
  }),
  route('GET', '/faces/groups', 'persons as they were found last', {
    query: inWorkspace,
    reply: faceGroups,
    answer: async ({ studio: { places }, query }) => await readGroups(places, query.path),
  }),
  route('PUT', '/faces/groups', 'give a person a name', {
    query: inWorkspace,
    body: groupLabel,
    reply: faceGroups,
    answer: async ({ studio: { places }, query, body }) => await labelGroup(places, query.path, body.id, body.label),
  }),
  route('GET', '/faces/order', 'faces in an order that a job has found', {
    query: object({ path: place(), by: word(...faceOrders) }),
    reply: faceOrder,
    answer: async ({ studio: { places }, query }) => await readOrder(places, query.path, query.by),
  }),
  route('GET', '/faces/coverage', 'which poses of a destination a source has', {
    query: object({ src: place(), dst: place() }),
    reply: poseCoverage,
    answer: async ({ studio: { places }, query }) => await readCoverage(places, query.src, query.dst),
  }),
  route('PUT', '/faces/landmarks', 'landmarks by hand: the face is cropped anew, and extraction keeps them', {
    query: inWorkspace,
    body: landmarksRequest,
    reply: changed,
    answer: async ({ studio, query: { path }, body }) =>
      await telling(studio, path, saveLandmarks(studio.places, path, body.name, body.landmarks)),
  }),
  route('PUT', '/faces/polygons', 'mask regions by hand, for one face or the same for several', {
    query: inWorkspace,
    body: polygonsRequest,
    reply: changed,
    answer: async ({ studio, query: { path }, body }) => await telling(studio, path, savePolygons(studio.places, path, body)),
  }),
  route('POST', '/faces/trash', 'move faces to the trash beside their folder', {
    query: inWorkspace,
    body: faceNames,
    reply: changed,
    answer: async ({ studio, query: { path }, body }) => await telling(studio, path, trashFaces(studio.places, path, body.names)),
  }),
  route('POST', '/faces/undo', 'take the last change of a faceset back', {
    query: inWorkspace,
    reply: changed,
    answer: async ({ studio, query: { path } }) => await telling(studio, path, undoFaces(studio.places, path)),
  }),
];

/** @param v  of an address that changes with the file. */
const picture = (bytes: Bytes, v: string | undefined): Bytes => (v === undefined ? bytes : { ...bytes, headers: unchanging });

/** Whatever changed faces is told to all pages: their list, and what the workspace counts and shows of them. */
async function telling<T>({ hub }: Studio, path: string, change: Promise<T>): Promise<T> {
  const done = await change;
  hub.tell({ event: 'faces', path });
  hub.tell({ event: 'workspace' });
  return done;
}
