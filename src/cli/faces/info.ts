/** `liae faces info`: what a folder of faces holds. */
import { type FaceInfo, faceInfo, openImages, type Range, readActions } from '../../curate/index.ts';
import { nodeFaceArea } from '../../platform/node/faceArea.ts';
import { nodeFolder } from '../../platform/node/files.ts';
import type { Command, Terminal } from '../command.ts';
import { interruptible, progressOf } from './longRun.ts';
import { counted, folderOf, someOf } from './workplace.ts';

export const info: Command = {
  name: 'faces info',
  summary: 'what a folder of faces holds',
  usage: 'DIR [--json]',
  about:
    'Counts faces, sizes, face types, poses, frames, masks, polygons and fields, and names the files that are no faces, by cause. Loose and packed faces.',
  flags: [{ name: 'json', kind: 'switch', help: 'print one JSON object' }],
  words: 1,
  async run(args, terminal) {
    return await interruptible(async (signal) => {
      const path = await folderOf(args);
      await using images = await openImages(nodeFolder(path));
      const found = await faceInfo(images, { signal, progress: progressOf('reading', terminal) });
      if (args.values.json === true) terminal.out(`${JSON.stringify({ folder: path, ...found })}\n`);
      else {
        describe(found, terminal);
        const area = nodeFaceArea(path);
        const trashed = (await area.list('@trash')).length;
        if (trashed > 0) terminal.out(`trash: ${counted(trashed, 'file')} in ${area.describe('@trash')}\n`);
        const last = readActions(await area.readJournal()).findLast(({ state }) => state === 'done');
        if (last !== undefined) terminal.out(`last change: ${last.at.slice(0, 16).replace('T', ' ')}, ${last.tool}: ${last.what}\n`);
      }
      return 0;
    }, terminal);
  },
};

function describe(found: FaceInfo, { out }: Terminal): void {
  const line = (label: string, text: string): void => out(`${label.padEnd(12)}${text}\n`);
  const counts = (record: Readonly<Record<string, number>>): string => {
    const entries = Object.entries(record);
    const text =
      entries.length === 1
        ? entries[0]![0]
        : someOf(
            entries.map(([key, n]) => `${n} ${key}`),
            8,
          );
    return text === '' ? 'none' : text;
  };
  const range = (r: Range | undefined): string =>
    r === undefined ? 'unknown' : `${r.least.toFixed(0)}° to ${r.most.toFixed(0)}°, median ${r.median.toFixed(0)}°`;
  line('faces', `${found.faces}${found.packed ? ', packed' : ''}, ${(found.bytes / 2 ** 20).toFixed(1)} MiB`);
  line('size', counts(found.sizes));
  line('face type', counts(found.faceTypes));
  if (Object.keys(found.persons).length > 0) line('persons', counts(found.persons));
  line('yaw', range(found.yaw));
  line('pitch', range(found.pitch));
  line('frames', `${found.frames}${found.sharedFrames > 0 ? `, ${found.sharedFrames} with more than one face` : ''}`);
  line('masks', String(found.masks));
  line('polygons', counted(found.polygons, 'face'));
  if (Object.keys(found.fields).length > 0)
    line(
      'fields',
      Object.entries(found.fields)
        .map(([key, n]) => (n === found.faces ? key : `${key} (${n})`))
        .join(', '),
    );
  for (const [cause, names] of Object.entries(found.problems)) line('no face', `${names.length}: ${cause}: ${someOf(names, 3)}`);
}
