/** The drawer of jobs: what runs and what ran, how far it is, and what can be done about it. */
import type { JobInfo } from '../../protocol.ts';
import { forgetJob, orderJob, readLog, resumeJob } from '../api.ts';
import { problemOf } from '../problems.ts';
import { attempt, drawer, hashOf, isAlive, jobs } from '../store.ts';
import { useEffect, useRef, useSignal } from '../ui.ts';
import { count, duration, moment, t } from '../words.ts';
import { Empty, Meter, ProblemText } from './basics.tsx';

export function titleOf({ request }: JobInfo): string {
  switch (request.kind) {
    case 'extract':
      return t('job_extract', request.input);
    case 'measure':
      return t('job_measure', request.faces);
    case 'faces':
      return t('job_faces', t(`tool_${request.tool}`), request.faces);
    case 'train':
      return t('job_train', request.model);
    case 'merge':
      return t('job_merge', request.input, request.out);
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

/** 0…1; undefined where nobody knows. */
export function progressShare({ progress }: JobInfo): number | undefined {
  if (progress === null || progress.total === null || progress.total <= 0) return undefined;
  return Math.min(1, progress.done / progress.total);
}

/** Where the page shows what a job works on. */
function linkOf({ request }: JobInfo): string | undefined {
  switch (request.kind) {
    case 'extract':
      return hashOf('faces', request.out);
    case 'measure':
    case 'faces':
      return hashOf('faces', request.faces);
    case 'train':
    case 'import':
      return hashOf('training', request.model);
    case 'merge':
      return hashOf('merge');
    case 'export':
      return hashOf('export', request.model);
    default:
      return undefined;
  }
}

export function JobsDrawer() {
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), []);
  const [alive, over] = [jobs.value.filter(isAlive), jobs.value.filter((job) => !isAlive(job))];
  const clear = async (): Promise<void> => {
    for (const { id } of over) await attempt(() => forgetJob(id));
  };
  return (
    <aside class="drawer" aria-label={t('jobs')} onKeyDown={(event) => event.key === 'Escape' && (drawer.value = false)}>
      <header>
        <h2>{t('jobs')}</h2>
        <button ref={close} type="button" class="quiet icon" aria-label={t('close')} onClick={() => (drawer.value = false)}>
          ✕
        </button>
      </header>
      {jobs.value.length === 0 && (
        <Empty title={t('noJobs')}>
          <p>{t('noJobsNext')}</p>
        </Empty>
      )}
      {alive.length > 0 && (
        <ul class="jobs">
          {alive.map((job) => (
            <Row key={job.id} job={job} />
          ))}
        </ul>
      )}
      {over.length > 0 && (
        <section aria-labelledby="jobs-over">
          <header class="jobs-over">
            <h3 id="jobs-over">{t('jobsOver')}</h3>
            <button type="button" class="small quiet acts" onClick={() => void clear()}>
              {t('clearJobs')}
            </button>
          </header>
          <ul class="jobs">
            {over.map((job) => (
              <Row key={job.id} job={job} />
            ))}
          </ul>
        </section>
      )}
    </aside>
  );
}

/** How often the log of a running job is read while it is open. */
const LOG_MS = 1500;

function Row({ job }: { readonly job: JobInfo }) {
  const isOpen = useSignal(false);
  const { id, state, progress, note } = job;
  const alive = isAlive(job);
  const link = linkOf(job);
  const facts = [progressText(job), alive ? t('since', moment(job.started)) : moment(job.ended ?? job.started)];
  return (
    <li class={`job job-${state}`}>
      <div class="job-head">
        <strong>{link === undefined ? titleOf(job) : <a href={link}>{titleOf(job)}</a>}</strong>
        <span class="state">{t(state === 'stopped' && job.request.kind === 'train' ? 'paused' : state)}</span>
      </div>
      {alive && <Meter done={progress?.done ?? 0} of={progress?.total ?? undefined} label={titleOf(job)} />}
      <p class="muted">{facts.filter((text) => text !== '').join(' · ')}</p>
      {state === 'interrupted' && <p class="note">{`${t('jobDiedFound')} ${t('jobDiedNext')}`}</p>}
      {note !== null && (
        <div class="note">
          <ProblemText problem={problemOf(note)} />
        </div>
      )}
      <div class="row">
        {alive ? (
          <>
            <button
              type="button"
              class="small acts"
              disabled={state === 'stopping'}
              onClick={() => void attempt(() => orderJob(id, 'stop'))}
            >
              {t('stop')}
            </button>
            {state === 'stopping' && (
              <button type="button" class="small danger acts" onClick={() => void attempt(() => orderJob(id, 'kill'))}>
                {t('kill')}
              </button>
            )}
          </>
        ) : (
          <>
            {state !== 'done' && (
              <button type="button" class="small acts" onClick={() => void attempt(() => resumeJob(id))}>
                {t('resume')}
              </button>
            )}
            <button type="button" class="small quiet acts" onClick={() => void attempt(() => forgetJob(id))}>
              {t('forget')}
            </button>
          </>
        )}
        <button type="button" class="small quiet" aria-expanded={isOpen.value} onClick={() => (isOpen.value = !isOpen.value)}>
          {t('log')}
        </button>
      </div>
      {isOpen.value && <Log id={id} alive={alive} />}
    </li>
  );
}

/** The end of what a job said, read again while it runs. */
function Log({ id, alive }: { readonly id: string; readonly alive: boolean }) {
  const text = useSignal<string | undefined>(undefined);
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    const read = async (): Promise<void> => {
      const now = await attempt(() => readLog(id));
      if (now !== undefined) text.value = now;
    };
    void read();
    if (!alive) return undefined;
    const timer = setInterval(() => void read(), LOG_MS);
    return () => clearInterval(timer);
  }, [id, alive]);
  useEffect(() => {
    box.current?.scrollTo(0, box.current.scrollHeight);
  }, [text.value]);
  if (text.value === undefined) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <pre ref={box} class="log" tabIndex={0}>
      {text.value.trim() === '' ? t('logEmpty') : text.value}
    </pre>
  );
}
