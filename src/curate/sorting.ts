/**
 * What a way of sorting is: the measures it needs, the options it takes, and a function from measures to an order. The ways themselves
 * are data, in sortKinds.ts.
 */
import { isMeasured, type MeasureName, type Measures } from './measureTable.ts';

export interface SortOptions {
  /** How many faces `final` and `final-fast` choose; 2000 unless given. */
  readonly target?: number | undefined;
  /** Whether `absdiff` puts the most similar next (the default) or the least. */
  readonly similar?: boolean | undefined;
  /** Reproduce what DeepFaceLab does for targets below 64: choose nothing. */
  readonly referenceTarget?: boolean | undefined;
  /** Told how much of a long computation is done. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

export interface SortResult {
  /** Faces by index, first to last. */
  readonly order: readonly number[];
  /** Faces that are set aside, in the order in which DeepFaceLab would. */
  readonly trash: readonly number[];
  /** What the user should know, such as that nothing was found to sort by. */
  readonly notes: readonly string[];
}

export interface SortKind {
  readonly name: string;
  /** Further names that the command line takes. */
  readonly aliases: readonly string[];
  /** In the menu of DeepFaceLab; absent for kinds of our own. */
  readonly number?: number | undefined;
  readonly label: string;
  readonly needs: readonly MeasureName[];
  /** Whether a face without face data goes to the trash. */
  readonly needsMetadata: boolean;
  readonly direction: 'ascending' | 'descending' | 'chain' | 'selection';
  readonly options: readonly ('target' | 'similar')[];
  /** Orders those of the faces that can be sorted; they come in the present order. */
  readonly arrange: (measures: Measures, faces: readonly number[], options: SortOptions) => Omit<SortResult, 'notes'> & Partial<SortResult>;
}

/**
 * Sorts a set of faces.
 *
 * Broken faces, and those without face data where the kind needs them, go to the trash before anything else. Ties keep the present order.
 *
 * @param measures  holding `kind.needs`.
 * @throws OptionError if a measure was not taken, or the faces cannot be sorted this way at all.
 */
export function sortFaces(kind: SortKind, measures: Measures, options: SortOptions = {}): SortResult {
  const trash: number[] = [];
  const faces: number[] = [];
  for (let i = 0; i < measures.count; i++) {
    const usable = kind.needsMetadata
      ? measures.metadata(i) !== undefined && kind.needs.every((need) => isMeasured(measures, need, i))
      : !measures.broken.has(i);
    (usable ? faces : trash).push(i);
  }
  const result = kind.arrange(measures, faces, options);
  return { order: result.order, trash: [...trash, ...result.trash], notes: result.notes ?? [] };
}

/** Faces by one number each; equal numbers keep their order. */
export function byNumber(faces: readonly number[], value: (face: number) => number, direction: 'ascending' | 'descending'): number[] {
  const sign = direction === 'ascending' ? 1 : -1;
  return [...faces].sort((a, b) => sign * (value(a) - value(b)));
}
