/** Frames to aligned faces: analysis, the alignments file, tracks, smoothing, and the faces themselves. */
export * from './alignments.ts';
export { Analyser, type Analysis, noTime, type Stages } from './analyse.ts';
export { type ChooseOptions, Chooser, type Persons, poseInFrame, type Rule, rules } from './choose.ts';
export { type DrawnFace, drawFaces } from './draw.ts';
export { type Edit, editsText, parseEdits, type RegionsEdit } from './edits.ts';
export { type Crop, cropOf, eyeDistance, median, tremble } from './jitter.ts';
export {
  type FaceOrigin,
  type FacePlan,
  type MakeOptions,
  makeFace,
  markOf,
  matrixOf,
  type OwnMasks,
  planFace,
  windowOf,
} from './makeFace.ts';
export { lookOf, measureFace } from './measure.ts';
export { boxAt, type FoundRegions, rectOf, regionsOfFrame, regionsOn, withRegions } from './regions.ts';
export { type Settled, type SettledFace, type SettleOptions, settle } from './settle.ts';
export { joinTracks } from './tracks.ts';
export { optionsText, readOptions, type WriteOptions } from './writeOptions.ts';
