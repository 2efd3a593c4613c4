/**
 * Regions that a hand drew on faces, kept while faces are made again. They are known by clip, frame and place, and lie in pixels of the frame, as
 * another analysis may order faces differently and crop them otherwise.
 */
import { type FaceFile, liaeFields } from '../faceset/index.ts';
import { type Affine, invertAffine, mapPoints } from '../image/index.ts';
import type { FaceRecord } from './alignments.ts';
import type { Edit, RegionsEdit } from './edits.ts';

type Rect = FaceRecord['rect'];

const middle = ([left, top, right, bottom]: Rect): readonly [number, number] => [(left + right) / 2, (top + bottom) / 2];

/** Which of the boxes a place belongs to: of those around it the one whose middle is nearest; -1 if there is none. */
export function boxAt(rects: readonly Rect[], [x, y]: readonly [number, number]): number {
  const far = rects.map((rect) => {
    const [left, top, right, bottom] = rect;
    const [u, v] = middle(rect);
    return x >= left && x <= right && y >= top && y <= bottom ? Math.hypot(u - x, v - y) : Infinity;
  });
  const least = Math.min(...far);
  return least < Infinity ? far.indexOf(least) : -1;
}

/** Regions of a face that is there. */
export interface FoundRegions {
  /** Where the face is in its frame. */
  readonly rect: Rect;
  readonly edit: RegionsEdit;
}

/**
 * The regions of a face as an edit, without any too, as that says that none are left.
 *
 * @param stored  whether the face keeps the mask that they make.
 * @returns undefined if the file does not say where in which frame the face is.
 */
export function regionsOn({ metadata, dict }: Pick<FaceFile, 'metadata' | 'dict'>, stored: boolean): FoundRegions | undefined {
  const { frame, sourceHash } = liaeFields(dict);
  const rect = rectOf(metadata);
  const whole = metadata.faceType === 'mark_only';
  if (frame === undefined || sourceHash === undefined || rect === undefined) return undefined;
  if (!whole && metadata.imageToFace === undefined) return undefined;
  const frameFromFace: Affine = whole ? [1, 0, 0, 0, 1, 0] : invertAffine(metadata.imageToFace as unknown as Affine);
  if (!frameFromFace.every(Number.isFinite)) return undefined;
  const regions = metadata.polygons.map(({ include, points }) => ({
    include,
    points: Float32Array.from(mapPoints(frameFromFace, points)),
  }));
  return { rect, edit: { frame, kind: 'regions', at: middle(rect), clip: sourceHash, regions, stored } };
}

/** Where in its frame a face is, as its file says. */
export function rectOf({ sourceRect, sourceLandmarks }: FaceFile['metadata']): Rect | undefined {
  const [left, top, right, bottom] = sourceRect ?? [];
  if (left !== undefined && top !== undefined && right !== undefined && bottom !== undefined) return [left, top, right, bottom];
  if (sourceLandmarks === undefined) return undefined;
  const [xs, ys] = [sourceLandmarks.filter((_, i) => i % 2 === 0), sourceLandmarks.filter((_, i) => i % 2 === 1)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** Edits in which regions that were found replace those of the same faces; faces of which none were found keep theirs. */
export function withRegions(edits: readonly Edit[], found: readonly FoundRegions[]): readonly Edit[] {
  const key = ({ clip, frame }: RegionsEdit): string => `${frame} ${clip}`;
  const boxes = new Map<string, Rect[]>();
  for (const { edit, rect } of found) boxes.set(key(edit), [...(boxes.get(key(edit)) ?? []), rect]);
  const kept = edits.filter((edit) => edit.kind !== 'regions' || boxAt(boxes.get(key(edit)) ?? [], edit.at) < 0);
  return [...kept, ...found.map(({ edit }) => edit).filter(({ regions }) => regions.length > 0)];
}

/** The regions of each face of a frame, told by their boxes. Of several edits of one face the last counts. */
export function regionsOfFrame(edits: readonly RegionsEdit[], rects: readonly Rect[]): readonly (RegionsEdit | undefined)[] {
  const out: (RegionsEdit | undefined)[] = rects.map(() => undefined);
  for (const edit of edits) {
    const face = boxAt(rects, edit.at);
    if (face >= 0) out[face] = edit;
  }
  return out;
}
