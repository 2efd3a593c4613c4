/** Renders: what is made of the clip with the settings as they are, one after the other; and the films, to play and to keep. */
import { type FilmPreset, filmPresets, type JobInfo, type MergeJobRequest, type RenderQueueInfo } from '../../protocol.ts';
import { forgetJob, json, orderJob, query } from '../api.ts';
import { choice, ensureSaved, frames, partsOf, scene, session } from '../mergeState.ts';
import { forecast } from '../pace.ts';
import { attempt, isAlive, jobs, workspace } from '../store.ts';
import { signal, useEffect, useSignal } from '../ui.ts';
import { count, moment, t } from '../words.ts';
import { Dialog, Empty, Field, ForecastLine, Meter } from './basics.tsx';
import { progressText } from './jobsDrawer.tsx';

const waiting = signal<RenderQueueInfo>({ paused: false, waiting: [] });

const readQueue = async (): Promise<void> => {
  const read = await attempt(() => json<RenderQueueInfo>('GET', '/merge/renders'));
  if (read !== undefined) waiting.value = read;
};

const add = async (request: MergeJobRequest, first: boolean): Promise<boolean> => {
  const read = await attempt(() => json<RenderQueueInfo>('POST', '/merge/renders', { request, first }));
  if (read !== undefined) waiting.value = read;
  return read !== undefined;
};

type Render = JobInfo & { readonly request: MergeJobRequest };
const isRender = (job: JobInfo): job is Render => job.request.kind === 'merge';

export function MergeRenders() {
  const renders = jobs.value.filter(isRender);
  const film = useSignal<Render | undefined>(undefined);
  const states = renders.map(({ id, state }) => `${id} ${state}`).join();
  useEffect(() => void readQueue(), [states]);
  const alive = renders.filter(isAlive);
  const over = renders.filter((job) => !isAlive(job));
  const { paused, waiting: entries } = waiting.value;
  return (
    <div class="merge-renders">
      <Form isBusy={alive.length > 0 || entries.length > 0} />
      <section aria-labelledby="renders">
        <h2 id="renders">{t('renders')}</h2>
        {renders.length + entries.length === 0 && <Empty title={t('noRenders')} />}
        <ul>
          {alive.map((job) => (
            <Row key={job.id} job={job} onPlay={() => (film.value = job)} />
          ))}
          {paused && (
            <li class="row">
              <span class="muted">{t('renderPaused')}</span>
              <button
                type="button"
                class="small acts"
                onClick={() =>
                  void attempt(async () => {
                    waiting.value = await json<RenderQueueInfo>('POST', '/merge/renders/paused', { paused: false });
                  })
                }
              >
                {t('renderGoOn')}
              </button>
            </li>
          )}
          {entries.map(({ id, request, problem }) => (
            <li key={id} class="merge-render">
              <div class="job-head">
                <strong>{request.out}</strong>
                <span class="state">{t('renderWaiting')}</span>
              </div>
              {problem !== null && <pre class="note">{problem}</pre>}
              <div class="row">
                <button
                  type="button"
                  class="small quiet acts"
                  onClick={() =>
                    void attempt(async () => {
                      waiting.value = await json<RenderQueueInfo>('DELETE', `/merge/renders/${id}`);
                    })
                  }
                >
                  {t('takeAway')}
                </button>
              </div>
            </li>
          ))}
          {over.map((job) => (
            <Row key={job.id} job={job} onPlay={() => (film.value = job)} />
          ))}
        </ul>
      </section>
      {film.value !== undefined && <Player job={film.value} onClose={() => (film.value = undefined)} />}
    </div>
  );
}

const filmUrl = ({ request, ended }: Render, keep: boolean): string =>
  `/api/clips/film?${query({ path: request.out, v: ended ?? '', ...(keep ? { keep: 'yes' } : {}) })}`;

const isFilm = (path: string): boolean => /\.[^./]+$/.test(path);

