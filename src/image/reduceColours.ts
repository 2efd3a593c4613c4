/**
 * A picture in few colours of its own choice: median cut (Heckbert 1982). The box with the most pixels is cut at its median along its
 * widest side, widths weighed as the eye does, until there are as many boxes as colours; a colour is the mean of its box.
 */
import type { ByteImage } from './image.ts';

/** Distinct colours looked at; a picture with more is read with fewer bits a channel. */
const MOST_DISTINCT = 65536;
/** How much a difference in each of three channels counts: BGR by the weights of luminance. */
const bgrWeights = [29, 150, 77] as const;

/** Distinct colours of a picture: the mean of the pixels that share a key, and how many they are. */
interface Palette {
  readonly count: number;
  /** Three numbers a colour. */
  readonly colours: Float64Array;
  readonly pixels: Uint32Array;
  /** For each pixel of the picture the number of its colour. */
  readonly index: Uint32Array;
}

/**
 * @param image  BGR bytes.
 * @param count  of colours in the result, at most.
 */
export function reduceColours(image: ByteImage, count: number): ByteImage {
  const distinct = distinctColours(image.data);
  const chosen = medianCut(distinct, count);
  const nearest = Uint32Array.from({ length: distinct.count }, (_, i) => nearestColour(chosen, distinct.colours, i * 3));
  const data = new Uint8Array(image.data.length);
  for (let i = 0, p = 0; p < data.length; i++, p += 3) {
    const q = nearest[distinct.index[i]!]! * 3;
    data[p] = chosen[q]!;
    data[p + 1] = chosen[q + 1]!;
    data[p + 2] = chosen[q + 2]!;
  }
  return { ...image, data };
}

function distinctColours(data: Uint8Array): Palette {
  for (let bits = 8; ; bits--) {
    const found = collect(data, bits);
    if (found !== undefined) return found;
  }
}

/** Colours by the upper bits of each channel; undefined if they are too many. */
function collect(data: Uint8Array, bits: number): Palette | undefined {
  const slots = 4 * MOST_DISTINCT;
  const table = new Int32Array(slots).fill(-1);
  const keys = new Uint32Array(MOST_DISTINCT);
  const sums = new Float64Array(MOST_DISTINCT * 3);
  const pixels = new Uint32Array(MOST_DISTINCT);
  const index = new Uint32Array(data.length / 3);
  const shift = 8 - bits;
  let count = 0;
  for (let i = 0, p = 0; i < index.length; i++, p += 3) {
    const key = ((data[p]! >> shift) << 16) | ((data[p + 1]! >> shift) << 8) | (data[p + 2]! >> shift);
    let slot = (Math.imul(key, 0x9e3779b1) >>> 14) & (slots - 1);
    while (table[slot] !== -1 && keys[table[slot]!] !== key) slot = (slot + 1) & (slots - 1);
    let at = table[slot]!;
    if (at === -1) {
      if (count === MOST_DISTINCT) return undefined;
      at = count++;
      table[slot] = at;
      keys[at] = key;
    }
    index[i] = at;
    pixels[at]!++;
    for (let c = 0; c < 3; c++) sums[at * 3 + c]! += data[p + c]!;
  }
  return { count, colours: sums.subarray(0, count * 3).map((v, k) => v / pixels[Math.floor(k / 3)]!), pixels, index };
}

interface Box {
  /** Numbers of its colours. */
  readonly members: Uint32Array;
  readonly pixels: number;
}

/** @returns three bytes a colour. */
function medianCut({ count, colours, pixels }: Palette, wanted: number): Uint8Array {
  const boxOf = (members: Uint32Array): Box => ({ members, pixels: members.reduce((n, i) => n + pixels[i]!, 0) });
  const boxes: Box[] = [boxOf(Uint32Array.from({ length: count }, (_, i) => i))];
  while (boxes.length < wanted) {
    const largest = boxes.reduce(
      (best, box) => (box.members.length > 1 && (best === undefined || box.pixels > best.pixels) ? box : best),
      undefined as Box | undefined,
    );
    if (largest === undefined) break;
    const axis = widestAxis(largest.members, colours);
    const sorted = largest.members.sort((i, j) => colours[i * 3 + axis]! - colours[j * 3 + axis]!);
    let [end, seen] = [1, pixels[sorted[0]!]!];
    while (end < sorted.length - 1 && seen * 2 < largest.pixels) seen += pixels[sorted[end++]!]!;
    boxes.splice(boxes.indexOf(largest), 1, boxOf(sorted.slice(0, end)), boxOf(sorted.slice(end)));
  }
  return Uint8Array.from(boxes.flatMap(({ members, pixels: n }) => meanColour(members, colours, pixels, n)));
}

function widestAxis(members: Uint32Array, colours: Float64Array): number {
  let [axis, widest] = [0, -1];
  for (const [c, weight] of bgrWeights.entries()) {
    let [low, high] = [Infinity, -Infinity];
    for (const i of members) {
      const v = colours[i * 3 + c]!;
      if (v < low) low = v;
      if (v > high) high = v;
    }
    if ((high - low) * weight > widest) [axis, widest] = [c, (high - low) * weight];
  }
  return axis;
}

function meanColour(members: Uint32Array, colours: Float64Array, pixels: Uint32Array, total: number): number[] {
  const sum = [0, 0, 0];
  for (const i of members) for (let c = 0; c < 3; c++) sum[c]! += colours[i * 3 + c]! * pixels[i]!;
  return sum.map((v) => Math.round(v / total));
}

function nearestColour(palette: Uint8Array, colours: Float64Array, at: number): number {
  const [b, g, r] = [colours[at]!, colours[at + 1]!, colours[at + 2]!];
  let [best, least] = [0, Infinity];
  for (let q = 0; q < palette.length; q += 3) {
    const d = (palette[q]! - b) ** 2 + (palette[q + 1]! - g) ** 2 + (palette[q + 2]! - r) ** 2;
    if (d < least) [best, least] = [q / 3, d];
  }
  return best;
}
