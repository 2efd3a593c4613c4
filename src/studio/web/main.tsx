/** The page: bar, screen, drawer of jobs, notices, help, and files that are dropped anywhere. */
import type { JobInfo } from '../protocol.ts';
import { ProblemText } from './parts/basics.tsx';
import { ChoiceDialog } from './parts/choice.tsx';
import { FolderButton } from './parts/folderButton.tsx';
import { Help } from './parts/help.tsx';
import { JobsDrawer, progressShare, titleOf } from './parts/jobsDrawer.tsx';
import { Tour } from './parts/tour.tsx';
import { Uploads } from './parts/uploads.tsx';
import { inLanguage, problemOf } from './problems.ts';
import { readOnly, whyReadOnly } from './readOnly.ts';
import { ExportScreen } from './screens/export.tsx';
import { FacesScreen } from './screens/faces.tsx';
import { MergeScreen } from './screens/merge.tsx';
import { StartScreen } from './screens/start.tsx';
import { TrainingScreen } from './screens/training.tsx';
import { VerifyScreen, verifyFile } from './screens/verify.tsx';
import { WorkspaceScreen } from './screens/workspace.tsx';
import {
  choosing,
  connect,
  dismiss,
  drawer,
  ended,
  hashOf,
  help,
  notices,
  notify,
  online,
  place,
  running,
  type Screen,
  studio,
  workspace,
} from './store.ts';
import { effect, render, untracked, useEffect, useSignal } from './ui.ts';
import { addFiles, filesOf } from './uploads.ts';
import { language, languages, setLanguage, t } from './words.ts';

const screens: Readonly<Record<Screen, () => ReturnType<typeof WorkspaceScreen>>> = {
  workspace: WorkspaceScreen,
  faces: FacesScreen,
  training: TrainingScreen,
  merge: MergeScreen,
  export: ExportScreen,
  verify: VerifyScreen,
};

function Bar() {
  const active = running.value.length;
  const isOpen = studio.value?.workspace != null;
  return (
    <header class="bar">
      <button type="button" class="skip" onClick={() => document.getElementById('content')?.focus()}>
        {t('skip')}
      </button>
      <span class="mark" aria-hidden="true">
        liae
      </span>
      {isOpen && (
        <nav aria-label="liae studio">
          {(Object.keys(screens) as Screen[]).map((screen) => (
            <a key={screen} href={hashOf(screen)} aria-current={place.value.screen === screen ? 'page' : undefined}>
              {t(screen)}
            </a>
          ))}
        </nav>
      )}
      <span class="spring" />
      <FolderButton />
      {isOpen && (
        <button type="button" class="jobs-button" aria-expanded={drawer.value} onClick={() => (drawer.value = !drawer.value)}>
          {active > 0 && <span class="pulse" aria-hidden="true" />}
          {active > 0 ? t('runningCount', active) : t('jobs')}
        </button>
      )}
      <select
        class="language"
        aria-label={t('language')}
        value={language.value}
        onChange={(event) => setLanguage(event.currentTarget.value)}
      >
        {languages.map(([name, label]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
      <button type="button" class="quiet icon" aria-label={t('help')} title={`${t('help')} (?)`} onClick={() => (help.value = true)}>
        ?
      </button>
    </header>
  );
}

function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, kind, problem, action }) => (
        <div key={id} class={`notice notice-${kind}`}>
          <ProblemText problem={problem} />
          {action !== undefined && (
            <button
              type="button"
              class="small"
              onClick={() => {
                action.run();
                dismiss(id);
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" class="quiet icon" aria-label={t('close')} onClick={() => dismiss(id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;

function Page() {
  const dragged = useSignal(false);
  useEffect(() => {
    const hasFiles = (event: DragEvent): boolean =>
      studio.value?.workspace != null && !readOnly.value && (event.dataTransfer?.types.includes('Files') ?? false);
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      dragged.value = true;
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) dragged.value = false;
    };
    const drop = (event: DragEvent): void => {
      if (!hasFiles(event) || event.dataTransfer === null) return;
      event.preventDefault();
      dragged.value = false;
      const [file] = event.dataTransfer.files;
      if (place.value.screen === 'verify' && file !== undefined) void verifyFile(file);
      else void filesOf(event.dataTransfer).then(addFiles);
    };
    const key = (event: KeyboardEvent): void => {
      if (event.key !== '?' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      help.value = true;
    };
    const all = [
      ['dragover', over],
      ['dragleave', leave],
      ['drop', drop],
      ['keydown', key],
    ] as const;
    for (const [name, act] of all) addEventListener(name, act as EventListener);
    return () => {
      for (const [name, act] of all) removeEventListener(name, act as EventListener);
    };
  }, []);
  const { screen } = place.value;
  const Screen = screens[screen];
  const isOpen = studio.value?.workspace != null;
  return (
    <div class={`page${drawer.value && isOpen ? ' with-drawer' : ''}`}>
      <Bar />
      {!online.value && (
        <p class="offline" role="alert">
          {t('offline')}
        </p>
      )}
      {/* Where nothing inside takes the focus, the screen itself does, to be scrolled by keys. */}
      <main id="content" tabIndex={readOnly.value ? 0 : -1}>
        {readOnly.value && <p class="looks-on-line muted">{t(whyReadOnly())}</p>}
        <h1 class="unseen">{isOpen ? t(screen) : 'liae studio'}</h1>
        {studio.value === undefined ? <p class="muted pad">{t('loading')}</p> : isOpen ? <Screen /> : <StartScreen />}
      </main>
      {drawer.value && isOpen && <JobsDrawer />}
      <Tour />
      <Uploads />
      <Notices />
      {help.value && <Help />}
      {choosing.value && <ChoiceDialog />}
      {dragged.value && <div class="drop">{t(screen === 'verify' ? 'dropToVerify' : 'dropHere')}</div>}
    </div>
  );
}

/** Says how a job ended, wherever in the page one is. */
function tellEnd(job: JobInfo): void {
  const title = titleOf(job);
  const show = { label: t('jobs'), run: () => (drawer.value = true) };
  if (job.state === 'done') notify('done', { message: t('jobDone', title) });
  if (job.state === 'interrupted')
    notify('problem', { message: t('jobDied', title), found: t('jobDiedFound'), next: t('jobDiedNext') }, show);
  if (job.state === 'failed') {
    const { message, ...details } = inLanguage(problemOf(job.note ?? ''));
    notify('problem', { ...details, message: `${t('jobFailed', title)}${message === '' ? '' : `: ${message}`}` }, show);
  }
}
effect(() => {
  const job = ended.value;
  if (job !== undefined) untracked(() => tellEnd(job));
});

/** What is seen of the page while another is in front. */
effect(() => {
  const name = workspace.value?.name;
  const share = running.value.map(progressShare).find((each) => each !== undefined);
  const far = share === undefined ? '' : `${Math.floor(share * 100)} % · `;
  document.title = `${far}${name === undefined ? '' : `${name} · `}liae studio`;
});

connect();
render(<Page />, document.getElementById('page')!);
