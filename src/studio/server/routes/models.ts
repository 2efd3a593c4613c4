/** Routes of models: losses, previews, options. */
import { readFile, stat } from 'node:fs/promises';
import { FormatError } from '../../../base/index.ts';
import { optionGroup } from '../../protocol.ts';
import { integerText, list, object, optional, text } from '../../schema.ts';
import { lossesOf } from '../models.ts';
import { optionGroups } from '../optionGroups.ts';
import { type Route, route, unchanging } from '../routing.ts';

export const modelsRoutes: readonly Route[] = [
  route('GET', '/models/loss', 'losses from a record on: float32 pairs of source and destination, little endian', {
    query: object({ path: text({ min: 1, max: 1000 }), from: integerText() }),
    reply: 'application/octet-stream',
    async answer({ studio: { places }, query }) {
      const { first, records, bytes } = await lossesOf(await places.at(query.path), query.from);
      return { bytes, type: 'application/octet-stream', headers: { 'x-first': String(first), 'x-records': String(records) } };
    },
  }),
  route('GET', '/models/preview', 'a preview sheet', {
    query: object({ path: text({ min: 1, max: 1000 }), file: text({ pattern: /^\d{1,12}\.png$/ }), v: optional(text()) }),
    reply: 'image/png',
    async answer({ studio: { places }, query }) {
      const file = await places.at(`${query.path}/previews/${query.file}`);
      const found = await stat(file).catch(() => undefined);
      if (found === undefined || found.size > 256 * 1024 * 1024) throw new FormatError(`${query.file}: there is no such preview`);
      return { bytes: await readFile(file), type: 'image/png', headers: query.v === undefined ? {} : unchanging };
    },
  }),
  route('GET', '/options', 'the options of training in groups', {
    reply: list(optionGroup),
    answer: async () => optionGroups(),
  }),
];
