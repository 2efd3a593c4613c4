/**
 * Faces that turn out to be broken when they are needed. Each gives its place to the next usable one in the order of the set, so that the
 * samples are a function of the files alone, whoever makes them and in which order.
 */
import { FormatError } from '../base/index.ts';

/** A face that cannot be read, and why. */
export interface BrokenFace {
  /** The set that it belongs to. */
  readonly side: 'src' | 'dst';
  /** Its place in the set. */
  readonly index: number;
  /** One line that names the file. */
  readonly cause: string;
}

/**
 * @param set  the side and number of the faces, and who is told of each broken one, once.
 * @param use  takes a face; a FormatError means that it is broken, anything else passes.
 * @returns `use` for any face, with another in the place of a broken one. @throws FormatError if none is usable.
 */
export function usableFaces<T>(
  { side, count, onBroken }: { readonly side: 'src' | 'dst'; readonly count: number; readonly onBroken: (broken: BrokenFace) => void },
  use: (index: number) => Promise<T>,
): (index: number) => Promise<T> {
  const broken = new Set<number>();
  let last: FormatError | undefined;
  return async (index) => {
    for (let step = 0; step < count; step++) {
      const i = (index + step) % count;
      if (broken.has(i)) continue;
      try {
        return await use(i);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        last = error;
        broken.add(i);
        onBroken({ side, index: i, cause: error.brief() });
      }
    }
    throw new FormatError(`${side}: none of its ${count} faces can be read`, {
      found: last?.brief(),
      next: `restore the files of --${side}, extract the faces again, or name another folder`,
      cause: last,
    });
  };
}
