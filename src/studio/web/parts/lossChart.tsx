/** The loss of a model over its iterations, on a canvas: bands from least to largest, means as lines, the values under the pointer. */
import { readLosses } from '../api.ts';
import { LossSeries, logTicks, ticks } from '../lossSeries.ts';
import { attempt } from '../store.ts';
import { useEffect, useRef, useSignal } from '../ui.ts';
import { count, t } from '../words.ts';

const LEFT = 52;
const BOTTOM = 24;
const TOP = 8;
const RIGHT = 10;

const ranges = [0, 1000, 10_000, 100_000] as const;

/** @param iteration  of the running training, so that new losses are fetched when it moves. */
export function LossChart({ model, iteration }: { readonly model: string; readonly iteration: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const series = useRef(new LossSeries());
  const shown = useSignal(0);
  const range = useSignal<number>(0);
  const log = useSignal(true);
  const smoothing = useSignal(20);
  const pointer = useSignal<number | undefined>(undefined);
  const size = useSignal({ width: 0, height: 0 });

  useEffect(() => {
    series.current.clear();
    shown.value = 0;
  }, [model]);
  useEffect(() => {
    let gone = false;
    const more = async (): Promise<void> => {
      const { current } = series;
      const from = current.count;
      const part = await attempt(() => readLosses(model, from));
      if (part === undefined || gone || current.count !== from) return;
      current.first = part.first;
      if (part.records < from)
        current.clear(); // training went back to a save
      else current.append(part.losses);
      shown.value = current.count;
      if (current.count < part.records) await more();
    };
    void more();
    return () => {
      gone = true;
    };
  }, [model, iteration]);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      size.value = { width: Math.floor(entry!.contentRect.width), height: Math.floor(entry!.contentRect.height) };
    });
    observer.observe(canvas.current!.parentElement!);
    return () => observer.disconnect();
  }, []);

  const total = shown.value;
  const from = range.value === 0 ? 0 : Math.max(0, total - range.value);
  const { width, height } = size.value;
  useEffect(() => {
    if (width > 0 && height > 0)
      draw(canvas.current!, series.current, { width, height, from, to: total, log: log.value, window: smoothing.value });
  }, [total, from, width, height, log.value, smoothing.value]);

  const inner = Math.max(1, width - LEFT - RIGHT);
  const x = pointer.value;
  const record =
    x === undefined || total === 0
      ? total - 1
      : Math.min(total - 1, Math.max(0, Math.round(from + ((x - LEFT) / inner) * (total - from) - 0.5)));
  const value = (side: 0 | 1): string => {
    const loss = series.current.at(record, side);
    return Number.isNaN(loss) ? '–' : loss.toFixed(4);
  };
  return (
    <section class="chart" aria-label={t('loss')}>
      <header class="panel-head">
        <h2>{t('loss')}</h2>
        <span class="readout">
          <span class="muted">{total === 0 ? '' : `${t('iteration')} ${count(series.current.first + record)}`}</span>
          <span class="src">{`${t('sourceSide')} ${total === 0 ? '–' : value(0)}`}</span>
          <span class="dst">{`${t('destinationSide')} ${total === 0 ? '–' : value(1)}`}</span>
        </span>
        <span class="spring" />
        <select
          class="narrow"
          aria-label={t('loss')}
          value={range.value}
          onChange={({ currentTarget }) => (range.value = Number(currentTarget.value))}
        >
          {ranges.map((n) => (
            <option key={n} value={n}>
              {n === 0 ? t('everything') : t('lastN', count(n))}
            </option>
          ))}
        </select>
        <label class="check">
          <input type="checkbox" checked={log.value} onChange={({ currentTarget }) => (log.value = currentTarget.checked)} />
          <span>{t('logScale')}</span>
        </label>
        <label class="inline">
          <span>{t('smoothing')}</span>
          <input
            type="range"
            min={1}
            max={200}
            value={smoothing.value}
            onInput={({ currentTarget }) => (smoothing.value = Number(currentTarget.value))}
          />
        </label>
      </header>
      <div
        class="chart-box"
        onPointerMove={(event) => (pointer.value = event.clientX - event.currentTarget.getBoundingClientRect().left)}
        onPointerLeave={() => (pointer.value = undefined)}
      >
        <canvas ref={canvas} role="img" aria-label={`${t('loss')}: ${t('sourceSide')} ${value(0)}, ${t('destinationSide')} ${value(1)}`} />
        {x !== undefined && total > 0 && x >= LEFT && x <= width - RIGHT && <i class="hair" style={{ left: `${x}px` }} />}
        {total === 0 && <p class="over muted">{t('noLoss')}</p>}
      </div>
    </section>
  );
}

interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly from: number;
  readonly to: number;
  readonly log: boolean;
  readonly window: number;
}

function draw(canvas: HTMLCanvasElement, series: LossSeries, { width, height, from, to, log, window }: Drawing): void {
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
  const inner = { width: Math.max(1, width - LEFT - RIGHT), height: Math.max(1, height - TOP - BOTTOM) };
  const columns = ([0, 1] as const).map((side) => series.columns(side, from, to, Math.min(inner.width, to - from), window));
  const values = columns.flatMap(({ least, most }) => [...least, ...most]).filter((value) => Number.isFinite(value) && (!log || value > 0));
  if (values.length === 0) return;
  const sorted = Float32Array.from(values).sort();
  const [low, high] = [sorted[0]!, sorted[Math.floor((sorted.length - 1) * 0.998)]!]; // one spike does not flatten the rest
  const [bottom, top] = log
    ? [low * 0.95, Math.max(high, low * 1.05) * 1.05]
    : [Math.max(0, low - (high - low) * 0.05), high + Math.max(high - low, high * 0.01) * 0.05];
  const up = (value: number): number => (log ? Math.log(Math.max(value, 1e-9)) : value);
  const y = (value: number): number => TOP + inner.height * (1 - (up(Math.min(value, top)) - up(bottom)) / (up(top) - up(bottom)));
  const n = columns[0]!.mean.length;
  const x = (column: number): number => LEFT + ((column + 0.5) / n) * inner.width;

  context.lineWidth = 1;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  const dense = log ? logTicks(bottom, top) : [];
  for (const tick of dense.length >= 4 ? dense : ticks(bottom, top, 5)) {
    context.strokeStyle = colour('--line');
    context.beginPath();
    context.moveTo(LEFT, Math.round(y(tick)) + 0.5);
    context.lineTo(width - RIGHT, Math.round(y(tick)) + 0.5);
    context.stroke();
    context.fillStyle = colour('--muted');
    context.fillText(String(Number(tick.toPrecision(3))), LEFT - 8, y(tick));
  }
  context.textAlign = 'center';
  const [left, right] = [series.first + from, series.first + to];
  for (const tick of ticks(left, right, inner.width / 110)) {
    context.fillText(
      count(Math.round(tick)),
      Math.min(width - RIGHT - 16, LEFT + ((tick - left) / (right - left)) * inner.width),
      height - BOTTOM + 14,
    );
  }
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
}
