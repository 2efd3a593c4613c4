/** Training: its options at the left, and at the right what comes of them: state, loss, previews, backups. */
import type { ModelEvent, ModelInfo } from '../../protocol.ts';
import { startJob } from '../api.ts';
import { Empty, Field } from '../parts/basics.tsx';
import { LossChart } from '../parts/lossChart.tsx';
import { OptionsForm } from '../parts/optionsForm.tsx';
import { Estimate } from '../parts/trainingEstimate.tsx';
import { TrainingHistory } from '../parts/trainingHistory.tsx';
import { Presets } from '../parts/trainingPresets.tsx';
import { Preview } from '../parts/trainingPreview.tsx';
import { Status } from '../parts/trainingStatus.tsx';
import { readOnly } from '../readOnly.ts';
import { attempt, go, groups, isAlive, notify, place, refreshWorkspace, trainingOf, workspace } from '../store.ts';
import { applyOptions, iterationOf, presentOptions, refreshStory, story, textOf, type Values, valueText } from '../trainingState.ts';
import { type Signal, useEffect, useSignal } from '../ui.ts';
import { t } from '../words.ts';

const noEvents: readonly ModelEvent[] = [];
const facesetOptions = ['src', 'dst'] as const;

export function TrainingScreen() {
  const found = workspace.value;
  const { path } = place.value;
  const changed = useSignal<Values>({});
  const name = useSignal<string | undefined>(undefined);
  useEffect(() => {
    changed.value = path === '' ? facesetsByName() : {};
  }, [path, found === undefined]);
  useEffect(() => {
    if (readOnly.value && path === '' && found?.models[0] !== undefined) go('training', found.models[0].path); // no new one is begun here
  }, [readOnly.value, path, found]);
  const model = found?.models.find((one) => one.path === path);
  const job = path === '' ? undefined : trainingOf(path);
  const alive = job !== undefined && isAlive(job);
  const { saved, restores, reason, changes } = job?.training ?? { saved: null, restores: 0, reason: null, changes: -1 };
  useEffect(() => {
    if (story.value?.path !== path) story.value = undefined;
    if (path !== '') void refreshStory(path);
  }, [path, job?.id, saved, restores, reason, changes, alive, model?.saved]);
  if (found === undefined) return <p class="muted pad">{t('loading')}</p>;
  if (found.facesets.length === 0 && found.models.length === 0) {
    return (
      <Empty title={t('noModels')}>
        <p>{t('noFacesetsNext')}</p>
        <button type="button" onClick={() => go('workspace')}>
          {t('workspace')}
        </button>
      </Empty>
    );
  }
  const newName = name.value ?? freeName(found.models);
  const folder = path === '' ? newName.trim() : path;
  const taken = path === '' && found.models.some((one) => one.path === folder);
  const start = async (options: Values): Promise<void> => {
    const started = await attempt(() => startJob({ kind: 'train', model: folder, options }));
    if (started === undefined) return;
    changed.value = {};
    go('training', folder);
  };
  const events = story.value?.path === path ? story.value.events : noEvents;
  const iteration = iterationOf(model, job, events);
  const present = model === undefined ? undefined : presentOptions(model.options, events, job);
  return (
    <div class="training">
      <form
        class="side"
        onSubmit={(event) => {
          event.preventDefault();
          if (!alive) void start({ ...unsaved(model?.options ?? {}, present ?? {}), ...changed.value });
        }}
      >
        <Field label={t('model')}>
          <select value={path} onChange={({ currentTarget }) => go('training', currentTarget.value)}>
            {!readOnly.value && <option value="">{t('newModel')}</option>}
            {[...new Set([...found.models.map((one) => one.path), ...(path === '' ? [] : [path])])].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </Field>
        {path === '' && (
          <>
            <div class="acts">
              <Field label={t('modelName')} hint={taken ? t('nameTaken') : '\u00a0'}>
                <input
                  aria-invalid={taken}
                  value={newName}
                  required
                  spellcheck={false}
                  onInput={({ currentTarget }) => (name.value = currentTarget.value)}
                />
              </Field>
            </div>
            <Presets changed={changed} keep={facesetOptions} />
          </>
        )}
        <OptionsForm changed={changed} saved={present} />
        <footer class="acts">
          <Estimate model={model?.path} options={changed.value} measuredBytes={alive ? (job.training?.peakBytes ?? null) : null} />
          {alive ? (
            <Changes path={path} changed={changed} />
          ) : (
            <button type="submit" class="primary" disabled={taken}>
              {model === undefined ? t('start') : t('continueTraining')}
            </button>
          )}
        </footer>
      </form>
      <div class="results">
        <Status
          path={path}
          job={job}
          model={model}
          iteration={iteration}
          events={events}
          resume={() => void start({ ...unsaved(model?.options ?? {}, present ?? {}), ...changed.value })}
        />
        {path === '' ? (
          <section class="chart">
            <header class="panel-head">
              <h2>{t('loss')}</h2>
            </header>
            <div class="chart-box">
              <p class="over muted">{t('noLoss')}</p>
            </div>
          </section>
        ) : (
          <LossChart model={path} iteration={iteration} epoch={story.value?.path === path ? story.value.epoch : ''} events={events} />
        )}
        <Preview job={job} model={model} events={events} />
        {story.value?.path === path && <TrainingHistory story={story.value} iteration={iteration} alive={alive} />}
        <Summary values={present ?? {}} />
      </div>
    </div>
  );
}

/** What was changed on the way and came into no save, since the training was ended from outside: it goes on with it. */
function unsaved(saved: Values, present: Values): Values {
  const paths = groups.value.flatMap(({ options }) => options.filter(({ kind }) => kind === 'path').map(({ name }) => name));
  const changes = Object.entries(present).filter(([name, value]) => saved[name] !== value);
  return Object.fromEntries(changes.map(([name, value]) => [name, paths.includes(name) ? inside(String(value)) : value]));
}

/** model, model-2, … */
function freeName(models: readonly ModelInfo[]): string {
  const taken = new Set(models.map(({ path }) => path));
  for (let n = 1; ; n++) {
    const name = n === 1 ? 'model' : `model-${n}`;
    if (!taken.has(name)) return name;
  }
}

/** The facesets that are named as in the reference, chosen from the beginning. */
function facesetsByName(): Values {
  const sets = workspace.value?.facesets.map(({ path }) => path) ?? [];
  const [src, dst] = facesetOptions.map((side) =>
    sets.find((path) => path.split('/').some((part) => part === side || part.endsWith(`_${side}`))),
  );
  return { ...(src === undefined ? {} : { src }), ...(dst === undefined ? {} : { dst }) };
}

/** What was changed while training runs, and how it will come to hold: said before it is done. */
function Changes({ path, changed }: { readonly path: string; readonly changed: Signal<Values> }) {
  const names = Object.keys(changed.value);
  const options = groups.value.flatMap((group) => group.options);
  if (names.length === 0) {
    const live = options.filter(({ when }) => when === 'live').map((option) => textOf(option).label);
    return <p class="muted">{t('changesNone', live.join(', '))}</p>;
  }
  const text = (live: boolean): string =>
    options
      .filter((option) => names.includes(option.name) && (option.when === 'live') === live)
      .map((option) => textOf(option).label)
      .join(', ');
  const [live, restart] = [text(true), text(false)];
  const apply = async (): Promise<void> => {
    const done = await attempt(() => applyOptions(path, changed.value));
    if (done === undefined) return;
    changed.value = {};
    notify('done', { message: t(done.how === 'live' ? 'appliedLive' : 'restarting') });
    refreshWorkspace();
  };
  return (
    <div class="changes" role="status">
      {restart === '' ? (
        <p>{t('changesLive', live)}</p>
      ) : (
        <p>{t('changesRestart', t('aMinute'), [restart, live].filter((one) => one !== '').join(', '))}</p>
      )}
      <div class="row">
        <button type="button" class="primary" onClick={() => void apply()}>
          {t(restart === '' ? 'applyLive' : 'applyRestart')}
        </button>
        <button type="button" onClick={() => (changed.value = {})}>
          {t('discard')}
        </button>
      </div>
    </div>
  );
}

/** A place in the workspace without the workspace's own. */
const inside = (text: string): string => {
  const folder = `${workspace.value?.folder ?? ''}/`;
  return text.startsWith(folder) ? text.slice(folder.length) : text;
};

/** The options to read, where there is no room for a form. */
function Summary({ values }: { readonly values: Values }) {
  const options = groups.value.flatMap((group) => group.options).filter(({ name }) => values[name] !== undefined && values[name] !== '');
  if (options.length === 0) return null;
  return (
    <section class="summary" aria-label={t('optionsSummary')}>
      <h2>{t('optionsSummary')}</h2>
      <dl>
        {options.map((option) => (
          <div key={option.name}>
            <dt>{textOf(option).label}</dt>
            <dd>{inside(valueText(values[option.name]!))}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
