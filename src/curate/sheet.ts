/** A contact sheet: small pictures of many faces in rows, each with its name, pose and sharpness. Tiles are placed one at a time. */
import { type ByteImage, Canvas, type Colour, drawText, readFont, textWidth } from '../image/index.ts';

export interface SheetLayout {
  readonly title: string;
  readonly count: number;
  readonly columns: number;
  /** Side of a tile in pixels. */
  readonly side: number;
}

export interface Caption {
  readonly name: string;
  /** Below it, left and right. */
  readonly left: string;
  readonly right: string;
}

const GAP = 10;
const CAPTION = 30;
const TITLE = 40;
const paper: Colour = [24, 26, 30];
const frame: Colour = [44, 48, 56];
const bright: Colour = [214, 218, 224];
const dim: Colour = [138, 144, 154];

export class ContactSheet {
  readonly #canvas: Canvas;
  readonly #layout: SheetLayout;
  readonly #glyphs = readFont();

  constructor(layout: SheetLayout) {
    const { title, count, columns, side } = layout;
    const rows = Math.ceil(count / columns);
    this.#layout = layout;
    this.#canvas = new Canvas(GAP + Math.min(columns, Math.max(1, count)) * (side + GAP), TITLE + rows * (side + CAPTION + GAP), paper);
    drawText(
      this.#canvas,
      this.#glyphs,
      this.#fitting(title, this.#canvas.width - 2 * GAP, 2),
      { x: GAP, y: 26 },
      { colour: bright, scale: 2 },
    );
  }

  /** @param image  of any size; it is shrunk into the tile. Undefined for one that cannot be read. */
  place(index: number, image: ByteImage | undefined, { name, left, right }: Caption): void {
    const { columns, side } = this.#layout;
    const x = GAP + (index % columns) * (side + GAP);
    const y = TITLE + Math.floor(index / columns) * (side + CAPTION + GAP);
    this.#canvas.fill(x, y, side, side, frame);
    if (image !== undefined) {
      const tile = shrunk(image, side);
      this.#canvas.paste(tile, x + ((side - tile.width) >> 1), y + ((side - tile.height) >> 1));
    }
    const text = (line: string, at: number, row: number, colour: Colour, align: 'left' | 'right'): void =>
      drawText(this.#canvas, this.#glyphs, line, { x: at, y: y + side + row }, { colour, scale: 1, align });
    text(this.#fitting(name, side, 1), x, 13, bright, 'left');
    text(left, x, 25, dim, 'left');
    text(right, x + side, 25, dim, 'right');
  }

  get image(): ByteImage {
    return this.#canvas.image;
  }

  /** The end of a name tells more than its beginning. */
  #fitting(text: string, room: number, scale: number): string {
    let shown = text;
    while (shown.length > 1 && textWidth(shown, scale) > room) shown = `..${shown.slice(shown.startsWith('..') ? 3 : 2)}`;
    return shown;
  }
}

/** The picture no larger than a square, by the means of the pixels that fall together; small ones stay as they are. */
export function shrunk({ width, height, channels, data }: ByteImage, side: number): ByteImage {
  const scale = Math.min(1, side / Math.max(width, height));
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  if (w === width && h === height) return { width, height, channels, data };
  const out = new Uint8Array(w * h * channels);
  for (let y = 0, to = 0; y < h; y++) {
    const [y0, y1] = [Math.floor((y * height) / h), Math.max(Math.floor((y * height) / h) + 1, Math.floor(((y + 1) * height) / h))];
    for (let x = 0; x < w; x++) {
      const [x0, x1] = [Math.floor((x * width) / w), Math.max(Math.floor((x * width) / w) + 1, Math.floor(((x + 1) * width) / w))];
      for (let c = 0; c < channels; c++, to++) {
        let sum = 0;
        for (let v = y0; v < y1; v++) for (let u = x0; u < x1; u++) sum += data[(v * width + u) * channels + c]!;
        out[to] = Math.round(sum / ((y1 - y0) * (x1 - x0)));
      }
    }
  }
  return { width: w, height: h, channels, data: out };
}
