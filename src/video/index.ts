/** Moving pictures as streams of frames: the ports, which frames are wanted, pictures turned upright, high dynamic range. */

export { DisplayColours, type WideColours } from './displayColours.ts';
export { exifOrientation } from './exif.ts';
export { checkRange, pickFrames, type Timed } from './frameRange.ts';
export type { DeepImage, FrameSink, SinkFrame, SinkPicture } from './frameSink.ts';
export type { ClipInfo, CutFrame, Frame, FrameRange, FrameSource, SeenFrame, ViewRange, Want } from './frameSource.ts';
export { type Orientation, orient, orientationOfMatrix, orientDeep, storedFromUpright } from './orientation.ts';
export { hlgScene, pqLight, ToneMap, type WideTransfer } from './toneMap.ts';
