/**
 * A baseline JPEG encoder for many pictures in little time: the standard's tables at libjpeg's scale of qualities, full chroma, one pass. The codec's
 * own encoder searches for smaller files and takes four times as long. Source: ITU-T T.81, annexes A, F and K; DCT of Arai, Agui and Nakajima 1988.
 */
import type { ByteImage } from './image.ts';

// biome-ignore format: a table of eight by eight
const luminanceSteps = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
  18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
// biome-ignore format: a table of eight by eight
const chrominanceSteps = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];
/** Place of each coefficient, row by row, in the order of writing. */
// biome-ignore format: a table of eight by eight
const zigzag = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/** Numbers of codes of lengths 1…16, and their symbols. */
interface HuffmanTable {
  readonly counts: readonly number[];
  readonly symbols: readonly number[];
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const hex = (text: string): number[] =>
  Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));

const luminanceDc: HuffmanTable = { counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], symbols: range(12) };
const chrominanceDc: HuffmanTable = { counts: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], symbols: range(12) };
const luminanceAc: HuffmanTable = {
  counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
  symbols: hex(
    '01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa',
  ),
};
const chrominanceAc: HuffmanTable = {
  counts: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
  symbols: hex(
    '000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa',
  ),
};

/** Of each symbol, its code in the upper bits and its length in the lower five. */
function codesOf({ counts, symbols }: HuffmanTable): Int32Array {
  const codes = new Int32Array(256);
  let [code, at] = [0, 0];
  for (const [i, count] of counts.entries()) {
    for (let k = 0; k < count; k++) codes[symbols[at++]!] = (code++ << 5) | (i + 1);
    code <<= 1;
  }
  return codes;
}

/** Source: libjpeg, jpeg_quality_scaling. */
function stepsAt(quality: number, steps: readonly number[]): number[] {
  const scale = quality < 50 ? Math.trunc(5000 / quality) : 200 - 2 * quality;
  return steps.map((step) => Math.min(255, Math.max(1, Math.trunc((step * scale + 50) / 100))));
}

/** What each coefficient of the fast transform is multiplied by, row by row: its own scale and the step. */
function factorsOf(steps: readonly number[]): Float64Array {
  const scale = range(8).map((k) => (k === 0 ? 1 : Math.SQRT2 * Math.cos((k * Math.PI) / 16)));
  return Float64Array.from(steps, (step, i) => 1 / (8 * step * scale[i >> 3]! * scale[i & 7]!));
}

/** @param image  RGB.  @param quality  1…100, on libjpeg's scale. */
export function encodeBaselineJpeg(image: ByteImage, quality: number): Uint8Array {
  const { width, height } = image;
  if (image.channels !== 3) throw new RangeError(`an image of ${image.channels} channels; 3 are encoded`);
  const steps = [luminanceSteps, chrominanceSteps].map((table) => stepsAt(quality, table));
  const out = new BitWriter(4096 + width * height);
  out.bytes(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0);
  for (const [i, table] of steps.entries()) out.bytes(0xff, 0xdb, 0, 67, i, ...zigzag.map((k) => table[k]!));
  out.bytes(0xff, 0xc0, 0, 17, 8, height >> 8, height & 255, width >> 8, width & 255, 3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1);
  const tables = [luminanceDc, luminanceAc, chrominanceDc, chrominanceAc];
  for (const [i, { counts, symbols }] of tables.entries()) {
    out.bytes(0xff, 0xc4, 0, 19 + symbols.length, ((i & 1) << 4) | (i >> 1), ...counts, ...symbols);
  }
  out.bytes(0xff, 0xda, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0);
  scan(image, steps.map(factorsOf) as [Float64Array, Float64Array], tables.map(codesOf), out);
  out.flush();
  out.bytes(0xff, 0xd9);
  return out.taken();
}

function scan(
  { width, height, data }: ByteImage,
  factors: readonly [Float64Array, Float64Array],
  codes: readonly Int32Array[],
  out: BitWriter,
): void {
  const blocks = [new Float64Array(64), new Float64Array(64), new Float64Array(64)] as const;
  const quantized = new Int32Array(64);
  const before = [0, 0, 0];
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      readBlock(data, width, height, left, top, blocks[0], blocks[1], blocks[2]);
      for (let c = 0; c < 3; c++) {
        const kind = c === 0 ? 0 : 1;
        transform(blocks[c]!);
        quantize(blocks[c]!, factors[kind]!, quantized);
        before[c] = writeBlock(quantized, before[c]!, codes[kind * 2]!, codes[kind * 2 + 1]!, out);
      }
    }
  }
}

/** Eight by eight pixels as luminance and chrominances around 0; beyond the edge the last pixel goes on. Source: JFIF 1.02. */
function readBlock(
  data: Uint8Array,
  width: number,
  height: number,
  left: number,
  top: number,
  lum: Float64Array,
  blue: Float64Array,
  red: Float64Array,
): void {
  for (let j = 0, o = 0; j < 8; j++) {
    const row = (top + j < height ? top + j : height - 1) * width;
    for (let i = 0; i < 8; i++, o++) {
      const at = (row + (left + i < width ? left + i : width - 1)) * 3;
      const r = data[at]!;
      const g = data[at + 1]!;
      const b = data[at + 2]!;
      lum[o] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
      blue[o] = -0.168735892 * r - 0.331264108 * g + 0.5 * b;
      red[o] = 0.5 * r - 0.418687589 * g - 0.081312411 * b;
    }
  }
}

