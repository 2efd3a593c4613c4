/** Previews of a training: any of them, or two with a line to wipe between; as large as one likes. */
import type { JobInfo, ModelEvent, ModelInfo, PreviewInfo } from '../../protocol.ts';
import { previewUrl } from '../api.ts';
import { refreshWorkspace } from '../store.ts';
import { isUndone } from '../trainingState.ts';
import { useEffect, useRef, useSignal } from '../ui.ts';
import { count, t } from '../words.ts';

interface Props {
  readonly job: JobInfo | undefined;
  readonly model: ModelInfo | undefined;
  readonly events: readonly ModelEvent[];
}

/** 0 fits the picture into its box. */
const zooms = [0, 1, 1.5, 2, 3, 4] as const;
const PAN = 60;

export function Preview({ job, model, events }: Props) {
  const chosen = useSignal<number | undefined>(undefined);
  const other = useSignal<number | undefined>(undefined);
  const comparing = useSignal(false);
  const wipe = useSignal(50);
  const zoom = useSignal<number>(0);
  const natural = useSignal({ width: 0, height: 0 });
  const room = useSignal({ width: 0, height: 0 });
  const box = useRef<HTMLDivElement>(null);
  const drag = useRef<{ readonly x: number; readonly y: number; readonly left: number; readonly top: number } | undefined>(undefined);

  const painted = job?.training?.preview ?? null;
  const savedAt = job?.training?.saved ?? null;
  useEffect(() => {
    if (painted !== null || savedAt !== null) refreshWorkspace();
  }, [painted, savedAt]);
  useEffect(() => {
    [chosen.value, other.value, comparing.value] = [undefined, undefined, false];
  }, [model?.path]);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      room.value = { width: entry!.contentRect.width, height: entry!.contentRect.height };
    });
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);

  const previews = model?.previews ?? [];
  const last = previews.length - 1;
  const within = (index: number | undefined, without: number): number => Math.max(0, Math.min(last, index ?? without));
  const at = within(chosen.value, last);
  const from = within(other.value, Math.floor(last / 2));
  const shown = previews[at];
  const before = comparing.value ? previews[from] : undefined;
  const url = (preview: PreviewInfo): string => previewUrl(model!.path, preview.file, preview.stamp);
  const { width, height } = natural.value;
  const fitting = width === 0 ? 1 : Math.min(room.value.width / width, room.value.height / height);
  const scale = zoom.value === 0 ? fitting : zoom.value;
  const step = (by: number): void => {
    const next = Math.max(0, Math.min(last, at + by));
    chosen.value = next === last ? undefined : next;
  };
  const zoomBy = (by: 1 | -1): void => {
    const now = zoom.value === 0 ? zooms.findLastIndex((one) => one !== 0 && one <= Math.max(1, fitting)) : zooms.indexOf(zoom.value as 1);
    zoom.value = zooms[Math.max(0, Math.min(zooms.length - 1, now + by))]!;
  };
  const swap = (): void => {
    [chosen.value, other.value] = [from, at];
  };
  const wipeTo = (clientX: number): void => {
    const stage = box.current!.firstElementChild!.getBoundingClientRect();
    wipe.value = Math.max(0, Math.min(100, (100 * (clientX - stage.left)) / stage.width));
  };
  const acts: Readonly<Record<string, () => void>> = {
    '+': () => zoomBy(1),
    '=': () => zoomBy(1),
    '-': () => zoomBy(-1),
    '0': () => (zoom.value = 0),
    ',': () => step(-1),
    '.': () => step(1),
    x: () => comparing.value && swap(),
    ArrowLeft: () => box.current!.scrollBy(-PAN, 0),
    ArrowRight: () => box.current!.scrollBy(PAN, 0),
    ArrowUp: () => box.current!.scrollBy(0, -PAN),
    ArrowDown: () => box.current!.scrollBy(0, PAN),
  };
  return (
    <section class="preview" aria-label={t('preview')}>
      <header class="panel-head">
        <h2>{t('preview')}</h2>
        <span class="muted">{shown === undefined ? '' : t('previewAt', count(shown.iteration))}</span>
        {shown !== undefined && isUndone(shown, events) && <span class="note-line">{t('previewUndone')}</span>}
        <span class="spring" />
        <button
          type="button"
          class="small"
          aria-pressed={comparing.value}
          disabled={previews.length < 2}
          title={t('compareHint')}
          onClick={() => (comparing.value = !comparing.value)}
        >
          {t('compare')}
        </button>
        <label class="inline">
          <span>{t('zoom')}</span>
          <select
            class="narrow"
            value={zoom.value}
            disabled={shown === undefined}
            onChange={({ currentTarget }) => (zoom.value = Number(currentTarget.value))}
          >
            {zooms.map((one) => (
              <option key={one} value={one}>
                {one === 0 ? t('fit') : `${one * 100} %`}
              </option>
            ))}
          </select>
        </label>
      </header>
      <div
        ref={box}
        class={`preview-box${comparing.value ? ' comparing' : ''}${zoom.value === 0 ? '' : ' zoomed'}`}
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls and takes keys
        tabIndex={0}
        aria-label={t('previewHelp')}
        onKeyDown={(event) => {
          const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : acts[event.key];
          if (act === undefined) return;
          act();
          event.preventDefault();
        }}
        onWheel={(event) => {
          if (!event.ctrlKey) return;
          event.preventDefault();
          zoomBy(event.deltaY < 0 ? 1 : -1);
        }}
        onPointerDown={(event) => {
          if (event.button !== 0 || event.pointerType === 'touch' || shown === undefined) return;
          const { scrollLeft: left, scrollTop: top } = event.currentTarget;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, y: event.clientY, left, top };
          if (comparing.value) wipeTo(event.clientX);
        }}
        onPointerMove={(event) => {
          const { current } = drag;
          if (current === undefined) return;
          if (comparing.value) wipeTo(event.clientX);
          else event.currentTarget.scrollTo(current.left - event.clientX + current.x, current.top - event.clientY + current.y);
        }}
        onPointerUp={() => (drag.current = undefined)}
      >
        {shown === undefined ? (
          <p class="over muted">{t('noPreview')}</p>
        ) : (
          <div
            class={`preview-stage${scale >= 2 ? ' pixels' : ''}`}
            style={width === 0 ? {} : { width: `${width * scale}px`, height: `${height * scale}px` }}
          >
            <img
              src={url(shown)}
              alt={`${t('previewAt', count(shown.iteration))}. ${t('previewColumns')}`}
              draggable={false}
              onLoad={({ currentTarget }) => {
                natural.value = { width: currentTarget.naturalWidth, height: currentTarget.naturalHeight };
              }}
            />
            {before !== undefined && (
              <>
                <img
                  class="under-wipe"
                  src={url(before)}
                  alt={t('previewAt', count(before.iteration))}
                  draggable={false}
                  style={{ clipPath: `inset(0 ${100 - wipe.value}% 0 0)` }}
                />
                <i class="wipe-line" style={{ left: `${wipe.value}%` }} />
              </>
            )}
          </div>
        )}
      </div>
      {previews.length > 1 && (
        <div class="scrubber">
          {before !== undefined && (
            <label>
              <span class="ab">{t('previewA')}</span>
              <Scrub previews={previews} at={from} label={t('previewA')} onInput={(next) => (other.value = next)} />
              <output>{count(before.iteration)}</output>
            </label>
          )}
          <label>
            <span class="ab">{before === undefined ? '' : t('previewB')}</span>
            <Scrub
              previews={previews}
              at={at}
              label={before === undefined ? t('iteration') : t('previewB')}
              onInput={(next) => (chosen.value = next === last ? undefined : next)}
            />
            <output>{shown === undefined ? '' : at === last ? t('latestPreview') : count(shown.iteration)}</output>
          </label>
          {before !== undefined && (
            <label>
              <span class="ab">{t('wipe')}</span>
              <input
                type="range"
                min={0}
                max={100}
                value={wipe.value}
                aria-label={t('wipe')}
                onInput={({ currentTarget }) => (wipe.value = Number(currentTarget.value))}
              />
              <button type="button" class="small" onClick={swap}>
                {t('swapAB')}
              </button>
            </label>
          )}
        </div>
      )}
      <p class="muted">{shown === undefined ? '\u00a0' : t('previewColumns')}</p>
    </section>
  );
}

interface ScrubProps {
  readonly previews: readonly PreviewInfo[];
  readonly at: number;
  readonly label: string;
  readonly onInput: (index: number) => void;
}

const Scrub = ({ previews, at, label, onInput }: ScrubProps) => (
  <input
    type="range"
    aria-label={label}
    aria-valuetext={count(previews[at]?.iteration ?? 0)}
    min={0}
    max={previews.length - 1}
    value={at}
    onInput={({ currentTarget }) => onInput(Number(currentTarget.value))}
  />
);
