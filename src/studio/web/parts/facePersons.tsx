/** Persons of a set, as a job found them: shown, named, moved to the trash, or each into a folder. */
import type { FaceGroup, FaceGroups, FaceList } from '../../protocol.ts';
import { faceUrl, startJob, trashFaces, undoFaces } from '../api.ts';
import type { View } from '../faceView.ts';
import { attempt, isAlive, jobs, notify } from '../store.ts';
import { useEffect, useSignal } from '../ui.ts';
import { count, t } from '../words.ts';
import { Meter } from './basics.tsx';
import { labelGroup, readGroups } from './faceRequests.ts';

const SAMPLES = 4;
/** More groups than this are mostly single faces. */
const SHOWN = 200;

interface Props {
  readonly list: FaceList;
  readonly view: View;
  readonly onChange: (view: View) => void;
}

export function FacePersons({ list, view, onChange }: Props) {
  const found = useSignal<FaceGroups | undefined>(undefined);
  const threshold = useSignal('0.5');
  const { path } = list;
  useEffect(() => {
    let gone = false;
    void attempt(() => readGroups(path)).then((read) => {
      if (!gone) found.value = read;
    });
    return () => {
      gone = true;
    };
  }, [path, list]);
  const isMine = (tool: string) =>
    jobs.value.find(({ request }) => request.kind === 'faces' && request.faces === path && request.tool === tool);
  const job = isMine('group');
  const start = (tool: 'group' | 'split'): void => {
    const value = Number(threshold.value);
    void attempt(() =>
      startJob({ kind: 'faces', tool, faces: path, ...(Number.isFinite(value) && value > 0 ? { threshold: value } : {}) }),
    );
  };
  const stamps = new Map(list.names.map((name, i) => [name, list.stamps[i]!]));
  const groups = found.value?.groups ?? null;
  return (
    <div class="persons">
      {job !== undefined && isAlive(job) ? (
        <div class="measure">
          <p class="muted">{t('findingPersons')}</p>
          <Meter done={job.progress?.done ?? 0} of={job.progress?.total ?? undefined} label={t('findingPersons')} />
        </div>
      ) : (
        <>
          {groups === null && <p class="muted">{t('personsHint')}</p>}
          {groups?.length === 0 && <p class="muted">{t('personsNone')}</p>}
          <div class="row persons-start acts">
            <label class="inline">
              <span>{t('personThreshold')}</span>
              <input
                type="number"
                min="0.05"
                max="2"
                step="0.05"
                value={threshold.value}
                onInput={({ currentTarget }) => (threshold.value = currentTarget.value)}
              />
            </label>
            <button
              type="button"
              class={groups === null ? 'primary' : ''}
              disabled={found.value === undefined}
              onClick={() => start('group')}
            >
              {t(groups === null ? 'findPersons' : 'findPersonsAgain')}
            </button>
          </div>
        </>
      )}
      {groups !== null && groups.length > 0 && (
        <>
          <ul class="people">
            {groups.slice(0, SHOWN).map((group) => (
              <Person
                key={group.id}
                group={group}
                list={list}
                stamps={stamps}
                view={view}
                onChange={onChange}
                onGroups={(next) => (found.value = next)}
              />
            ))}
          </ul>
          {(found.value?.ungrouped ?? 0) > 0 && <p class="muted">{t('ungrouped', count(found.value!.ungrouped))}</p>}
          {groups.length > 1 && (
            <button type="button" class="acts" disabled={list.packed} title={t('about_split')} onClick={() => start('split')}>
              {t('splitPersons')}
            </button>
          )}
        </>
      )}
    </div>
  );
}

interface PersonProps extends Props {
  readonly group: FaceGroup;
  readonly stamps: ReadonlyMap<string, string>;
  readonly onGroups: (groups: FaceGroups) => void;
}

function Person({ group, list, stamps, view, onChange, onGroups }: PersonProps) {
  const renaming = useSignal<string | undefined>(undefined);
  const { path } = list;
  const title = group.label ?? t('personN', group.id + 1);
  const isShown = view.only?.label === title;
  // The list may be newer than the groups.
  const present = group.names.filter((name) => stamps.has(name));
  const samples = Array.from({ length: Math.min(SAMPLES, present.length) }, (_, i) => present[Math.floor((i * present.length) / SAMPLES)]!);
  const rename = async (text: string | undefined): Promise<void> => {
    renaming.value = undefined;
    if (text === undefined || text === (group.label ?? '')) return;
    const groups = await attempt(() => labelGroup(path, group.id, text));
    if (groups !== undefined) onGroups(groups);
  };
  const trash = async (): Promise<void> => {
    const done = await attempt(() => trashFaces(path, group.names));
    if (done === undefined) return;
    if (isShown) onChange({ ...view, only: undefined });
    notify('done', { message: t('trashed', count(done.files)) }, { label: t('undo'), run: () => void attempt(() => undoFaces(path)) });
  };
  return (
    <li class={`person${isShown ? ' shown' : ''}`}>
      <button
        type="button"
        class="person-faces"
        aria-pressed={isShown}
        aria-label={`${t('personShow')}: ${title}`}
        onClick={() => onChange({ ...view, only: isShown ? undefined : { label: title, names: new Set(group.names) } })}
      >
        {samples.map((name) => (
          <img key={name} src={faceUrl(path, name, stamps.get(name)!)} alt="" />
        ))}
      </button>
      {renaming.value === undefined ? (
        <div class="person-line">
          <strong>{title}</strong>
          <button
            type="button"
            class="quiet small acts"
            onClick={() => (renaming.value = group.label ?? '')}
            aria-label={`${t('personRename')}: ${title}`}
          >
            {t('personRename')}
          </button>
          <button
            type="button"
            class="quiet small danger acts"
            disabled={list.packed}
            aria-label={`${t('personTrash')}: ${title}`}
            title={t('personTrash')}
            onClick={() => void trash()}
          >
            {t('toTrashShort')}
          </button>
          <span class="muted">
            {t('facesCount', count(group.names.length))} · {t('personSpread', group.spread.toFixed(2))}
          </span>
        </div>
      ) : (
        <form
          class="person-line acts"
          onSubmit={(event) => {
            event.preventDefault();
            void rename(renaming.value);
          }}
        >
          <input
            aria-label={t('personName')}
            maxLength={200}
            value={renaming.value}
            ref={(input) => input?.focus()}
            onInput={({ currentTarget }) => (renaming.value = currentTarget.value)}
            onKeyDown={(event) => event.key === 'Escape' && void rename(undefined)}
          />
          <button type="submit" class="small">
            {t('personRename')}
          </button>
        </form>
      )}
    </li>
  );
}
