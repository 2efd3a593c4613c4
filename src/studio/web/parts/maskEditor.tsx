/** Regions of the mask by hand, as DeepFaceLab's XSeg has them: those that include the face and those that are cut out of it, drawn point by point. */
import type { FaceDetail, MaskShape } from '../../protocol.ts';
import { useEffect, useRef, useSignal } from '../ui.ts';
import { t } from '../words.ts';
import * as edit from './faceEditing.ts';
import { maskUrl, savePolygons } from './faceRequests.ts';
import { type At, FaceStage } from './faceStage.tsx';
import { type EditorProps, Steps } from './landmarkEditor.tsx';

/** Pixels of the screen within which a point or an edge is caught. */
const CATCH = 11;
const [NUDGE, LEAP] = [0.5, 5];
const MOST_COPIES = 500;
const modes = ['none', 'include', 'exclude'] as const;
type Mode = (typeof modes)[number];
const modeKeys = { none: 'drawNone', include: 'drawInclude', exclude: 'drawExclude' } as const;
const views = ['outline', 'result', 'stored'] as const;

type Shapes = readonly MaskShape[];
interface Chosen {
  readonly region: number;
  /** Null: the region as a whole. */
  readonly point: number | null;
}

interface Props extends EditorProps {
  /** Names of the faces around this one, in the order that is shown. */
  readonly around: (before: number, after: number) => readonly string[];
}

