/** Models and their training: what happened to one, its backups, what a choice of options will take, and ready-made choices. */
import { either, flag, type Infer, integer, list, nullable, number, object, optional, table, text, word } from '../schema.ts';

const path = () => text({ min: 1, max: 1000 });
const said = () => text({ max: 4096 });
const optionValue = either(number(), flag(), said());

const at = { time: text(), iteration: integer() };
/** An entry of the model's journal. */
const modelEvent = either(
  object({ ...at, what: word('started', 'saved') }),
  object({ ...at, what: word('changed'), option: said(), from: optionValue, to: optionValue }),
  object({ ...at, what: word('backup'), folder: said() }),
  /** The iteration `failed` was not a number: training went back to `iteration`. */
  object({ ...at, what: word('rollback'), failed: integer() }),
  object({ ...at, what: word('rejected'), save: said(), why: said() }),
  /** A backup took the place of the save at `before`, which is now the backup `kept`. */
  object({ ...at, what: word('restored'), backup: said(), before: nullable(integer()), kept: nullable(said()) }),
  object({ ...at, what: word('ended'), reason: word('target', 'stopped', 'diverged') }),
);
export type ModelEvent = Infer<typeof modelEvent>;

const slot = () => text({ pattern: /^\d\d$/ });
const backupInfo = object({
  /** 01 is the newest. */
  slot: slot(),
  iteration: integer(),
  /** When its save was made, ISO 8601. */
  saved: text(),
  bytes: integer(),
  preview: flag(),
  /** Why it cannot be used. */
  problem: nullable(text({ max: 4000 })),
});
export type BackupInfo = Infer<typeof backupInfo>;

/**
 * A training in stages, each with its options and its end. Nothing makes one yet: the place is kept so that a server which does can tell a page that
 * knows it, and older pages are not disturbed.
 */
const recipe = object({
  name: text(),
  stages: list(object({ name: text(), options: table(optionValue), until: nullable(integer()) }), { max: 100 }),
  /** Which stage is trained now, from 0. */
  now: integer(),
});
/** What is kept in memory and what is computed twice to make room. Kept for a trainer that plans its memory; nothing makes one yet. */
const memoryPlan = object({ limitBytes: integer(), plannedBytes: integer(), recomputed: integer(), note: optional(said()) });
/** Frames of a clip that are swapped with the present weights as training goes on. Kept for a trainer that does; nothing makes one yet. */
const watchedShot = object({ clip: path(), frames: list(integer(), { max: 100 }), painted: nullable(integer()) });

export const modelStory = object({
  path: path(),
  /** Changes when iterations that a page may know are no longer those of the model. */
  epoch: text(),
  /** What happened, the oldest first; without what was undone. */
  events: list(modelEvent, { max: 10_000 }),
  backups: list(backupInfo, { max: 99 }),
  recipe: optional(recipe),
  memoryPlan: optional(memoryPlan),
  watched: optional(watchedShot),
});
export type ModelStory = Infer<typeof modelStory>;

export const trainingEstimate = object({
  parameters: integer(),
  /** Of the networks that judge pictures or codes. */
  adversaryParameters: integer(),
  weightBytes: integer(),
  optimizerBytes: integer(),
  /** About the most that the process will use. */
  totalBytes: integer(),
  /** Of this machine: all, and what is free now. */
  machineBytes: integer(),
  freeBytes: integer(),
  /** `tight`: it fits, and little else does. */
  verdict: word('fits', 'tight', 'tooMuch'),
  /** Values that will be changed to fit the network. */
  rounded: list(object({ option: text(), from: optionValue, to: optionValue, why: said() }), { max: 100 }),
});
export type TrainingEstimate = Infer<typeof trainingEstimate>;

/** `model`: one that exists, whose options hold where none are given. */
export const estimateRequest = object({ model: optional(path()), options: table(optionValue) });
export type EstimateRequest = Infer<typeof estimateRequest>;

export const trainingPreset = object({
  /** A key of the page's messages after `preset_train_`. */
  name: word('quick', 'shoulders', 'film', 'df'),
  options: table(optionValue),
  estimate: trainingEstimate,
  /** What was changed so that it fits this machine: the batch it is meant for, and whether another optimizer. */
  meant: object({ batch: integer(), optimizer: word('adabelief', 'rmsprop') }),
});
export type TrainingPreset = Infer<typeof trainingPreset>;

/** Options of a model that is trained. `live` are changed on the way, all others by a save, a stop and a new start. */
export const applyRequest = object({ model: path(), options: table(optionValue) });
export const applied = object({ how: word('live', 'restart') });
export type Applied = Infer<typeof applied>;

export const backupRequest = object({ model: path() });
export const restoreRequest = object({ model: path(), slot: slot() });
export const restored = object({ iteration: integer(), before: nullable(integer()), kept: nullable(said()) });
export type RestoredBackup = Infer<typeof restored>;
