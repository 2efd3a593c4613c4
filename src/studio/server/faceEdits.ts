/**
 * Edits by hand of single faces. Landmarks are kept twice: in the face, which is cropped anew, and in the file of edits beside the alignments, from
 * which every later extraction takes them. Both change in one journalled step. Regions of masks are kept in the faces, as DeepFaceLab keeps them.
 */
import { basename } from 'node:path';
import { FormatError, LiaeError } from '../../base/index.ts';
import { boxOf, correctFace, encodeMask, followRegions, polygonMask, storedMask } from '../../curate/index.ts';
import { type Edit, editsText } from '../../extract/index.ts';
import { liaeFields, type MaskPolygon, readFace, writeFace } from '../../faceset/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';
import { readJournal } from '../../platform/node/extractFiles.ts';
import type { Changed, PolygonsRequest } from '../protocol.ts';
import { changing, replaceFiles } from './faceChanges.ts';
import { editAt, type OpenedFace, openFace, readEdits } from './faceDetail.ts';
import { type ClipOfFaces, clipOfFaces, frameOf } from './faceFrame.ts';
import { facePicture } from './faceTable.ts';
import type { Places } from './places.ts';

/** Of a set without a journal of extraction, which would tell. */
const QUALITY = 95;

/** @param landmarks  68 points in pixels of the face's picture. */
export async function saveLandmarks(places: Places, path: string, name: string, landmarks: readonly number[]): Promise<Changed> {
  const folder = await places.at(path);
  return await changing(folder, async (area) => {
    const face = await openFace(places, path, name);
    const points = Float64Array.from(landmarks);
    const frame = await frameOf(places, folder, face).catch((error: unknown) => {
      if (error instanceof LiaeError) return undefined; // cut from the face itself then, as the page has said
      throw error;
    });
    const clip = await clipOfFaces(folder, liaeFields(face.dict).sourceHash);
    const correction = { landmarks: points, frame: frame?.image, quality: await qualityOf(clip) };
    const { bytes, source } = await correctFace(face, correction, nodeCodec());
    const files = new Map([[name, bytes]]);
    if (clip !== undefined && source !== undefined) {
      const edits = withEdit(await readEdits(clip.files.edits), face, source);
      files.set(basename(clip.files.edits), new TextEncoder().encode(editsText(edits)));
    }
    const from = frame === undefined ? ', cut from the face itself' : '';
    const what = `landmarks of ${name} by hand${from}`;
    await replaceFiles(area, { tool: 'landmarks', what, files });
    return { what, files: files.size };
  });
}

/** The edits with these landmarks for the face; an earlier edit of the same face is replaced, as nothing could come between. */
function withEdit(edits: readonly Edit[], face: OpenedFace, source: Float64Array): readonly Edit[] {
  const frame = liaeFields(face.dict).frame!;
  const known = editAt(edits, face);
  const before = known === undefined ? undefined : edits[known];
  if (before?.kind === 'set') return edits.with(known!, { ...before, landmarks: source });
  const [left, top, right, bottom] = rectOf(face, source);
  return [...edits, { frame, kind: 'set', at: [(left + right) / 2, (top + bottom) / 2], landmarks: source }];
}

/** Where extraction found the face, in its frame. */
function rectOf({ metadata }: OpenedFace, source: Float64Array): readonly [number, number, number, number] {
  const [left, top, right, bottom] = metadata.sourceRect ?? [];
  return left === undefined || top === undefined || right === undefined || bottom === undefined
    ? boxOf(metadata.sourceLandmarks ?? source)
    : [left, top, right, bottom];
}

async function qualityOf(clip: ClipOfFaces | undefined): Promise<number> {
  const journal = clip === undefined ? undefined : await readJournal(clip.files.journal);
  if (journal === undefined) return QUALITY;
  const options: unknown = JSON.parse(journal.options);
  const make: unknown = typeof options === 'object' && options !== null && 'make' in options ? options.make : undefined;
  const quality: unknown = typeof make === 'object' && make !== null && 'quality' in make ? make.quality : undefined;
  return typeof quality === 'number' && quality >= 1 && quality <= 100 ? quality : QUALITY;
}

/** Regions of one face, and the same ones for others, where they go with the landmarks. */
export async function savePolygons(places: Places, path: string, request: PolygonsRequest): Promise<Changed> {
  const { name, copyTo, keepOwn, store } = request;
  const folder = await places.at(path);
  return await changing(folder, async (area) => {
    const first = await openFace(places, path, name);
    const polygons: readonly MaskPolygon[] = request.polygons
      .map(({ include, points }) => ({ include, points: Float32Array.from(evenPoints(points)) }))
      .sort((a, b) => Number(b.include) - Number(a.include));
    const files = new Map<string, Uint8Array>();
    for (const target of new Set([name, ...copyTo])) {
      const bytes = target === name ? first.bytes : await facePicture(places, path, target);
      const { jpeg, dict, metadata } = target === name ? first : readFace(bytes, target);
      if (target !== name) {
        if (keepOwn && metadata.polygons.length > 0) continue;
        if (metadata.faceType !== first.metadata.faceType)
          throw new FormatError(`${target}: its crop is another one, so the regions would lie elsewhere`, {
            found: metadata.faceType,
            expected: first.metadata.faceType,
            next: 'copy to faces of the same crop',
          });
      }
      const [from, to] = [first.metadata.landmarks, metadata.landmarks];
      const own = target === name ? polygons : followRegions(polygons, from, to, first.jpeg.width);
      const made = { ...metadata, polygons: own, ...(store ? { xsegMask: await maskBytes(own, jpeg.width, jpeg.height) } : {}) };
      const written = writeFace(bytes, made, target, dict);
      if (!same(written, bytes)) files.set(target, written);
    }
    const what = `mask regions of ${files.size === 1 ? [...files.keys()][0] : `${files.size} faces`} by hand${store ? ', masks stored' : ''}`;
    if (files.size > 0) await replaceFiles(area, { tool: 'regions', what, files });
    return { what, files: files.size };
  });
}

/** @throws FormatError if a point lacks its y. */
function evenPoints(points: readonly number[]): readonly number[] {
  if (points.length % 2 === 0) return points;
  throw new FormatError('a region with half a point', { found: `${points.length} numbers`, expected: 'x and y of each point' });
}

/** Undefined, so that the stored mask goes too, if there are no regions. */
const maskBytes = async (polygons: readonly MaskPolygon[], width: number, height: number): Promise<Uint8Array | undefined> =>
  polygons.length === 0 ? undefined : await encodeMask(storedMask(polygonMask(polygons, width, height)), nodeCodec());

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((v, i) => v === b[i]);
