/** The port to image files: JPEG and PNG bytes to pixels and back. Pixels are RGB or gray here; BGR exists only where a network or a format asks. */
import type { ByteImage } from './image.ts';

export interface ImageCodec {
  /**
   * Decodes a JPEG or a PNG, told apart by their first bytes. One channel for gray PNGs, else three (RGB); alpha is dropped, deeper
   * samples are cut to 8 bits, and pixels stay as stored whatever an EXIF orientation says.
   *
   * @param name  what errors call the file.
   * @throws FormatError if the bytes are neither, are damaged, or hold more than 16384 pixels a side or 100 million in all.
   */
  decode(bytes: Uint8Array, name: string): Promise<ByteImage>;
  /** @param image  1 channel (gray), 3 (RGB) or 4 (RGB and alpha). */
  encodePng(image: ByteImage): Promise<Uint8Array>;
  /** @param image  1 channel (gray) or 3 (RGB).  @param quality  1…100. */
  encodeJpeg(image: ByteImage, quality: number): Promise<Uint8Array>;
}
