/** Landmarks by hand: points, parts or all of them dragged and nudged, with the new crop beside, and steps back and forth. */
import type { Changed, FaceDetail } from '../../protocol.ts';
import { type Signal, useEffect, useRef, useSignal } from '../ui.ts';
import { t } from '../words.ts';
import {
  begun,
  changedTo,
  dotsPath,
  type History,
  landmarkLines,
  moved,
  nearestPoint,
  partOf,
  type Scope,
  scopeOf,
  stepBack,
  stepForth,
} from './faceEditing.ts';
import { affineOf, type FrameOfFace, NewCrop } from './faceFrame.tsx';
import { saveLandmarks } from './faceRequests.ts';
import { type At, FaceStage, type Zoom } from './faceStage.tsx';

/** Pixels of the picture for a press of an arrow key. */
const [NUDGE, LEAP] = [0.25, 4];
/** Pixels of the screen within which a point is caught. */
const CATCH = 14;
const scopes = ['point', 'part', 'all'] as const;

/** What every editor of a face is given. */
export interface EditorProps {
  readonly path: string;
  readonly face: FaceDetail;
  readonly href: string;
  readonly v: string;
  readonly zoom: Signal<Zoom>;
  readonly dirty: Signal<boolean>;
  /** Carries a change out and says how it went. @returns whether it was done. */
  readonly onSave: (change: () => Promise<Changed>) => Promise<boolean>;
  /** Where the page's keys go first. */
  readonly keys: { current: ((event: KeyboardEvent) => void) | undefined };
}

