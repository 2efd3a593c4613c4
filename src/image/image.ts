/**
 * Images as rows of interleaved channels (HWC). Float images hold 0…1 (or whatever a step makes of it), byte images 0…255. What the
 * channels mean (RGB, BGR, a mask) is said by the names at the borders, not by the type.
 */

export interface FloatImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** height · width · channels values. */
  readonly data: Float32Array;
}

export interface ByteImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

export function floatImage(width: number, height: number, channels: number): FloatImage {
  return { width, height, channels, data: new Float32Array(width * height * channels) };
}

/** The same picture with 0…255 as 0…1: float32(byte) / 255, rounded once. */
export function floatFromBytes(image: ByteImage): FloatImage {
  const out = floatImage(image.width, image.height, image.channels);
  const [from, to] = [image.data, out.data];
  for (let i = 0; i < to.length; i++) to[i] = from[i]! / 255;
  return out;
}

/** Clips every value to low…high, in place. */
export function clip(data: Float32Array, low: number, high: number): void {
  for (let i = 0; i < data.length; i++) {
    const v = data[i]!;
    if (v < low) data[i] = low;
    else if (v > high) data[i] = high;
  }
}

/** A value held in 0…1. */
export const inRange = (v: number): number => (v < 0 ? 0 : v > 1 ? 1 : v);