function Row({ job, onPlay }: { readonly job: Render; readonly onPlay: () => void }) {
  const { id, state, progress, note, request } = job;
  const alive = isAlive(job);
  const resume = async (): Promise<void> => {
    if (await add(request, true)) await attempt(() => forgetJob(id));
  };
  return (
    <li class={`merge-render job-${state}`}>
      <div class="job-head">
        <strong>{request.out}</strong>
        <span class="state">{t(state)}</span>
      </div>
      {alive && <Meter done={progress?.done ?? 0} of={progress?.total ?? undefined} label={request.out} />}
      <p class="muted">
        {[progressText(job), alive ? '' : moment(job.ended ?? job.started)].filter((text) => text !== '').join(' · ') || '\u00a0'}
      </p>
      {note !== null && <pre class={state === 'done' ? 'muted' : 'note'}>{note}</pre>}
      <div class="row">
        {alive && (
          <button type="button" class="small acts" disabled={state === 'stopping'} onClick={() => void attempt(() => orderJob(id, 'stop'))}>
            {t('stop')}
          </button>
        )}
        {!alive && state !== 'done' && (
          <button type="button" class="small acts" onClick={() => void resume()}>
            {t('resume')}
          </button>
        )}
        {state === 'done' && isFilm(request.out) && (
          <>
            <button type="button" class="small" onClick={onPlay}>
              {t('playFilm')}
            </button>
            <a class="button small" href={filmUrl(job, true)} download>
              {t('keepFilm')}
            </a>
          </>
        )}
        {!alive && (
          <button type="button" class="small quiet acts" onClick={() => void attempt(() => forgetJob(id))}>
            {t('forget')}
          </button>
        )}
      </div>
    </li>
  );
}

function Player({ job, onClose }: { readonly job: Render; readonly onClose: () => void }) {
  const plays = /\.(mp4|m4v|webm|mov)$/i.test(job.request.out) && !['prores', 'ffv1'].includes(job.request.codec ?? '');
  return (
    <Dialog title={t('playingFilm', job.request.out)} onClose={onClose} wide>
      {plays ? (
        // biome-ignore lint/a11y/useMediaCaption: nobody wrote captions
        <video class="merge-film" src={filmUrl(job, false)} controls autoPlay loop />
      ) : (
        <p>{t('cannotPlay')}</p>
      )}
      <footer>
        <a class="button" href={filmUrl(job, true)} download>
          {t('keepFilm')}
        </a>
      </footer>
    </Dialog>
  );
}

const presetKey = 'render preset';

