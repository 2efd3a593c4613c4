/** Float images, as networks give them, to bytes, as files hold them. */
import type { ByteImage, FloatImage } from './image.ts';

const byteOf = (x: number): number => Math.round(Math.min(1, Math.max(0, x)) * 255);

/** BGR in 0…1 to RGB bytes; values outside are held at the limits. */
export function rgbBytes({ width, height, data }: FloatImage): ByteImage {
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < rgb.length; i += 3) {
    rgb[i] = byteOf(data[i + 2]!);
    rgb[i + 1] = byteOf(data[i + 1]!);
    rgb[i + 2] = byteOf(data[i]!);
  }
  return { width, height, channels: 3, data: rgb };
}

/** One channel in 0…1 to bytes. */
export const grayBytes = ({ width, height, data }: FloatImage): ByteImage => ({
  width,
  height,
  channels: 1,
  data: Uint8Array.from(data, byteOf),
});
