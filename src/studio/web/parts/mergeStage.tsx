/** The picture of the frame: clip and merged with an edge between them to move, enlarged and moved about; drawn on a canvas as soon as its parts arrive. */
import { density, late, type Part, pictureProblem, type Shown, shown, type View, view } from '../mergePicture.ts';
import { scene, sceneOpening } from '../mergeState.ts';
import { signal, useEffect, useLayoutEffect, useRef, useSignal } from '../ui.ts';
import { t } from '../words.ts';
import { ProblemText } from './basics.tsx';

/** Times the size at which all of the frame is seen. */
export const zoom = signal(1);
const LEAST = 1;
const MOST = 16;
/** The middle of what is seen, in shares of the frame. */
const middle = signal({ x: 0.5, y: 0.5 });
const edge = signal(0.5);
/** Near enough to the edge to take it, in pixels. */
const GRAB = 10;

export function zoomBy(factor: number): void {
  zoom.value = Math.min(MOST, Math.max(LEAST, zoom.value * factor));
  if (zoom.value === LEAST) middle.value = { x: 0.5, y: 0.5 };
}

export function zoomFit(): void {
  zoom.value = LEAST;
  middle.value = { x: 0.5, y: 0.5 };
}

/** Where the frame lies in the box. */
interface Fit {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export function MergeStage() {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const watch = new ResizeObserver(([entry]) => {
      if (entry !== undefined) size.value = { width: entry.contentRect.width, height: entry.contentRect.height };
    });
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const clip = scene.value?.clip;
  const fit = clip === undefined || size.value.width === 0 ? undefined : fitOf(clip, size.value);
  useEffect(() => {
    if (fit !== undefined) density.value = Math.max(0.05, fit.scale * devicePixelRatio);
  }, [fit?.scale]);
  useLayoutEffect(() => {
    const to = canvas.current;
    if (to === null || fit === undefined || clip === undefined) return;
    draw(to, size.value, fit, clip, shown.value, view.value, edge.value);
  }, [fit?.scale, fit?.x, fit?.y, size.value, shown.value, view.value, edge.value]);

  const dragging = useRef<'edge' | 'picture' | undefined>(undefined);
  const edgeX = fit === undefined || clip === undefined ? 0 : fit.x + edge.value * clip.width * fit.scale;
  const moveEdge = (x: number): void => {
    if (fit !== undefined && clip !== undefined) edge.value = Math.min(1, Math.max(0, (x - fit.x) / (clip.width * fit.scale)));
  };
  const at = (event: PointerEvent | WheelEvent): { x: number; y: number } => {
    const { left, top } = box.current!.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    dragging.current = view.value === 'wipe' && (zoom.value === LEAST || Math.abs(at(event).x - edgeX) < GRAB) ? 'edge' : 'picture';
    box.current!.setPointerCapture(event.pointerId);
    if (dragging.current === 'edge') moveEdge(at(event).x);
  };
  const move = (event: PointerEvent): void => {
    if (dragging.current === 'edge') moveEdge(at(event).x);
    if (dragging.current === 'picture' && fit !== undefined && clip !== undefined) {
      const { x, y } = middle.value;
      middle.value = { x: x - event.movementX / (clip.width * fit.scale), y: y - event.movementY / (clip.height * fit.scale) };
    }
  };
  const wheel = (event: WheelEvent): void => {
    if (fit === undefined || clip === undefined) return;
    event.preventDefault();
    const { x, y } = at(event);
    const [u, v] = [(x - fit.x) / (clip.width * fit.scale), (y - fit.y) / (clip.height * fit.scale)];
    const before = zoom.value;
    zoomBy(event.deltaY < 0 ? 1.15 : 1 / 1.15);
    const share = before / zoom.value;
    if (zoom.value > LEAST) middle.value = { x: u + (middle.value.x - u) * share, y: v + (middle.value.y - v) * share };
  };
  useEffect(() => {
    const own = box.current!;
    own.addEventListener('wheel', wheel, { passive: false });
    return () => own.removeEventListener('wheel', wheel);
  });
  const alt = t('frameAlt', shown.value?.frame ?? 0, t(`view_${view.value}`));
  return (
    <div
      ref={box}
      role="application"
      aria-label={t('view')}
      class={`merge-stage${late.value || sceneOpening.value ? ' is-late' : ''}`}
      data-frame={shown.value?.frame}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={() => (dragging.current = undefined)}
      onPointerCancel={() => (dragging.current = undefined)}
      onDblClick={() => (zoom.value > LEAST ? zoomFit() : zoomBy(4))}
    >
      <canvas ref={canvas} role="img" aria-label={alt} />
      {view.value === 'wipe' && fit !== undefined && (
        <div
          class="merge-edge"
          role="slider"
          tabIndex={0}
          aria-label={t('wipeEdge')}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(edge.value * 100)}
          style={{ left: `${edgeX}px` }}
          onKeyDown={(event) => {
            if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
            event.preventDefault();
            event.stopPropagation();
            edge.value = Math.min(1, Math.max(0, edge.value + (event.key === 'ArrowLeft' ? -0.02 : 0.02)));
          }}
        />
      )}
      {/* Here another take will be chosen to compare with, in the place of the clip. */}
      {view.value === 'wipe' && fit !== undefined && (
        <div class="merge-sides" style={{ left: `${edgeX}px` }} aria-hidden="true">
          <span>{t('view_before')}</span>
          <span>{t('view_after')}</span>
        </div>
      )}
      {pictureProblem.value !== undefined && (
        <div class="merge-trouble" role="alert">
          <strong>{t('mergeProblem')}</strong>
          <ProblemText problem={pictureProblem.value} />
        </div>
      )}
    </div>
  );
}

