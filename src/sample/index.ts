/** Training samples: the order of faces, random draws, augmentation, and the sides of batches; the port to sets of faces. */
export { type BatchSetup, type BatchSide, batchMaker, type MakeBatch, measureYaws } from './batch.ts';
export { affineFromDraws, type HsvDraws, type SampleDraws, transposeSquare, type WarpMaps, warpMapX } from './draws.ts';
export type { Face, FaceShape, FaceSource } from './faceSource.ts';
export type { SampleOptions } from './options.ts';
export { facePreparer, type PreparedFace, type PrepareFace, prepareFace } from './prepare.ts';
export { type MakeSample, type Place, type SideBuffers, sampleMaker } from './sample.ts';
export { type FillSide, type SideSetup, sideBuffers, sideSampler } from './sideSampler.ts';
export type { BrokenFace } from './usableFaces.ts';
