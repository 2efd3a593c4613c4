/** Which faces of a list are shown, in which order: sorting and filtering over columns, histograms, and which rows of a grid are in sight. */
import { type FaceList, type FaceMeasure, type FaceOrderName, faceMeasures, faceOrders } from '../protocol.ts';

export type SortKey = FaceMeasure | FaceOrderName | 'name';
export const isMeasure = (sort: SortKey): sort is FaceMeasure => faceMeasures.some((name) => name === sort);
export const isOrder = (sort: SortKey): sort is FaceOrderName => faceOrders.some((name) => name === sort);
/** Least and most; null is no bound. */
export type Bounds = readonly [least: number | null, most: number | null];

export interface View {
  readonly sort: SortKey;
  readonly descending: boolean;
  /** Part of a name; empty for all. */
  readonly text: string;
  readonly ranges: Readonly<Partial<Record<FaceMeasure, Bounds>>>;
  /** Only these faces, and what they are called. */
  readonly only?: { readonly label: string; readonly names: ReadonlySet<string> } | undefined;
}

export const plainView: View = { sort: 'name', descending: false, text: '', ranges: {} };

/**
 * Indices of the faces to show. Faces without the measure, or without a place in the order, come last, whichever way one sorts, and pass no range.
 *
 * @param order  all names in the order that is sorted by, if it is one; empty while it is not known.
 */
export function shownFaces(
  { names, measures }: FaceList,
  { sort, descending, text, ranges, only }: View,
  order: readonly string[] = [],
): Int32Array {
  const needle = text.toLowerCase();
  const bounds = faceMeasures.flatMap((name) => {
    const range = ranges[name];
    return range === undefined || (range[0] === null && range[1] === null) ? [] : [{ column: measures[name] ?? [], range }];
  });
  const passes = (i: number): boolean =>
    (only?.names.has(names[i]!) ?? true) &&
    (needle === '' || names[i]!.toLowerCase().includes(needle)) &&
    bounds.every(({ column, range: [least, most] }) => {
      const value = column[i] ?? null;
      return value !== null && (least === null || value >= least) && (most === null || value <= most);
    });
  const shown = Int32Array.from(names.keys()).filter(passes);
  if (sort === 'name') return descending ? shown.reverse() : shown;
  const column = isMeasure(sort) ? (measures[sort] ?? []) : ranksOf(names, order);
  const sign = descending ? -1 : 1;
  const key = Float64Array.from(names.keys(), (i) => {
    const value = column[i] ?? null;
    return value === null ? Number.POSITIVE_INFINITY : sign * value;
  });
  return shown.sort((a, b) => (key[a]! === key[b]! ? a - b : key[a]! < key[b]! ? -1 : 1));
}

/** Of each name its place in the order; null where it has none. */
function ranksOf(names: readonly string[], order: readonly string[]): readonly (number | null)[] {
  const places = new Map(order.map((name, at) => [name, at]));
  return names.map((name) => places.get(name) ?? null);
}

/** How a measure is shown: areas as the side of a square of that area. */
export const shownValue = (measure: FaceMeasure, value: number): number => (measure === 'area' ? Math.sqrt(value) : value);
export const keptValue = (measure: FaceMeasure, shown: number): number => (measure === 'area' ? shown ** 2 : shown);

export interface Histogram {
  /** Of the values as they are shown. */
  readonly least: number;
  readonly most: number;
  /** How many of all faces, and of those that are shown, lie in each bin. */
  readonly all: Uint32Array;
  readonly shown: Uint32Array;
}

/** Undefined if no face has the measure. */
export function histogramOf({ measures }: FaceList, measure: FaceMeasure, shown: Int32Array, bins: number): Histogram | undefined {
  const column = measures[measure] ?? [];
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of column) {
    if (value === null) continue;
    const v = shownValue(measure, value);
    if (v < least) least = v;
    if (v > most) most = v;
  }
  if (least > most) return undefined;
  const scale = most > least ? bins / (most - least) : 0;
  const counted = { all: new Uint32Array(bins), shown: new Uint32Array(bins) };
  const add = (to: Uint32Array, value: number | null | undefined): void => {
    if (value != null) to[Math.min(bins - 1, Math.floor((shownValue(measure, value) - least) * scale))]!++;
  };
  for (const value of column) add(counted.all, value);
  for (const i of shown) add(counted.shown, column[i]);
  return { least, most, ...counted };
}

export interface Layout {
  readonly columns: number;
  /** Of one cell with its gap. */
  readonly pitch: number;
  readonly height: number;
}

export function layoutOf(width: number, cell: number, faces: number, gap: number): Layout {
  const columns = Math.max(1, Math.floor((width + gap) / (cell + gap)));
  const pitch = Math.max(cell + gap, Math.floor((width + gap) / columns)); // what is left over makes all of them a little larger
  return { columns, pitch, height: Math.ceil(faces / columns) * pitch };
}

/** Places in the order from first to behind last that are in sight, with some rows around. */
export function inSight({ columns, pitch }: Layout, top: number, height: number, faces: number, around = 3): readonly [number, number] {
  const first = Math.max(0, Math.floor(top / pitch) - around);
  const last = Math.ceil((top + height) / pitch) + around;
  return [Math.min(faces, first * columns), Math.min(faces, last * columns)];
}
