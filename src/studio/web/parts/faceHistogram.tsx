/** How a measure spreads over a set, with a brush: drag over it to keep a range, drag its handles or move them with the arrow keys. */
import type { FaceMeasure } from '../../protocol.ts';
import { type Bounds, type Histogram, keptValue, shownValue } from '../faceView.ts';
import { useRef } from '../ui.ts';
import { count, duration, t } from '../words.ts';

const HEIGHT = 34;
export const BINS = 56;
/** Steps of a handle over the whole width. */
const STEPS = 100;
/** A drag of less than this is a click, which clears. Share of the width. */
const CLICK = 0.012;

interface Props {
  readonly measure: FaceMeasure;
  readonly histogram: Histogram;
  readonly range: Bounds;
  readonly onChange: (range: Bounds) => void;
}

/** A value as it is told: whole numbers of degrees and pixels, seconds as time, two digits of shares. */
export function numberText(measure: FaceMeasure, value: number): string {
  switch (measure) {
    case 'yaw':
    case 'pitch':
    case 'roll':
    case 'hue':
      return `${Math.round(value) || 0}°`.replace('-', '\u2212');
    case 'area':
    case 'black':
      return count(Math.round(value));
    case 'seconds':
      return duration(value);
    case 'motion':
      return value < 10 ? value.toFixed(2) : count(Math.round(value));
    default:
      return value.toFixed(2);
  }
}

export function FaceHistogram({ measure, histogram: { least, most, all, shown }, range, onChange }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const begun = useRef(0);
  const span = most - least || 1;
  const share = (bound: number | null, open: number): number =>
    bound === null ? open : Math.min(1, Math.max(0, (shownValue(measure, bound) - least) / span));
  const [from, to] = [share(range[0], 0), share(range[1], 1)];
  const bound = (at: number): number | null => (at <= 0 || at >= 1 ? null : Number(keptValue(measure, least + at * span).toPrecision(5)));
  const set = (a: number, b: number): void => onChange([Math.min(a, b) <= 0 ? null : bound(Math.min(a, b)), bound(Math.max(a, b))]);
  const placeOf = (x: number): number => {
    const { left, width } = box.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (x - left) / width));
  };
  const highest = Math.max(1, ...all);
  /** Roots, so that few faces are seen beside many. */
  const bars = (counts: Uint32Array): string =>
    Array.from(counts, (n, i) => {
      const h = n === 0 ? 0 : Math.max(1.5, Math.sqrt(n / highest) * HEIGHT);
      return h === 0 ? '' : `M${i + 0.08} ${HEIGHT}v${-h}h0.84v${h}z`;
    }).join('');
  const isOpen = range[0] === null && range[1] === null;
  const handle = (side: 0 | 1) => {
    const at = side === 0 ? from : to;
    const value = least + at * span;
    const move = (next: number): void => {
      const clamped = Math.min(1, Math.max(0, next));
      if (side === 0) onChange([bound(Math.min(clamped, to)), range[1]]);
      else onChange([range[0], bound(Math.max(clamped, from))]);
    };
    return (
      <span
        key={side}
        class={`brush-handle${isOpen ? ' brush-open' : ''}`}
        style={{ left: `${at * 100}%` }}
        role="slider"
        tabIndex={0}
        aria-label={t(side === 0 ? 'least' : 'most', t(measure))}
        aria-valuemin={Number(least.toFixed(2))}
        aria-valuemax={Number(most.toFixed(2))}
        aria-valuenow={Number(value.toFixed(2))}
        aria-valuetext={numberText(measure, value)}
        onPointerDown={(event) => {
          event.stopPropagation();
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && move(placeOf(event.clientX))}
        onKeyDown={(event) => {
          const step = (event.shiftKey ? 10 : 1) / STEPS;
          const next = { ArrowLeft: at - step, ArrowDown: at - step, ArrowRight: at + step, ArrowUp: at + step, Home: 0, End: 1 }[
            event.key
          ];
          if (next === undefined) {
            if (event.key === 'Delete' || event.key === 'Backspace') onChange([null, null]);
            return;
          }
          move(next);
          event.preventDefault();
        }}
      />
    );
  };
  const passing = shown.reduce((a, b) => a + b, 0);
  return (
    <div
      ref={box}
      class="histogram"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        begun.current = placeOf(event.clientX);
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const at = placeOf(event.clientX);
        if (Math.abs(at - begun.current) > CLICK) set(begun.current, at);
      }}
      onPointerUp={(event) => {
        if (Math.abs(placeOf(event.clientX) - begun.current) <= CLICK) onChange([null, null]);
      }}
    >
      <svg
        viewBox={`0 0 ${BINS} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t(
          'histogramOf',
          t(measure),
          count(passing),
          count(all.reduce((a, b) => a + b, 0)),
          numberText(measure, least),
          numberText(measure, most),
        )}
      >
        {!isOpen && <rect class="brush" x={from * BINS} y={0} width={Math.max(0.2, (to - from) * BINS)} height={HEIGHT} />}
        <path class="bars-all" d={bars(all)} />
        <path class="bars-shown" d={bars(shown)} />
      </svg>
      {handle(0)}
      {handle(1)}
    </div>
  );
}
