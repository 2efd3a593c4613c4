/**
 * A baseline JPEG encoder for many pictures in little time: the standard's tables at libjpeg's scale of qualities, full chroma, one pass; a row of
 * blocks is transformed in WebAssembly, four numbers at a time, and then written. The codec's own encoder searches for smaller files and takes much
 * longer. Source: ITU-T T.81, annexes A, F and K; DCT of Arai, Agui and Nakajima 1988.
 */
import type { ByteImage } from './image.ts';
import { Simd } from './simd.ts';
import { type Code, constant, f32x4, i32, i32x4, type Local, loop, type Routine, v128 } from './wasmCode.ts';

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

/** What each coefficient of the fast transform is multiplied by, column by column: its own scale and the step. */
function factorsOf(steps: readonly number[]): number[] {
  const scale = range(8).map((k) => (k === 0 ? 1 : Math.SQRT2 * Math.cos((k * Math.PI) / 16)));
  return range(64).map((i) => 1 / (8 * steps[turned(i)]! * scale[i >> 3]! * scale[i & 7]!));
}

/** Row by row from column by column, and back. */
const turned = (i: number): number => ((i & 7) << 3) | (i >> 3);

/** Place of each coefficient, column by column, in the order of writing. */
const order = Uint8Array.from(zigzag, turned);

/** @param image  RGB.  @param quality  1…100, on libjpeg's scale. */
export function encodeBaselineJpeg(image: ByteImage, quality: number): Uint8Array {
  const { width, height } = image;
  if (image.channels !== 3) throw new RangeError(`an image of ${image.channels} channels; 3 are encoded`);
  const steps = [luminanceSteps, chrominanceSteps].map((table) => stepsAt(quality, table));
  writer ??= new BitWriter();
  const out = writer;
  out.begin(4096 + width * height);
  out.bytes(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0);
  for (const [i, table] of steps.entries()) out.bytes(0xff, 0xdb, 0, 67, i, ...zigzag.map((k) => table[k]!));
  out.bytes(0xff, 0xc0, 0, 17, 8, height >> 8, height & 255, width >> 8, width & 255, 3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1);
  const tables = [luminanceDc, luminanceAc, chrominanceDc, chrominanceAc];
  for (const [i, { counts, symbols }] of tables.entries()) {
    out.bytes(0xff, 0xc4, 0, 19 + symbols.length, ((i & 1) << 4) | (i >> 1), ...counts, ...symbols);
  }
  out.bytes(0xff, 0xda, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0);
  scan(image, steps.flatMap(factorsOf), tables.map(codesOf), out);
  out.flush();
  out.bytes(0xff, 0xd9);
  return out.taken();
}

/** One for each thread, made when it is first needed: compiling it for every picture would take longer than the picture. Nothing stays in its memory. */
let simd: Simd | undefined;
let writer: BitWriter | undefined;

function scan({ width, height, data }: ByteImage, factors: readonly number[], codes: readonly Int32Array[], out: BitWriter): void {
  simd ??= new Simd();
  const across = Math.ceil(width / 8);
  const stride = across * 24;
  const [pixels, scratch, factorsAt, coefficients, marksAt] = simd.layout(stride * 2, SCRATCH, 128, across * 192, across * 6);
  simd.floats(factorsAt, 128).set(factors);
  const bytes = simd.bytes(pixels, stride * 8);
  const quantized = simd.integers(coefficients, across * 192);
  const marks = simd.integers(marksAt, across * 6);
  const run = simd.run(blockRow);
  const before = [0, 0, 0];
  for (let top = 0; top < height; top += 8) {
    readRows(data, width, height, top, stride, bytes);
    run(pixels, stride, scratch, factorsAt, coefficients, coefficients + across * 768, marksAt);
    for (let block = 0; block < across * 3; block++) {
      const c = block % 3;
      const kind = c === 0 ? 0 : 2;
      before[c] = writeBlock(
        quantized,
        block * 64,
        before[c]!,
        marks[block * 2]!,
        marks[block * 2 + 1]!,
        codes[kind]!,
        codes[kind + 1]!,
        out,
      );
    }
  }
}

