/** The filters that rows of a PNG went through, undone. Source: PNG specification, third edition, 9. */

/**
 * @param filtered  rows of `rowBytes` bytes, each behind the number of its filter.
 * @param step  bytes from a sample to the same of the next pixel.
 * @returns the rows without numbers; undefined if one of those is above 4.
 */
export function unfilteredRows(filtered: Uint8Array, rowBytes: number, height: number, step: number): Uint8Array | undefined {
  const out = new Uint8Array(rowBytes * height);
  for (let y = 0, from = 1, to = 0; y < height; y++, from += rowBytes + 1, to += rowBytes) {
    // Above the first row all is 0: there, a filter that looks up is another one or none.
    switch (filtered[from - 1]) {
      case 0:
        out.set(filtered.subarray(from, from + rowBytes), to);
        break;
      case 1:
        addLeft(filtered, from, out, to, rowBytes, step);
        break;
      case 2:
        if (y === 0) out.set(filtered.subarray(from, from + rowBytes), to);
        else addAbove(filtered, from, out, to, rowBytes);
        break;
      case 3:
        addMean(filtered, from, out, to, rowBytes, step, y === 0);
        break;
      case 4:
        if (y === 0) addLeft(filtered, from, out, to, rowBytes, step);
        else addPaeth(filtered, from, out, to, rowBytes, step);
        break;
      default:
        return undefined;
    }
  }
  return out;
}

function addLeft(filtered: Uint8Array, from: number, out: Uint8Array, to: number, count: number, step: number): void {
  for (let i = 0; i < step; i++) out[to + i] = filtered[from + i]!;
  for (let i = step; i < count; i++) out[to + i] = filtered[from + i]! + out[to + i - step]!;
}

function addAbove(filtered: Uint8Array, from: number, out: Uint8Array, to: number, count: number): void {
  for (let i = 0; i < count; i++) out[to + i] = filtered[from + i]! + out[to + i - count]!;
}

function addMean(filtered: Uint8Array, from: number, out: Uint8Array, to: number, count: number, step: number, isFirst: boolean): void {
  for (let i = 0; i < count; i++) {
    const left = i < step ? 0 : out[to + i - step]!;
    const above = isFirst ? 0 : out[to + i - count]!;
    out[to + i] = filtered[from + i]! + ((left + above) >> 1);
  }
}

function addPaeth(filtered: Uint8Array, from: number, out: Uint8Array, to: number, count: number, step: number): void {
  const given = filtered.subarray(from, from + count);
  const [row, above] = [out.subarray(to, to + count), out.subarray(to - count, to)];
  for (let i = 0; i < step; i++) row[i] = given[i]! + above[i]!;
  for (let i = step, left = 0; i < count; i++, left++) row[i] = given[i]! + nearest(row[left]!, above[i]!, above[left]!);
}

/** Of left, above and above left the one nearest to left + above − above left. Without branches, which noise makes five times as slow. */
function nearest(left: number, above: number, corner: number): number {
  const byLeft = magnitude(above - corner);
  const byAbove = magnitude(left - corner);
  const byCorner = magnitude(left + above - 2 * corner);
  const notLeft = ((byAbove - byLeft) | (byCorner - byLeft)) >> 31;
  const notAbove = (byCorner - byAbove) >> 31;
  return (left & ~notLeft) | (((above & ~notAbove) | (corner & notAbove)) & notLeft);
}

const magnitude = (v: number): number => (v ^ (v >> 31)) - (v >> 31);