/** The cosine transform in place, each coefficient times a scale that `factorsOf` takes back. */
function transform(d: Float64Array): void {
  for (let i = 0; i < 64; i += 8) eight(d, i, 1);
  for (let i = 0; i < 8; i++) eight(d, i, 8);
}

function eight(d: Float64Array, o: number, s: number): void {
  const d0 = d[o]!;
  const d1 = d[o + s]!;
  const d2 = d[o + 2 * s]!;
  const d3 = d[o + 3 * s]!;
  const d4 = d[o + 4 * s]!;
  const d5 = d[o + 5 * s]!;
  const d6 = d[o + 6 * s]!;
  const d7 = d[o + 7 * s]!;
  const t0 = d0 + d7;
  const t7 = d0 - d7;
  const t1 = d1 + d6;
  const t6 = d1 - d6;
  const t2 = d2 + d5;
  const t5 = d2 - d5;
  const t3 = d3 + d4;
  const t4 = d3 - d4;
  const e0 = t0 + t3;
  const e3 = t0 - t3;
  const e1 = t1 + t2;
  const e2 = t1 - t2;
  d[o] = e0 + e1;
  d[o + 4 * s] = e0 - e1;
  const z1 = (e2 + e3) * Math.SQRT1_2;
  d[o + 2 * s] = e3 + z1;
  d[o + 6 * s] = e3 - z1;
  const f0 = t4 + t5;
  const f1 = t5 + t6;
  const f2 = t6 + t7;
  const z5 = (f0 - f2) * 0.3826834323650898;
  const z2 = 0.541196100146197 * f0 + z5;
  const z4 = 1.3065629648763766 * f2 + z5;
  const z3 = f1 * Math.SQRT1_2;
  const g7 = t7 + z3;
  const g5 = t7 - z3;
  d[o + 5 * s] = g5 + z2;
  d[o + 3 * s] = g5 - z2;
  d[o + s] = g7 + z4;
  d[o + 7 * s] = g7 - z4;
}

/** In the order of writing, rounded. */
function quantize(block: Float64Array, factors: Float64Array, out: Int32Array): void {
  for (let i = 0; i < 64; i++) {
    const at = zigzagTable[i]!;
    out[i] = Math.round(block[at]! * factors[at]!);
  }
}

const zigzagTable = Uint8Array.from(zigzag);

/** @returns the first coefficient, from which the next block's is told. */
function writeBlock(q: Int32Array, before: number, dc: Int32Array, ac: Int32Array, out: BitWriter): number {
  const difference = q[0]! - before;
  const size = 32 - Math.clz32(Math.abs(difference));
  out.code(dc[size]!);
  out.value(difference, size);
  let last = 63;
  while (last > 0 && q[last] === 0) last--;
  let zeros = 0;
  for (let i = 1; i <= last; i++) {
    const v = q[i]!;
    if (v === 0) {
      zeros++;
      continue;
    }
    for (; zeros > 15; zeros -= 16) out.code(ac[0xf0]!);
    const bits = 32 - Math.clz32(Math.abs(v));
    out.code(ac[(zeros << 4) | bits]!);
    out.value(v, bits);
    zeros = 0;
  }
  if (last < 63) out.code(ac[0]!);
  return q[0]!;
}

/** Bytes, and bits with a zero stuffed behind each 255. */
class BitWriter {
  #data: Uint8Array;
  #length = 0;
  #held = 0;
  #bits = 0;

  constructor(capacity: number) {
    this.#data = new Uint8Array(capacity);
  }

  bytes(...values: readonly number[]): void {
    this.#reserve(values.length);
    for (const value of values) this.#data[this.#length++] = value;
  }

  /** @param packed as codesOf has them. */
  code(packed: number): void {
    this.#put(packed >> 5, packed & 31);
  }

  /** The lower bits of a value; a negative one less 1. */
  value(v: number, size: number): void {
    if (size > 0) this.#put((v < 0 ? v - 1 : v) & ((1 << size) - 1), size);
  }

  /** Fills the last byte with ones. */
  flush(): void {
    if (this.#bits > 0) this.#put((1 << (8 - this.#bits)) - 1, 8 - this.#bits);
  }

  taken(): Uint8Array {
    return this.#data.slice(0, this.#length);
  }

  #put(bits: number, size: number): void {
    this.#held = (this.#held << size) | bits; // 7 bits held and 16 new ones at most
    this.#bits += size;
    while (this.#bits >= 8) {
      this.#bits -= 8;
      const byte = (this.#held >> this.#bits) & 255;
      if (this.#length + 2 > this.#data.length) this.#reserve(2);
      this.#data[this.#length++] = byte;
      if (byte === 255) this.#data[this.#length++] = 0;
    }
    this.#held &= (1 << this.#bits) - 1;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#data.length) return;
    const larger = new Uint8Array(2 * this.#data.length + more);
    larger.set(this.#data.subarray(0, this.#length));
    this.#data = larger;
  }
}