export function MaskEditor({ path, face, href, v, zoom, dirty, keys, onSave, around }: Props) {
  const history = useSignal<edit.History<Shapes>>(edit.begun(face.polygons));
  const mode = useSignal<Mode>(face.polygons.length === 0 ? 'include' : 'none');
  const draft = useSignal<readonly number[]>([]);
  const pointer = useSignal<readonly [number, number] | undefined>(undefined);
  const chosen = useSignal<Chosen | undefined>(undefined);
  const shown = useSignal<ReadonlySet<(typeof views)[number]>>(new Set(['outline', 'result']));
  const live = useSignal<Shapes | undefined>(undefined);
  const drag = useRef<{ readonly from: At; readonly shapes: Shapes; readonly chosen: Chosen } | undefined>(undefined);
  const [before, after, keepOwn, store] = [useSignal(0), useSignal(0), useSignal(true), useSignal(false)];
  const saving = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector<SVGElement>('.stage')?.focus(), []);
  const { present, past } = history.value;
  const shapes = live.value ?? present;
  const put = (next: edit.History<Shapes>): void => {
    history.value = next;
    dirty.value = next.past.length > 0;
    if (chosen.value !== undefined && chosen.value.region >= next.present.length) chosen.value = undefined;
  };
  const change = (next: Shapes): void => put(edit.changedTo(history.value, next));
  const close = (): void => {
    if (draft.value.length >= 6) {
      change([...present, { include: mode.value === 'include', points: draft.value.map((value) => Math.round(value * 100) / 100) }]);
      chosen.value = { region: present.length, point: null };
    }
    draft.value = [];
  };
  const remove = (): void => {
    if (draft.value.length > 0) draft.value = draft.value.slice(0, -2);
    else if (chosen.value !== undefined) {
      const { region, point } = chosen.value;
      change(point === null ? edit.regionRemoved(present, region) : edit.pointRemoved(present, region, point));
      chosen.value = undefined;
    }
  };
  const nudge = (dx: number, dy: number): void => {
    if (chosen.value === undefined) return;
    const { region, point } = chosen.value;
    change(point === null ? edit.regionMoved(present, region, dx, dy) : edit.pointMoved(present, region, point, dx, dy));
  };
  const save = async (): Promise<void> => {
    if (saving.value) return;
    saving.value = true;
    const request = {
      name: face.name,
      polygons: present,
      copyTo: around(before.value, after.value),
      keepOwn: keepOwn.value,
      store: store.value,
    };
    const saved = await onSave(() => savePolygons(path, request));
    saving.value = false;
    if (saved) put(edit.begun(present));
  };
  /** Goes to the next or the previous point, over all regions. */
  const walk = (by: number): void => {
    const all = present.flatMap(({ points }, region) => Array.from({ length: points.length / 2 }, (_, point) => ({ region, point })));
    if (all.length === 0) return;
    const now = all.findIndex(({ region, point }) => region === chosen.value?.region && point === (chosen.value.point ?? 0));
    chosen.value = all[(now + by + all.length) % all.length];
  };
  const press = (event: KeyboardEvent): void => {
    const { key, shiftKey } = event;
    const used = (act: () => void): void => {
      act();
      event.preventDefault();
    };
    const step = shiftKey ? LEAP : NUDGE;
    if (event.ctrlKey || event.metaKey) {
      const lower = key.toLowerCase();
      if (lower === 'z' && draft.value.length > 0) used(() => (draft.value = draft.value.slice(0, -2)));
      else if (lower === 'z') used(() => put((shiftKey ? edit.stepForth : edit.stepBack)(history.value)));
      else if (lower === 'y') used(() => put(edit.stepForth(history.value)));
      else if (lower === 's') used(() => void save());
      return;
    }
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ...{ ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] },
    };
    const move = moves[key];
    if (move !== undefined) used(() => nudge(move[0], move[1]));
    else if (key === 'Enter' && draft.value.length > 0) used(close);
    else if (key === 'Escape' && draft.value.length > 0) used(() => (draft.value = []));
    else if (key === 'Escape' && chosen.value !== undefined) used(() => (chosen.value = undefined));
    else if (key === 'Delete' || key === 'Backspace') used(remove);
    else if (key === ']' || key === '[') used(() => walk(key === ']' ? 1 : -1));
    else if (key === 'Insert' && chosen.value !== undefined && chosen.value.point !== null) used(() => insertAfter(chosen.value!));
    else if (key === 'i') mode.value = 'include';
    else if (key === 'e') mode.value = 'exclude';
    else if (key === 'v') mode.value = 'none';
    else if (key === 'x' && chosen.value !== undefined) used(() => change(edit.regionFlipped(present, chosen.value!.region)));
    else if (key === 'm' && present.length > 0) used(() => change(edit.mirrored(present, face.width)));
  };
  keys.current = press;
  /** A point in the middle of the edge behind the chosen one. */
  const insertAfter = ({ region, point }: Chosen): void => {
    const { points } = present[region]!;
    const at = point ?? 0;
    const next = (at + 1) % (points.length / 2);
    const middle = [(points[2 * at]! + points[2 * next]!) / 2, (points[2 * at + 1]! + points[2 * next + 1]!) / 2] as const;
    change(edit.pointAdded(present, region, at, middle));
    chosen.value = { region, point: at + 1 };
  };
  const down = (at: At, event: PointerEvent): boolean => {
    if (event.button !== 0) return false;
    const reach = CATCH * at.unit;
    if (mode.value !== 'none') {
      const [x, y] = draft.value;
      if (draft.value.length >= 6 && Math.hypot(at.x - x!, at.y - y!) < reach) close();
      else draft.value = [...draft.value, at.x, at.y];
      return true;
    }
    const hold = (held: Chosen, from: Shapes): true => {
      chosen.value = held;
      drag.current = { from: at, shapes: from, chosen: held };
      return true;
    };
    for (let region = present.length - 1; region >= 0; region--) {
      const { at: point, distance } = edit.nearestPoint(present[region]!.points, at.x, at.y);
      if (distance < reach) return hold({ region, point }, present);
    }
    for (let region = present.length - 1; region >= 0; region--) {
      const near = edit.nearestEdge(present[region]!.points, at.x, at.y);
      if (near.distance < reach && (event.altKey || chosen.value?.region === region)) {
        const added = edit.pointAdded(present, region, near.at, [at.x, at.y]);
        live.value = added;
        return hold({ region, point: near.at + 1 }, added);
      }
    }
    const region = present.findLastIndex(({ points }) => edit.holds(points, at.x, at.y));
    if (region >= 0) return hold({ region, point: null }, present);
    chosen.value = undefined;
    return false;
  };
  const stored = 'mask-of-file';
  const toggle = (view: (typeof views)[number]): void => {
    const next = new Set(shown.value);
    if (!next.delete(view)) next.add(view);
    shown.value = next;
  };
  return (
    <>
      <div ref={box} class="face-view">
        <FaceStage
          width={face.width}
          height={face.height}
          href={href}
          label={`${t('mode_mask')}: ${t(modeKeys[mode.value])}, ${t('regions')} ${present.length}`}
          zoom={zoom}
          cursor={mode.value === 'none' ? 'default' : 'crosshair'}
          onDown={down}
          onMove={(at) => {
            pointer.value = [at.x, at.y];
            const held = drag.current;
            if (held === undefined) return;
            const [dx, dy] = [at.x - held.from.x, at.y - held.from.y];
            const { region, point } = held.chosen;
            live.value =
              point === null ? edit.regionMoved(held.shapes, region, dx, dy) : edit.pointMoved(held.shapes, region, point, dx, dy);
          }}
          onUp={() => {
            if (live.value !== undefined && drag.current !== undefined) change(live.value);
            live.value = undefined;
            drag.current = undefined;
          }}
        >
          {() => (
            <>
              {shown.value.has('stored') && face.mask && (
                <>
                  <mask id={stored} maskUnits="userSpaceOnUse" x={-0.5} y={-0.5} width={face.width} height={face.height}>
                    <image
                      href={maskUrl(path, face.name, v)}
                      x={-0.5}
                      y={-0.5}
                      width={face.width}
                      height={face.height}
                      preserveAspectRatio="none"
                    />
                  </mask>
                  <rect class="mask-stored" x={-0.5} y={-0.5} width={face.width} height={face.height} mask={`url(#${stored})`} />
                </>
              )}
              {shown.value.has('result') && shapes.length > 0 && <Result shapes={shapes} face={face} />}
              {shown.value.has('outline') &&
                shapes.map(({ include, points }, region) => (
                  <g key={region} class={`region ${include ? 'include' : 'exclude'}${chosen.value?.region === region ? ' chosen' : ''}`}>
                    <path class="region-edge" d={edit.pathOf(points, true)} vector-effect="non-scaling-stroke" />
                    <path class="region-points" d={edit.dotsPath(points)} vector-effect="non-scaling-stroke" />
                    {chosen.value?.region === region && chosen.value.point !== null && (
                      <path
                        class="region-points region-point"
                        d={edit.dotsPath(points, [chosen.value.point, chosen.value.point + 1])}
                        vector-effect="non-scaling-stroke"
                      />
                    )}
                  </g>
                ))}
              {draft.value.length > 0 && (
                <g class={`region draft ${mode.value}`}>
                  <path
                    class="region-edge"
                    d={edit.pathOf([...draft.value, ...(pointer.value ?? [])], false)}
                    vector-effect="non-scaling-stroke"
                  />
                  <path class="region-points" d={edit.dotsPath(draft.value)} vector-effect="non-scaling-stroke" />
                </g>
              )}
            </>
          )}
        </FaceStage>
      </div>
      <div class="face-facts mask-side">
        <fieldset class="segmented">
          <legend class="unseen">{t('mode_mask')}</legend>
          {modes.map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={mode.value === name}
              title={{ none: 'V', include: 'I', exclude: 'E' }[name]}
              onClick={() => (mode.value = name)}
            >
              {t(modeKeys[name])}
            </button>
          ))}
        </fieldset>
        <p class="muted">{t('maskHint')}</p>
        <section>
          <h3>{t('regions')}</h3>
          {present.length === 0 && (
            <p class="muted">
              {t('noRegions')} {t('noRegionsNext')}
            </p>
          )}
          <ul class="regions">
            {present.map(({ include, points }, region) => (
              <li key={region} class={chosen.value?.region === region ? 'chosen' : ''}>
                <button
                  type="button"
                  class="quiet small"
                  aria-pressed={chosen.value?.region === region}
                  onClick={() => (chosen.value = { region, point: null })}
                >
                  <i class={include ? 'include' : 'exclude'} />
                  {t('regionN', t(include ? 'drawInclude' : 'drawExclude'), region + 1, points.length / 2)}
                </button>
                <button
                  type="button"
                  class="quiet small icon"
                  aria-label={`${t('regionFlip')} ${region + 1}`}
                  title={`${t('regionFlip')} (X)`}
                  onClick={() => change(edit.regionFlipped(present, region))}
                >
                  ±
                </button>
                <button
                  type="button"
                  class="quiet small icon"
                  aria-label={`${t('regionDelete')} ${region + 1}`}
                  title={t('regionDelete')}
                  onClick={() => change(edit.regionRemoved(present, region))}
                >
                  ✕
                </button>
              </li>
            ))}
          </ul>
          <div class="row wrap">
            <button
              type="button"
              class="small"
              onClick={() => change([...present, { include: true, points: edit.faceOutline(face.landmarks) }])}
            >
              {t('regionFromLandmarks')}
            </button>
            <button
              type="button"
              class="small"
              disabled={present.length === 0}
              title="M"
              onClick={() => change(edit.mirrored(present, face.width))}
            >
              {t('regionMirror')}
            </button>
          </div>
        </section>
        <fieldset class="mask-shown">
          <legend>{t('maskShown')}</legend>
          {views.map((view) => (
            <label key={view} class="check">
              <input
                type="checkbox"
                checked={shown.value.has(view)}
                disabled={view === 'stored' && !face.mask}
                onChange={() => toggle(view)}
              />
              <span>{t(`shown_${view}`)}</span>
            </label>
          ))}
        </fieldset>
        <div class="copies">
          <label class="inline">
            <span>{t('copyBefore')}</span>
            <input
              type="number"
              min={0}
              max={MOST_COPIES}
              value={before.value}
              onInput={({ currentTarget }) => (before.value = atMost(currentTarget.valueAsNumber))}
            />
          </label>
          <label class="inline">
            <span>{t('copyAfter')}</span>
            <input
              type="number"
              min={0}
              max={MOST_COPIES}
              value={after.value}
              onInput={({ currentTarget }) => (after.value = atMost(currentTarget.valueAsNumber))}
            />
          </label>
          <label class="check">
            <input type="checkbox" checked={keepOwn.value} onChange={({ currentTarget }) => (keepOwn.value = currentTarget.checked)} />
            <span>{t('copyKeep')}</span>
          </label>
          <label class="check">
            <input type="checkbox" checked={store.value} onChange={({ currentTarget }) => (store.value = currentTarget.checked)} />
            <span>{t('storeMask')}</span>
          </label>
        </div>
        <Steps
          history={history.value}
          onChange={put}
          onRevert={() => put(edit.begun(face.polygons))}
          onSave={() => void save()}
          saving={saving.value || draft.value.length > 0}
          always={past.length > 0 || store.value || before.value + after.value > 0}
        />
      </div>
    </>
  );
}

const atMost = (value: number): number => (Number.isFinite(value) ? Math.min(MOST_COPIES, Math.max(0, Math.floor(value))) : 0);

/** The mask that the regions make, as the programs make it: whole pixels, those that include first, then those that exclude. What is outside is darkened. */
function Result({ shapes, face }: { readonly shapes: Shapes; readonly face: FaceDetail }) {
  const id = 'mask-of-regions';
  const whole = { x: -0.5, y: -0.5, width: face.width, height: face.height };
  return (
    <g>
      <mask id={id} maskUnits="userSpaceOnUse" {...whole}>
        <rect {...whole} fill="#fff" />
        {shapes.map(
          ({ include, points }, i) =>
            include && <path key={i} d={edit.pathOf(points.map(Math.trunc), true)} fill="#000" fill-rule="evenodd" />,
        )}
        {shapes.map(
          ({ include, points }, i) =>
            !include && <path key={i} d={edit.pathOf(points.map(Math.trunc), true)} fill="#fff" fill-rule="evenodd" />,
        )}
      </mask>
      <rect {...whole} class="mask-outside" mask={`url(#${id})`} />
    </g>
  );
}