/** Eight rows of whole blocks; beyond the edge the last pixel goes on. */
function readRows(data: Uint8Array, width: number, height: number, top: number, stride: number, out: Uint8Array): void {
  for (let j = 0; j < 8; j++) {
    const from = Math.min(top + j, height - 1) * width * 3;
    out.set(data.subarray(from, from + width * 3), j * stride);
    for (let o = j * stride + width * 3; o < (j + 1) * stride; o++) out[o] = out[o - 3]!;
  }
}

/** Floats of three blocks. */
const SCRATCH = 192;

/**
 * A row of blocks as quantized coefficients, column by column, luminance and both chrominances of each block in turn, and 64 bits for each block
 * that say which are not 0. Pixels are RGB bytes; factors are those of luminance, then those of chrominance.
 */
const blockRow: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  body(locals, pixels, stride, scratch, factors, out, end, marks) {
    const halves = locals.many('i32', 2);
    const [four, zero, row] = [locals.one('v128'), locals.one('v128'), locals.one('i32')];
    const [plane, factor] = [locals.one('i32'), locals.one('i32')];
    const channels = locals.many('v128', 3);
    const [left, right, temporary] = [locals.many('v128', 8), locals.many('v128', 8), locals.many('v128', 8)];
    const read: Code[] = [];
    for (let j = 0; j < 8; j++) {
      for (const half of [0, 1]) {
        read.push(four.set(v128.load(row.get, half * 12)));
        for (const [c, channel] of channels.entries()) {
          const places = range(16).map((i) => (i % 4 === 0 ? (i / 4) * 3 + c : 16));
          read.push(channel.set(f32x4.fromIntegers(v128.shuffleBytes(four.get, zero.get, places))));
        }
        for (const [c, weights] of colours.entries()) {
          const [r, g, b] = weights.map((weight, k) => f32x4.mul(channels[k]!.get, f32x4.splatConstant(weight)));
          const sum = f32x4.add(f32x4.add(r!, g!), b!);
          const value = c === 0 ? f32x4.subtract(sum, f32x4.splatConstant(128)) : sum;
          read.push(f32x4.store(scratch.get, value, c * 256 + j * 32 + half * 16));
        }
      }
      read.push(row.set(i32.add(row.get, stride.get)));
    }
    const both = [...left, ...right];
    const at = (k: number): number => (k < 8 ? k * 32 : (k - 8) * 32 + 16);
    const block: Code = [
      ...both.flatMap((v, k) => v.set(f32x4.load(plane.get, at(k)))),
      ...transform(left, temporary),
      ...transform(right, temporary),
      ...transpose(left, right, temporary),
      ...transform(left, temporary),
      ...transform(right, temporary),
      ...halves.flatMap((half) => half.set(constant(0))),
      ...both.flatMap((v, k) => {
        const half = halves[(k & 7) >> 2]!; // of the columns
        const bits = i32x4.upperBits(i32x4.differ(v.get, zero.get));
        const place = (k & 3) * 8 + (k < 8 ? 0 : 4);
        return [
          ...v.set(i32x4.fromFloats(f32x4.nearest(f32x4.mul(v.get, f32x4.load(factor.get, at(k)))))),
          ...f32x4.store(out.get, v.get, at(k)),
          ...half.set(i32.or(half.get, i32.shiftLeft(bits, constant(place)))),
        ];
      }),
      ...halves.flatMap((half, i) => i32.store(marks.get, half.get, i * 4)),
      ...marks.set(i32.add(marks.get, constant(8))),
    ];
    const planesEnd = i32.add(scratch.get, constant(SCRATCH * 4));
    return [
      ...zero.set(f32x4.splatConstant(0)),
      ...loop(out, end.get, constant(0), [
        ...row.set(pixels.get),
        ...read.flat(),
        ...plane.set(scratch.get),
        ...factor.set(factors.get),
        ...loop(plane, planesEnd, constant(256), [
          ...block,
          ...factor.set(i32.add(factors.get, constant(256))),
          ...out.set(i32.add(out.get, constant(256))),
        ]),
        ...pixels.set(i32.add(pixels.get, constant(24))),
      ]),
    ];
  },
};

