/**
 * The losses of a training as the chart needs them: for each column of pixels the least, the largest and the mean of the iterations that fall into
 * it. Least and largest of blocks of 64 and of 4096 iterations are kept, and means come from running sums, so that a million iterations cost no more
 * than a few thousand.
 */

export interface Columns {
  /** One number a column; NaN where no iteration is. */
  readonly least: Float32Array;
  readonly most: Float32Array;
  readonly mean: Float32Array;
}

/** Iterations in a block of each level. */
const BLOCKS = [64, 4096] as const;

export class LossSeries {
  /** Iteration of the first record. */
  first = 1;
  #count = 0;
  /** src, dst, src, dst… */
  #losses = new Float32Array(2048);
  /** Sums of both sides over the records before each, and how many of these are numbers. */
  #sums = new Float64Array(2050);
  #numbers = new Uint32Array(1025);
  /** By level and side: least and largest of each full block, one after the other. */
  #blocks: Float32Array[][] = BLOCKS.map(() => [new Float32Array(64), new Float32Array(64)]);

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
  }

  /** Loss of a record; NaN if there is none. */
  at(record: number, side: 0 | 1): number {
    return record >= 0 && record < this.#count ? this.#losses[2 * record + side]! : Number.NaN;
  }

  /** Adds records behind the last. @param losses  src, dst, src, dst… */
  append(losses: Float32Array): void {
    const count = this.#count + losses.length / 2;
    this.#grow(count);
    this.#losses.set(losses, 2 * this.#count);
    for (let i = this.#count; i < count; i++) {
      const [src, dst] = [this.#losses[2 * i]!, this.#losses[2 * i + 1]!];
      const valid = Number.isFinite(src) && Number.isFinite(dst);
      this.#sums[2 * i + 2] = this.#sums[2 * i]! + (valid ? src : 0);
      this.#sums[2 * i + 3] = this.#sums[2 * i + 1]! + (valid ? dst : 0);
      this.#numbers[i + 1] = this.#numbers[i]! + (valid ? 1 : 0);
    }
    const before = this.#count;
    this.#count = count;
    for (const [level, size] of BLOCKS.entries())
      for (const side of [0, 1] as const)
        for (let block = Math.floor(before / size); (block + 1) * size <= count; block++) {
          const found = this.#extremes(side, block * size, (block + 1) * size, level - 1);
          this.#blocks[level]![side]!.set(found, 2 * block);
        }
  }

  /** Least and largest of the records from..to; an infinite pair if there is no number. @param level  of the largest blocks that may be used. */
  #extremes(side: 0 | 1, from: number, to: number, level: number): readonly [least: number, most: number] {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const take = (low: number, high: number): void => {
      if (low < least) least = low;
      if (high > most) most = high;
    };
    const size = BLOCKS[level];
    const [first, last] = size === undefined ? [to, to] : [Math.ceil(from / size), Math.floor(to / size)];
    if (size === undefined || first >= last) {
      if (level > 0) return this.#extremes(side, from, to, level - 1);
      for (let i = from; i < to; i++) take(this.#losses[2 * i + side]!, this.#losses[2 * i + side]!);
      return [least, most];
    }
    take(...this.#extremes(side, from, first * size, level - 1));
    const blocks = this.#blocks[level]![side]!;
    for (let block = first; block < last; block++) take(blocks[2 * block]!, blocks[2 * block + 1]!);
    take(...this.#extremes(side, last * size, to, level - 1));
    return [least, most];
  }

  /**
   * The records from..to in so many columns.
   *
   * @param window  records that the mean of a column spans at least, around its middle.
   */
  columns(side: 0 | 1, from: number, to: number, width: number, window: number): Columns {
    const columns = { least: new Float32Array(width), most: new Float32Array(width), mean: new Float32Array(width) };
    const span = (to - from) / width;
    for (let x = 0; x < width; x++) {
      const start = Math.floor(from + x * span);
      const end = Math.min(to, Math.max(start + 1, Math.floor(from + (x + 1) * span)));
      const [least, most] = this.#extremes(side, start, end, BLOCKS.length - 1);
      const found = least <= most;
      columns.least[x] = found ? least : Number.NaN;
      columns.most[x] = found ? most : Number.NaN;
      const around = Math.max(0, (window - (end - start)) / 2);
      columns.mean[x] = found ? this.#mean(side, Math.floor(start - around), Math.ceil(end + around)) : Number.NaN;
    }
    return columns;
  }

  #mean(side: 0 | 1, start: number, end: number): number {
    const [a, b] = [Math.max(0, start), Math.min(this.#count, end)];
    const numbers = this.#numbers[b]! - this.#numbers[a]!;
    return numbers === 0 ? Number.NaN : (this.#sums[2 * b + side]! - this.#sums[2 * a + side]!) / numbers;
  }

  #grow(count: number): void {
    if (2 * count <= this.#losses.length) return;
    const room = 2 ** Math.ceil(Math.log2(count));
    const [losses, sums, numbers] = [new Float32Array(2 * room), new Float64Array(2 * room + 2), new Uint32Array(room + 1)];
    losses.set(this.#losses);
    sums.set(this.#sums);
    numbers.set(this.#numbers);
    [this.#losses, this.#sums, this.#numbers] = [losses, sums, numbers];
    this.#blocks = this.#blocks.map((sides, level) =>
      sides.map((blocks) => {
        const wider = new Float32Array(2 * Math.ceil(room / BLOCKS[level]!));
        wider.set(blocks.subarray(0, wider.length));
        return wider;
      }),
    );
  }
}

/** Round numbers in a range, about so many: 1, 2 or 5 times a power of ten apart. */
export function ticks(least: number, most: number, about: number): readonly number[] {
  const raw = (most - least) / Math.max(1, about);
  if (!(raw > 0)) return [least];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10) * power;
  const out = [];
  for (let n = Math.ceil(least / step - 1e-9) + 0; n * step <= most + step * 1e-9; n++) out.push(n * step);
  return out;
}

/** Of a logarithmic axis: 1, 2 and 5 in every decade. */
export function logTicks(least: number, most: number): readonly number[] {
  const out = [];
  for (let p = Math.floor(Math.log10(least)); p <= Math.ceil(Math.log10(most)); p++)
    for (const factor of [1, 2, 5]) if (factor * 10 ** p >= least && factor * 10 ** p <= most) out.push(factor * 10 ** p);
  return out;
}
