/** Training: its options at the left, and at the right what comes of them: state, loss, preview. */
import type { JobInfo, ModelInfo } from '../../protocol.ts';
import { orderJob, previewUrl, startJob } from '../api.ts';
import { Empty, Field } from '../parts/basics.tsx';
import { progressText } from '../parts/jobsDrawer.tsx';
import { LossChart } from '../parts/lossChart.tsx';
import { OptionsForm, type Values } from '../parts/optionsForm.tsx';
import { attempt, go, isAlive, place, refreshWorkspace, trainingOf, workspace } from '../store.ts';
import { useEffect, useSignal } from '../ui.ts';
import { count, t } from '../words.ts';

export function TrainingScreen() {
  const found = workspace.value;
  const { path } = place.value;
  const changed = useSignal<Values>({});
  const name = useSignal<string | undefined>(undefined);
  useEffect(() => {
    changed.value = path === '' ? facesetsByName() : {};
  }, [path, found === undefined]);
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
  const model = found.models.find((one) => one.path === path);
  const newName = name.value ?? freeName(found.models);
  const folder = path === '' ? newName.trim() : path;
  const taken = path === '' && found.models.some((one) => one.path === folder);
  const job = trainingOf(folder);
  const alive = job !== undefined && isAlive(job);
  const start = async (): Promise<void> => {
    const started = await attempt(() => startJob({ kind: 'train', model: folder, options: changed.value }));
    if (started === undefined) return;
    changed.value = {};
    go('training', folder);
  };
  return (
    <div class="training">
      <form
        class="side"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <Field label={t('model')}>
          <select value={path} onChange={({ currentTarget }) => go('training', currentTarget.value)}>
            <option value="">{t('newModel')}</option>
            {[...new Set([...found.models.map((one) => one.path), ...(path === '' ? [] : [path])])].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </Field>
        {path === '' && (
          <Field label={t('modelName')} hint={taken ? t('nameTaken') : '\u00a0'}>
            <input
              aria-invalid={taken}
              value={newName}
              required
              spellcheck={false}
              onInput={({ currentTarget }) => (name.value = currentTarget.value)}
            />
          </Field>
        )}
        <OptionsForm changed={changed} saved={model?.options} disabled={alive} />
        <footer>
          {alive ? (
            <p class="muted">{t('atStart')}</p>
          ) : (
            <button type="submit" class="primary" disabled={taken}>
              {model === undefined ? t('start') : t('continueTraining')}
            </button>
          )}
        </footer>
      </form>
      <div class="results">
        <Status job={job} model={model} />
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
          <LossChart model={path} iteration={alive ? (job.training?.iteration ?? 0) : (model?.iteration ?? 0)} />
        )}
        <Preview job={job} model={model} />
      </div>
    </div>
  );
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
  const [src, dst] = ['src', 'dst'].map((side) =>
    sets.find((path) => path.split('/').some((part) => part === side || part.endsWith(`_${side}`))),
  );
  return { ...(src === undefined ? {} : { src }), ...(dst === undefined ? {} : { dst }) };
}

function Status({ job, model }: { readonly job: JobInfo | undefined; readonly model: ModelInfo | undefined }) {
  const alive = job !== undefined && isAlive(job);
  const training = alive ? job.training : null;
  const order = (what: 'stop' | 'kill' | 'save' | 'preview'): void => void (job !== undefined && attempt(() => orderJob(job.id, what)));
  return (
    <section class="status" aria-label={t('training')}>
      <div class="big">
        <strong>{count(training?.iteration ?? model?.iteration ?? 0)}</strong>
        <span class="muted">{t('iteration')}</span>
      </div>
      <div class="status-text">
        <p>
          {alive && <span class="pulse" aria-hidden="true" />}
          <span>{job === undefined ? '\u00a0' : t(job.state)}</span>
        </p>
        <p class="muted">
          {[...(training?.ms == null ? [] : [t('perIteration', Math.round(training.ms))]), ...(alive ? [progressText(job)] : [])].join(
            ' · ',
          ) || '\u00a0'}
        </p>
      </div>
      <span class="spring" />
      <button type="button" disabled={!alive} onClick={() => order('preview')}>
        {t('paint')}
      </button>
      <button type="button" disabled={!alive} onClick={() => order('save')}>
        {t('save')}
      </button>
      <button type="button" disabled={!alive} title={t('stopHint')} onClick={() => order(job?.state === 'stopping' ? 'kill' : 'stop')}>
        {job?.state === 'stopping' ? t('kill') : t('stop')}
      </button>
      {training !== null && training.restores > 0 && <p class="banner">{t('wentBack', training.restores)}</p>}
      {job?.note != null && !alive && job.state !== 'done' && job.state !== 'stopped' && <pre class="note">{job.note}</pre>}
    </section>
  );
}

function Preview({ job, model }: { readonly job: JobInfo | undefined; readonly model: ModelInfo | undefined }) {
  const chosen = useSignal<number | undefined>(undefined);
  const painted = job?.training?.preview ?? null;
  const savedAt = job?.training?.saved ?? null;
  useEffect(() => {
    if (painted !== null || savedAt !== null) refreshWorkspace();
  }, [painted, savedAt]);
  const previews = model?.previews ?? [];
  const at = chosen.value === undefined || chosen.value >= previews.length ? previews.length - 1 : chosen.value;
  const shown = previews[at];
  return (
    <section class="preview" aria-label={t('preview')}>
      <header class="panel-head">
        <h2>{t('preview')}</h2>
        <span class="muted">{shown === undefined ? '' : t('previewAt', count(shown.iteration))}</span>
        <span class="spring" />
        {previews.length > 1 && (
          <input
            type="range"
            aria-label={t('iteration')}
            min={0}
            max={previews.length - 1}
            value={at}
            onInput={({ currentTarget }) => {
              const next = Number(currentTarget.value);
              chosen.value = next === previews.length - 1 ? undefined : next;
            }}
          />
        )}
      </header>
      <div class="preview-box">
        {shown === undefined ? (
          <p class="over muted">{t('noPreview')}</p>
        ) : (
          <img src={previewUrl(model!.path, shown.file, shown.stamp)} alt={t('previewColumns')} />
        )}
      </div>
      <p class="muted">{shown === undefined ? '\u00a0' : t('previewColumns')}</p>
    </section>
  );
}
