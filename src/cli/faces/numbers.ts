/** `liae faces measure`: what can be measured of faces, as a table for spreadsheets and programs. */
import { resolve } from 'node:path';
import { OptionError } from '../../base/index.ts';
import { faceNumbers, numberColumns, numbersNeed, openImages } from '../../curate/index.ts';
import { fileStamps } from '../../platform/node/curateWorkers.ts';
import { nodeFolder, replaceFile } from '../../platform/node/files.ts';
import { optional } from '../args.ts';
import type { Command } from '../command.ts';
import { interruptible } from './longRun.ts';
import { measureImages } from './measure.ts';
import { counted, folderOf } from './workplace.ts';

/** Between two events of progress. */
const SAY_MS = 250;

export const measure: Command = {
  name: 'faces measure',
  summary: 'numbers of every face as a table: sharpness, pose, light, size, expression',
  usage: 'DIR [--out FILE] [--json]',
  about: [
    'Measures the faces of DIR, loose or packed, and keeps the measures there, so that sorting by them later is quick. Prints a table with a row for each face, or writes it to FILE: .csv, or .json with a list for each column.',
    ...faceNumbers.map(({ name, label }) => `${name}: ${label}`),
  ].join('\n'),
  flags: [
    { name: 'out', kind: 'value', shape: 'FILE', help: 'a file ending in .csv or .json' },
    { name: 'json', kind: 'switch', help: 'print one JSON object for each event on stdout' },
  ],
  words: 1,
  async run(args, terminal) {
    const out = optional(args, 'out');
    const kind = /\.(csv|json)$/i.exec(out ?? '.csv')?.[1]?.toLowerCase();
    if (kind === undefined) throw new OptionError(`${out}: which kind of file?`, { expected: 'a name that ends in .csv or .json' });
    const asJson = args.values.json === true;
    return await interruptible(async (signal) => {
      const path = await folderOf(args);
      await using images = await openImages(nodeFolder(path));
      const say = (event: object): void => terminal.out(`${JSON.stringify(event)}\n`);
      let said = 0;
      const report = (done: number, of: number): void => {
        if (done < of && performance.now() - said < SAY_MS) return;
        said = performance.now();
        say({ event: 'measuring', done, of });
      };
      const told = asJson ? report : undefined;
      const measures = await measureImages(path, images, numbersNeed, { signal, terminal, progress: told });
      const names = Array.from({ length: measures.count }, (_, i) => measures.name(i));
      const columns = numberColumns(measures);
      const text =
        kind === 'json'
          ? `${JSON.stringify({ names, stamps: await fileStamps(path, images), measures: columns })}\n`
          : csvOf(names, columns);
      if (out !== undefined) await replaceFile(resolve(out), [new TextEncoder().encode(text)]);
      else if (!asJson) terminal.out(text);
      if (asJson) say({ event: 'done', faces: names.length, broken: measures.broken.size });
      else if (out !== undefined) terminal.note(`${counted(names.length, 'face')} measured, ${measures.broken.size} of them broken`);
      return 0;
    }, terminal);
  },
};

function csvOf(names: readonly string[], columns: Readonly<Record<string, readonly (number | null)[]>>): string {
  const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = names.map((name, i) => [cell(name), ...Object.values(columns).map((values) => values[i] ?? '')].join(','));
  return `${['name', ...Object.keys(columns)].join(',')}\n${rows.map((row) => `${row}\n`).join('')}`;
}
