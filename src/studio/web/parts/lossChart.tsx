/** The loss of a model over its iterations, with marks of what happened, the values under the pointer, and parts to look at more closely. */
import type { ModelEvent } from '../../protocol.ts';
import { readLosses } from '../api.ts';
import { drawLosses, type Mark, type MarkKind, margin } from '../lossDrawing.ts';
import { LossSeries } from '../lossSeries.ts';
import { attempt } from '../store.ts';
import { eventText } from '../trainingState.ts';
import { useEffect, useMemo, useRef, useSignal } from '../ui.ts';
import { count, t } from '../words.ts';

const ranges = [0, 1000, 10_000, 100_000] as const;
const windows = [1, 20, 200, 2000, 20_000] as const;
/** A drag that is shorter is a click. */
const LEAST_DRAG = 6;
/** How near a mark the pointer has to be, in pixels. */
const NEAR = 6;
const MOST_TOLD = 4;

const isMark = (what: ModelEvent['what']): what is MarkKind => what !== 'started' && what !== 'ended' && what !== 'rejected';

interface Props {
  readonly model: string;
  /** Of the running training, so that new losses are fetched when it moves. */
  readonly iteration: number;
  /** Another one: what was read is no longer the model's. */
  readonly epoch: string;
  readonly events: readonly ModelEvent[];
}

