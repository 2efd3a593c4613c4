/**
 * With which options a training goes on that has ended. Its save holds them as they were then; what was changed after it, on the way, is in the model's
 * journal. Those that the job was begun with are given again only if it never came to a save.
 */
import { sep } from 'node:path';
import { NodeFileStore } from '../../platform/node/modelStore.ts';
import { findOption, type JournalEntry, presentCourse, readJournal } from '../../train/index.ts';
import type { JobRequest } from '../protocol.ts';
import type { Places } from './places.ts';

type Training = Extract<JobRequest, { readonly kind: 'train' }>;

/** @param hasSaved  whether the run that ended has saved. */
export async function resumedTraining(places: Places, request: Training, hasSaved: boolean): Promise<Training> {
  const journal = presentCourse(await readJournal(new NodeFileStore(await places.at(request.model))));
  const since = journal.slice(1 + journal.findLastIndex(({ what }) => what === 'saved' || what === 'restored'));
  const begun = hasSaved ? {} : request.options;
  return { ...request, options: { ...begun, ...Object.fromEntries(since.flatMap((entry) => changeOf(entry, places))) } };
}

/** What an entry has changed, as a request says it; nothing if it is a place outside the workspace. */
function changeOf(entry: JournalEntry, places: Places): readonly (readonly [string, string | number | boolean])[] {
  if (entry.what !== 'changed') return [];
  const { option, to } = entry;
  if (findOption(option).kind !== 'path' || to === '') return [[option, to]];
  return String(to).startsWith(`${places.root}${sep}`) ? [[option, places.nameOf(String(to))]] : [];
}
