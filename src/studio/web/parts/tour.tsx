/**
 * The first tour: five steps from clips to a checked film, each with the one thing to do next. It follows what is in the workspace, does the step on
 * request where the demo's clips are there, can be left at any time, and is then not shown again.
 */
import { demoFiles, demoOptions, type JobRequest } from '../../protocol.ts';
import { addDemo, startJob } from '../api.ts';
import { attempt, drawer, go, isAlive, jobs, running, setTour, studio, tourStep, workspace } from '../store.ts';
import { useSignal } from '../ui.ts';
import { type Key, t } from '../words.ts';

/** Iterations of the demo's model: about three minutes on two cores. */
const DEMO_TARGET = 1500;
const [source, destination] = demoFiles;
const facesOf = (clip: string): string => `${clip.replace(/\.[^.]+$/, '')}/aligned`;

interface Step {
  readonly title: Key;
  readonly text: Key;
  readonly isDone: () => boolean;
  readonly show: () => void;
  /** Where the step is done by hand: what the button that leads there is called, what it leads to, and once it is done, what is to be seen. */
  readonly way?: { readonly label: Key; readonly go: () => void; readonly after?: { readonly label: Key; readonly go: () => void } };
  /** Of the demo. */
  readonly act?: { readonly label: Key; readonly can: () => boolean; readonly run: () => Promise<unknown> };
}

const clipHere = (name: string): boolean => workspace.value?.clips.some(({ path }) => path === name) ?? false;
const facesHere = (name: string): boolean => workspace.value?.facesets.some(({ path }) => path === facesOf(name)) ?? false;
const isExtracting = (): boolean => running.value.some(({ request }) => request.kind === 'extract');
const isTraining = (): boolean => running.value.some(({ request }) => request.kind === 'train');

const facesToSee = (): string => workspace.value?.facesets[0]?.path ?? '';
/** A film, not a folder of pictures. */
const lastFilm = (): string =>
  jobs.value
    .flatMap(({ request, state }) => (request.kind === 'merge' && state === 'done' ? [request.out] : []))
    .find((out) => /\.[^./]+$/.test(out)) ?? '';

const extraction = (clip: string): JobRequest => ({
  ...{ kind: 'extract', input: clip, out: facesOf(clip), faceType: 'wf', size: 256, every: 1, maxFaces: 1, again: false },
});

const steps: readonly Step[] = [
  {
    ...{ title: 'tour_clips', text: 'tour_clips_text' },
    isDone: () => (workspace.value?.clips.length ?? 0) >= 2,
    show: () => go('workspace'),
    act: { label: 'useDemo', can: () => !clipHere(source.name) || !clipHere(destination.name), run: addDemo },
  },
  {
    ...{ title: 'tour_extract', text: 'tour_extract_text' },
    isDone: () => (workspace.value?.facesets.length ?? 0) >= 2,
    show: () => go('workspace'),
    act: {
      label: 'extractBoth',
      can: () => clipHere(source.name) && clipHere(destination.name) && !isExtracting(),
      run: async () => {
        for (const { name } of [source, destination]) if (!facesHere(name)) await startJob(extraction(name));
        drawer.value = true;
      },
    },
  },
  {
    ...{ title: 'tour_faces', text: 'tour_faces_text' },
    isDone: () => jobs.value.some(({ request, state }) => request.kind === 'measure' && state === 'done'),
    show: () => go('faces', facesToSee()),
    way: { label: 'tour_faces_go', go: () => go('faces', facesToSee()) },
  },
  {
    ...{ title: 'tour_train', text: 'tour_train_text' },
    isDone: () => workspace.value?.models.some(({ iteration }) => iteration > 0) ?? false,
    show: () => go('training', workspace.value?.models[0]?.path ?? ''),
    act: {
      label: 'trainDemo',
      can: () => facesHere(source.name) && facesHere(destination.name) && !isTraining() && workspace.value?.models.length === 0,
      run: async () => {
        const [src, dst] = [facesOf(source.name), facesOf(destination.name)];
        await startJob({
          kind: 'train',
          model: 'model',
          options: { ...demoOptions, src, dst, from: demoFiles[2].name, target: DEMO_TARGET },
        });
        go('training', 'model');
      },
    },
  },
  {
    ...{ title: 'tour_film', text: 'tour_film_text' },
    isDone: () => jobs.value.some((job) => job.request.kind === 'merge' && job.state === 'done'),
    show: () => go('merge'),
    way: { label: 'tour_film_go', go: () => go('merge'), after: { label: 'tour_film_after', go: () => go('verify', lastFilm()) } },
  },
];

export function Tour() {
  const busy = useSignal(false);
  const at = tourStep.value;
  const step = at === undefined ? undefined : steps[at];
  if (at === undefined || step === undefined || studio.value?.workspace == null || workspace.value === undefined) return null;
  const leave = (): void => setTour(undefined);
  const move = (to: number): void => {
    setTour(to);
    steps[to]?.show();
  };
  const { act, way } = step;
  const done = step.isDone();
  const leads = done ? way?.after : way;
  const isBusy = busy.value || jobs.value.some((job) => isAlive(job));
  return (
    <section class="tour acts" aria-label={t('tour')}>
      <header>
        <span class="muted">{t('tourStep', at + 1, steps.length)}</span>
        <ol class="tour-dots" aria-hidden="true">
          {steps.map(({ title, isDone }, i) => (
            <li key={title} class={`${isDone() ? 'done' : ''}${i === at ? ' now' : ''}`} />
          ))}
        </ol>
        <button type="button" class="small quiet" onClick={leave}>
          {t('tourLeave')}
        </button>
      </header>
      <h2>
        {t(step.title)}
        {done && <span class="tour-done"> ✓ {t('tourDone')}</span>}
      </h2>
      <p>{t(step.text)}</p>
      <footer>
        {at > 0 && (
          <button type="button" class="quiet" onClick={() => move(at - 1)}>
            {t('back')}
          </button>
        )}
        <span class="spring" />
        {leads !== undefined && (
          <button type="button" class={done ? '' : 'primary'} onClick={leads.go}>
            {t(leads.label)}
          </button>
        )}
        {act !== undefined && !done && (
          <button
            type="button"
            class="primary"
            disabled={busy.value || !act.can()}
            aria-busy={isBusy}
            onClick={async () => {
              busy.value = true;
              await attempt(act.run);
              busy.value = false;
            }}
          >
            {t(act.label)}
          </button>
        )}
        <button type="button" class={done ? 'primary' : ''} onClick={() => (at + 1 < steps.length ? move(at + 1) : leave())}>
          {at + 1 < steps.length ? t('nextStep') : t('tourEnd')}
        </button>
      </footer>
    </section>
  );
}
