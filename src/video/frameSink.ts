/** The port to where frames go: a clip that is being written, or a folder of pictures. Nothing appears under its name before it is complete. */
import type { ByteImage } from '../image/index.ts';

/** A picture of 16 bits a channel, 0…65535, rows of interleaved RGB. */
export interface DeepImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
  readonly data: Uint16Array;
}

/** What can be written: RGB; gray, as masks are; or RGB with coverage as the fourth channel. */
export type SinkPicture =
  | ByteImage
  | { readonly width: number; readonly height: number; readonly channels: number; readonly data: Uint16Array };

export interface SinkFrame {
  /** Seconds from the beginning of the clip, as the frame was read; they must grow. */
  readonly time: number;
  /** All of one size and kind. Of 8 bits it is in BT.709; of 16, in the colours of the clip that it was read from. */
  readonly image: SinkPicture;
  /** File name for a sink of pictures, without its ending; the number of the frame if left out. */
  readonly name?: string | undefined;
}

export interface FrameSink extends AsyncDisposable {
  /** @throws ShapeError for a picture of another size; ResourceError if it cannot be written. */
  write(frame: SinkFrame): Promise<void>;
  /** Completes what was written and gives it its name. @returns what could not be carried over, a sentence each. */
  finish(): Promise<readonly string[]>;
}
