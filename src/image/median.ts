/**
 * The 5×5 median of each channel on float images, border replicated. A network of comparisons that leaves the median in place, written
 * in WebAssembly with four values at a time; five rows are held there at once. bench/merge.mjs times it.
 */
import { type FloatImage, floatImage } from './image.ts';
import { type Code, constant, f32x4, get, i32, moduleOf, repeat, set } from './wasmCode.ts';

const SIDE = 5;
const TAPS = SIDE * SIDE;
const MIDDLE = (TAPS - 1) / 2;
/** Where the addresses of the five rows and the number of bytes to do are handed over. */
const ROWS = 0;

/**
 * Medians one after another: one for each ten of `power`, weaker towards the end.
 *
 * @param whole  while what is left of the power is at least this, the median counts whole; below, as the share left / whole.
 */
export function medianFiltered(image: FloatImage, power: number, whole: number): FloatImage {
  let current = image;
  for (let n = power; n > 0; n -= 10) {
    const median = median5(current);
    if (n < whole) {
      const share = n / whole;
      for (let i = 0; i < median.data.length; i++) median.data[i] = current.data[i]! + (median.data[i]! - current.data[i]!) * share;
    }
    current = median;
  }
  return current;
}

/** The median of the 5×5 values around each value, channel by channel. */
export function median5(image: FloatImage): FloatImage {
  const { width, height, channels, data } = image;
  const values = width * channels;
  const padded = (width + SIDE - 1) * channels;
  const rowBytes = Math.ceil(padded / 4) * 16 + 16;
  const start = 64;
  const result = start + SIDE * rowBytes;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((result + rowBytes) / 65536) });
  const { buffer } = memory;
  const addresses = new Int32Array(buffer, ROWS, SIDE);
  const slots = Array.from({ length: SIDE }, (_, k) => new Float32Array(buffer, start + k * rowBytes, padded));
  const row = new Float32Array(buffer, result, values);
  const module = new WebAssembly.Module(kernel(channels * 4, result));
  const run = new WebAssembly.Instance(module, { m: { m: memory } }).exports.run as (bytes: number) => void;
  const load = (y: number): void => {
    const slot = slots[y % SIDE]!;
    slot.set(data.subarray(y * values, (y + 1) * values), 2 * channels);
    for (let k = 0; k < 2 * channels; k++) {
      slot[k] = slot[2 * channels + (k % channels)]!;
      slot[2 * channels + values + k] = slot[channels + values + (k % channels)]!;
    }
  };
  const out = floatImage(width, height, channels);
  for (let y = 0; y < Math.min(2, height); y++) load(y);
  for (let y = 0; y < height; y++) {
    if (y + 2 < height) load(y + 2);
    for (let k = 0; k < SIDE; k++) addresses[k] = start + (Math.min(Math.max(y + k - 2, 0), height - 1) % SIDE) * rowBytes;
    run(values * 4);
    out.data.set(row, y * values);
  }
  return out;
}

interface Exchange {
  readonly low: number;
  readonly high: number;
  readonly keepsLow: boolean;
  readonly keepsHigh: boolean;
}

/**
 * The exchanges of Batcher's odd-even merge sort that the median depends on. Places beyond the taps would hold +∞ and never move, so
 * exchanges with them fall away. Source: Knuth, The Art of Computer Programming 3, 5.2.2 M.
 */
function medianNetwork(): readonly Exchange[] {
  const pairs: [number, number][] = [];
  for (let p = 1; p < TAPS; p *= 2) {
    for (let k = p; k >= 1; k >>= 1) {
      for (let j = k % p; j + k < TAPS; j += 2 * k) {
        for (let i = 0; i < Math.min(k, TAPS - j - k); i++) {
          if (Math.floor((i + j) / (2 * p)) === Math.floor((i + j + k) / (2 * p))) pairs.push([i + j, i + j + k]);
        }
      }
    }
  }
  const needed = new Set([MIDDLE]);
  const kept: Exchange[] = [];
  for (const [low, high] of pairs.reverse()) {
    const [keepsLow, keepsHigh] = [needed.has(low), needed.has(high)];
    if (!keepsLow && !keepsHigh) continue;
    kept.push({ low, high, keepsLow, keepsHigh });
    needed.add(low).add(high);
  }
  return kept.reverse();
}

/** Medians of a whole row: for every four values, 25 loads and the network. */
function kernel(pixelBytes: number, result: number): Uint8Array {
  const [bytes, at, firstRow, firstTap] = [0, 1, 2, 2 + SIDE];
  const held = firstTap + TAPS;
  const loads = Array.from({ length: TAPS }, (_, k): Code => {
    const [row, column] = [Math.floor(k / SIDE), k % SIDE];
    return [...get(firstRow + row), ...get(at), ...i32.add, ...f32x4.load(column * pixelBytes), ...set(firstTap + k)];
  });
  const exchanges = medianNetwork().map(({ low, high, keepsLow, keepsHigh }): Code => {
    const both = [...get(firstTap + low), ...get(firstTap + high)];
    if (!keepsHigh) return [...both, ...f32x4.lesser, ...set(firstTap + low)];
    if (!keepsLow) return [...both, ...f32x4.greater, ...set(firstTap + high)];
    return [
      ...both,
      ...f32x4.lesser,
      ...set(held),
      ...both,
      ...f32x4.greater,
      ...set(firstTap + high),
      ...get(held),
      ...set(firstTap + low),
    ];
  });
  const body = [
    ...loads.flat(),
    ...exchanges.flat(),
    ...[...get(at), ...get(firstTap + MIDDLE), ...f32x4.store(result)],
    ...[...get(at), ...constant(16), ...i32.add, ...set(at)],
    ...[...get(at), ...get(bytes), ...i32.less],
  ];
  const addresses = Array.from({ length: SIDE }, (_, k): Code => [...constant(ROWS + k * 4), ...i32.load(0), ...set(firstRow + k)]);
  return moduleOf([...addresses.flat(), ...repeat(body)], { i32: 1 + SIDE, v128: TAPS + 1 });
}
