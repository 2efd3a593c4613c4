/**
 * The loss chart: for both sides the mean as a line and its spread from least to most as a band, over iterations. One layout in
 * numbers, drawn twice: as SVG text and as pixels.
 */
import { type Box, type ByteImage, Canvas, type Colour, drawText, readFont } from '../image/index.ts';

/** What one column of the plot shows of one side. */
interface Bin {
  /** Centre of the column in pixels. */
  readonly x: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

interface Series {
  readonly name: 'src' | 'dst';
  readonly colour: Colour;
  /** Runs of columns; a gap in the data ends a run. */
  readonly runs: readonly (readonly Bin[])[];
  /** Mean over the last records. */
  readonly last: number;
}

interface Tick {
  readonly at: number;
  readonly text: string;
}

export interface Chart {
  readonly width: number;
  readonly height: number;
  readonly plot: Box;
  readonly title: string;
  readonly series: readonly Series[];
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
}

const SRC: Colour = [37, 99, 235];
const DST: Colour = [234, 88, 12];
const INK: Colour = [39, 39, 42];
const FAINT: Colour = [113, 113, 122];
const GRID: Colour = [228, 228, 231];
const WHITE: Colour = [255, 255, 255];
const BAND = 0.2;
const LINE = 2;
const WIDTH = 1200;
const HEIGHT = 500;
const PLOT = { left: 84, top: 62, right: WIDTH - 28, bottom: HEIGHT - 62 } as const;
const SCALE = 2;
/** Columns of both sides together up to which the history is short. */
const SHORT = 400;
/** Records behind the numbers of the legend. */
const LAST = 100;

/**
 * Lays a chart out.
 *
 * @param first iteration of the first record.
 * @param losses src, dst, src, dst…; what is not a number is a gap.
 */
export function lossChart(first: number, losses: Float32Array): Chart {
  const records = losses.length >> 1;
  const sides = (['src', 'dst'] as const).map((name, side) => ({ name, ...binned(losses, side) }));
  const top = ceiling(sides.flatMap(({ runs }) => runs.flat()));
  const y = (loss: number): number => PLOT.bottom - (loss / top.value) * (PLOT.bottom - PLOT.top);
  const span = Math.max(1, records - 1);
  const x = (record: number): number => PLOT.left + (record / span) * (PLOT.right - PLOT.left);
  const scaled = (bin: Bin): Bin => ({ x: x(bin.x), mean: y(bin.mean), min: y(bin.min), max: y(bin.max) });
  return {
    ...{ width: WIDTH, height: HEIGHT, plot: PLOT },
    title: records === 0 ? 'loss: no iterations yet' : `loss, iterations ${first} - ${first + records - 1}`,
    series: sides.map(({ name, runs, last }) => ({
      name,
      colour: name === 'src' ? SRC : DST,
      runs: runs.map((run) => run.map(scaled)),
      last,
    })),
    xTicks: ticksBetween(first, first + span, 8).map((value) => ({ at: x(value - first), text: countText(value) })),
    yTicks: top.ticks.map((value) => ({ at: y(value), text: String(value) })),
  };
}

/** The SVG document. */
export function chartSvg(chart: Chart): string {
  const { width, height, plot, title, series, xTicks, yTicks } = chart;
  const css = (colour: Colour): string => `rgb(${colour.join(',')})`;
  const n = (value: number): string => value.toFixed(1).replace(/\.0$/, '');
  const text = (x: number, y: number, anchor: string, fill: Colour, content: string): string =>
    `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" fill="${css(fill)}">${content}</text>`;
  const rule = (x1: number, y1: number, x2: number, y2: number, stroke: Colour): string =>
    `<path d="M${n(x1)} ${n(y1)}L${n(x2)} ${n(y2)}" stroke="${css(stroke)}"/>`;
  const path = (points: readonly (readonly [number, number])[]): string => points.map(([px, py]) => `${n(px)} ${n(py)}`).join('L');
  const body = [
    `<clipPath id="plot"><rect x="${plot.left}" y="${plot.top}" width="${plot.right - plot.left + LINE}" height="${plot.bottom - plot.top}"/></clipPath>`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(plot.left, 36, 'start', INK, title),
    ...yTicks.map(({ at }) => rule(plot.left, at, plot.right, at, GRID)),
    ...yTicks.map(({ at, text: label }) => text(plot.left - 12, at + 6, 'end', FAINT, label)),
    ...xTicks.map(({ at }) => rule(at, plot.bottom, at, plot.bottom + 8, FAINT)),
    ...xTicks.map(({ at, text: label }) => text(at, plot.bottom + 32, 'middle', FAINT, label)),
    ...series.flatMap(({ colour, runs }) =>
      runs.map((run) => {
        const band = [...run.map((bin) => [bin.x, bin.max] as const), ...[...run].reverse().map((bin) => [bin.x, bin.min] as const)];
        return `<path d="M${path(band)}Z" fill="${css(colour)}" fill-opacity="${BAND}" clip-path="url(#plot)"/>`;
      }),
    ),
    ...series.flatMap(({ colour, runs }) =>
      runs.map((run) => {
        const line = path(run.map((bin) => [bin.x, bin.mean] as const));
        return `<path d="M${line}" fill="none" stroke="${css(colour)}" stroke-width="${LINE}" stroke-linejoin="round" clip-path="url(#plot)"/>`;
      }),
    ),
    rule(plot.left, plot.bottom, plot.right, plot.bottom, FAINT),
    ...series.map((side, i) => text(plot.right - (series.length - 1 - i) * 180, 36, 'end', side.colour, legend(side))),
  ];
  const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="18">`;
  return `${open}\n${body.join('\n')}\n</svg>\n`;
}

/** The same picture in pixels. */
export function chartImage(chart: Chart): ByteImage {
  const { width, height, plot, title, series, xTicks, yTicks } = chart;
  const canvas = new Canvas(width, height, WHITE);
  const font = readFont();
  const text = (x: number, y: number, align: 'left' | 'centre' | 'right', colour: Colour, content: string): void =>
    drawText(canvas, font, content, { x, y }, { colour, scale: SCALE, align });
  text(plot.left, 36, 'left', INK, title);
  for (const { at, text: label } of yTicks) {
    canvas.fill(plot.left, Math.round(at), plot.right - plot.left, 1, GRID);
    text(plot.left - 12, at + 7, 'right', FAINT, label);
  }
  for (const { at, text: label } of xTicks) {
    canvas.fill(Math.round(at), plot.bottom, 1, 8, FAINT);
    text(at, plot.bottom + 32, 'centre', FAINT, label);
  }
  for (const { colour, runs } of series) for (const run of runs) fillBand(canvas, run, { colour, top: plot.top });
  for (const { colour, runs } of series) {
    for (const run of runs) {
      const only = run.length === 1 ? [run[0]!, run[0]!] : run; // one point is a dot
      const points = only.flatMap((bin) => [bin.x + 0.5, bin.mean + 0.5]);
      canvas.line(points, { width: LINE, colour, clip: plot });
    }
  }
  canvas.fill(plot.left, plot.bottom, plot.right - plot.left, 1, FAINT);
  for (const [i, side] of series.entries()) text(plot.right - (series.length - 1 - i) * 180, 36, 'right', side.colour, legend(side));
  return canvas.image;
}

const legend = ({ name, last }: Series): string => `${name} ${Number.isNaN(last) ? '-' : last.toFixed(4)}`;

/** The band between least and most, column by column. */
function fillBand(canvas: Canvas, run: readonly Bin[], { colour, top }: { colour: Colour; top: number }): void {
  for (let i = 0; i + 1 < run.length; i++) {
    const [from, to] = [run[i]!, run[i + 1]!];
    for (let x = Math.round(from.x); x < Math.round(to.x); x++) {
      const t = (x - from.x) / (to.x - from.x);
      const high = Math.max(top, Math.round(from.max + (to.max - from.max) * t));
      const low = Math.round(from.min + (to.min - from.min) * t);
      canvas.fill(x, high, 1, low - high + 1, colour, BAND);
    }
  }
}

/** Records of one side in as many columns as the plot has pixels; x counts records. */
function binned(losses: Float32Array, side: number): { runs: Bin[][]; last: number } {
  const records = losses.length >> 1;
  const columns = Math.min(records, PLOT.right - PLOT.left);
  const runs: Bin[][] = [[]];
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * records) / columns);
    const to = Math.floor(((column + 1) * records) / columns);
    let [sum, count, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let record = from; record < to; record++) {
      const loss = losses[record * 2 + side]!;
      if (!Number.isFinite(loss)) continue;
      sum += loss;
      count++;
      if (loss < min) min = loss;
      if (loss > max) max = loss;
    }
    if (count > 0) runs.at(-1)!.push({ x: (from + to - 1) / 2, mean: sum / count, min, max });
    else if (runs.at(-1)!.length > 0) runs.push([]);
  }
  const tail: number[] = [];
  for (let record = Math.max(0, records - LAST); record < records; record++) {
    const loss = losses[record * 2 + side]!;
    if (Number.isFinite(loss)) tail.push(loss);
  }
  const last = tail.length === 0 ? Number.NaN : tail.reduce((sum, loss) => sum + loss, 0) / tail.length;
  return { runs: runs.filter((run) => run.length > 0), last };
}

/**
 * The top of the y axis: above 97 of 100 column maxima, so that the high start and rare spikes do not flatten the rest; what is higher
 * leaves the plot. A short history is shown whole.
 */
function ceiling(bins: readonly Bin[]): { value: number; ticks: number[] } {
  const maxima = bins.map(({ max }) => max).sort((a, b) => a - b);
  const typical = maxima[Math.floor((maxima.length - 1) * (maxima.length < SHORT ? 1 : 0.97))] ?? 1;
  const step = niceStep(Math.max(typical, 1e-6) * 1.1, 5);
  const count = Math.ceil((Math.max(typical, 1e-6) * 1.1) / step);
  const ticks = Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(6)));
  return { value: ticks.at(-1)!, ticks };
}

function ticksBetween(from: number, to: number, count: number): number[] {
  const step = Math.max(1, niceStep(to - from, count));
  const ticks: number[] = [];
  for (let value = Math.ceil(from / step) * step; value <= to; value += step) ticks.push(value);
  return ticks;
}

/** 1, 2 or 5 times a power of ten, so that `span` holds about `count` of them. */
function niceStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999) ?? 10 * power;
}

/** 1500 → 1.5k, 250000 → 250k, 1200000 → 1.2M. */
function countText(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toFixed(2))}M`;
  return value >= 1e3 ? `${Number((value / 1e3).toFixed(2))}k` : String(value);
}