/** Luminance, blue and red difference from R, G, B. Source: JFIF 1.02. */
const colours = [
  [0.299, 0.587, 0.114],
  [-0.168735892, -0.331264108, 0.5],
  [0.5, -0.418687589, -0.081312411],
] as const;

/** The cosine transform down the columns of eight rows, in place, each coefficient times a scale that `factorsOf` takes back. */
function transform(d: readonly Local[], t: readonly Local[]): Code {
  const { add, subtract, mul, splatConstant } = f32x4;
  const times = (v: Code, factor: number): Code => mul(v, splatConstant(factor));
  const [d0, d1, d2, d3, d4, d5, d6, d7] = d as readonly [Local, Local, Local, Local, Local, Local, Local, Local];
  const [t0, t1, t2, t3, t4, t5, t6, t7] = t as readonly [Local, Local, Local, Local, Local, Local, Local, Local];
  return [
    ...t0.set(add(d0.get, d7.get)),
    ...t7.set(subtract(d0.get, d7.get)),
    ...t1.set(add(d1.get, d6.get)),
    ...t6.set(subtract(d1.get, d6.get)),
    ...t2.set(add(d2.get, d5.get)),
    ...t5.set(subtract(d2.get, d5.get)),
    ...t3.set(add(d3.get, d4.get)),
    ...t4.set(subtract(d3.get, d4.get)),
    // Even: e0 … e3 take the places of d1, d5, d7 and d3.
    ...d1.set(add(t0.get, t3.get)),
    ...d3.set(subtract(t0.get, t3.get)),
    ...d5.set(add(t1.get, t2.get)),
    ...d7.set(subtract(t1.get, t2.get)),
    ...d0.set(add(d1.get, d5.get)),
    ...d4.set(subtract(d1.get, d5.get)),
    ...t0.set(times(add(d7.get, d3.get), Math.SQRT1_2)),
    ...d2.set(add(d3.get, t0.get)),
    ...d6.set(subtract(d3.get, t0.get)),
    // Odd.
    ...t0.set(add(t4.get, t5.get)),
    ...t1.set(add(t5.get, t6.get)),
    ...t2.set(add(t6.get, t7.get)),
    ...t3.set(times(subtract(t0.get, t2.get), 0.3826834323650898)),
    ...t4.set(add(times(t0.get, 0.541196100146197), t3.get)),
    ...t5.set(add(times(t2.get, 1.3065629648763766), t3.get)),
    ...t6.set(times(t1.get, Math.SQRT1_2)),
    ...t0.set(add(t7.get, t6.get)),
    ...t1.set(subtract(t7.get, t6.get)),
    ...d5.set(add(t1.get, t4.get)),
    ...d3.set(subtract(t1.get, t4.get)),
    ...d1.set(add(t0.get, t5.get)),
    ...d7.set(subtract(t0.get, t5.get)),
  ];
}

/** Rows become columns; `left` and `right` hold four numbers of each row. */
function transpose(left: readonly Local[], right: readonly Local[], t: readonly Local[]): Code {
  const four = (rows: readonly Local[], into: readonly Local[]): Code => {
    const [a, b, c, d] = rows as readonly [Local, Local, Local, Local];
    const [t0, t1, t2, t3] = t as readonly [Local, Local, Local, Local];
    return [
      ...t0.set(v128.shuffle(a.get, b.get, [0, 4, 1, 5])),
      ...t1.set(v128.shuffle(a.get, b.get, [2, 6, 3, 7])),
      ...t2.set(v128.shuffle(c.get, d.get, [0, 4, 1, 5])),
      ...t3.set(v128.shuffle(c.get, d.get, [2, 6, 3, 7])),
      ...into[0]!.set(v128.shuffle(t0.get, t2.get, [0, 1, 4, 5])),
      ...into[1]!.set(v128.shuffle(t0.get, t2.get, [2, 3, 6, 7])),
      ...into[2]!.set(v128.shuffle(t1.get, t3.get, [0, 1, 4, 5])),
      ...into[3]!.set(v128.shuffle(t1.get, t3.get, [2, 3, 6, 7])),
    ];
  };
  const swapped = range(4).flatMap((i) => [
    ...t[4]!.set(left[4 + i]!.get),
    ...left[4 + i]!.set(right[i]!.get),
    ...right[i]!.set(t[4]!.get),
  ]);
  return [
    ...four(left.slice(0, 4), left.slice(0, 4)),
    ...four(left.slice(4), left.slice(4)),
    ...four(right.slice(0, 4), right.slice(0, 4)),
    ...four(right.slice(4), right.slice(4)),
    ...swapped,
  ];
}

