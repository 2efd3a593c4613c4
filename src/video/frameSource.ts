/**
 * The port to moving pictures: a clip, or pictures in order, as a stream of upright RGB frames with their times. Nothing here holds more
 * than the frame at hand.
 */
import type { ByteImage, BytePane, Picture, Window } from '../image/index.ts';
import type { WideColours } from './displayColours.ts';
import type { DeepImage } from './frameSink.ts';

export interface Frame {
  /** Number of the frame in the whole clip from 0, in order of presentation, whatever range is read. */
  readonly index: number;
  /** Seconds from the beginning of the clip. */
  readonly time: number;
  /** RGB, upright, square pixels; high dynamic range is mapped to BT.709 as sRGB-like 8 bits. */
  readonly image: ByteImage;
  /** The same picture in the clip's own colours (its transfer and primaries, not mapped), of clips opened for it. */
  readonly deep?: DeepImage | undefined;
  /** What the signal of `deep` means, where `image` is mapped from it to BT.709. */
  readonly wide?: WideColours | undefined;
  /** The file name, for a frame that is a picture of its own. */
  readonly name?: string | undefined;
  /** Whether the decoder found the frame damaged and showed what it had. */
  readonly damaged?: boolean | undefined;
}

export interface ClipInfo {
  /** File name with extension, without folder; of pictures, the folder's name. */
  readonly name: string;
  readonly kind: 'video' | 'pictures';
  /** Of the upright picture, in pixels; of pictures, those of the first. */
  readonly width: number;
  readonly height: number;
  /** Frames a second on average; absent for pictures. */
  readonly rate?: number | undefined;
  /** Frames, as far as the file says before it is read; exact for pictures. */
  readonly frames?: number | undefined;
  /** Seconds, as far as the file says. */
  readonly duration?: number | undefined;
  /** SHA-256, hexadecimal, of the file's length and its first and last megabyte; of pictures, of their names and lengths. */
  readonly hash: string;
  /** What was done to come to 8-bit RGB, in words: 'BT.2020 HLG, 10 bits, tone-mapped to BT.709'. */
  readonly colour: string;
}

export interface FrameRange {
  /** First frame; 0 if left out. */
  readonly from?: number | undefined;
  /** Frame behind the last; the end if left out. */
  readonly to?: number | undefined;
  /** Every nth frame, counted from 0 of the clip; 1 if left out. */
  readonly every?: number | undefined;
  /** Frames a second to pick by time instead (the nearest frame of each tick); not together with `every`. */
  readonly rate?: number | undefined;
  /** Asked when a frame of the range comes up: those it names are passed over without being made pictures, as others see to them. */
  readonly skip?: ((index: number) => boolean) | undefined;
}

/** A frame to be looked at: RGB, or the signal that it came as. */
export interface SeenFrame extends Omit<Frame, 'image' | 'deep' | 'wide'> {
  readonly image: Picture;
}

/** A frame of which some windows were asked for: the panes of these, or one of the whole picture, which holds them all. */
export interface CutFrame extends Omit<Frame, 'image' | 'deep' | 'wide'> {
  readonly panes: readonly BytePane[];
}

/** What is wanted of a frame: all of it as it is cheapest to look at, or windows of it in RGB. */
export type Want = 'signal' | readonly Window[];

export interface ViewRange extends Omit<FrameRange, 'skip'> {
  /** Asked when a frame of the range comes up; undefined: it is passed over. */
  readonly want: (index: number) => Want | undefined;
  /** Gives memory of at least so many bytes for pixels. Of new memory for every frame there is much to clear away. */
  readonly memory: (bytes: number) => Uint8Array;
}

export interface FrameSource extends AsyncDisposable {
  readonly info: ClipInfo;
  /**
   * Frames of the range in order. What decodes is given; what does not is told in `trouble`.
   *
   * @throws FormatError only if nothing can be read at all.
   */
  frames(range?: FrameRange, signal?: AbortSignal): AsyncIterable<Frame>;
  /** The same frames, each as it is wanted; absent where a source has nothing better than `frames`. */
  views?(range: ViewRange, signal?: AbortSignal): AsyncIterable<SeenFrame | CutFrame>;
  /** What went wrong so far, a sentence each: 'ends after frame 26 of about 60 (1.04 s): the file is cut off'. */
  readonly trouble: readonly string[];
}
