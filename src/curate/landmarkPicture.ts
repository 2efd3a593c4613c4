/** A face with its landmarks drawn into it, to see whether they sit right. */
import type { Landmarks } from '../face/index.ts';
import { type ByteImage, Canvas, type Colour } from '../image/index.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Open lines, then closed ones; the nose goes back to its tip. Source: the reference's debug pictures. */
const open: readonly (readonly number[])[] = [range(0, 16), range(17, 21), range(22, 26), [...range(27, 35), 30]];
const closed: readonly (readonly number[])[] = [range(36, 41), range(42, 47), range(48, 59), range(60, 67)];

const LINE: Colour = [80, 220, 100];
const POINT: Colour = [255, 255, 255];

/** @param image  RGB; landmarks are in its pixels. */
export function landmarkPicture(image: ByteImage, landmarks: Landmarks): ByteImage {
  const { width, height } = image;
  const canvas = new Canvas(width, height, [0, 0, 0]);
  canvas.paste(image, 0, 0);
  const thick = Math.max(1, width / 300);
  const style = { width: thick, colour: LINE, clip: { left: 0, top: 0, right: width - 1, bottom: height - 1 } };
  const points = (indices: readonly number[]): number[] => indices.flatMap((i) => [landmarks[2 * i]! + 0.5, landmarks[2 * i + 1]! + 0.5]);
  for (const part of open) canvas.line(points(part), style);
  for (const part of closed) canvas.outline(points(part), style);
  for (let i = 0; i < landmarks.length; i += 2) canvas.disc(landmarks[i]! + 0.5, landmarks[i + 1]! + 0.5, thick, POINT);
  return canvas.image;
}
