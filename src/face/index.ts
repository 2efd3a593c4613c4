/** Faces as 68 landmarks: face types and their crops, masks, pose, mirrored and converted landmarks. */
export { averagedYaw, faceFromImage, pitchMeasure, rectFromLandmarks, unitFromImage } from './align.ts';
export { landmarksFrom98 } from './convert98.ts';
export { type FaceType, faceTypeFromLetter, faceTypeFromName, faceTypeFromNumber, faceTypeInfo, faceTypes } from './faceType.ts';
export { fitIndices, type Landmarks, meanFace, mirrorLandmarks, mirrorPairs, model3d, poseIndices } from './landmarks.ts';
export { expandBrows, eyesMask, eyesMouthMask, hullMask, mouthMask } from './masks.ts';
export { type Pose, poseOf } from './pose.ts';
