/** Frames to aligned faces: analysis, the alignments file, tracks, smoothing, and the faces themselves. */
export * from './alignments.ts';
export { type Analysis, Analyser, boxOf, isPlausible, noTime, oddness, shared, type Stages } from './analyse.ts';
export { type Crop, cropOf, eyeDistance, median, tremble } from './jitter.ts';
export { CUT, lookDifference, lookOf, measureFace } from './measure.ts';
export { imageFromUnitAt, type Placement, placementOf, unwrapped } from './placement.ts';
export { bridged, type Smoother, smoother, smoothTogether } from './smooth.ts';
export { joinTracks, type TrackPoint, type Tracks } from './tracks.ts';
