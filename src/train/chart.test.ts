/** The chart shows what the history holds: positions by hand, the same in both drawings. */
import { expect, test } from 'vitest';
import { chartImage, chartSvg, lossChart } from './chart.ts';

const history = (records: number, loss: (i: number) => readonly [number, number]): Float32Array =>
  new Float32Array(Array.from({ length: records }, (_, i) => loss(i)).flat());

/** The colour of a pixel. */
const pixel = (chart: ReturnType<typeof lossChart>, x: number, y: number): number[] => {
  const { data, width } = chartImage(chart);
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
};

test('a short history is shown record by record between the first and the last pixel of the plot', () => {
  const chart = lossChart(
    1,
    history(3, (i) => [2 - i, 1]),
  );
  const { left, right, top, bottom } = chart.plot;
  const [src, dst] = chart.series;
  expect(chart.yTicks.at(-1)?.text).toBe('2.5');
  const y = (loss: number): number => bottom - (loss / 2.5) * (bottom - top);
  expect(src?.runs).toEqual([
    [
      { x: left, mean: y(2), min: y(2), max: y(2) },
      { x: (left + right) / 2, mean: y(1), min: y(1), max: y(1) },
      { x: right, mean: y(0), min: y(0), max: y(0) },
    ],
  ]);
  expect(dst?.last).toBe(1);
  expect(chart.xTicks.map(({ text }) => text)).toEqual(['1', '2', '3']);
  expect(chart.title).toBe('loss, iterations 1 - 3');
});

test('a long history is binned by columns with its extremes', () => {
  const chart = lossChart(
    1,
    history(108_800, (i) => [i % 2 === 0 ? 0.5 : 1.5, 1]),
  );
  const { bottom, top } = chart.plot;
  const y = (loss: number): number => bottom - (loss / 2) * (bottom - top);
  const run = chart.series[0]!.runs[0]!;
  expect(run.length).toBe(1088);
  expect(run[500]).toMatchObject({ mean: y(1), min: y(0.5), max: y(1.5) });
  expect(chart.xTicks.map(({ text }) => text)).toEqual(['20k', '40k', '60k', '80k', '100k']);
});

test('missing records are a gap, in the line and in the drawing', () => {
  const chart = lossChart(
    1,
    history(300, (i) => (i >= 100 && i < 200 ? [Number.NaN, Number.NaN] : [0.9, 0.9])),
  );
  expect(chart.series.map(({ runs }) => runs.map((run) => run.length))).toEqual([
    [100, 100],
    [100, 100],
  ]);
  const y = Math.floor(chart.series[0]!.runs[0]![0]!.mean);
  const { left, right } = chart.plot;
  expect(pixel(chart, left + 50, y)).not.toEqual([255, 255, 255]);
  expect(pixel(chart, (left + right) / 2, y)).toEqual([255, 255, 255]);
});

test('a high start leaves the plot instead of flattening the rest, and is not drawn above it', () => {
  const chart = lossChart(
    1,
    history(10_000, (i) => (i < 100 ? [50, 50] : [0.4, 0.3])),
  );
  expect(Number(chart.yTicks.at(-1)?.text)).toBe(0.5);
  for (let x = chart.plot.left; x < chart.plot.left + 40; x++) expect(pixel(chart, x, chart.plot.top - 4)).toEqual([255, 255, 255]);
  expect(chartSvg(chart)).toContain('clip-path="url(#plot)"');
});

test('the line has the colour of its side, at its place', () => {
  const chart = lossChart(
    1,
    history(500, () => [1, 0.5]),
  );
  const [src, dst] = chart.series;
  expect(pixel(chart, 600, Math.round(src!.runs[0]![0]!.mean))).toEqual([...src!.colour]);
  expect(pixel(chart, 600, Math.round(dst!.runs[0]![0]!.mean))).toEqual([...dst!.colour]);
});

test('the SVG has one line for each side and run, and the labels', () => {
  const svg = chartSvg(
    lossChart(
      1,
      history(5, () => [1, 0.5]),
    ),
  );
  expect(svg.match(/stroke-width="2"/g)).toHaveLength(2);
  for (const label of ['src 1.0000', 'dst 0.5000', '>5<', '>1.5<']) expect(svg).toContain(label);
});

test.each([0, 1, 2])('%i records are drawn', (records) => {
  const chart = lossChart(
    1,
    history(records, () => [1, 0.5]),
  );
  expect(chartImage(chart).data.some((value) => value !== 255)).toBe(true);
  expect(chartSvg(chart)).not.toContain('NaN');
});
