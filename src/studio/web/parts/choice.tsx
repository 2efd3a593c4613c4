/** The choice of a workspace: the last ones, another folder, a new one, or the demo. The first screen without one; a dialog with one. */
import { forgetWorkspace, openWorkspace } from '../api.ts';
import { attempt, choosing, running, shortened, studio } from '../store.ts';
import { useSignal } from '../ui.ts';
import { moment, t } from '../words.ts';
import { Dialog, Field } from './basics.tsx';

export function ChoiceDialog() {
  return (
    <Dialog title={t('workspaces')} wide onClose={() => (choosing.value = false)}>
      <Choice />
    </Dialog>
  );
}

export function Choice() {
  const busy = useSignal(false);
  const info = studio.value;
  if (info === undefined) return null;
  const open = async (request: Parameters<typeof openWorkspace>[0]): Promise<void> => {
    busy.value = true;
    const opened = await attempt(() => openWorkspace(request)); // the page is then loaded anew
    if (opened === undefined) busy.value = false;
  };
  const submit = (make: (folder: string) => Parameters<typeof openWorkspace>[0]) => (event: Event) => {
    event.preventDefault();
    void open(make(String(new FormData(event.currentTarget as HTMLFormElement).get('folder') ?? '')));
  };
  const others = info.recent.filter(({ folder }) => folder !== info.workspace?.folder);
  return (
    <div class="choice acts" aria-busy={busy.value}>
      {running.value.length > 0 && <p class="muted">{t('jobsGoOn', running.value.length)}</p>}
      {others.length > 0 && (
        <section aria-labelledby="recent">
          <h2 id="recent">{t('recent')}</h2>
          <ul class="recent">
            {others.map(({ folder, name, opened, there }) => (
              <li key={folder}>
                <button type="button" class="quiet" disabled={!there || busy.value} onClick={() => void open({ open: folder })}>
                  <strong>{name}</strong>
                  <span class="muted where">{shortened(folder)}</span>
                  <span class="muted">{there ? moment(opened) : t('gone')}</span>
                </button>
                <button
                  type="button"
                  class="quiet icon"
                  aria-label={t('forgetFolder', name)}
                  title={t('forgetFolder', name)}
                  onClick={() => void attempt(async () => (studio.value = await forgetWorkspace(folder)))}
                >
                  ✕
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <div class="choice-ways">
        <section aria-labelledby="new">
          <h2 id="new">{t('newWorkspace')}</h2>
          <form onSubmit={submit((create) => ({ create, demo: false }))}>
            <Field label={t('newFolder')}>
              <input name="folder" required defaultValue={shortened(info.suggested.plain)} spellcheck={false} autocomplete="off" />
            </Field>
            <button type="submit" class="primary" disabled={busy.value}>
              {t('create')}
            </button>
          </form>
        </section>
        <section aria-labelledby="existing">
          <h2 id="existing">{t('openWorkspace')}</h2>
          <form onSubmit={submit((folder) => ({ open: folder }))}>
            <Field label={t('openFolder')} hint={t('openHint')}>
              <input name="folder" required placeholder={t('wholePath')} spellcheck={false} autocomplete="off" />
            </Field>
            <button type="submit" disabled={busy.value}>
              {t('open')}
            </button>
          </form>
        </section>
        <section aria-labelledby="demo">
          <h2 id="demo">{t('tryDemo')}</h2>
          <p class="muted">{t('tryDemoHint')}</p>
          <button type="button" disabled={busy.value} onClick={() => void open({ create: info.suggested.demo, demo: true })}>
            {t('makeDemo')}
          </button>
        </section>
      </div>
    </div>
  );
}
