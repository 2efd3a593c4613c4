/** Which faces of a list are shown, in which order: sorting and filtering over columns, and which rows of a grid are in sight. */
import { type FaceList, type FaceMeasure, faceMeasures } from '../protocol.ts';

export type SortKey = FaceMeasure | 'name';

export interface View {
  readonly sort: SortKey;
  readonly descending: boolean;
  /** Part of a name; empty for all. */
  readonly text: string;
  /** Least and most of a measure; null is no bound. */
  readonly ranges: Readonly<Partial<Record<FaceMeasure, readonly [least: number | null, most: number | null]>>>;
}

export const plainView: View = { sort: 'name', descending: false, text: '', ranges: {} };

/** Indices of the faces to show. Faces without the measure come last, whichever way one sorts, and pass no range. */
export function shownFaces({ names, measures }: FaceList, { sort, descending, text, ranges }: View): Int32Array {
  const needle = text.toLowerCase();
  const bounds = faceMeasures.flatMap((name) => {
    const range = ranges[name];
    return range === undefined || (range[0] === null && range[1] === null) ? [] : [{ column: measures[name] ?? [], range }];
  });
  const passes = (i: number): boolean =>
    (needle === '' || names[i]!.toLowerCase().includes(needle)) &&
    bounds.every(({ column, range: [least, most] }) => {
      const value = column[i] ?? null;
      return value !== null && (least === null || value >= least) && (most === null || value <= most);
    });
  const shown = Int32Array.from(names.keys()).filter(passes);
  if (sort === 'name') return descending ? shown.reverse() : shown;
  const column = measures[sort] ?? [];
  const sign = descending ? -1 : 1;
  const key = Float64Array.from(names.keys(), (i) => {
    const value = column[i] ?? null;
    return value === null ? Number.POSITIVE_INFINITY : sign * value;
  });
  return shown.sort((a, b) => (key[a]! === key[b]! ? a - b : key[a]! < key[b]! ? -1 : 1));
}

export interface Layout {
  readonly columns: number;
  /** Of one cell with its gap. */
  readonly pitch: number;
  readonly height: number;
}

export function layoutOf(width: number, cell: number, faces: number, gap: number): Layout {
  const columns = Math.max(1, Math.floor((width + gap) / (cell + gap)));
  return { columns, pitch: cell + gap, height: Math.ceil(faces / columns) * (cell + gap) };
}

/** Places in the order from first to behind last that are in sight, with some rows around. */
export function inSight({ columns, pitch }: Layout, top: number, height: number, faces: number, around = 3): readonly [number, number] {
  const first = Math.max(0, Math.floor(top / pitch) - around);
  const last = Math.ceil((top + height) / pitch) + around;
  return [Math.min(faces, first * columns), Math.min(faces, last * columns)];
}
