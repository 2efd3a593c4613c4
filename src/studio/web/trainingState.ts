/** What the training screen knows beyond the store: the story of the model that is looked at, presets, estimates; and its orders to the server. */
import type {
  Applied,
  JobInfo,
  ModelEvent,
  ModelInfo,
  ModelStory,
  OptionInfo,
  RestoredBackup,
  TrainingEstimate,
  TrainingPreset,
} from '../protocol.ts';
import { json, pictureUrl, query } from './api.ts';
import { optionTextsEn } from './messages/training.options.en.ts';
import { optionTextsZh } from './messages/training.options.zh.ts';
import { attempt, isAlive } from './store.ts';
import { signal } from './ui.ts';
import { language, t } from './words.ts';

export type Values = Readonly<Record<string, string | number | boolean>>;

export const story = signal<ModelStory | undefined>(undefined);
export const presets = signal<readonly TrainingPreset[]>([]);

/** Of a model that has been saved at least once. */
export async function refreshStory(path: string): Promise<void> {
  const found = await json<ModelStory>('GET', `/models/story?${query({ path })}`).catch(() => undefined); // none before the first save
  story.value = found;
}
export async function readPresets(): Promise<void> {
  if (presets.value.length > 0) return;
  const found = await attempt(() => json<readonly TrainingPreset[]>('GET', '/training/presets'));
  if (found !== undefined) presets.value = found;
}

export const estimate = (model: string | undefined, options: Values): Promise<TrainingEstimate> =>
  json('POST', '/training/estimate', { ...(model === undefined ? {} : { model }), options });
export const backUpNow = (model: string): Promise<{ readonly folder: string }> => json('POST', '/models/backup', { model });
export const restoreBackup = (model: string, slot: string): Promise<RestoredBackup> => json('POST', '/models/restore', { model, slot });
export const applyOptions = (model: string, options: Values): Promise<Applied> => json('POST', '/models/apply', { model, options });
/** `v` changes when another backup takes the number. */
export const backupPictureUrl = (path: string, slot: string, v: string): string => pictureUrl('/models/backup/preview', { path, slot, v });

type OptionTexts = Readonly<
  Record<string, { readonly label: string; readonly does: string; readonly typical: string; readonly cost: string }>
>;

/** What is said of an option, in the page's language; of one that is not known here, what the command line says. */
export function textOf({ name, help }: Pick<OptionInfo, 'name' | 'help'>): OptionTexts[string] {
  const texts: OptionTexts = language.value === 'zh' ? optionTextsZh : optionTextsEn;
  return texts[name] ?? { label: name.replaceAll('_', ' '), does: help, typical: '', cost: '' };
}

export const valueText = (value: string | number | boolean): string =>
  typeof value === 'boolean' ? t(value ? 'optionOn' : 'optionOff') : String(value);

/** Of which training the guard has to be told: the run that is on, or ended because of it. */
export function guardOf(job: JobInfo | undefined): 'once' | 'gaveUp' | undefined {
  if (job?.training == null) return undefined;
  if (job.training.reason === 'diverged') return 'gaveUp';
  return job.training.guard !== null && job.state !== 'done' ? 'once' : undefined;
}

export function eventText(event: ModelEvent): string {
  switch (event.what) {
    case 'started':
      return t('event_started');
    case 'saved':
      return t('event_saved');
    case 'changed':
      return t('event_changed', textOf({ name: event.option, help: '' }).label, valueText(event.from), valueText(event.to));
    case 'backup':
      return t('event_backup', event.folder.split('/').at(-1) ?? '');
    case 'rollback':
      return t('event_rollback', event.failed);
    case 'rejected':
      return t('event_rejected', event.save, event.why);
    case 'restored':
      return t('event_restored', event.backup, event.before ?? '–');
    case 'ended':
      return t(`event_ended_${event.reason}`);
  }
}

/** The options that hold now: those of the last save with what was changed since, and what a job asked for that has not come to its start yet. */
export function presentOptions(saved: Values, events: readonly ModelEvent[], job: JobInfo | undefined): Values {
  const isStarting = job !== undefined && isAlive(job) && !events.some(({ what, time }) => what === 'started' && time >= job.started);
  const asked = isStarting && job.request.kind === 'train' ? job.request.options : {};
  const since = events.slice(events.findLastIndex(({ what }) => what === 'saved') + 1);
  return {
    ...saved,
    ...Object.fromEntries(since.flatMap((event) => (event.what === 'changed' ? [[event.option, event.to]] : []))),
    ...asked,
  };
}

/** How far the model is: as its job tells, until the workspace was read again after the job's end. */
export function iterationOf(model: ModelInfo | undefined, job: JobInfo | undefined, events: readonly ModelEvent[]): number {
  const kept = model?.iteration ?? 0;
  if (job?.training == null) return kept;
  if (isAlive(job)) return job.training.iteration;
  const isBack = events.some(({ what, time }) => what === 'restored' && time >= (job.ended ?? ''));
  return isBack ? kept : Math.max(kept, job.training.saved ?? 0);
}

/** When the latest return to a save took place and to which iteration: previews beyond it from before that are of an undone course. */
export function isUndone(preview: { readonly iteration: number; readonly stamp: string }, events: readonly ModelEvent[]): boolean {
  const painted = Number.parseInt(preview.stamp, 36);
  return events.some(
    ({ what, iteration, time }) =>
      (what === 'restored' || what === 'rollback') && preview.iteration > iteration && painted < Date.parse(time),
  );
}
