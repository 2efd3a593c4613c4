/** How a training stands, its orders, and what the guard did. */
import type { JobInfo, ModelEvent, ModelInfo } from '../../protocol.ts';
import { orderJob } from '../api.ts';
import { attempt, isAlive, notify, refreshWorkspace } from '../store.ts';
import { applyOptions, backUpNow, guardOf, refreshStory, type Values } from '../trainingState.ts';
import { useSignal } from '../ui.ts';
import { bytes, count, duration, t } from '../words.ts';
import { Meter } from './basics.tsx';

interface Props {
  readonly path: string;
  readonly job: JobInfo | undefined;
  readonly model: ModelInfo | undefined;
  readonly iteration: number;
  readonly events: readonly ModelEvent[];
  /** Goes on with the training of this model. */
  readonly resume: () => void;
}

export function Status({ path, job, model, iteration, events, resume }: Props) {
  const alive = job !== undefined && isAlive(job);
  const training = alive ? job.training : null;
  const order = (what: 'stop' | 'kill' | 'save' | 'preview'): void => void (job !== undefined && attempt(() => orderJob(job.id, what)));
  const backUp = async (): Promise<void> => {
    if (alive) {
      await attempt(() => orderJob(job.id, 'backup'));
      return;
    }
    if ((await attempt(() => backUpNow(path))) === undefined) return;
    notify('done', { message: t('backedUp') });
    void refreshStory(path);
  };
  const progress = alive ? job.progress : null;
  const facts = [
    ...(training?.steadyMs != null || training?.ms != null ? [t('measuredNow', stepText(training.ms ?? training.steadyMs!))] : []),
    ...(training?.peakBytes != null ? [t('peakMemory', bytes(training.peakBytes))] : []),
    ...(progress?.total != null ? [t('ofTotal', count(progress.done), count(progress.total))] : []),
    ...(progress?.secondsLeft != null ? [t('left', duration(progress.secondsLeft))] : []),
  ];
  return (
    <section class="status" aria-label={t('training')}>
      <div class="big">
        <strong>{count(iteration)}</strong>
        <span class="muted">{t('iteration')}</span>
      </div>
      <div class="status-text">
        <p>
          {alive && <span class="pulse" aria-hidden="true" />}
          <span class="status-state">{stateText(job, model, events)}</span>
        </p>
        {facts.length > 0 && <p class="muted">{facts.join(' · ')}</p>}
      </div>
      <span class="spring" />
      {(alive || model !== undefined) && (
        <div class="orders acts">
          {alive ? (
            <button type="button" title={t('pauseHint')} onClick={() => order(job.state === 'stopping' ? 'kill' : 'stop')}>
              {job.state === 'stopping' ? t('kill') : t('pause')}
            </button>
          ) : (
            <button type="button" onClick={resume}>
              {t('resumeTraining')}
            </button>
          )}
          <button type="button" disabled={!alive} title={t('saveHint')} onClick={() => order('save')}>
            {t('save')}
          </button>
          <button type="button" disabled={model === undefined} onClick={() => void backUp()}>
            {t('backUp')}
          </button>
          <button type="button" disabled={!alive} onClick={() => order('preview')}>
            {t('paint')}
          </button>
        </div>
      )}
      {progress?.total != null && (
        <div class="status-meter">
          <Meter done={progress.done} of={progress.total} label={t('training')} />
        </div>
      )}
      <Guard path={path} job={job} model={model} />
      {job?.note != null && job.state !== 'done' && job.state !== 'stopped' && guardOf(job) !== 'gaveUp' && (
        <pre class="note">{job.note}</pre>
      )}
    </section>
  );
}

const stepText = (ms: number): string => (ms < 9950 ? `${Math.round(ms)}\u00a0ms` : `${(ms / 1000).toFixed(1)}\u00a0s`);

function stateText(job: JobInfo | undefined, model: ModelInfo | undefined, events: readonly ModelEvent[]): string {
  if (job === undefined) {
    if (model === undefined) return t('notYetStarted');
    const last = events.findLast(({ what }) => what === 'started' || what === 'ended' || what === 'restored'); // by the command line
    const reason = last?.what === 'ended' ? last.reason : 'stopped';
    return t(({ target: 'reachedTarget', diverged: 'gaveUp', stopped: 'paused' } as const)[reason]);
  }
  if (job.restarts) return t('restarting');
  if (job.training?.reason === 'diverged') return t('gaveUp');
  if (job.state === 'stopped') return t('paused');
  return job.state === 'done' ? t('reachedTarget') : t(job.state);
}

/** What happened, and what to do: each remedy is one click where it can be. */
function Guard({ path, job, model }: Pick<Props, 'path' | 'job' | 'model'>) {
  const seen = useSignal('');
  const kind = guardOf(job);
  if (kind === undefined || job?.training == null) return null;
  const { guard, restores } = job.training;
  const id = `${job.id} ${restores}`;
  if (seen.value === id) return null;
  const alive = isAlive(job);
  const apply = async (options: Values): Promise<void> => {
    const done = await attempt(() => applyOptions(path, options));
    if (done === undefined) return;
    seen.value = id;
    notify('done', { message: t(done.how === 'live' ? 'appliedLive' : 'restarting') });
    refreshWorkspace();
  };
  const rate = Number(model?.options.learning_rate ?? 5e-5) / 2;
  return (
    <div class={`guard guard-${kind}`} role="alert">
      <p>
        <strong>{kind === 'gaveUp' ? t('gaveUp') : t('guardTitle')}</strong>
      </p>
      <p>
        {kind === 'gaveUp' ? t('guardGaveUp') : guard === null ? '' : t('guardOnce', count(guard.failed), count(guard.back))}
        {restores > 1 && ` ${t('guardTimes', restores)}`}
      </p>
      <p>{t(kind === 'gaveUp' ? 'guardGaveUpNext' : 'guardNext')}</p>
      <div class="row orders acts">
        {alive && (
          <>
            <button type="button" class="small" onClick={() => void apply({ learning_rate: rate })}>
              {t('guardRate', rate)}
            </button>
            <button type="button" class="small" onClick={() => void apply({ clipgrad: true })}>
              {t('guardClip')}
            </button>
          </>
        )}
        <span class="spring" />
        <button type="button" class="small quiet" onClick={() => (seen.value = id)}>
          {t('close')}
        </button>
      </div>
    </div>
  );
}
