/** The drawer of jobs: what runs and what ran, how far it is, and what can be done about it. */
import type { JobInfo } from '../../protocol.ts';
import { forgetJob, orderJob, readLog, resumeJob } from '../api.ts';
import { attempt, drawer, isAlive, jobs } from '../store.ts';
import { useEffect, useRef, useSignal } from '../ui.ts';
import { count, duration, moment, t } from '../words.ts';
import { Empty, Meter } from './basics.tsx';

export function titleOf({ request }: JobInfo): string {
  switch (request.kind) {
    case 'extract':
      return t('job_extract', request.input);
    case 'measure':
      return t('job_measure', request.faces);
    case 'train':
      return t('job_train', request.model);
    case 'export':
      return t('job_export', request.model, request.format);
    case 'import':
      return t('job_import', request.name);
  }
}

/** "120 of 480 frames analysed · 9.1/s · 0:40 left" */
export function progressText({ progress }: JobInfo): string {
  if (progress === null) return '';
  const { phase, done, total, perSecond, secondsLeft } = progress;
  const far = total === null ? count(done) : t('ofTotal', count(done), count(total));
  const rate = perSecond === null ? [] : [t('rate', perSecond >= 100 ? Math.round(perSecond) : perSecond.toFixed(1))];
  const left = secondsLeft === null ? [] : [t('left', duration(secondsLeft))];
  return [t(`phase_${phase}`, far), ...rate, ...left].join(' · ');
}

export function JobsDrawer() {
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), []);
  return (
    <aside class="drawer" aria-label={t('jobs')} onKeyDown={(event) => event.key === 'Escape' && (drawer.value = false)}>
      <header>
        <h2>{t('jobs')}</h2>
        <button ref={close} type="button" class="quiet icon" aria-label={t('close')} onClick={() => (drawer.value = false)}>
          ✕
        </button>
      </header>
      {jobs.value.length === 0 ? (
        <Empty title={t('noJobs')}>
          <p>{t('noJobsNext')}</p>
        </Empty>
      ) : (
        <ul class="jobs">
          {jobs.value.map((job) => (
            <Row key={job.id} job={job} />
          ))}
        </ul>
      )}
    </aside>
  );
}

function Row({ job }: { readonly job: JobInfo }) {
  const log = useSignal<string | undefined>(undefined);
  const { id, state, progress, note } = job;
  const alive = isAlive(job);
  const showLog = async (): Promise<void> => {
    log.value = log.value === undefined ? await attempt(() => readLog(id)) : undefined;
  };
  return (
    <li class={`job job-${state}`}>
      <div class="job-head">
        <strong>{titleOf(job)}</strong>
        <span class="state">{t(state)}</span>
      </div>
      {alive && <Meter done={progress?.done ?? 0} of={progress?.total ?? undefined} label={titleOf(job)} />}
      <p class="muted">
        {[progressText(job), moment(alive ? job.started : (job.ended ?? job.started))].filter((text) => text !== '').join(' · ')}
      </p>
      {note !== null && <pre class="note">{note}</pre>}
      <div class="row">
        {alive ? (
          <>
            <button type="button" class="small" disabled={state === 'stopping'} onClick={() => void attempt(() => orderJob(id, 'stop'))}>
              {t('stop')}
            </button>
            {state === 'stopping' && (
              <button type="button" class="small danger" onClick={() => void attempt(() => orderJob(id, 'kill'))}>
                {t('kill')}
              </button>
            )}
          </>
        ) : (
          <>
            {state !== 'done' && (
              <button type="button" class="small" onClick={() => void attempt(() => resumeJob(id))}>
                {t('resume')}
              </button>
            )}
            <button type="button" class="small quiet" onClick={() => void attempt(() => forgetJob(id))}>
              {t('forget')}
            </button>
          </>
        )}
        <button type="button" class="small quiet" aria-expanded={log.value !== undefined} onClick={() => void showLog()}>
          {t('log')}
        </button>
      </div>
      {log.value !== undefined && <pre class="log">{log.value.trim() === '' ? t('logEmpty') : log.value}</pre>}
    </li>
  );
}
