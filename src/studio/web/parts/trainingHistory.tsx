/** Backups of the model and what happened to it. Going back keeps what is there now as a backup, so that it can be undone. */
import type { BackupInfo, ModelStory } from '../../protocol.ts';
import { attempt, notify, refreshWorkspace } from '../store.ts';
import { backupPictureUrl, eventText, refreshStory, restoreBackup } from '../trainingState.ts';
import { useSignal } from '../ui.ts';
import { bytes, count, moment, t } from '../words.ts';
import { Dialog, FormEnd } from './basics.tsx';

interface Props {
  readonly story: ModelStory;
  /** Iteration of the present save. */
  readonly iteration: number;
  /** Whether the model is trained now. */
  readonly alive: boolean;
}

const EVENTS = 200;

export function TrainingHistory({ story, iteration, alive }: Props) {
  const asked = useSignal<BackupInfo | undefined>(undefined);
  const restore = async (slot: string): Promise<void> => {
    const done = await attempt(() => restoreBackup(story.path, slot));
    if (done === undefined) return;
    asked.value = undefined;
    refreshWorkspace();
    await refreshStory(story.path);
    const undo = done.kept?.split('/').at(-1);
    notify(
      'done',
      { message: t('restoredTo', count(done.iteration)) },
      undo === undefined ? undefined : { label: t('restoreUndo'), run: () => void restore(undo) },
    );
  };
  const events = story.events.slice(-EVENTS).reverse();
  return (
    <div class="history">
      <section aria-labelledby="backups">
        <header class="panel-head">
          <h2 id="backups">
            {t('backups')} <span class="count">{story.backups.length}</span>
          </h2>
        </header>
        {story.backups.length === 0 ? (
          <p class="muted">{t('noBackups')}</p>
        ) : (
          <ul class="backups">
            {story.backups.map((backup) => (
              <li key={backup.slot}>
                <code>{backup.slot}</code>
                {backup.problem === null ? (
                  <>
                    <strong>{count(backup.iteration)}</strong>
                    <span class="muted">{moment(backup.saved)}</span>
                    <span class="muted">{bytes(backup.bytes)}</span>
                    <button
                      type="button"
                      class="small acts"
                      disabled={alive}
                      title={alive ? t('restorePause') : undefined}
                      onClick={() => (asked.value = backup)}
                    >
                      {t('restore')}
                    </button>
                  </>
                ) : (
                  <span class="bad">{t('unusable', backup.problem)}</span>
                )}
              </li>
            ))}
          </ul>
        )}
      </section>
      <section aria-labelledby="events">
        <header class="panel-head">
          <h2 id="events">{t('events')}</h2>
        </header>
        {events.length === 0 ? (
          <p class="muted">{t('noEvents')}</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reached by keys
          <ol class="events" tabIndex={0} aria-labelledby="events">
            {events.map((event) => (
              <li
                key={`${event.time} ${event.what} ${event.iteration} ${'option' in event ? event.option : ''}`}
                class={`event event-${event.what}`}
              >
                <span class="event-at">{count(event.iteration)}</span>
                <span>{eventText(event)}</span>
                <span class="muted">{moment(event.time)}</span>
              </li>
            ))}
          </ol>
        )}
      </section>
      {asked.value !== undefined && (
        <Dialog title={t('restoreTitle', asked.value.slot)} onClose={() => (asked.value = undefined)}>
          <form
            method="dialog"
            onSubmit={(event) => {
              event.preventDefault();
              void restore(asked.value!.slot);
            }}
          >
            <p>{t('restoreAbout', count(asked.value.iteration), moment(asked.value.saved), count(iteration))}</p>
            {asked.value.preview && (
              <img
                class="backup-preview"
                src={backupPictureUrl(story.path, asked.value.slot, `${asked.value.iteration} ${asked.value.saved}`)}
                alt={t('previewAt', count(asked.value.iteration))}
              />
            )}
            <FormEnd label={t('restore')} onCancel={() => (asked.value = undefined)} />
          </form>
        </Dialog>
      )}
    </div>
  );
}
