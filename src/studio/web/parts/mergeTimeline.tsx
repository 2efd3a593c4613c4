/** The clip from left to right: shots, where faces are, and how much they tremble; dragged over, it shows the frame under the pointer. */
import { frame, frames, goTo, lastOf, scene, settings, shotAt, shots } from '../mergeState.ts';
import { useLayoutEffect, useRef, useSignal } from '../ui.ts';
import { language, t } from '../words.ts';

const HEIGHT = { ruler: 16, shots: 24, faces: 5, graph: 46 };
const ALL = HEIGHT.ruler + HEIGHT.shots + HEIGHT.faces + HEIGHT.graph + 4;
/** Between two numbers of the ruler, in pixels. */
const STEP_PX = 70;

export function MergeTimeline() {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useSignal(0);
  useLayoutEffect(() => {
    const watch = new ResizeObserver(([entry]) => {
      if (entry !== undefined) width.value = entry.contentRect.width;
    });
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const open = scene.value;
  useLayoutEffect(() => {
    if (canvas.current !== null && width.value > 0) draw(canvas.current, width.value);
  }, [width.value, open, shots.value, shotAt.value, settings.value, language.value]);
  const total = Math.max(1, frames.value);
  const follow = (event: PointerEvent): void => {
    const { left, width: across } = box.current!.getBoundingClientRect();
    goTo(Math.floor(((event.clientX - left) / across) * total));
  };
  const key = (event: KeyboardEvent): void => {
    const to: Readonly<Record<string, number>> = {
      ArrowLeft: frame.value - (event.shiftKey ? 10 : 1),
      ArrowRight: frame.value + (event.shiftKey ? 10 : 1),
      PageUp: shots.value[shotAt.value - 1]?.from ?? 0,
      PageDown: shots.value[shotAt.value + 1]?.from ?? total - 1,
      Home: 0,
      End: total - 1,
    };
    const target = to[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    goTo(target);
  };
  return (
    <div
      ref={box}
      class="merge-timeline"
      role="slider"
      tabIndex={0}
      aria-label={t('timeline')}
      aria-valuemin={0}
      aria-valuemax={total - 1}
      aria-valuenow={frame.value}
      aria-valuetext={`${frame.value}, ${t('shot', shotAt.value + 1)}`}
      style={{ height: `${ALL}px` }}
      onKeyDown={key}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        follow(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && follow(event)}
    >
      <canvas ref={canvas} />
      <div class="merge-head" style={{ left: `${((frame.value + 0.5) / total) * 100}%` }} aria-hidden="true" />
    </div>
  );
}

/** A number of frames between two marks that people like: 1, 2 or 5 times a power of ten. */
function stepFor(total: number, width: number): number {
  const least = (total * STEP_PX) / width;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= least) ?? power * 10;
}

export function medianOf(values: readonly (number | null)[] | null | undefined, from: number, to: number): number | undefined {
  const sorted = (values ?? [])
    .slice(from, to)
    .filter((value) => value !== null)
    .sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

const roundRect = (context: CanvasRenderingContext2D, x: number, y: number, w: number, h: number): void => {
  context.beginPath();
  context.roundRect(x, y, w, h, 3);
};

function draw(canvas: HTMLCanvasElement, width: number): void {
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(ALL * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${ALL}px`;
  const context = canvas.getContext('2d');
  const open = scene.peek();
  if (context === null || open === undefined) return;
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  context.scale(ratio, ratio);
  const total = Math.max(1, open.clip.frames);
  const at = (place: number): number => (place / total) * width;
  context.font = `11px ${style.fontFamily}`;
  context.textBaseline = 'middle';

  const step = stepFor(total, width);
  for (let i = 0; i < total; i += step) {
    context.fillStyle = colour('edge');
    context.fillRect(Math.round(at(i)), HEIGHT.ruler - 4, 1, 4);
    context.fillStyle = colour('muted');
    if (at(i) + 36 < width) context.fillText(String(i), Math.round(at(i)) + 3, HEIGHT.ruler / 2 - 1);
  }

  const top = HEIGHT.ruler;
  for (const [i, shot] of shots.peek().entries()) {
    const [x, end] = [at(shot.from), at(lastOf(shot) + 1)];
    const wide = Math.max(1, end - x - 1);
    const isCurrent = i === shotAt.peek();
    context.fillStyle = colour(isCurrent ? 'hover' : 'raised');
    roundRect(context, x, top, wide, HEIGHT.shots);
    context.fill();
    context.strokeStyle = colour(isCurrent ? 'accent' : 'line');
    context.lineWidth = 1;
    roundRect(context, x + 0.5, top + 0.5, Math.max(1, wide - 1), HEIGHT.shots - 1);
    context.stroke();
    const hasOwn = Object.keys(shot.settings).length > 0;
    if (wide > 18) {
      context.fillStyle = colour(isCurrent ? 'text' : 'muted');
      context.fillText(String(i + 1), x + 6, top + HEIGHT.shots / 2 + 0.5);
    }
    if (hasOwn) {
      context.fillStyle = colour('accent');
      context.beginPath();
      context.arc(x + wide - 7, top + HEIGHT.shots / 2, Math.min(3, wide / 3), 0, 2 * Math.PI);
      context.fill();
    }
  }

  const faceTop = top + HEIGHT.shots + 2;
  context.fillStyle = colour('line');
  context.fillRect(0, faceTop, width, HEIGHT.faces - 2);
  context.fillStyle = colour('good');
  for (const { from, to } of open.withFace) context.fillRect(at(from), faceTop, Math.max(1, at(to) - at(from)), HEIGHT.faces - 2);

  const graphTop = faceTop + HEIGHT.faces + 2;
  const all = open.tremble.filter((value) => value !== null).sort((a, b) => a - b);
  const most = Math.max(0.5, (all[Math.floor(all.length * 0.95)] ?? 0) * 1.6); // a jump goes beyond the graph, and what is usual is seen
  const high = (value: number): number => graphTop + HEIGHT.graph * (1 - Math.min(1, value / most));
  context.fillStyle = colour('panel');
  context.fillRect(0, graphTop, width, HEIGHT.graph);
  const line = (values: readonly (number | null)[], stroke: string): void => {
    context.strokeStyle = stroke;
    context.lineWidth = 1.2;
    context.beginPath();
    let isDown = false;
    const each = Math.max(1, Math.floor(total / (width * 2))); // a long clip has more frames than the line has room: the largest of a stretch
    for (let i = 0; i < total; i += each) {
      const stretch = values.slice(i, i + each).filter((value) => value !== null);
      if (stretch.length === 0) {
        isDown = false;
        continue;
      }
      const [x, y] = [at(i + each / 2), high(Math.max(...stretch))];
      if (isDown) context.lineTo(x, y);
      else context.moveTo(x, y);
      isDown = true;
    }
    context.stroke();
  };
  line(open.tremble, colour(open.smoothed === null ? 'src' : 'edge'));
  if (open.smoothed !== null) line(open.smoothed, colour('src'));
  context.fillStyle = colour('muted');
  context.fillText(t('stability'), 5, graphTop + 8);
  for (const shot of shots.peek()) {
    const [x, end] = [at(shot.from), at(lastOf(shot) + 1)];
    const median = medianOf(open.smoothed ?? open.tremble, shot.from, lastOf(shot) + 1);
    if (median === undefined) continue;
    const words = t('stabilityOf', median.toFixed(2));
    const across = context.measureText(words).width;
    if (end - x < across + 12 + (shot.from === 0 ? 70 : 0)) continue;
    context.fillStyle = colour('panel');
    context.fillRect(end - across - 9, graphTop + 1, across + 6, 14);
    context.fillStyle = colour('muted');
    context.fillText(words, end - across - 6, graphTop + 8);
    if (shot.from > 0) {
      context.fillStyle = colour('line');
      context.fillRect(Math.round(x), graphTop, 1, HEIGHT.graph);
      context.fillStyle = colour('muted');
    }
  }
}