export function LandmarkEditor({ path, face, href, v, frame, zoom, dirty, keys, onSave }: EditorProps & { readonly frame: FrameOfFace }) {
  const history = useSignal<History<readonly number[]>>(begun(face.landmarks));
  const chosen = useSignal(30);
  const scope = useSignal<Scope>('point');
  const saving = useSignal(false);
  /** While a hand drags: where it began, and what moves. */
  const drag = useRef<{ readonly from: At; readonly points: readonly number[]; readonly range: readonly [number, number] } | undefined>(
    undefined,
  );
  const live = useSignal<readonly number[] | undefined>(undefined);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector<SVGElement>('.stage')?.focus(), []);
  const { present, past } = history.value;
  const points = live.value ?? present;
  const put = (next: History<readonly number[]>): void => {
    history.value = next;
    dirty.value = next.past.length > 0;
  };
  const nudge = (dx: number, dy: number): void => put(changedTo(history.value, moved(present, scopeOf(chosen.value, scope.value), dx, dy)));
  const save = async (): Promise<void> => {
    if (past.length === 0 || saving.value) return;
    saving.value = true;
    const saved = await onSave(() => saveLandmarks(path, face.name, present));
    saving.value = false;
    if (saved) put(begun(present));
  };
  const press = (event: KeyboardEvent): void => {
    const { key, shiftKey } = event;
    const step = shiftKey ? LEAP : NUDGE;
    const used = (act: () => void): void => {
      act();
      event.preventDefault();
    };
    if (event.ctrlKey || event.metaKey) {
      const lower = key.toLowerCase();
      if (lower === 'z') used(() => put((shiftKey ? stepForth : stepBack)(history.value)));
      else if (lower === 'y') used(() => put(stepForth(history.value)));
      else if (lower === 's') used(() => void save());
      return;
    }
    if (key === 'ArrowLeft') used(() => nudge(-step, 0));
    else if (key === 'ArrowRight') used(() => nudge(step, 0));
    else if (key === 'ArrowUp') used(() => nudge(0, -step));
    else if (key === 'ArrowDown') used(() => nudge(0, step));
    else if (key === ']' || key === '[') used(() => (chosen.value = (chosen.value + (key === ']' ? 1 : 67)) % 68));
    else if (key === 'o') scope.value = 'point';
    else if (key === 'p') scope.value = 'part';
    else if (key === 'a') scope.value = 'all';
  };
  keys.current = press;
  const isFromFrame = frame.info !== undefined && affineOf(face.matrix) !== undefined;
  return (
    <>
      <div ref={box} class="face-view">
        <FaceStage
          width={face.width}
          height={face.height}
          href={href}
          label={`${t('landmarks')}: ${t('pointN', chosen.value + 1, t(`part_${partOf(chosen.value).name}`))}`}
          zoom={zoom}
          cursor="crosshair"
          onDown={(at, event) => {
            const { at: nearest, distance } = nearestPoint(present, at.x, at.y);
            if (event.button !== 0 || distance > CATCH * at.unit) return false;
            chosen.value = nearest;
            drag.current = { from: at, points: present, range: scopeOf(nearest, event.shiftKey ? 'part' : scope.value) };
            return true;
          }}
          onMove={(at) => {
            const held = drag.current;
            if (held !== undefined) live.value = moved(held.points, held.range, at.x - held.from.x, at.y - held.from.y);
          }}
          onUp={() => {
            if (live.value !== undefined) put(changedTo(history.value, live.value));
            live.value = undefined;
            drag.current = undefined;
          }}
        >
          {() => (
            <>
              <path class="outline" d={landmarkLines(points)} vector-effect="non-scaling-stroke" />
              <path class="points" d={dotsPath(points)} vector-effect="non-scaling-stroke" />
              <path
                class="points points-scope"
                d={dotsPath(points, scopeOf(chosen.value, scope.value))}
                vector-effect="non-scaling-stroke"
              />
              <path
                class="points points-chosen"
                d={dotsPath(points, [chosen.value, chosen.value + 1])}
                vector-effect="non-scaling-stroke"
              />
            </>
          )}
        </FaceStage>
      </div>
      <div class="face-facts">
        <NewCrop path={path} face={face} href={href} landmarks={points} frame={frame} v={v} />
        <fieldset class="segmented">
          <legend>{t('moveWhat')}</legend>
          {scopes.map((name) => (
            <button key={name} type="button" aria-pressed={scope.value === name} onClick={() => (scope.value = name)}>
              {t(`move_${name}`)}
            </button>
          ))}
        </fieldset>
        <p class="muted" role="status">
          {t('pointN', chosen.value + 1, t(`part_${partOf(chosen.value).name}`))}
          {`: ${points[2 * chosen.value]!.toFixed(2)}, ${points[2 * chosen.value + 1]!.toFixed(2)}`}
        </p>
        <p class="muted">{t('landmarksHint')}</p>
        <p class="muted">{t(isFromFrame ? 'landmarksFromFrame' : 'landmarksFromFace')}</p>
        <p class="muted">{face.edits === null ? t('landmarksNotKept') : t('landmarksKept', face.edits)}</p>
        <Steps
          history={history.value}
          onChange={put}
          onRevert={() => put(begun(face.landmarks))}
          onSave={() => void save()}
          saving={saving.value}
        />
      </div>
    </>
  );
}

/** Undo, redo, revert and save, the same for both editors. */
export function Steps<T>({
  history,
  onChange,
  onRevert,
  onSave,
  saving,
  always = false,
}: {
  readonly history: History<T>;
  readonly onChange: (history: History<T>) => void;
  readonly onRevert: () => void;
  readonly onSave: () => void;
  readonly saving: boolean;
  /** Whether it may be saved although nothing was drawn. */
  readonly always?: boolean;
}) {
  const { past, future } = history;
  return (
    <div class="steps">
      <button type="button" disabled={past.length === 0} title="Ctrl+Z" onClick={() => onChange(stepBack(history))}>
        {t('undo')}
      </button>
      <button type="button" disabled={future.length === 0} title="Ctrl+Y" onClick={() => onChange(stepForth(history))}>
        {t('redo')}
      </button>
      <button type="button" disabled={past.length === 0} onClick={onRevert}>
        {t('revert')}
      </button>
      <button type="button" class="primary" disabled={(past.length === 0 && !always) || saving} title="Ctrl+S" onClick={onSave}>
        {t('saveFace')}
      </button>
    </div>
  );
}
