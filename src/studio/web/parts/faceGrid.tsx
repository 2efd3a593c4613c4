/** A grid of any number of faces, of which only those in sight exist: keyboard, selection with ranges, and no more work than the eye sees. */
import type { FaceList } from '../../protocol.ts';
import { faceUrl } from '../api.ts';
import { inSight, layoutOf } from '../faceView.ts';
import { readOnly } from '../readOnly.ts';
import { type Signal, useEffect, useLayoutEffect, useRef, useSignal } from '../ui.ts';
import { t } from '../words.ts';

const GAP = 4;
/** A scroll by more than so many screens at once is a flight: pictures wait until it is over. */
const FLIGHT = 1;
const LANDED_MS = 80;

interface Props {
  readonly list: FaceList;
  /** Faces by index, in order. */
  readonly shown: Int32Array;
  readonly selected: Signal<ReadonlySet<string>>;
  readonly cell: number;
  /** Changes when other faces, or the same in another order, are shown; not when a few are gone. */
  readonly order: string;
  /** The measure to write on each face. */
  readonly caption: (i: number) => string;
  readonly onOpen: (place: number) => void;
  readonly onTrash: () => void;
}

export function FaceGrid({ list, shown, selected, cell, order, caption, onOpen, onTrash }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  /** Where the view is, in whole rows, so that the page is drawn anew only when a row comes or goes. */
  const row = useSignal(0);
  const flying = useSignal(false);
  const landing = useRef<number>(undefined);
  const before = useRef(0);
  const cursor = useSignal(0);
  const anchor = useRef(0);
  useLayoutEffect(() => {
    const watched = box.current!;
    const measure = (): void => {
      size.value = { width: watched.clientWidth - 2 * GAP, height: watched.clientHeight };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(watched);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    box.current!.scrollTop = 0;
    cursor.value = 0;
  }, [order]);
  if (cursor.value >= shown.length) cursor.value = Math.max(0, shown.length - 1);

  const layout = layoutOf(size.value.width, cell, shown.length, GAP);
  const side = layout.pitch - GAP;
  const [from, to] = inSight(layout, row.value * layout.pitch, size.value.height, shown.length);
  const scrolled = ({ scrollTop, clientHeight }: HTMLElement): void => {
    if (Math.abs(scrollTop - before.current) > FLIGHT * clientHeight) {
      flying.value = true;
      clearTimeout(landing.current);
      landing.current = setTimeout(() => {
        flying.value = false;
      }, LANDED_MS);
    }
    before.current = scrollTop;
    row.value = Math.floor(scrollTop / layout.pitch);
  };
  const nameAt = (at: number): string => list.names[shown[at]!]!;

  const choose = (at: number, { range, add }: { readonly range: boolean; readonly add: boolean }): void => {
    const next = new Set(add || range ? selected.value : []);
    if (range) {
      for (let i = Math.min(anchor.current, at); i <= Math.max(anchor.current, at); i++) next.add(nameAt(i));
    } else {
      if (next.has(nameAt(at))) next.delete(nameAt(at));
      else next.add(nameAt(at));
      anchor.current = at;
    }
    cursor.value = at;
    selected.value = next;
  };
  const moveTo = (at: number, event: KeyboardEvent): void => {
    const to = Math.max(0, Math.min(shown.length - 1, at));
    cursor.value = to;
    if (event.shiftKey) choose(to, { range: true, add: true });
    else anchor.current = to;
    const y = Math.floor(to / layout.columns) * layout.pitch;
    const view = box.current!;
    if (y < view.scrollTop) view.scrollTop = y;
    else if (y + layout.pitch > view.scrollTop + view.clientHeight) view.scrollTop = y + layout.pitch + GAP - view.clientHeight;
    event.preventDefault();
  };
  const rows = Math.max(1, Math.floor(size.value.height / layout.pitch));
  const keys: Readonly<Record<string, (event: KeyboardEvent) => void>> = {
    ArrowRight: (event) => moveTo(cursor.value + 1, event),
    ArrowLeft: (event) => moveTo(cursor.value - 1, event),
    ArrowDown: (event) => moveTo(cursor.value + layout.columns, event),
    ArrowUp: (event) => moveTo(cursor.value - layout.columns, event),
    PageDown: (event) => moveTo(cursor.value + rows * layout.columns, event),
    PageUp: (event) => moveTo(cursor.value - rows * layout.columns, event),
    Home: (event) => moveTo(0, event),
    End: (event) => moveTo(shown.length - 1, event),
    ' ': (event) => {
      choose(cursor.value, { range: event.shiftKey, add: true });
      event.preventDefault();
    },
    Enter: () => onOpen(cursor.value),
    Delete: () => onTrash(),
    Escape: () => {
      selected.value = new Set();
    },
    a: (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      selected.value = new Set(Array.from(shown, (i) => list.names[i]!));
      event.preventDefault();
    },
  };
  const cells = [];
  for (let at = from; at < to; at++) {
    const i = shown[at]!;
    const name = list.names[i]!;
    const chosen = selected.value.has(name);
    const [y, column] = [Math.floor(at / layout.columns), at % layout.columns];
    const label = caption(i);
    cells.push(
      <div
        key={name}
        id={`face-${at}`}
        role="option"
        tabIndex={-1}
        data-at={at}
        aria-selected={chosen}
        aria-label={`${name} ${label}`.trim()}
        aria-posinset={at + 1}
        aria-setsize={shown.length}
        class={`face${chosen ? ' chosen' : ''}${at === cursor.value ? ' cursor' : ''}`}
        style={{ transform: `translate(${column * layout.pitch}px, ${y * layout.pitch}px)`, width: `${side}px`, height: `${side}px` }}
      >
        {!flying.value && <img src={faceUrl(list.path, name, list.stamps[i]!)} alt="" decoding="async" draggable={false} />}
        {label !== '' && <span>{label}</span>}
      </div>,
    );
  }
  return (
    <div
      ref={box}
      class="grid"
      role="listbox"
      aria-multiselectable="true"
      aria-label={t('faces')}
      aria-activedescendant={cursor.value >= from && cursor.value < to ? `face-${cursor.value}` : undefined}
      tabIndex={0}
      onClick={(event) => {
        const at = placeOf(event.target);
        if (at === undefined) return;
        if (readOnly.value)
          onOpen(at); // nothing can be done with a selection
        else choose(at, { range: event.shiftKey, add: event.ctrlKey || event.metaKey });
      }}
      onDblClick={(event) => {
        const at = placeOf(event.target);
        if (at !== undefined) onOpen(at);
      }}
      onKeyDown={(event) => keys[event.key]?.(event)}
      onScroll={({ currentTarget }) => scrolled(currentTarget)}
    >
      <div class="grid-all" style={{ height: `${layout.height + GAP}px` }}>
        {cells}
      </div>
    </div>
  );
}

/** Of the face that was clicked. */
function placeOf(target: EventTarget | null): number | undefined {
  const at = target instanceof Element ? target.closest<HTMLElement>('[data-at]')?.dataset.at : undefined;
  return at === undefined ? undefined : Number(at);
}
