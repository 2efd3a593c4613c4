/** The page: bar, screen, drawer of jobs, notices, and clips that are dropped anywhere. */

import { ProblemText } from './parts/basics.tsx';
import { JobsDrawer } from './parts/jobsDrawer.tsx';
import { FacesScreen } from './screens/faces.tsx';
import { TrainingScreen } from './screens/training.tsx';
import { WorkspaceScreen } from './screens/workspace.tsx';
import { connect, dismiss, drawer, hashOf, notices, online, place, running, type Screen, uploadClips, workspace } from './store.ts';
import { render, useEffect, useSignal } from './ui.ts';
import { language, languages, setLanguage, t } from './words.ts';

const screens: Readonly<Record<Screen, () => ReturnType<typeof WorkspaceScreen>>> = {
  workspace: WorkspaceScreen,
  faces: FacesScreen,
  training: TrainingScreen,
};

function Bar() {
  const active = running.value.length;
  return (
    <header class="bar">
      <button type="button" class="skip" onClick={() => document.getElementById('content')?.focus()}>
        {t('skip')}
      </button>
      <span class="mark" aria-hidden="true">
        liae
      </span>
      <nav aria-label="liae studio">
        {(Object.keys(screens) as Screen[]).map((screen) => (
          <a key={screen} href={hashOf(screen)} aria-current={place.value.screen === screen ? 'page' : undefined}>
            {t(screen)}
          </a>
        ))}
      </nav>
      <span class="folder" title={workspace.value?.folder}>
        {workspace.value?.name ?? ''}
      </span>
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
      <button type="button" class="jobs-button" aria-expanded={drawer.value} onClick={() => (drawer.value = !drawer.value)}>
        {active > 0 && <span class="pulse" aria-hidden="true" />}
        {active > 0 ? t('runningCount', active) : t('jobs')}
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

function Page() {
  const dragged = useSignal(false);
  useEffect(() => {
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      dragged.value = true;
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) dragged.value = false;
    };
    const drop = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      dragged.value = false;
      void uploadClips([...(event.dataTransfer?.files ?? [])]);
    };
    const all = [
      ['dragover', over],
      ['dragleave', leave],
      ['drop', drop],
    ] as const;
    for (const [name, act] of all) addEventListener(name, act);
    return () => {
      for (const [name, act] of all) removeEventListener(name, act);
    };
  }, []);
  const Screen = screens[place.value.screen];
  return (
    <div class={`page${drawer.value ? ' with-drawer' : ''}`}>
      <Bar />
      {!online.value && (
        <p class="offline" role="alert">
          {t('offline')}
        </p>
      )}
      <main id="content" tabIndex={-1}>
        <h1 class="unseen">{t(place.value.screen)}</h1>
        <Screen />
      </main>
      {drawer.value && <JobsDrawer />}
      <Notices />
      {dragged.value && <div class="drop">{t('dropHere')}</div>}
    </div>
  );
}

connect();
render(<Page />, document.getElementById('page')!);
