/** Predicted faces back into frames: settings, crops, masks, colours, seams, motion; and the frame as a whole. */
export { cropFace, type FaceCrop, MASK_SCALE, type SeenFrame, XSEG_SIDE } from './faceCrop.ts';
export { type MergeTools, mergeTools } from './faceMerge.ts';
export { enhancerNetwork, type FaceNetwork, maskNetwork, type PixelForm, pixelFormOf } from './faceNetwork.ts';
export {
  type FrameFace,
  framesWithout,
  type KnownFace,
  type MatchedFaces,
  type MatchTarget,
  matchFaces,
  type StoredMask,
} from './matchFaces.ts';
export { type FaceToMerge, type MergeContext, type MergedFrame, mergeFrame } from './mergeFrame.ts';
export {
  type MergeSession,
  parseSession,
  type SettingsRange,
  type Shot,
  sessionText,
  settingsRanges,
} from './mergeSession.ts';
export { type Motion, motionOf } from './motion.ts';
export { facesOfPerson } from './personFaces.ts';
export type { Picture, WideImage } from './picture.ts';
export { mixedFace, type Prediction } from './prediction.ts';
export {
  findMergeSetting,
  type MergeSettingName,
  type MergeSettingSpec,
  type MergeSettings,
  mergeDefaults,
  mergeRangeText,
  mergeSettingTable,
  resolveMergeSettings,
} from './settings.ts';
export { flicker, type SteadyFaces, type SteadyOptions, steadyFaces } from './steadyFaces.ts';
