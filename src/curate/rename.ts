/** New names for the files of a folder: numbers in a given order, and the names that extraction gave. Sources: the reference's file names. */
import type { Move } from './journal.ts';

const extensionOf = (name: string): string => {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot) : '';
};

const stemOf = (name: string): string => name.slice(0, name.length - extensionOf(name).length);

/** Numbers of five digits from 0, with the extension that each file has. */
export const numberedMoves = (names: readonly string[]): readonly Move[] =>
  names.map((name, i) => ({ from: name, to: `${String(i).padStart(5, '0')}${extensionOf(name)}` }));

export interface NamedSource {
  readonly name: string;
  /** Name of the frame; absent if the file does not say. */
  readonly source: string | undefined;
}

/**
 * The names of extraction, FRAME_N: N counts the faces of a frame in the present order. Files that do not know their frame keep their
 * names, and no other file gets one of these.
 */
export function originalMoves(faces: readonly NamedSource[]): readonly Move[] {
  const counts = new Map<string, number>();
  const kept = new Set(faces.filter(({ source }) => source === undefined).map(({ name }) => name));
  return faces.flatMap(({ name, source }) => {
    if (source === undefined) return [];
    const stem = stemOf(source).replaceAll(/[/\\:\0]/g, '_');
    for (;;) {
      const n = counts.get(stem) ?? 0;
      counts.set(stem, n + 1);
      const to = `${stem}_${n}${extensionOf(name)}`;
      if (!kept.has(to)) return [{ from: name, to }];
    }
  });
}
