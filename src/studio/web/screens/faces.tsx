/** Facesets: choose one, look at all its faces, sort and filter them, take some out and bring them back. */
import { type FaceMeasure, faceMeasures } from '../../protocol.ts';
import { startJob, trashFaces, undoFaces } from '../api.ts';
import { plainView, type SortKey, shownFaces, type View } from '../faceView.ts';
import { Empty, Meter } from '../parts/basics.tsx';
import { FaceGrid } from '../parts/faceGrid.tsx';
import { FacePage } from '../parts/facePage.tsx';
import { attempt, faces, go, isAlive, jobs, notify, place, refreshFaces, workspace } from '../store.ts';
import { useEffect, useMemo, useSignal } from '../ui.ts';
import { count, t } from '../words.ts';

const sizes = [72, 96, 128, 192, 256];

export function FacesScreen() {
  const { path } = place.value;
  const view = useSignal<View>(plainView);
  const selected = useSignal<ReadonlySet<string>>(new Set());
  const cell = useSignal(Number(localStorage.getItem('faces') ?? 96));
  const opened = useSignal<number | undefined>(undefined);
  const found = workspace.value?.facesets ?? [];
  useEffect(() => {
    if (path === '' && found.length > 0) go('faces', found[0]!.path);
  }, [path, found.length]);
  useEffect(() => {
    selected.value = new Set();
    view.value = plainView;
    refreshFaces();
  }, [path]);
  const list = faces.value?.path === path ? faces.value : undefined;
  const shown = useMemo(() => (list === undefined ? new Int32Array(0) : shownFaces(list, view.value)), [list, view.value]);
  if (workspace.value !== undefined && found.length === 0) {
    return (
      <Empty title={t('noFacesets')}>
        <p>{t('noFacesetsNext')}</p>
        <button type="button" onClick={() => go('workspace')}>
          {t('workspace')}
        </button>
      </Empty>
    );
  }
  const undo = (): void => void attempt(() => undoFaces(path)).then((done) => done && notify('done', { message: t('takenBack') }));
  const trash = async (): Promise<void> => {
    const names = [...selected.value];
    if (names.length === 0) return;
    const done = await attempt(() => trashFaces(path, names));
    if (done === undefined) return;
    selected.value = new Set();
    notify('done', { message: t('trashed', count(done.files)) }, { label: t('undo'), run: undo });
  };
  const caption = (i: number): string =>
    view.value.sort === 'name' ? '' : numberText(view.value.sort, list?.measures[view.value.sort]?.[i] ?? null);
  return (
    <div class="faces">
      <div class="tools">
        <select aria-label={t('chooseFaceset')} value={path} onChange={({ currentTarget }) => go('faces', currentTarget.value)}>
          {found.map((faceset) => (
            <option key={faceset.path} value={faceset.path}>
              {`${faceset.path}  (${count(faceset.count)})`}
            </option>
          ))}
        </select>
        <SortTools view={view.value} onChange={(next) => (view.value = next)} />
        <span class="spring" />
        <span class="muted" role="status">
          {selected.value.size > 0
            ? t('selected', count(selected.value.size))
            : t('shownOf', count(shown.length), count(list?.names.length ?? 0))}
        </span>
        <button type="button" disabled={selected.value.size === 0 || list?.packed === true} onClick={() => void trash()}>
          {t('toTrash')}
        </button>
        <button type="button" disabled={list?.undo == null} title={list?.undo == null ? '' : t('undoWhat', list.undo)} onClick={undo}>
          {t('undo')}
        </button>
        <input
          type="range"
          aria-label={t('thumbSize')}
          min={0}
          max={sizes.length - 1}
          value={Math.max(0, sizes.indexOf(cell.value))}
          onInput={({ currentTarget }) => {
            cell.value = sizes[Number(currentTarget.value)]!;
            localStorage.setItem('faces', String(cell.value));
          }}
        />
      </div>
      <div class="faces-body">
        <aside class="filters" aria-label={t('filter')}>
          <Filters
            view={view.value}
            onChange={(next) => (view.value = next)}
            path={path}
            measured={list?.measured ?? 0}
            of={list?.names.length ?? 0}
          />
          <p class="muted hint">{list?.packed === true ? t('packedHint') : t('gridHelp')}</p>
        </aside>
        {list === undefined ? (
          <p class="muted pad">{t('loading')}</p>
        ) : shown.length === 0 ? (
          <Empty title={list.names.length === 0 ? t('emptyFaceset') : t('noneMatch')}>
            {list.names.length > 0 && (
              <button type="button" onClick={() => (view.value = plainView)}>
                {t('clearFilter')}
              </button>
            )}
          </Empty>
        ) : (
          <FaceGrid
            list={list}
            shown={shown}
            selected={selected}
            cell={cell.value}
            order={`${path} ${JSON.stringify(view.value)}`}
            caption={caption}
            onOpen={(at) => (opened.value = at)}
            onTrash={() => void trash()}
          />
        )}
      </div>
      {list !== undefined && opened.value !== undefined && opened.value < shown.length && (
        <FacePage
          list={list}
          shown={shown}
          at={opened.value}
          onMove={(at) => (opened.value = at)}
          onClose={() => (opened.value = undefined)}
        />
      )}
    </div>
  );
}

