/** A picture under drawings, in pixels of the picture: zoomed by the wheel or + and −, moved with the middle button or by its ground. */
import { type ComponentChildren, type Signal, useLayoutEffect, useRef, useSignal } from '../ui.ts';

export interface Zoom {
  /** Middle of what is seen, in pixels of the picture. */
  readonly x: number;
  readonly y: number;
  /** 1 shows the whole picture. */
  readonly scale: number;
}

const MOST = 24;
const STEP = 1.25;

export interface At {
  readonly x: number;
  readonly y: number;
  /** Pixels of the picture in one of the screen. */
  readonly unit: number;
}

interface Props {
  readonly width: number;
  readonly height: number;
  readonly href: string;
  readonly label: string;
  readonly zoom: Signal<Zoom>;
  /** What a press does; false: it moves the picture. */
  readonly onDown?: (at: At, event: PointerEvent) => boolean;
  readonly onMove?: (at: At, event: PointerEvent) => void;
  readonly onUp?: (event: PointerEvent) => void;
  readonly cursor?: string;
  /** Given how many pixels of the picture one of the screen is. */
  readonly children: (unit: number) => ComponentChildren;
}

export const wholeOf = (width: number, height: number): Zoom => ({ x: (width - 1) / 2, y: (height - 1) / 2, scale: 1 });

export function FaceStage({ width, height, href, label, zoom, onDown, onMove, onUp, cursor, children }: Props) {
  const svg = useRef<SVGSVGElement>(null);
  const side = useSignal(1);
  const dragged = useRef<{ x: number; y: number } | undefined>(undefined);
  useLayoutEffect(() => {
    const element = svg.current!;
    const observer = new ResizeObserver(() => (side.value = Math.min(element.clientWidth, element.clientHeight) || 1));
    observer.observe(element);
    side.value = Math.min(element.clientWidth, element.clientHeight) || 1;
    // The page itself must not scroll; only a listener that is not passive can say so.
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      zoomBy(STEP ** Math.sign(-event.deltaY), placeOf(event));
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', wheel);
    };
  }, [width, height]);
  const { x, y, scale } = zoom.value;
  const [w, h] = [width / scale, height / scale];
  const unit = Math.max(w, h) / side.value;
  const placeOf = ({ clientX, clientY }: MouseEvent): At => {
    const matrix = svg.current!.getScreenCTM();
    const point = new DOMPoint(clientX, clientY).matrixTransform(matrix?.inverse());
    return { x: point.x, y: point.y, unit };
  };
  const inside = (next: Zoom): Zoom => {
    const room = (middle: number, size: number): number =>
      Math.min(size - 0.5 - size / next.scale / 2, Math.max(size / next.scale / 2 - 0.5, middle));
    return { scale: next.scale, x: room(next.x, width), y: room(next.y, height) };
  };
  const zoomBy = (factor: number, at?: At): void => {
    const before = zoom.value;
    const next = Math.min(MOST, Math.max(1, before.scale * factor));
    const [px, py] = at === undefined ? [before.x, before.y] : [at.x, at.y];
    const shrink = before.scale / next;
    zoom.value = inside({ scale: next, x: px + (before.x - px) * shrink, y: py + (before.y - py) * shrink });
  };
  const press = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey) return;
    if (event.key === '+' || event.key === '=') zoomBy(STEP);
    else if (event.key === '-') zoomBy(1 / STEP);
    else if (event.key === '0') zoom.value = wholeOf(width, height);
  };
  const isActive = onDown !== undefined;
  return (
    <svg
      ref={svg}
      class="stage"
      viewBox={`${x - w / 2} ${y - h / 2} ${w} ${h}`}
      role={isActive ? 'application' : 'img'}
      aria-label={label}
      tabindex={isActive ? 0 : undefined}
      style={{ cursor: cursor ?? (scale > 1 ? 'grab' : 'default') }}
      onPointerDown={(event) => {
        const at = placeOf(event);
        event.currentTarget.setPointerCapture(event.pointerId);
        if (event.button !== 1 && onDown?.(at, event) === true) return;
        if (event.button < 2) dragged.current = { x: event.clientX, y: event.clientY };
      }}
      onPointerMove={(event) => {
        const from = dragged.current;
        if (from === undefined) {
          onMove?.(placeOf(event), event);
          return;
        }
        zoom.value = inside({
          ...zoom.value,
          x: zoom.value.x - (event.clientX - from.x) * unit,
          y: zoom.value.y - (event.clientY - from.y) * unit,
        });
        dragged.current = { x: event.clientX, y: event.clientY };
      }}
      onPointerUp={(event) => {
        if (dragged.current === undefined) onUp?.(event);
        dragged.current = undefined;
      }}
      onKeyDown={press}
    >
      <image href={href} x={-0.5} y={-0.5} width={width} height={height} style={{ imageRendering: unit < 0.25 ? 'pixelated' : 'auto' }} />
      {children(unit)}
    </svg>
  );
}
