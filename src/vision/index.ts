/** Networks that see faces: what goes into them and what their outputs mean. */
export { createFaceModels, type FaceNetworkName, type FaceNetworks } from './createFaceModels.ts';
export type { Detection, DetectOptions, FaceMesh, FaceModels, Region } from './faceModels.ts';
export { landmarks68 } from './landmarks68.ts';
export { coarseOutputs } from './mesh.ts';
export { regionOfDetection, regionOfMesh } from './regions.ts';
export { type Looks, steadyMesh } from './steady.ts';
