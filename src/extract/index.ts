/** Frames to aligned faces: analysis, the alignments file, tracks, smoothing, and the faces themselves. */
export * from './alignments.ts';
export { Analyser, type Analysis, boxOf, isPlausible, noTime, oddness, type Stages, shared } from './analyse.ts';
export { type ChooseOptions, Chooser, type Persons, poseInFrame, type Rule, rules } from './choose.ts';
export { type DrawnFace, drawFaces } from './draw.ts';
export { type Edit, editsText, parseEdits } from './edits.ts';
export { type Crop, cropOf, eyeDistance, median, tremble } from './jitter.ts';
export { type FaceOrigin, type FacePlan, type MakeOptions, makeFace, markOf, planFace } from './makeFace.ts';
export { CUT, lookDifference, lookOf, measureFace } from './measure.ts';
export { imageFromUnitAt, type Placement, placementOf, unwrapped } from './placement.ts';
export { type Settled, type SettledFace, type SettleOptions, settle, trust } from './settle.ts';
export { bridged, type Smoother, smoother, smoothTogether } from './smooth.ts';
export { joinTracks, type TrackPoint, type Tracks } from './tracks.ts';
