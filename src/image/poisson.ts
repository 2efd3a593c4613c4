/**
 * Poisson's equation on a rectangle of pixels with given values around it, solved exactly: a sine transform along rows turns it into one
 * tridiagonal system for each frequency (Hockney 1965). Much less work than two transforms, and only one of the sides has to factor well.
 */
import { fourierCost, type SineTransform, sineTransform } from './sineTransform.ts';

/** Solves problems of one size; holds tables and buffers. */
export class PoissonSolver {
  readonly width: number;
  readonly height: number;
  readonly #turned: boolean;
  readonly #lines: number;
  readonly #length: number;
  readonly #transform: SineTransform;
  readonly #work: Float64Array;
  readonly #upper: Float64Array;

  /** @param width, height  of the interior, at least 1. */
  constructor(width: number, height: number) {
    [this.width, this.height] = [width, height];
    this.#turned = fourierCost(height + 1) * width < fourierCost(width + 1) * height;
    [this.#length, this.#lines] = this.#turned ? [height, width] : [width, height];
    this.#transform = sineTransform(this.#length);
    this.#work = new Float64Array(width * height);
    this.#upper = new Float64Array(width * height);
    // Thomas' algorithm for 1, 2·cos(π·k / (n + 1)) − 4, 1: the factors depend on the frequency alone.
    for (let k = 0; k < this.#length; k++) {
      const diagonal = 2 * Math.cos((Math.PI * (k + 1)) / (this.#length + 1)) - 4;
      let u = 0;
      for (let i = 0; i < this.#lines; i++) {
        u = 1 / (diagonal - u);
        this.#upper[i * this.#length + k] = u;
      }
    }
  }

  /**
   * u with u[left] + u[right] + u[up] + u[down] − 4·u = right side, zero around the rectangle; in place.
   *
   * @param field  height · width values, row by row: the right side, then the solution.
   */
  solve(field: Float64Array): void {
    const [length, lines, work] = [this.#length, this.#lines, this.#work];
    if (this.#turned) transpose(field, work, this.width, this.height);
    else work.set(field);
    this.#rows();
    forward(work, this.#upper, length, lines);
    backward(work, this.#upper, length, lines, 2 / (length + 1));
    this.#rows();
    if (this.#turned) transpose(work, field, this.height, this.width);
    else field.set(work);
  }

  #rows(): void {
    const [length, lines] = [this.#length, this.#lines];
    for (let i = 0; i < lines; i += 2) this.#transform.run(this.#work, i * length, Math.min(i + 1, lines - 1) * length);
  }
}

function transpose(from: Float64Array, to: Float64Array, width: number, height: number): void {
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) to[x * height + y] = from[y * width + x]!;
}

function forward(work: Float64Array, upper: Float64Array, length: number, lines: number): void {
  for (let k = 0; k < length; k++) work[k]! *= upper[k]!;
  for (let p = length; p < length * lines; p++) work[p] = (work[p]! - work[p - length]!) * upper[p]!;
}

function backward(work: Float64Array, upper: Float64Array, length: number, lines: number, scale: number): void {
  for (let p = (lines - 1) * length; p < lines * length; p++) work[p]! *= scale;
  for (let p = (lines - 1) * length - 1; p >= 0; p--) work[p] = work[p]! * scale - upper[p]! * work[p + length]!;
}
