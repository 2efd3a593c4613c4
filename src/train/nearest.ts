/** The nearest known word to a misspelt one, for the "did you mean" of unknown options and commands. */

/** Insertions, deletions, substitutions and swaps of neighbours that turn a into b (restricted Damerau–Levenshtein distance). */
export function editDistance(a: string, b: string): number {
  const rows = a.length + 1;
  const columns = b.length + 1;
  const d = new Uint32Array(rows * columns);
  for (let i = 0; i < rows; i++) d[i * columns] = i;
  for (let j = 0; j < columns; j++) d[j] = j;
  for (let i = 1; i < rows; i++) {
    for (let j = 1; j < columns; j++) {
      const at = i * columns + j;
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(d[at - columns]! + 1, d[at - 1]! + 1, d[at - columns - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, d[at - 2 * columns - 2]! + 1);
      d[at] = best;
    }
  }
  return d[rows * columns - 1]!;
}

/** The candidate with the least distance, the first of equals; undefined if none shares more than about half of the word. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const asked = word.slice(0, 64).toLowerCase();
  let best: string | undefined;
  let least = Math.max(2, Math.ceil(asked.length * 0.6)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(asked, candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}
