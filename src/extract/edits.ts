/**
 * Edits by hand, in a file beside the alignments, so that a clip analysed anew keeps them. An edit says where the face is, not which one it
 * is, since another analysis may order faces differently. Of two edits of one face the later counts.
 */
import { FormatError } from '../base/index.ts';
import type { Landmarks } from '../face/index.ts';
import type { MaskPolygon } from '../faceset/index.ts';

/** One edit. */
export type Edit =
  /** The face at a place of a frame has these landmarks; if there is none, it has one. */
  | { readonly frame: number; readonly kind: 'set'; readonly at: Point; readonly landmarks: Landmarks }
  /** The face at a place is none. */
  | { readonly frame: number; readonly kind: 'remove'; readonly at: Point }
  /** Nothing in this frame is a face. */
  | { readonly frame: number; readonly kind: 'clear' }
  | RegionsEdit;

/** The face at a place, of the clip with this hash alone, has these regions; without any, none. */
export interface RegionsEdit {
  readonly frame: number;
  readonly kind: 'regions';
  readonly at: Point;
  readonly clip: string;
  /** Points in pixels of the frame, so that they suit every crop of the face. */
  readonly regions: readonly MaskPolygon[];
  /** Whether the mask that they make is stored with the face. */
  readonly stored: boolean;
}

type Point = readonly [x: number, y: number];

export const editsVersion = 1;

/** @throws FormatError that names the edit. */
export function parseEdits(text: string, file: string): readonly Edit[] {
  const bad = (where: string, found: string): FormatError =>
    new FormatError(`${file}: ${where} is not an edit`, {
      found: found.slice(0, 120),
      expected:
        '{"version": 1, "edits": [{"frame": 12, "kind": "set", "at": [x, y], "landmarks": [136 numbers]}, {"frame": 13, "kind": "remove", "at": [x, y]}, {"frame": 14, "kind": "clear"}, {"frame": 15, "kind": "regions", "at": [x, y], "clip": hash, "stored": false, "regions": [{"include": true, "points": [x, y, …]}]}]}',
    });
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch (cause) {
    throw bad('the file', cause instanceof Error ? cause.message : String(cause));
  }
  if (!isFields(whole) || whole.version !== editsVersion || !Array.isArray(whole.edits)) throw bad('the file', text);
  return whole.edits.map((edit: unknown, i): Edit => {
    const fail = (): FormatError => bad(`edit ${i + 1}`, JSON.stringify(edit) ?? 'nothing');
    if (!isFields(edit)) throw fail();
    const { frame, kind } = edit;
    if (typeof frame !== 'number' || !Number.isSafeInteger(frame) || frame < 0) throw fail();
    if (kind === 'clear') return { frame, kind };
    const at = numbers(edit.at, 2);
    if (at === undefined) throw fail();
    if (kind === 'remove') return { frame, kind, at: [at[0]!, at[1]!] };
    if (kind === 'regions') return regionsOf({ ...edit, frame, at }, fail);
    const landmarks = numbers(edit.landmarks, 136);
    if (kind !== 'set' || landmarks === undefined) throw fail();
    return { frame, kind, at: [at[0]!, at[1]!], landmarks: Float64Array.from(landmarks) };
  });
}

const hundredths = (values: ArrayLike<number>): number[] => Array.from(values, (v) => Math.round(v * 100) / 100);

/** Coordinates are kept to 0.01 pixels. */
export const editsText = (edits: readonly Edit[]): string =>
  `{"version":${editsVersion},"edits":[\n${edits.map((edit) => JSON.stringify(plain(edit))).join(',\n')}\n]}\n`;

function plain(edit: Edit): object {
  if (edit.kind === 'set') return { ...edit, landmarks: hundredths(edit.landmarks) };
  if (edit.kind !== 'regions') return edit;
  return { ...edit, regions: edit.regions.map(({ include, points }) => ({ include, points: hundredths(points) })) };
}

function regionsOf(
  { frame, at, clip, regions, stored }: Record<string, unknown> & { readonly frame: number; readonly at: readonly number[] },
  fail: () => FormatError,
): RegionsEdit {
  if (typeof clip !== 'string' || typeof stored !== 'boolean' || !Array.isArray(regions)) throw fail();
  const polygons = regions.map((region: unknown): MaskPolygon => {
    if (!isFields(region) || typeof region.include !== 'boolean' || !Array.isArray(region.points)) throw fail();
    const points = numbers(region.points, region.points.length);
    if (points === undefined || points.length % 2 !== 0) throw fail();
    return { include: region.include, points: Float32Array.from(points) };
  });
  return { frame, kind: 'regions', at: [at[0]!, at[1]!], clip, regions: polygons, stored };
}

const isFields = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function numbers(value: unknown, length: number): readonly number[] | undefined {
  if (!Array.isArray(value) || value.length !== length) return undefined;
  return value.every((v) => typeof v === 'number' && Number.isFinite(v)) ? (value as number[]) : undefined;
}
