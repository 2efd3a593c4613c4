/** Moving pictures as streams of frames: the port. */
export type { ClipInfo, Frame, FrameRange, FrameSource } from './frameSource.ts';