export function LossChart({ model, iteration, epoch, events }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const series = useRef(new LossSeries());
  const shown = useSignal(0);
  const range = useSignal<number>(0);
  const part = useSignal<readonly [from: number, to: number] | undefined>(undefined);
  const log = useSignal(true);
  const smoothing = useSignal<number>(20);
  const cursor = useSignal<number | undefined>(undefined);
  const drag = useSignal<readonly [from: number, to: number] | undefined>(undefined);
  const size = useSignal({ width: 0, height: 0 });

  useEffect(() => {
    series.current.clear();
    shown.value = 0;
    part.value = undefined;
  }, [model, epoch]);
  useEffect(() => {
    let gone = false;
    const more = async (): Promise<void> => {
      const { current } = series;
      const from = current.count;
      const found = await attempt(() => readLosses(model, from));
      if (found === undefined || gone || current.count !== from) return;
      current.first = found.first;
      if (found.records < from)
        current.clear(); // training went back to a save
      else current.append(found.losses);
      shown.value = current.count;
      if (current.count < found.records) await more();
    };
    void more();
    return () => {
      gone = true;
    };
  }, [model, iteration, epoch]);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      size.value = { width: Math.floor(entry!.contentRect.width), height: Math.floor(entry!.contentRect.height) };
    });
    observer.observe(canvas.current!.parentElement!);
    return () => observer.disconnect();
  }, []);

  const total = shown.value;
  const [from, to] = part.value ?? [range.value === 0 ? 0 : Math.max(0, total - range.value), total];
  const { width, height } = size.value;
  const marks = useMemo(() => events.filter((event) => isMark(event.what)), [events]);
  useEffect(() => {
    if (width === 0 || height === 0) return;
    const drawn = marks.map(({ what, iteration: at }): Mark => ({ kind: what as MarkKind, iteration: at }));
    drawLosses(canvas.current!, series.current, {
      ...{ width, height, from, to, log: log.value, window: smoothing.value, marks: drawn, count },
    });
  }, [total, from, to, width, height, log.value, smoothing.value, marks]);

  const inner = Math.max(1, width - margin.left - margin.right);
  const recordAt = (x: number): number => Math.min(to - 1, Math.max(from, Math.floor(from + ((x - margin.left) / inner) * (to - from))));
  const placeOf = (record: number): number => margin.left + ((record + 0.5 - from) / Math.max(1, to - from)) * inner;
  const at = cursor.value === undefined ? undefined : Math.min(to - 1, Math.max(from, cursor.value));
  const record = at ?? total - 1;
  const value = (side: 0 | 1): string => {
    const loss = series.current.at(record, side);
    return Number.isNaN(loss) ? '–' : loss.toFixed(4);
  };
  const near =
    at === undefined
      ? []
      : marks
          .filter(({ what }) => what !== 'saved')
          .map((event) => ({ event, away: Math.abs(placeOf(event.iteration - series.current.first) - placeOf(at)) }))
          .filter(({ away }) => away <= NEAR)
          .sort((a, b) => a.away - b.away)
          .slice(0, MOST_TOLD)
          .map(({ event }) => eventText(event));
  const look = (next: readonly [number, number] | undefined): void => {
    part.value = next === undefined || (next[0] <= 0 && next[1] >= total) ? undefined : [Math.max(0, next[0]), Math.min(total, next[1])];
  };
  const kinds = [...new Set(marks.map(({ what }) => what))].filter(isMark);
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
        {part.value !== undefined && (
          <button type="button" class="small" onClick={() => look(undefined)}>
            {t('zoomOut')}
          </button>
        )}
        <select
          class="narrow"
          aria-label={t('lossRange')}
          value={range.value}
          onChange={({ currentTarget }) => {
            range.value = Number(currentTarget.value);
            part.value = undefined;
          }}
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
          <select class="narrow" value={smoothing.value} onChange={({ currentTarget }) => (smoothing.value = Number(currentTarget.value))}>
            {windows.map((n) => (
              <option key={n} value={n}>
                {n === 1 ? t('smoothNone') : t('smoothOver', count(n))}
              </option>
            ))}
          </select>
        </label>
      </header>
      <div
        class="chart-box"
        role="slider"
        tabIndex={total === 0 ? -1 : 0}
        aria-label={t('chartHelp')}
        aria-valuemin={series.current.first + from}
        aria-valuemax={series.current.first + Math.max(from, to - 1)}
        aria-valuenow={series.current.first + Math.max(0, record)}
        aria-valuetext={`${t('iteration')} ${series.current.first + record}, ${t('sourceSide')} ${value(0)}, ${t('destinationSide')} ${value(1)}${['', ...near].join(', ')}`}
        onKeyDown={(event) => {
          const step = Math.max(1, Math.round((to - from) / 100));
          const moves: Readonly<Record<string, number>> = {
            ...{ ArrowLeft: record - step, ArrowRight: record + step, Home: from, End: to - 1 },
            ...{ PageUp: record - 10 * step, PageDown: record + 10 * step },
          };
          const next = moves[event.key];
          if (event.key === 'Escape') look(undefined);
          else if (next === undefined) return;
          else cursor.value = Math.min(to - 1, Math.max(from, next));
          event.preventDefault();
        }}
        onBlur={() => (cursor.value = undefined)}
        onPointerDown={(event) => {
          if (event.button !== 0 || event.pointerType === 'touch' || total === 0) return;
          const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.value = [x, x];
        }}
        onPointerMove={(event) => {
          const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
          if (total > 0) cursor.value = recordAt(x);
          if (drag.value !== undefined) drag.value = [drag.value[0], Math.min(width - margin.right, Math.max(margin.left, x))];
        }}
        onPointerUp={() => {
          const dragged = drag.value;
          drag.value = undefined;
          if (dragged === undefined || Math.abs(dragged[1] - dragged[0]) < LEAST_DRAG) return;
          const [a, b] = [recordAt(Math.min(...dragged)), recordAt(Math.max(...dragged))];
          if (b - a >= 4) look([a, b + 1]);
        }}
        onPointerLeave={() => {
          if (drag.value === undefined) cursor.value = undefined;
        }}
        onDblClick={() => look(undefined)}
      >
        <canvas ref={canvas} />
        {at !== undefined && total > 0 && <i class="hair" style={{ left: `${placeOf(at)}px` }} />}
        {drag.value !== undefined && (
          <i class="lens" style={{ left: `${Math.min(...drag.value)}px`, width: `${Math.abs(drag.value[1] - drag.value[0])}px` }} />
        )}
        {near.length > 0 && at !== undefined && (
          <span class={`mark-tip${placeOf(at) > width / 2 ? ' to-left' : ''}`} style={{ left: `${placeOf(at)}px` }}>
            {near.map((text) => (
              <span key={text}>{text}</span>
            ))}
          </span>
        )}
        {total === 0 && <p class="over muted">{t('noLoss')}</p>}
      </div>
      <p class="legend muted">
        {kinds.length === 0
          ? '\u00a0'
          : kinds.map((kind) => (
              <span key={kind} class={`sign sign-${kind}`}>
                {t(`mark_${kind}`)}
              </span>
            ))}
      </p>
    </section>
  );
}
