/**
 * Eight-bit colours as OpenCV converts them, to the last bit: gray and the hue of HSV in fixed point; and the picture with all but the face
 * in black.
 */
import { hullMask, type Landmarks } from '../face/index.ts';
import type { ByteImage } from '../image/index.ts';

/** Luma of RGB pixels (gray pictures are repeated). Source: OpenCV 4, RGB2Gray for bytes: 15 bits. */
export function greyBytes({ data, channels }: ByteImage): Uint8Array {
  if (channels === 1) return data;
  const out = new Uint8Array(data.length / channels);
  for (let p = 0, from = 0; p < out.length; p++, from += channels) {
    out[p] = (data[from]! * 9798 + data[from + 1]! * 19235 + data[from + 2]! * 3735 + 16384) >> 15;
  }
  return out;
}

/** A picture of three channels, whatever it had. */
export function threeChannels(image: ByteImage): ByteImage {
  if (image.channels === 3) return image;
  const { width, height, channels, data } = image;
  const rgb = new Uint8Array(width * height * 3);
  for (let p = 0; p < width * height; p++) rgb.fill(data[p * channels]!, p * 3, p * 3 + 3);
  return { width, height, channels: 3, data: rgb };
}

/** The picture where the hull of the face is 1, black elsewhere. */
export function maskedFace({ width, height, data }: ByteImage, landmarks: Landmarks): ByteImage {
  const mask = hullMask(landmarks, width, height, 1).data;
  const out = new Uint8Array(data.length);
  for (let p = 0, at = 0; p < mask.length; p++, at += 3) {
    if (mask[p] === 0) continue;
    out[at] = data[at]!;
    out[at + 1] = data[at + 1]!;
    out[at + 2] = data[at + 2]!;
  }
  return { width, height, channels: 3, data: out };
}

const SHIFT = 12;
/** (180 << 12) / (6·range), rounded half to even as the processor does. */
const hueScale = Int32Array.from({ length: 256 }, (_, range) => (range === 0 ? 0 : Math.round((180 * 2 ** SHIFT) / (6 * range))));

/** Means of V (0…255) and H (0…179) of RGB pixels. Source: OpenCV 4, RGB2HSV_b. */
export function meanHueAndValue({ data }: ByteImage): { readonly hue: number; readonly value: number } {
  let [hues, values] = [0, 0];
  for (let p = 0; p < data.length; p += 3) {
    const [r, g, b] = [data[p]!, data[p + 1]!, data[p + 2]!];
    const v = Math.max(r, g, b);
    const range = v - Math.min(r, g, b);
    const sixth = v === r ? g - b : v === g ? b - r + 2 * range : r - g + 4 * range;
    const hue = (sixth * hueScale[range]! + (1 << (SHIFT - 1))) >> SHIFT;
    hues += hue < 0 ? hue + 180 : hue;
    values += v;
  }
  const pixels = data.length / 3;
  return { hue: hues / pixels, value: values / pixels };
}
