/**
 * What page and server say to each other, as data: requests, replies and events. The types follow from the shapes, the server reads requests through
 * them, and /api/openapi.json is made of them. Portable: a page without a server may speak it to a worker.
 */
import { facesJob, fileName } from './protocol/faces.ts';
import { mergeJob } from './protocol/merge.ts';
import { either, flag, type Infer, integer, list, nullable, number, object, optional, table, text, word } from './schema.ts';

export * from './protocol/acting.ts';
export * from './protocol/demo.ts';
export * from './protocol/export.ts';
export * from './protocol/faces.ts';
export * from './protocol/merge.ts';
export * from './protocol/models.ts';
export * from './protocol/verify.ts';
export * from './protocol/workspace.ts';

/** Raised when a page of an older version could no longer work with the server. */
export const protocolVersion = 1;

/** A place in the workspace: relative, with forward slashes. */
const path = () => text({ min: 1, max: 1000 });
const optionValue = either(number(), flag(), text());

export const clipInfo = object({
  path: path(),
  /** `pictures`: a folder of them, such as photos or the frames of a clip. */
  kind: word('clip', 'pictures'),
  /** Null of a folder: the use of the disk tells it. */
  bytes: nullable(integer()),
  /** Changes when the file does; part of the thumbnail's address. */
  stamp: text(),
  /** Null until the file could be opened, or if it cannot. */
  about: nullable(
    object({ width: integer(), height: integer(), frames: nullable(integer()), rate: nullable(number()), seconds: nullable(number()) }),
  ),
  /** Why it cannot be read. */
  problem: nullable(text({ max: 4000 })),
});
export type ClipInfo = Infer<typeof clipInfo>;

export const facesetInfo = object({
  path: path(),
  count: integer(),
  packed: flag(),
  /** Faces in the trash beside it. */
  trashed: integer(),
  /** Names of a few faces, spread over the set. */
  samples: list(text(), { max: 8 }),
});
export type FacesetInfo = Infer<typeof facesetInfo>;

const previewInfo = object({ file: fileName(), iteration: integer(), stamp: text() });
export type PreviewInfo = Infer<typeof previewInfo>;

export const modelInfo = object({
  path: path(),
  iteration: integer(),
  /** When it was last saved, ISO 8601. */
  saved: text(),
  bytes: integer(),
  options: table(optionValue),
  previews: list(previewInfo, { max: 5000 }),
  /** Why its save cannot be read. */
  problem: nullable(text({ max: 4000 })),
});
export type ModelInfo = Infer<typeof modelInfo>;

/** Models in DeepFaceLab's files, which can be imported. */
const foreignModels = object({ path: path(), names: list(text({ max: 255 }), { max: 100 }) });
export type ForeignModels = Infer<typeof foreignModels>;

export const workspaceInfo = object({
  name: text(),
  folder: text({ max: 4000 }),
  clips: list(clipInfo),
  facesets: list(facesetInfo),
  models: list(modelInfo),
  foreign: list(foreignModels),
  freeBytes: nullable(integer()),
});
export type WorkspaceInfo = Infer<typeof workspaceInfo>;

/** What can be run. Each kind is a command of the command line with some of its options. */
export const jobRequest = either(
  object({
    kind: word('extract'),
    input: path(),
    out: path(),
    faceType: word('h', 'mf', 'f', 'wf', 'head'),
    size: integer({ min: 256, max: 2048 }),
    /** Only every nth frame. */
    every: integer({ min: 1, max: 100_000 }),
    /** Of a frame, only the largest; 0 for all. */
    maxFaces: integer({ min: 0, max: 1000 }),
    again: flag(),
  }),
  object({ kind: word('measure'), faces: path() }),
  object({
    kind: word('train'),
    model: path(),
    /** By the names of the option table; what is left out keeps its value. */
    options: table(optionValue),
  }),
  object({
    kind: word('export'),
    model: path(),
    format: word('dfm', 'onnx', 'safetensors', 'dfl'),
    /** A file; of `dfl`, a folder. */
    out: path(),
  }),
  object({
    kind: word('import'),
    /** Folder of DeepFaceLab's files, and which model of those in it. */
    from: path(),
    name: text({ min: 1, max: 255 }),
    model: path(),
    weightsOnly: flag(),
  }),
  facesJob,
  mergeJob,
);
export type JobRequest = Infer<typeof jobRequest>;
export type JobKind = JobRequest['kind'];