function Form({ isBusy }: { readonly isBusy: boolean }) {
  const preset = useSignal<FilmPreset>(filmPresets.find(({ name }) => name === localStorage.getItem(presetKey)) ?? filmPresets[0]!);
  const stem = useSignal<string | undefined>(undefined);
  const [mask, alpha, sound, copyMissing] = [useSignal(false), useSignal(false), useSignal(true), useSignal(true)];
  const range = useSignal<'all' | 'part'>('all');
  const [from, to] = [useSignal(0), useSignal(0)];
  const sending = useSignal(false);
  const chosen = choice.value;
  const open = scene.value;
  if (chosen === undefined) return null;
  const { ending, codec, quality, depth } = preset.value;
  const name = stem.value ?? freeStem(ending);
  const out = `${name}${ending}`;
  const isThere = workspace.value?.clips.some(({ path }) => path === out) ?? false;
  const takesAlpha = ending === '' || codec === 'prores' || codec === 'ffv1';
  const missing = open === undefined ? 0 : frames.value - open.withFace.reduce((sum, run) => sum + run.to - run.from, 0);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    sending.value = true;
    await ensureSaved(); // the render reads merge.json
    const part = range.value === 'part' ? { from: from.value, ...(to.value > from.value ? { to: to.value } : {}) } : {};
    const begun = await add(
      {
        kind: 'merge',
        ...{ model: chosen.model, faces: chosen.faces, input: chosen.clip, out, session: session.value?.path ?? 'merge.json' },
        ...(codec === undefined ? {} : { codec }),
        ...{ quality, depth },
        ...(mask.value ? { mask: `${name}_mask${ending === '' ? '' : ending === '.mkv' ? '.mkv' : '.mp4'}` } : {}),
        ...{ alpha: takesAlpha && alpha.value, sound: sound.value, ...partsOf(chosen) },
        ...{ copyMissing: missing > 0 && copyMissing.value, again: false },
        ...part,
      },
      false,
    );
    sending.value = false;
    if (begun) stem.value = undefined;
  };
  return (
    <form class="acts" onSubmit={(event) => void submit(event)} aria-labelledby="render-form">
      <h2 id="render-form">{t('renderForm')}</h2>
      <Field label={t('renderAs')} hint={t(`preset_${preset.value.name}_for`)}>
        <select
          value={preset.value.name}
          onChange={({ currentTarget }) => {
            preset.value = filmPresets.find((one) => one.name === currentTarget.value) ?? filmPresets[0]!;
            localStorage.setItem(presetKey, preset.value.name);
          }}
        >
          {filmPresets.map((one) => (
            <option key={one.name} value={one.name}>
              {`${t(`preset_${one.name}`)} · ${
                one.codec === undefined
                  ? t('presetPng', one.depth)
                  : t('presetCodec', one.ending.slice(1), one.codec, one.depth, t(`quality_${one.quality}`))
              }`}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t('renderOut')} hint={isThere ? t('renderThere') : '\u00a0'}>
        <span class="merge-name">
          <input
            aria-label={t('renderOut')}
            value={name}
            required
            spellcheck={false}
            onInput={({ currentTarget }) => (stem.value = currentTarget.value)}
          />
          <span class="muted">{ending}</span>
        </span>
      </Field>
      <label class="check">
        <input type="checkbox" checked={mask.value} onChange={({ currentTarget }) => (mask.value = currentTarget.checked)} />
        {t('renderMask')}
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={takesAlpha && alpha.value}
          disabled={!takesAlpha}
          onChange={({ currentTarget }) => (alpha.value = currentTarget.checked)}
        />
        {t('renderAlpha')}
      </label>
      <label class="check">
        <input type="checkbox" checked={sound.value} onChange={({ currentTarget }) => (sound.value = currentTarget.checked)} />
        {t('renderSound')}
      </label>
      {missing > 0 && (
        <label class="check" title={t('renderMissingHint', count(missing))}>
          <input
            type="checkbox"
            checked={copyMissing.value}
            onChange={({ currentTarget }) => (copyMissing.value = currentTarget.checked)}
          />
          {t('renderMissing')}
          <span class="muted">{count(missing)}</span>
        </label>
      )}
      <div class="row merge-range">
        <label class="check">
          <input
            type="checkbox"
            checked={range.value === 'all'}
            onChange={({ currentTarget }) => {
              range.value = currentTarget.checked ? 'all' : 'part';
              if (to.value === 0) to.value = frames.value;
            }}
          />
          {t('renderWhole')}
        </label>
        <label class="inline">
          <span>{t('renderFrom')}</span>
          <input
            type="number"
            min={0}
            max={Math.max(0, frames.value - 1)}
            disabled={range.value === 'all'}
            value={from.value}
            onInput={({ currentTarget }) => (from.value = Number(currentTarget.value))}
          />
        </label>
        <label class="inline">
          <span>{t('renderTo')}</span>
          <input
            type="number"
            min={1}
            max={frames.value}
            disabled={range.value === 'all'}
            value={range.value === 'all' ? frames.value : to.value}
            onInput={({ currentTarget }) => (to.value = Number(currentTarget.value))}
          />
        </label>
      </div>
      <ForecastLine
        forecast={forecast(
          jobs.value,
          'merge',
          chosen.clip,
          range.value === 'all' ? frames.value : Math.max(0, (to.value > from.value ? to.value : frames.value) - from.value),
          (request) => request.kind === 'merge' && request.model === chosen.model && request.codec === codec,
        )}
      />
      <button type="submit" class="primary" disabled={sending.value || open === undefined}>
        {t(isBusy ? 'addRenderNext' : 'addRender')}
      </button>
    </form>
  );
}

/** result, result-2, … */
function freeStem(ending: string): string {
  const taken = new Set([
    ...(workspace.value?.clips.map(({ path }) => path) ?? []),
    ...jobs.value.filter(isRender).map(({ request }) => request.out),
    ...waiting.value.waiting.map(({ request }) => request.out),
  ]);
  for (let n = 1; ; n++) {
    const stem = n === 1 ? 'result' : `result-${n}`;
    if (!taken.has(`${stem}${ending}`)) return stem;
  }
}
