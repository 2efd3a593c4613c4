/** Merging on the page: a scene (clip, faces, model), its settings and shots as merge.json keeps them, pictures of single frames, and the queue of renders. */
import { either, flag, type Infer, integer, list, nullable, number, object, optional, table, text, word } from '../schema.ts';

/** A place in the workspace. */
const place = () => text({ min: 1, max: 1000 });

/** An ONNX file of the workspace, and what the numbers of its pictures are. */
const network = object({ path: place(), pixels: word('bgr', 'rgb', 'signed-rgb') });

const sceneParts = {
  model: place(),
  faces: place(),
  clip: place(),
  /** Landmarks smoothed over time; short gaps filled. */
  ...{ smooth: flag(), fill: flag() },
  /** Of several faces, those of one person: a number from 0, or the person's folder. */
  only: optional(text({ min: 1, max: 200 })),
  /** Networks for XSeg masks and for super resolution. */
  ...{ xseg: optional(network), enhancer: optional(network) },
};

export const sceneRequest = object(sceneParts);
export type SceneRequest = Infer<typeof sceneRequest>;

const frames = { from: integer(), to: integer() };
/** As many frames as a column is told for. */
const MANY = 5_000_000;

export const sceneInfo = object({
  /** For requests of pictures; another one once model, faces or clip are others. */
  id: text({ max: 64 }),
  clip: object({ frames: integer(), rate: nullable(number()), width: integer(), height: integer(), colour: text() }),
  model: object({ resolution: integer(), iteration: integer(), faceType: text() }),
  /** What is known of how clip and faces fit together, a sentence each. */
  notes: list(text({ max: 4000 })),
  /** Frames with a face; `to` is behind the last. */
  withFace: list(object(frames), { max: MANY }),
  /** Frames with several. */
  several: integer(),
  /** How much the crop trembles in each frame, in pixels of the frame; null where it cannot be told. As found, and smoothed if that is asked for. */
  tremble: list(nullable(number()), { max: MANY }),
  smoothed: nullable(list(nullable(number()), { max: MANY })),
  /** First frames of shots but the first; null while they are looked for. */
  cuts: nullable(list(integer(), { max: MANY })),
  /** Share of the clip that was looked through for cuts. */
  looked: number({ min: 0, max: 1 }),
});
export type SceneInfo = Infer<typeof sceneInfo>;

const settingValue = either(number(), flag(), text({ max: 200 }));
const settingValues = table(settingValue);
export type MergeValue = Infer<typeof settingValue>;
export type MergeValues = Infer<typeof settingValues>;

export const mergeSettingInfo = object({
  name: text(),
  kind: word('int', 'bool', 'choice'),
  help: text(),
  default: settingValue,
  /** Absent in the reference. */
  ours: flag(),
  min: optional(integer({ min: -1000 })),
  max: optional(integer()),
  values: optional(list(text())),
});
export type MergeSettingInfo = Infer<typeof mergeSettingInfo>;

/** `before`: the frame as it was. `checker`: what is merged, before a checkerboard. */
export const mergeShows = ['after', 'before', 'mask', 'checker'] as const;

export const pictureRequest = object({
  scene: text({ max: 64 }),
  frame: integer(),
  settings: settingValues,
  show: word(...mergeShows),
  /** The picture's sides are divided by this. */
  shrink: integer({ min: 1, max: 16 }),
});
export type PictureRequest = Infer<typeof pictureRequest>;

const shot = object({
  from: integer(),
  /** Behind the last frame; null: the end. */
  to: nullable(integer()),
  /** What differs from the settings of the clip. */
  settings: settingValues,
});
export type MergeShot = Infer<typeof shot>;

const sessionParts = { settings: settingValues, shots: list(shot, { max: 100_000 }) };

/** merge.json, which the command line shares. */
export const mergeSession = object({
  /** Where it is, or will be. */
  path: place(),
  /** Of what it holds; null: there is none yet. */
  stamp: nullable(text()),
  ...sessionParts,
});
export type MergeSessionInfo = Infer<typeof mergeSession>;

/** `stamp`: of the file that was changed. If it is another by now, nothing is written. */
export const mergeSessionRequest = object({ stamp: nullable(text({ max: 64 })), ...sessionParts });

export const filmCodecs = ['h264', 'h265', 'av1', 'vp9', 'prores', 'ffv1'] as const;

export const mergeJob = object({
  kind: word('merge'),
  model: place(),
  faces: place(),
  input: place(),
  /** A film by its ending, else a folder of PNGs. */
  out: place(),
  session: place(),
  codec: optional(word(...filmCodecs)),
  quality: word('preview', 'high', 'master'),
  depth: word('8', '10', '16'),
  /** Where the mask goes too. */
  mask: optional(place()),
  /** The mask as fourth channel. */
  alpha: flag(),
  sound: flag(),
  ...{ smooth: flag(), fill: flag() },
  /** Frames without a face are taken over, also where it is not known that there is none. */
  copyMissing: flag(),
  only: optional(text({ min: 1, max: 200 })),
  ...{ xseg: optional(network), enhancer: optional(network) },
  /** The first frame, and the one behind the last. */
  ...{ from: optional(integer()), to: optional(integer({ min: 1 })) },
  again: flag(),
});
export type MergeJobRequest = Infer<typeof mergeJob>;

/** Renders that wait for the one before. */
export const renderQueue = object({
  /** Nothing is begun until someone says so: after a render was stopped. */
  paused: flag(),
  waiting: list(object({ id: text(), request: mergeJob, problem: nullable(text({ max: 4000 })) }), { max: 100 }),
});
export type RenderQueueInfo = Infer<typeof renderQueue>;
