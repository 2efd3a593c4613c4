/** The port to sets of aligned faces: what a sample is made from, however it is stored. */
import type { FaceType, Landmarks } from '../face/index.ts';
import type { ByteImage } from '../image/index.ts';

export interface FaceShape {
  /** In the pixels of the aligned image. */
  readonly landmarks: Landmarks;
  /** Side of the aligned image in pixels. */
  readonly size: number;
}

export interface Face {
  /** What errors call it. */
  readonly name: string;
  /** Square, 3 channels, BGR. */
  readonly image: ByteImage;
  /** In the pixels of the image. */
  readonly landmarks: Landmarks;
  readonly faceType: FaceType;
  /** The face's own mask, 1 channel, of any size; without it the hull of the landmarks counts. */
  readonly mask?: ByteImage | undefined;
  /** How far the hull reaches over the brows; usually 1. */
  readonly eyebrowsExpandMod: number;
}

export interface FaceSource {
  /** At least 1. */
  readonly count: number;
  /** Decodes a face. @throws FormatError that names the file. */
  face(index: number): Promise<Face>;
  /** What is known of a face without decoding its image. */
  shape(index: number): Promise<FaceShape>;
}
