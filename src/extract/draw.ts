/** The picture that shows what was found in a frame: landmarks, the box, the crop with its top left corner marked. */
import { type FaceType, faceFromImage, hullMask, type Landmarks } from '../face/index.ts';
import { type Box, type ByteImage, Canvas, type Colour, invertAffine, mapPoints } from '../image/index.ts';

export interface DrawnFace {
  readonly landmarks: Landmarks;
  readonly rect: readonly [number, number, number, number];
  readonly filled: boolean;
}

const [GREEN, BLUE, ORANGE, RED]: readonly Colour[] = [
  [0, 255, 0],
  [60, 120, 255],
  [255, 160, 0],
  [255, 0, 0],
];

/** First and last point of each line, and the point that it closes to, if any. Source: DeepFaceLab's debug pictures. */
const lines: readonly (readonly [number, number, number?])[] = [
  [0, 16],
  [17, 21],
  [22, 26],
  [27, 35, 30],
  [36, 41, 36],
  [42, 47, 42],
  [48, 67, 48],
];

/** The frame with its faces drawn on. The hull is darkened to half; faces that were filled in have orange landmarks. */
export function drawFaces(frame: ByteImage, faces: readonly DrawnFace[], type: FaceType): ByteImage {
  const { width, height } = frame;
  const canvas = new Canvas(width, height, [0, 0, 0]);
  canvas.paste(frame, 0, 0);
  const clip: Box = { left: 0, top: 0, right: width - 1, bottom: height - 1 };
  const thin = Math.max(1, Math.round(Math.min(width, height) / 720));
  for (const { landmarks, rect, filled } of faces) {
    darken(canvas, landmarks);
    const colour = filled ? ORANGE! : GREEN!;
    const points = landmarks.map((v) => v + 0.5); // pixel centres: at whole numbers in landmarks, at halves on the canvas
    const at = (i: number): [number, number] => [points[i * 2]!, points[i * 2 + 1]!];
    for (const [from, to, back] of lines) {
      const line = Array.from({ length: to - from + 1 }, (_, i) => at(from + i)).flat();
      canvas.line(back === undefined ? line : [...line, ...at(back)], { width: thin, colour, clip });
    }
    for (let i = 0; i < 68; i++) canvas.disc(...at(i), 1.2 * thin, RED!);
    const [l, t, r, b] = rect;
    canvas.outline([l, t, r, t, r, b, l, b], { width: 2 * thin, colour: BLUE!, clip });
    if (type === 'mark_only') continue;
    const crop = invertAffine(faceFromImage(landmarks, 1, type));
    canvas.outline([...mapPoints(crop, [0, 0, 1, 0, 1, 1, 0, 1])], { width: thin, colour: RED!, clip });
    canvas.outline([...mapPoints(crop, [0, 0, 0.05, 0, 0, 0.05])], { width: 2 * thin, colour: RED!, clip });
  }
  return canvas.image;
}

function darken(canvas: Canvas, landmarks: Landmarks): void {
  const mask = hullMask(landmarks, canvas.width, canvas.height, 1);
  for (let i = 0; i < mask.data.length; i++) {
    if (mask.data[i] === 0) continue;
    for (let k = 0; k < 3; k++) canvas.data[i * 3 + k]! >>= 1;
  }
}
