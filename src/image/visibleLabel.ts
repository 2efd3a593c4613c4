/** A visible label on a frame: one line of white text on a darkened band in a corner, legible at any size, the same on every frame. */
import { OptionError } from '../base/index.ts';
import { Canvas } from './canvas.ts';
import { drawText, type Glyphs, textWidth } from './font.ts';

/** Text and band at the size of one kind of frame, drawn once and laid over each. */
export interface VisibleLabel {
  readonly width: number;
  readonly height: number;
  /** One value a pixel: how much white, 0…255. */
  readonly white: Uint8Array;
}

/** Rows of the font above its base line, and of a letter's foot. */
const ABOVE = 7;
const BELOW = 2;
/** Dots of the band around the text. */
const MARGIN = 4;
/** Frame's shorter side for each pixel of a dot: capitals are a fortieth of it. */
const SIDE_PER_DOT = 280;
/** How much of the frame shows through the band. */
const THROUGH = 0.35;

/**
 * @param frame  its size in pixels. Text that is too wide at the size that fits the frame is made smaller.
 * @throws OptionError if the text is empty or does not fit at one pixel a dot.
 */
export function visibleLabel(glyphs: Glyphs, text: string, frame: { readonly width: number; readonly height: number }): VisibleLabel {
  const widthAt = (scale: number): number => textWidth(text, scale) + 2 * MARGIN * scale;
  const heightAt = (scale: number): number => (ABOVE + BELOW + 2 * MARGIN) * scale;
  let scale = Math.max(1, Math.round(Math.min(frame.width, frame.height) / SIDE_PER_DOT));
  while (scale > 1 && (widthAt(scale) > frame.width || heightAt(scale) > frame.height)) scale--;
  const [width, height] = [widthAt(scale), heightAt(scale)];
  if (text.trim() === '' || width > frame.width || height > frame.height) {
    throw new OptionError(`the label ${JSON.stringify(text)} does not fit`, {
      found: `${width}×${height} pixels on a frame of ${frame.width}×${frame.height}`,
      next: 'a shorter text',
    });
  }
  const canvas = new Canvas(width, height, [0, 0, 0]);
  drawText(canvas, glyphs, text, { x: MARGIN * scale, y: (MARGIN + ABOVE) * scale }, { colour: [255, 255, 255], scale });
  return { width, height, white: canvas.data.filter((_, i) => i % 3 === 0) };
}

/**
 * Lays a label into the lower left corner, in place.
 *
 * @param frame  3 channels, 8 or 16 bits, at least as large as the label.
 */
export function drawLabel(
  label: VisibleLabel,
  { width, height, data }: { readonly width: number; readonly height: number; readonly data: Uint8Array | Uint16Array },
): void {
  const greatest = data instanceof Uint16Array ? 65535 : 255;
  for (let y = 0; y < label.height; y++) {
    const row = (height - label.height + y) * width * 3;
    for (let x = 0; x < label.width; x++) {
      const white = label.white[y * label.width + x]! / 255;
      for (let at = row + x * 3, c = 0; c < 3; c++) data[at + c] = Math.round(white * greatest + (1 - white) * THROUGH * data[at + c]!);
    }
  }
}