function fitOf(clip: { readonly width: number; readonly height: number }, box: { readonly width: number; readonly height: number }): Fit {
  const scale = Math.min(box.width / clip.width, box.height / clip.height) * zoom.value;
  const [w, h] = [clip.width * scale, clip.height * scale];
  // What is larger than the box fills it; what is smaller is in its middle.
  const place = (of: number, room: number, share: number): number =>
    of <= room ? (room - of) / 2 : Math.min(0, Math.max(room - of, room / 2 - share * of));
  return { scale, x: place(w, box.width, middle.value.x), y: place(h, box.height, middle.value.y) };
}

/** As on the server: sides of the squares in pixels of the frame, and their grays. */
const SQUARE = 16;
const GRAYS = ['rgb(92 92 92)', 'rgb(138 138 138)'] as const;

function draw(
  canvas: HTMLCanvasElement,
  box: { readonly width: number; readonly height: number },
  { scale, x, y }: Fit,
  clip: { readonly width: number; readonly height: number },
  now: Shown | undefined,
  of: View,
  edgeAt: number,
): void {
  const ratio = devicePixelRatio;
  canvas.width = Math.round(box.width * ratio);
  canvas.height = Math.round(box.height * ratio);
  const context = canvas.getContext('2d');
  if (context === null || now === undefined) return;
  context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * x, ratio * y); // from here on in pixels of the frame
  context.imageSmoothingEnabled = scale * ratio < 3;
  context.imageSmoothingQuality = 'high';
  context.beginPath();
  context.rect(0, 0, clip.width, clip.height);
  context.clip();
  const after = of === 'before' ? undefined : now.after;
  const isSquare = after !== undefined && (after.width !== clip.width || after.height !== clip.height);
  if (of === 'mask' || isSquare) {
    context.fillStyle = '#000';
    context.fillRect(0, 0, clip.width, clip.height);
  } else if (of === 'checker') {
    for (const [i, gray] of GRAYS.entries()) {
      context.fillStyle = gray;
      for (let v = 0; v < clip.height; v += SQUARE)
        for (let u = ((v / SQUARE + i) % 2) * SQUARE; u < clip.width; u += 2 * SQUARE) context.fillRect(u, v, SQUARE, SQUARE);
    }
  } else place(context, now.before);
  if (after === undefined) return;
  if (isSquare) {
    const side = Math.min(clip.width / after.width, clip.height / after.height);
    const [w, h] = [after.width * side, after.height * side];
    if (after.bitmap !== undefined) context.drawImage(after.bitmap, (clip.width - w) / 2, (clip.height - h) / 2, w, h);
    return;
  }
  if (of === 'wipe') {
    context.beginPath();
    context.rect(edgeAt * clip.width, 0, clip.width, clip.height);
    context.clip();
  }
  place(context, after);
}

function place(context: CanvasRenderingContext2D, { bitmap, x, y, shrink }: Part): void {
  if (bitmap !== undefined) context.drawImage(bitmap, x, y, bitmap.width * shrink, bitmap.height * shrink);
}
