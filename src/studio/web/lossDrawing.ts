/** Draws the loss chart on a canvas: bands from least to largest, means as lines, marks of what happened under them. */
import { type LossSeries, logTicks, ticks } from './lossSeries.ts';

/** Room for numbers and marks around the curves, in pixels. */
export const margin = { left: 52, right: 10, top: 8, bottom: 34 } as const;

export type MarkKind = 'saved' | 'changed' | 'backup' | 'rollback' | 'restored';
export interface Mark {
  readonly kind: MarkKind;
  readonly iteration: number;
}

/** Custom properties of the style that marks are drawn in. */
const tints: Readonly<Record<MarkKind, string>> = {
  ...{ saved: '--edge', changed: '--accent', backup: '--good', rollback: '--bad', restored: '--text' },
};

export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** Records shown. */
  readonly from: number;
  readonly to: number;
  readonly log: boolean;
  /** Records that a mean spans at least. */
  readonly window: number;
  readonly marks: readonly Mark[];
  readonly count: (n: number) => string;
}

export function drawLosses(canvas: HTMLCanvasElement, series: LossSeries, drawing: Drawing): void {
  const { width, height, from, to, log, window } = drawing;
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d')!;
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(name);
  context.font = `11px ${style.fontFamily}`;
  if (to <= from) return;
  const inner = { width: Math.max(1, width - margin.left - margin.right), height: Math.max(1, height - margin.top - margin.bottom) };
  const columns = ([0, 1] as const).map((side) => series.columns(side, from, to, Math.min(inner.width, to - from), window));
  const values = columns.flatMap(({ least, most }) => [...least, ...most]).filter((value) => Number.isFinite(value) && (!log || value > 0));
  if (values.length === 0) return;
  const sorted = Float32Array.from(values).sort();
  const [low, high] = [sorted[0]!, sorted[Math.floor((sorted.length - 1) * 0.998)]!]; // one spike does not flatten the rest
  const [bottom, top] = log
    ? [low * 0.95, Math.max(high, low * 1.05) * 1.05]
    : [Math.max(0, low - (high - low) * 0.05), high + Math.max(high - low, high * 0.01) * 0.05];
  const up = (value: number): number => (log ? Math.log(Math.max(value, 1e-9)) : value);
  const y = (value: number): number => margin.top + inner.height * (1 - (up(Math.min(value, top)) - up(bottom)) / (up(top) - up(bottom)));
  const n = columns[0]!.mean.length;
  const x = (column: number): number => margin.left + ((column + 0.5) / n) * inner.width;
  const place = (iteration: number): number => margin.left + ((iteration - series.first + 0.5 - from) / (to - from)) * inner.width;

  context.lineWidth = 1;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  const dense = log ? logTicks(bottom, top) : [];
  for (const tick of dense.length >= 3 ? dense : ticks(bottom, top, 5)) {
    context.strokeStyle = colour('--line');
    context.beginPath();
    context.moveTo(margin.left, Math.round(y(tick)) + 0.5);
    context.lineTo(width - margin.right, Math.round(y(tick)) + 0.5);
    context.stroke();
    context.fillStyle = colour('--muted');
    context.fillText(String(Number(tick.toPrecision(3))), margin.left - 8, y(tick));
  }
  context.textAlign = 'center';
  const [left, right] = [series.first + from, series.first + to];
  for (const tick of ticks(left, right, inner.width / 110)) {
    const text = drawing.count(Math.round(tick));
    const half = context.measureText(text).width / 2;
    const at = margin.left + ((tick - left) / (right - left)) * inner.width;
    context.fillText(text, Math.min(width - margin.right - half, at), height - 9);
  }
  drawMarks(context, drawing, { place, colour, base: height - margin.bottom });
  context.save();
  context.beginPath();
  context.rect(margin.left, 0, inner.width, height - margin.bottom);
  context.clip();
  for (const [side, { least, most, mean }] of columns.entries()) {
    const tint = colour(side === 0 ? '--src' : '--dst');
    context.globalAlpha = 0.22;
    context.fillStyle = tint;
    const bar = Math.max(1, inner.width / n);
    for (let i = 0; i < n; i++) {
      if (Number.isNaN(least[i]!)) continue;
      // Reaches to its neighbour, so that few iterations make a line and not dots.
      const next = i + 1 < n && !Number.isNaN(least[i + 1]!) ? i + 1 : i;
      const [a, b] = [y(Math.max(most[i]!, least[next]!)), y(Math.min(least[i]!, most[next]!))];
      context.fillRect(x(i) - bar / 2, a, bar, Math.max(1, b - a));
    }
    context.globalAlpha = 1;
    context.strokeStyle = tint;
    context.lineWidth = 1.6;
    context.lineJoin = 'round';
    context.beginPath();
    let drawing = false;
    for (let i = 0; i < n; i++) {
      if (Number.isNaN(mean[i]!)) drawing = false;
      else if (drawing) context.lineTo(x(i), y(mean[i]!));
      else {
        context.moveTo(x(i), y(mean[i]!));
        drawing = true;
      }
    }
    context.stroke();
  }
  context.restore();
}

interface Marking {
  readonly place: (iteration: number) => number;
  readonly colour: (name: string) => string;
  /** The lower end of the curves. */
  readonly base: number;
}

/** Saves are ticks in the row under the curves; all else is a sign there and a faint line through them. */
function drawMarks(context: CanvasRenderingContext2D, { marks, width }: Drawing, { place, colour, base }: Marking): void {
  const row = base + 8;
  let [last, sign] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { kind, iteration } of marks) {
    const x = Math.round(place(iteration)) + 0.5;
    if (x < margin.left || x > width - margin.right + 1) continue;
    const tint = colour(tints[kind]);
    context.strokeStyle = context.fillStyle = tint;
    if (kind === 'saved') {
      if (x - last < 3) continue; // more would be a bar
      last = x;
      context.beginPath();
      context.moveTo(x, row - 3);
      context.lineTo(x, row + 3);
      context.stroke();
      continue;
    }
    context.globalAlpha = 0.45;
    context.setLineDash([2, 3]);
    context.beginPath();
    context.moveTo(x, margin.top);
    context.lineTo(x, base);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
    sign = Math.max(x, sign + 10); // signs of one place stand side by side
    context.beginPath();
    drawSign(context, kind, sign, row);
    context.fill();
  }
}

/** Each its own shape, so that they differ without colour too. */
function drawSign(context: CanvasRenderingContext2D, kind: MarkKind, x: number, y: number): void {
  const r = 4.5;
  switch (kind) {
    case 'saved':
      break;
    case 'changed':
      context.moveTo(x, y - r);
      context.lineTo(x + r, y + r - 1);
      context.lineTo(x - r, y + r - 1);
      break;
    case 'backup':
      context.rect(x - r + 1, y - r + 1, 2 * r - 2, 2 * r - 2);
      break;
    case 'rollback':
      context.moveTo(x - r, y);
      context.lineTo(x + r, y - r);
      context.lineTo(x + r, y + r);
      break;
    case 'restored':
      context.moveTo(x, y - r);
      context.lineTo(x + r, y);
      context.lineTo(x, y + r);
      context.lineTo(x - r, y);
      break;
  }
}
