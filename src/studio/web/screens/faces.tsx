/** Facesets: choose one, look at all its faces, sort, filter and group them, see which poses they lack, work on them, take some out and bring them back. */
import { trashFaces, undoFaces } from '../api.ts';
import { isMeasure, plainView, shownFaces, shownValue, type View } from '../faceView.ts';
import { Empty } from '../parts/basics.tsx';
import { FaceFilters } from '../parts/faceFilters.tsx';
import { FaceGrid } from '../parts/faceGrid.tsx';
import { numberText } from '../parts/faceHistogram.tsx';
import { FacePage } from '../parts/facePage.tsx';
import { FacePersons } from '../parts/facePersons.tsx';
import { FaceSort, useOrder } from '../parts/faceSort.tsx';
import { FaceTools } from '../parts/faceTools.tsx';
import { carried, PoseMap } from '../parts/poseMap.tsx';
import { readOnly } from '../readOnly.ts';
import { attempt, faces, go, notify, place, refreshFaces, workspace } from '../store.ts';
import { useEffect, useMemo, useSignal } from '../ui.ts';
import { count, t } from '../words.ts';

const sizes = [72, 96, 128, 192, 256];
const tabs = ['filter', 'poses', 'persons'] as const;
type Tab = (typeof tabs)[number];

export function FacesScreen() {
  const { path } = place.value;
  const view = useSignal<View>(plainView);
  const selected = useSignal<ReadonlySet<string>>(new Set());
  const cell = useSignal(Number(localStorage.getItem('faces') ?? 96));
  const opened = useSignal<number | undefined>(undefined);
  const tab = useSignal<Tab>('filter');
  const working = useSignal(false);
  const found = workspace.value?.facesets ?? [];
  useEffect(() => {
    if (path === '' && found.length > 0) go('faces', found[0]!.path);
  }, [path, found.length]);
  useEffect(() => {
    selected.value = new Set();
    opened.value = undefined;
    view.value = carried.value?.path === path ? { ...plainView, ranges: carried.value.ranges } : plainView;
    carried.value = undefined;
    refreshFaces();
  }, [path]);
  const list = faces.value?.path === path ? faces.value : undefined;
  const order = useOrder(list, view.value.sort);
  const shown = useMemo(
    () => (list === undefined ? new Int32Array(0) : shownFaces(list, view.value, order?.names ?? [])),
    [list, view.value, order],
  );
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
    if (names.length === 0 || readOnly.value) return;
    const done = await attempt(() => trashFaces(path, names));
    if (done === undefined) return;
    selected.value = new Set();
    notify('done', { message: t('trashed', count(done.files)) }, { label: t('undo'), run: undo });
  };
  const caption = (i: number): string => {
    const { sort } = view.value;
    if (!isMeasure(sort)) return '';
    const value = list?.measures[sort]?.[i] ?? null;
    return value === null ? '–' : numberText(sort, shownValue(sort, value));
  };
  const change = (next: View): void => {
    view.value = next;
  };
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
        <FaceSort list={list} view={view.value} order={order} onChange={change} />
        <button type="button" class="acts" disabled={list === undefined || list.names.length === 0} onClick={() => (working.value = true)}>
          {t('tools')}…
        </button>
        <span class="spring" />
        <span class="muted" role="status">
          {selected.value.size > 0
            ? t('selected', count(selected.value.size))
            : t('shownOf', count(shown.length), count(list?.names.length ?? 0))}
        </span>
        <button type="button" class="acts" disabled={selected.value.size === 0 || list?.packed === true} onClick={() => void trash()}>
          {t('toTrash')}
        </button>
        <button
          type="button"
          class="acts"
          disabled={list?.undo == null}
          title={list?.undo == null ? '' : t('undoWhat', list.undo)}
          onClick={undo}
        >
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
        <aside class="filters" aria-label={t('sidePanel')}>
          <Tabs tab={tab.value} onChange={(next) => (tab.value = next)} />
          <div class="tab-panel" role="tabpanel" id="faces-panel" aria-labelledby={`tab-${tab.value}`}>
            {tab.value === 'filter' && <FaceFilters list={list} path={path} shown={shown} view={view.value} onChange={change} />}
            {tab.value === 'poses' && list !== undefined && <PoseMap list={list} view={view.value} onChange={change} />}
            {tab.value === 'persons' && list !== undefined && <FacePersons list={list} view={view.value} onChange={change} />}
          </div>
          <p class="muted hint acts">{list?.packed === true ? t('packedHint') : t('gridHelp')}</p>
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
            order={`${path} ${JSON.stringify(view.value)} ${order?.names?.length ?? ''}`}
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
      {list !== undefined && working.value && <FaceTools list={list} onClose={() => (working.value = false)} />}
    </div>
  );
}

/** Arrow keys go from tab to tab, as tabs do. */
function Tabs({ tab, onChange }: { readonly tab: Tab; readonly onChange: (tab: Tab) => void }) {
  const step = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    const next = tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length]!;
    onChange(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="face-tabs" role="tablist" aria-label={t('sidePanel')} onKeyDown={step}>
      {tabs.map((name) => (
        <button
          key={name}
          id={`tab-${name}`}
          type="button"
          role="tab"
          class="quiet"
          aria-selected={name === tab}
          aria-controls="faces-panel"
          tabIndex={name === tab ? 0 : -1}
          onClick={() => onChange(name)}
        >
          {t(`tab_${name}`)}
        </button>
      ))}
    </div>
  );
}
