/** Networks that see faces: their port and their results. */
export type { Detection, DetectOptions, FaceMesh, FaceModels, Region } from './faceModels.ts';
export { landmarks68 } from './landmarks68.ts';
export { regionOfDetection, regionOfMesh } from './regions.ts';
