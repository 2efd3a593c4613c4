/** Routes of models: losses, previews, options. */
import { readFile, stat } from 'node:fs/promises';
import { FormatError } from '../../../base/index.ts';
import {
  applied,
  applyRequest,
  backupRequest,
  estimateRequest,
  modelStory,
  optionGroup,
  restored,
  restoreRequest,
  trainingEstimate,
  trainingPreset,
} from '../../protocol.ts';
import { integerText, list, object, optional, text } from '../../schema.ts';
import { Estimates } from '../estimate.ts';
import { applyOptions, backUpModel, backupPreview, restoreModel, storyOf, withoutPlaces } from '../modelStory.ts';
import { lossesOf, modelAt } from '../models.ts';
import { optionGroups } from '../optionGroups.ts';
import { type Route, route, unchanging } from '../routing.ts';

/** What graphs take does not depend on the workspace. */
const estimates = new Estimates();
const MAX_PICTURE = 256 * 1024 * 1024;

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
      if (found === undefined || found.size > MAX_PICTURE) throw new FormatError(`${query.file}: there is no such preview`);
      return { bytes: await readFile(file), type: 'image/png', headers: query.v === undefined ? {} : unchanging };
    },
  }),
  route('GET', '/models/backup/preview', 'the preview sheet of a backup', {
    query: object({ path: text({ min: 1, max: 1000 }), slot: text({ pattern: /^\d\d$/ }), v: optional(text()) }),
    reply: 'image/png',
    async answer({ studio: { places }, query }) {
      const file = backupPreview(await places.at(query.path), query.slot);
      const found = await stat(file).catch(() => undefined);
      if (found === undefined || found.size > MAX_PICTURE) throw new FormatError(`${query.slot}: this backup has no preview`);
      return { bytes: await readFile(file), type: 'image/png' };
    },
  }),
  route('GET', '/models/story', 'what happened to a model, and its backups', {
    query: object({ path: text({ min: 1, max: 1000 }) }),
    reply: modelStory,
    answer: async ({ studio: { places }, query }) => await storyOf(places, query.path),
  }),
  route('POST', '/models/backup', 'back up the save of a model that is not trained now', {
    body: backupRequest,
    reply: object({ folder: text() }),
    async answer({ studio: { places, hub, version }, body }) {
      const folder = await backUpModel(places, body.model, version);
      hub.tell({ event: 'workspace' });
      return { folder };
    },
  }),
  route('POST', '/models/restore', 'put a backup in the place of the save, which becomes a backup; restoring that undoes it', {
    body: restoreRequest,
    reply: restored,
    async answer({ studio: { places, hub, version }, body }) {
      const done = await restoreModel(places, body.model, body.slot, version);
      hub.tell({ event: 'workspace' });
      return done;
    },
  }),
  route('POST', '/models/apply', 'change options of a model that is trained: at once, or by a save, a stop and a start', {
    body: applyRequest,
    reply: applied,
    answer: async ({ studio: { places, jobs }, body }) => await applyOptions({ places, jobs, estimates }, body.model, body.options),
  }),
  route('POST', '/training/estimate', 'what a choice of options will take, without starting anything', {
    body: estimateRequest,
    reply: trainingEstimate,
    async answer({ studio: { places }, body: { model, options } }) {
      const stored = model === undefined ? undefined : (await modelAt(places, await places.at(model))).options;
      return await estimates.of(withoutPlaces(options), stored !== undefined && Object.keys(stored).length > 0 ? stored : undefined);
    },
  }),
  route('GET', '/training/presets', 'ready-made choices of options, made to fit this machine', {
    reply: list(trainingPreset, { max: 100 }),
    answer: async () => await estimates.presets(),
  }),
  route('GET', '/options', 'the options of training in groups', {
    reply: list(optionGroup),
    answer: async () => optionGroups(),
  }),
];
