/**
 * The one door to node-av, that is to FFmpeg's libraries: what of them is used, and how a failed call is told. Loading it maps some 170 MB
 * of native code, so it is imported only when a clip is opened.
 */
import { FFmpegError, PosixError } from 'node-av/lib';

export * from 'node-av/constants';
export {
  avChannelLayoutDefault,
  avChannelLayoutDescribe,
  avGetCodecName,
  avGetPixFmtName,
  avGetSampleFmtName,
  Codec,
  CodecContext,
  Dictionary,
  Filter,
  type FilterContext,
  FilterGraph,
  FormatContext,
  Frame,
  Log,
  Packet,
  Rational,
  type Stream,
} from 'node-av/lib';

/** What a call returns that wants more input first. */
export const AGAIN: number = FFmpegError.AVERROR(PosixError.EAGAIN);

/** FFmpeg's words for a code below 0, in lower case at the front. */
export const reason = (code: number): string => FFmpegError.strerror(code).replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase());
