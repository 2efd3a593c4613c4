/** Pictures of the demo: swapped faces beside the truth, and frames of the film. */
import { type ByteImage, Canvas, drawText, type FloatImage, floatFromBytes, readFont, resize, type rgbBytes } from '../image/index.ts';
import { openClip } from '../platform/node/video.ts';
import type { ScoredFace } from './truthScore.ts';

const ROWS = 5;
const GAP = 6;
const HEAD = 26;

/** Destination, swap and truth of faces spread over the set, two triples side by side. */
export function swapSheet(faces: readonly ScoredFace[]): ReturnType<typeof rgbBytes> {
  const cells = Array.from(
    { length: Math.min(2 * ROWS, faces.length) },
    (_, i) => faces[Math.floor((i * faces.length) / Math.min(2 * ROWS, faces.length))]!,
  );
  const side = cells[0]!.pictures[0].width;
  const canvas = new Canvas(6 * (side + GAP) + 3 * GAP, HEAD + Math.ceil(cells.length / 2) * (side + GAP) + GAP, [24, 24, 27]);
  const font = readFont();
  for (const [i, { pictures }] of cells.entries()) {
    for (const [k, picture] of pictures.entries()) {
      const column = (i % 2) * 3 + k;
      const left = GAP + column * (side + GAP) + (i % 2) * GAP;
      if (i < 2)
        drawText(canvas, font, ['destination', 'swap', 'truth'][k]!, { x: left, y: HEAD - 8 }, { colour: [228, 228, 231], scale: 2 });
      paste(canvas, picture, left, HEAD + Math.floor(i / 2) * (side + GAP));
    }
  }
  return canvas.image;
}

function paste(canvas: Canvas, { width, height, data }: FloatImage, left: number, top: number): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width * 3; x++)
      canvas.data[((top + y) * canvas.width + left) * 3 + x] = Math.round(Math.min(1, Math.max(0, data[y * width * 3 + x]!)) * 255);
  }
}

const FILM_ROWS = 4;

/**
 * Frames spread over clips of one length, half as large, the clips side by side.
 *
 * @param clips  destination, film and truth.
 */
export async function filmSheet(clips: readonly string[]): Promise<ReturnType<typeof rgbBytes>> {
  const columns = await Promise.all(clips.map(spreadFrames));
  const [width, height] = [columns[0]![0]!.width, columns[0]![0]!.height];
  const canvas = new Canvas(clips.length * (width + GAP) + GAP, HEAD + FILM_ROWS * (height + GAP) + GAP, [24, 24, 27]);
  const font = readFont();
  for (const [k, frames] of columns.entries()) {
    const left = GAP + k * (width + GAP);
    drawText(canvas, font, ['destination', 'film', 'truth'][k]!, { x: left, y: HEAD - 8 }, { colour: [228, 228, 231], scale: 2 });
    for (const [row, frame] of frames.entries()) paste(canvas, frame, left, HEAD + row * (height + GAP));
  }
  return canvas.image;
}

async function spreadFrames(path: string): Promise<FloatImage[]> {
  await using clip = await openClip(path);
  const every = Math.max(1, Math.floor((clip.info.frames ?? FILM_ROWS) / FILM_ROWS));
  const found: FloatImage[] = [];
  for await (const { index, image } of clip.frames({ from: every >> 1 })) {
    if (index % every === every >> 1 && found.length < FILM_ROWS) found.push(halved(image));
  }
  return found;
}

const halved = (image: ByteImage): FloatImage => resize(floatFromBytes(image), image.width >> 1, image.height >> 1, 'linear');
