/** Networks that see faces: their port and their results. */
export type { Detection, DetectOptions, FaceMesh, FaceModels, Region } from './faceModels.ts';