/** For each byte of a block's marks and each value of it, the same marks in the order of writing: the first 32 places, and the others. */
const [early, late] = ((): readonly [Int32Array, Int32Array] => {
  const tables = [new Int32Array(8 * 256), new Int32Array(8 * 256)] as const;
  for (const [place, coefficient] of order.entries()) {
    for (let value = 0; value < 256; value++) {
      if ((value >> (coefficient & 7)) & 1) tables[place >> 5]![(coefficient >> 3) * 256 + value]! |= 1 << (place & 31);
    }
  }
  return tables;
})();

/**
 * @param low, high  marks of the block.
 * @returns the first coefficient, from which the next block's is told.
 */
function writeBlock(
  q: Int32Array,
  at: number,
  before: number,
  low: number,
  high: number,
  dc: Int32Array,
  ac: Int32Array,
  out: BitWriter,
): number {
  const first = q[at]!;
  const difference = first - before;
  const size = 32 - Math.clz32(Math.abs(difference));
  out.symbol(dc[size]!, difference, size);
  let marks = 0;
  let rest = 0;
  for (let byte = 0; byte < 4; byte++) {
    const [a, b] = [byte * 256 + ((low >>> (byte * 8)) & 255), 1024 + byte * 256 + ((high >>> (byte * 8)) & 255)];
    marks |= early[a]! | early[b]!;
    rest |= late[a]! | late[b]!;
  }
  let last = 0;
  marks &= ~1;
  for (let base = 0; base < 64; base += 32, marks = rest) {
    while (marks !== 0) {
      const place = base + 31 - Math.clz32(marks & -marks);
      marks &= marks - 1;
      let zeros = place - last - 1;
      for (; zeros > 15; zeros -= 16) out.code(ac[0xf0]!);
      const v = q[at + order[place]!]!;
      const bits = 32 - Math.clz32(Math.abs(v));
      out.symbol(ac[(zeros << 4) | bits]!, v, bits);
      last = place;
    }
  }
  if (last < 63) out.code(ac[0]!);
  return first;
}

/** Bytes, and bits with a zero stuffed behind each 255. */
class BitWriter {
  #data = new Uint8Array();
  #length = 0;
  #held = 0;
  #bits = 0;

  begin(capacity: number): void {
    [this.#length, this.#held, this.#bits] = [0, 0, 0];
    this.#reserve(capacity);
  }

  bytes(...values: readonly number[]): void {
    this.#reserve(values.length);
    for (const value of values) this.#data[this.#length++] = value;
  }

  /** @param packed as codesOf has them. */
  code(packed: number): void {
    this.#put(packed >> 5, packed & 31);
  }

  /** A code and the lower bits of a value; of a negative one less 1. */
  symbol(packed: number, v: number, size: number): void {
    const length = packed & 31;
    const bits = (v < 0 ? v - 1 : v) & ((1 << size) - 1);
    if (length + size <= 24) this.#put(((packed >> 5) << size) | bits, length + size);
    else {
      this.#put(packed >> 5, length);
      this.#put(bits, size);
    }
  }

  /** Fills the last byte with ones. */
  flush(): void {
    if (this.#bits > 0) this.#put((1 << (8 - this.#bits)) - 1, 8 - this.#bits);
  }

  taken(): Uint8Array {
    return this.#data.slice(0, this.#length);
  }

  #put(bits: number, size: number): void {
    this.#held = (this.#held << size) | bits; // 7 bits held and 24 new ones at most
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
