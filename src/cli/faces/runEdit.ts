/** What the commands that make new versions of faces share: which files, carrying it out, and saying what came of it. */
import { type EditJob, editFaces } from '../../curate/index.ts';
import type { Args } from '../args.ts';
import type { Terminal } from '../command.ts';
import { interruptible, progressOf } from './longRun.ts';
import { counted, isDry, someOf, undoHint, type Workplace } from './workplace.ts';

/** The files of the folder that can hold a face. */
export const jpegsOf = async ({ folder }: Pick<Workplace, 'folder'>): Promise<readonly string[]> =>
  (await folder.list()).filter((name) => /\.jpe?g$/i.test(name));

/** @returns the exit code: 0 also if some faces had to be left out. */
export async function runEdit(place: Workplace, job: Omit<EditJob, 'names' | 'dryRun'>, args: Args, terminal: Terminal): Promise<number> {
  const { out, note } = terminal;
  return await interruptible(async (signal) => {
    const names = await jpegsOf(place);
    const dryRun = isDry(args);
    const options = { signal, now: () => new Date(), progress: progressOf(job.tool, terminal) };
    const { changed, skipped } = await editFaces(place.area, place.folder, { ...job, names, dryRun }, options);
    for (const { name, cause } of skipped) note(`left out ${name}: ${cause}`);
    const unchanged = names.length - changed.length - skipped.length;
    if (dryRun)
      note(`${counted(changed.length, 'face')} would change${changed.length === 0 ? '' : `: ${someOf(changed)}`}; nothing is changed`);
    else out(`${job.what(changed.length)}${unchanged > 0 ? `; ${counted(unchanged, 'other')} stay as they are` : ''}\n`);
    if (!dryRun && changed.length > 0) out(`${undoHint(place.path)}; the earlier files are in ${place.area.describe('@trash')}\n`);
    return 0;
  }, terminal);
}
