/** Drawing once for two kinds of picture: SVG text and pixels. Only what charts of this room need. */
import { type Box, type ByteImage, Canvas, type Colour, drawText, readFont } from '../image/index.ts';

export interface TextOptions {
  readonly colour: Colour;
  /** Twice the size of small labels. */
  readonly large?: boolean | undefined;
  readonly align?: 'left' | 'centre' | 'right' | undefined;
}

export interface Painter {
  rect(box: Box, colour: Colour, cover?: number): void;
  line(points: readonly number[], colour: Colour, width?: number): void;
  disc(x: number, y: number, radius: number, colour: Colour, cover?: number): void;
  ring(x: number, y: number, radius: number, colour: Colour, width?: number): void;
  /** (x, y) is the point on the base line that `align` speaks of. */
  text(text: string, x: number, y: number, options: TextOptions): void;
}

/** Boxes reach from left and top up to, but not including, right and bottom. */
export function canvasPainter(width: number, height: number, background: Colour): Painter & { readonly image: ByteImage } {
  const canvas = new Canvas(width, height, background);
  const glyphs = readFont();
  const clip = { left: 0, top: 0, right: width - 1, bottom: height - 1 };
  return {
    image: canvas.image,
    rect({ left, top, right, bottom }, colour, cover = 1) {
      const [x, y] = [Math.round(left), Math.round(top)];
      canvas.fill(x, y, Math.round(right) - x, Math.round(bottom) - y, colour, cover);
    },
    line: (points, colour, lineWidth = 1) => canvas.line(points, { width: lineWidth, colour, clip }),
    disc: (x, y, radius, colour, cover = 1) => canvas.disc(x, y, radius, colour, cover),
    ring: (x, y, radius, colour, lineWidth = 1) => canvas.ring(x, y, radius, { width: lineWidth, colour }),
    text: (text, x, y, { colour, large = false, align = 'left' }) =>
      drawText(canvas, glyphs, text, { x, y }, { colour, scale: large ? 2 : 1, align }),
  };
}

export function svgPainter(width: number, height: number, background: Colour): Painter & { readonly svg: () => string } {
  const parts: string[] = [];
  const rgb = ([r, g, b]: Colour): string => `rgb(${r},${g},${b})`;
  const n = (value: number): string => String(Math.round(value * 100) / 100);
  const opacity = (cover: number): string => (cover === 1 ? '' : ` fill-opacity="${cover}"`);
  const anchors = { left: 'start', centre: 'middle', right: 'end' } as const;
  return {
    svg: () =>
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif">\n<rect width="${width}" height="${height}" fill="${rgb(background)}"/>\n${parts.join('\n')}\n</svg>\n`,
    rect: ({ left, top, right, bottom }, colour, cover = 1) =>
      void parts.push(
        `<rect x="${n(left)}" y="${n(top)}" width="${n(right - left)}" height="${n(bottom - top)}" fill="${rgb(colour)}"${opacity(cover)}/>`,
      ),
    line(points, colour, lineWidth = 1) {
      const path = points.flatMap((x, i) => (i % 2 === 0 ? [`${n(x)},${n(points[i + 1]!)}`] : []));
      parts.push(`<polyline points="${path.join(' ')}" fill="none" stroke="${rgb(colour)}" stroke-width="${lineWidth}"/>`);
    },
    disc: (x, y, radius, colour, cover = 1) =>
      void parts.push(`<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius)}" fill="${rgb(colour)}"${opacity(cover)}/>`),
    ring: (x, y, radius, colour, lineWidth = 1) =>
      void parts.push(
        `<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius)}" fill="none" stroke="${rgb(colour)}" stroke-width="${lineWidth}"/>`,
      ),
    text: (text, x, y, { colour, large = false, align = 'left' }) =>
      void parts.push(
        `<text x="${n(x)}" y="${n(y)}" font-size="${large ? 18 : 11}" text-anchor="${anchors[align]}" fill="${rgb(colour)}">${escaped(text)}</text>`,
      ),
  };
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