function numberText(measure: FaceMeasure, value: number | null): string {
  if (value === null) return '–';
  if (measure === 'yaw' || measure === 'pitch') return `${Math.round(value) || 0}°`;
  return measure === 'area' ? count(Math.round(Math.sqrt(value))) : value.toFixed(2);
}

interface ViewProps {
  readonly view: View;
  readonly onChange: (view: View) => void;
}

function SortTools({ view, onChange }: ViewProps) {
  return (
    <>
      <label class="inline">
        <span>{t('sortBy')}</span>
        <select value={view.sort} onChange={({ currentTarget }) => onChange({ ...view, sort: currentTarget.value as SortKey })}>
          {(['name', ...faceMeasures] as const).map((key) => (
            <option key={key} value={key}>
              {t(key)}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        class="icon"
        aria-label={view.descending ? t('descending') : t('ascending')}
        title={view.descending ? t('descending') : t('ascending')}
        onClick={() => onChange({ ...view, descending: !view.descending })}
      >
        {view.descending ? '↓' : '↑'}
      </button>
    </>
  );
}

function Filters({
  view,
  onChange,
  path,
  measured,
  of,
}: ViewProps & { readonly path: string; readonly measured: number; readonly of: number }) {
  const job = jobs.value.find((one) => one.request.kind === 'measure' && one.request.faces === path && isAlive(one));
  const bound = (text: string): number | null => (text === '' || Number.isNaN(Number(text)) ? null : Number(text));
  const set = (measure: FaceMeasure, side: 0 | 1, text: string): void => {
    const [least, most] = view.ranges[measure] ?? [null, null];
    onChange({ ...view, ranges: { ...view.ranges, [measure]: side === 0 ? [bound(text), most] : [least, bound(text)] } });
  };
  return (
    <>
      <h2>{t('filter')}</h2>
      <label class="field">
        <span>{t('filterName')}</span>
        <input value={view.text} spellcheck={false} onInput={({ currentTarget }) => onChange({ ...view, text: currentTarget.value })} />
      </label>
      <fieldset class="ranges" disabled={measured === 0}>
        {faceMeasures.map((measure) => (
          <div key={measure} class="range">
            <span>{t(measure)}</span>
            {([0, 1] as const).map((side) => (
              <input
                key={side}
                type="number"
                step="any"
                aria-label={`${t(measure)} ${t(side === 0 ? 'from' : 'to')}`}
                placeholder={t(side === 0 ? 'from' : 'to')}
                value={view.ranges[measure]?.[side] ?? ''}
                onInput={({ currentTarget }) => set(measure, side, currentTarget.value)}
              />
            ))}
          </div>
        ))}
      </fieldset>
      <div class="measure">
        {job !== undefined ? (
          <>
            <p class="muted">{t('measuring')}</p>
            <Meter done={job.progress?.done ?? 0} of={job.progress?.total ?? undefined} label={t('measuring')} />
          </>
        ) : (
          <>
            <p class="muted">{measured < of || of === 0 ? t('measureHint') : ''}</p>
            <p class="muted">{t('measuredOf', count(measured), count(of))}</p>
            {measured < of && (
              <button
                type="button"
                class={measured === 0 ? 'primary' : ''}
                onClick={() => void attempt(() => startJob({ kind: 'measure', faces: path }))}
              >
                {t('measure')}
              </button>
            )}
          </>
        )}
      </div>
      <button
        type="button"
        class="quiet"
        disabled={view === plainView}
        onClick={() => onChange({ ...plainView, sort: view.sort, descending: view.descending })}
      >
        {t('clearFilter')}
      </button>
    </>
  );
}