export const jobState = word('running', 'stopping', 'done', 'stopped', 'failed', 'interrupted');
export type JobState = Infer<typeof jobState>;

export const jobInfo = object({
  id: text(),
  request: jobRequest,
  /** `stopped`: ended as asked, before its end. `interrupted`: gone without a word, as after a power cut. */
  state: jobState,
  started: text(),
  ended: nullable(text()),
  progress: nullable(
    object({
      /** What is counted, a key of the page's messages. */
      phase: word('frames', 'faces', 'measured', 'worked', 'iterations', 'merged'),
      done: integer(),
      total: nullable(integer()),
      perSecond: nullable(number()),
      secondsLeft: nullable(number()),
    }),
  ),
  /** Of training: the latest iteration. */
  training: nullable(
    object({
      iteration: integer(),
      ms: nullable(number()),
      src: nullable(number()),
      dst: nullable(number()),
      /** Iteration of the latest save and preview in this run. */
      saved: nullable(integer()),
      preview: nullable(integer()),
      /** Times that training went back to a save because a loss was not a number. */
      restores: integer(),
      /** The last of them: which iteration was not a number, and to which training went back. */
      guard: nullable(object({ failed: integer(), back: integer() })),
      /** Options that were changed on the way and backups that were made, counted: the model's story tells them. */
      changes: integer(),
      /** Why it ended. */
      reason: nullable(word('target', 'stopped', 'diverged')),
      /** As measured since it runs at full speed: of one iteration, and the most memory so far. */
      steadyMs: nullable(number()),
      peakBytes: nullable(integer()),
    }),
  ),
  /** Of an extraction or a render that is done, was made here and found nothing done before: frames a second from its start to its end. */
  pace: nullable(number()),
  /** The last thing it said. */
  note: nullable(text({ max: 4000 })),
  /** When it has stopped, another job of other options goes on in its place. */
  restarts: flag(),
});
export type JobInfo = Infer<typeof jobInfo>;

/** `stop` ends after the work under way, keeping it; `kill` ends at once. `save`, `backup` and `preview` are for training. */
export const jobOrder = object({ order: word('stop', 'kill', 'save', 'backup', 'preview') });
export type JobOrder = Infer<typeof jobOrder>['order'];

export const optionInfo = object({
  name: text(),
  kind: word('int', 'float', 'bool', 'choice', 'archi', 'path'),
  help: text(),
  default: text(),
  min: optional(number()),
  max: optional(number()),
  values: optional(list(text())),
  /** `new`: fixed once the model exists. `start`: from the next start on. `live`: at once, also while training runs. */
  when: word('new', 'start', 'live'),
  level: word('basic', 'expert'),
});
export type OptionInfo = Infer<typeof optionInfo>;

export const optionGroup = object({
  /** A key of the page's messages. */
  name: word('faces', 'network', 'samples', 'losses', 'finish', 'optimizer', 'files', 'machine'),
  options: list(optionInfo),
});
export type OptionGroup = Infer<typeof optionGroup>;

export const problem = object({
  error: object({ message: text(), found: optional(text()), expected: optional(text()), next: optional(text()) }),
});
export type Problem = Infer<typeof problem>['error'];

/** What the server tells by itself, one JSON object each. */
export type StudioEvent =
  /** The first event of a stream. Whoever gets it a second time has missed some and reads everything anew. */
  | { readonly event: 'hello'; readonly version: number; readonly studio: string }
  | { readonly event: 'job'; readonly job: JobInfo }
  | { readonly event: 'jobgone'; readonly id: string }
  /** Another folder was opened: nothing that a page knows holds any more. */
  | { readonly event: 'opened' }
  /** Clips, facesets or models may have changed. */
  | { readonly event: 'workspace' }
  /** Faces of a set were moved or measured. */
  | { readonly event: 'faces'; readonly path: string };
