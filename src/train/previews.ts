/**
 * The preview sheet: the same few faces at every preview, as they are and as the model paints them. The faces are kept with the model, so
 * that previews can be compared over a whole training and made without the facesets. Columns are those of the reference.
 */
import { FormatError, readSafetensors, writeSafetensors } from '../base/index.ts';
import { type ByteImage, Canvas, drawText, type ImageCodec, readFont } from '../image/index.ts';
import type { Batch, Engine, Predictions } from './engine.ts';
import { type FileStore, readWhole } from './fileStore.ts';
import type { TrainOptions } from './optionTable.ts';

const PREVIEWS_FOLDER = 'previews';
const SAMPLE_FILE = `${PREVIEWS_FOLDER}/sample.safetensors`;
const LATEST_FILE = `${PREVIEWS_FOLDER}/latest.png`;

/** Unwarped faces and their masks, [res, res, n, 3] and [res, res, n, 1], BGR, 0…1. */
export interface PreviewFaces {
  readonly resolution: number;
  readonly n: number;
  readonly src: Float32Array;
  readonly dst: Float32Array;
  readonly srcMask: Float32Array;
  readonly dstMask: Float32Array;
}

/** Rows of a sheet: as many as the reference shows. */
export const previewRows = ({ batch_size: batch, resolution }: TrainOptions): number =>
  Math.max(1, Math.min(4, batch, Math.floor(800 / resolution)));

/** The first n samples of a batch, without their warp. */
export function facesOf(batch: Batch, resolution: number, n: number): PreviewFaces {
  const size = batch.src.mask.length / resolution ** 2;
  const first = (data: Float32Array, channels: number): Float32Array => {
    const out = new Float32Array(resolution ** 2 * n * channels);
    for (let pixel = 0; pixel < resolution ** 2; pixel++) {
      out.set(data.subarray(pixel * size * channels, (pixel * size + n) * channels), pixel * n * channels);
    }
    return out;
  };
  const { src, dst } = batch;
  return { resolution, n, src: first(src.target, 3), dst: first(dst.target, 3), srcMask: first(src.mask, 1), dstMask: first(dst.mask, 1) };
}

/** The faces kept with a model; undefined if there are none of this size. */
export async function loadFaces(files: FileStore, options: TrainOptions): Promise<PreviewFaces | undefined> {
  const { resolution } = options;
  const n = previewRows(options);
  const bytes = await files.size(SAMPLE_FILE);
  if (bytes === undefined || bytes > 1e9) return undefined;
  const read = (): PreviewFaces | undefined => {
    const { tensors } = readSafetensors(whole, files.describe(SAMPLE_FILE));
    const of = (key: string, channels: number): Float32Array | undefined => {
      const data = tensors.get(key)?.data;
      return data instanceof Float32Array && data.length === resolution ** 2 * n * channels ? data : undefined;
    };
    const [src, dst, srcMask, dstMask] = [of('src', 3), of('dst', 3), of('srcMask', 1), of('dstMask', 1)];
    return src && dst && srcMask && dstMask ? { resolution, n, src, dst, srcMask, dstMask } : undefined;
  };
  const whole = await readWhole(files, SAMPLE_FILE, bytes);
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) return undefined; // a damaged sample is only a reason to choose another
    throw error;
  }
}

export async function keepFaces(files: FileStore, { resolution, n, ...arrays }: PreviewFaces): Promise<void> {
  await files.makeFolder(PREVIEWS_FOLDER);
  const pieces = writeSafetensors(
    Object.entries(arrays).map(([key, data]) => [
      key,
      { kind: 'F32', shape: [resolution, resolution, n, key.endsWith('Mask') ? 1 : 3], data },
    ]),
  );
  await replace(files, SAMPLE_FILE, pieces);
}

/** A sheet with the present weights of an engine, as a PNG. */
export async function paintPreview(
  { engine, codec }: { readonly engine: Pick<Engine, 'predict'>; readonly codec: Pick<ImageCodec, 'encodePng'> },
  faces: PreviewFaces,
  { iteration, options }: { readonly iteration: number; readonly options: TrainOptions },
): Promise<Uint8Array> {
  const predictions = await engine.predict(faces.src, faces.dst, faces.n);
  return codec.encodePng(sheet(faces, predictions, { iteration, head: options.face_type === 'head' }));
}

/** Files a sheet. @returns its file, previews/<iteration>.png; latest.png is the same. */
export async function keepPreview(files: FileStore, png: Uint8Array, iteration: number): Promise<string> {
  await files.makeFolder(PREVIEWS_FOLDER);
  const file = `${PREVIEWS_FOLDER}/${String(iteration).padStart(7, '0')}.png`;
  await replace(files, file, [png]);
  await replace(files, LATEST_FILE, [png]);
  return file;
}

const BACKGROUND = [24, 24, 27] as const;
const INK = [228, 228, 231] as const;
const FAINT = [161, 161, 170] as const;
const GAP = 4;

/** A picture of n tiles: BGR [res, res, n, 3], and optionally the mask that multiplies it. */
interface Column {
  readonly label: string;
  readonly faces: Float32Array;
  readonly mask?: (at: number) => number;
}

/**
 * Two groups of five columns, one above the other: S, SS, D, DD, SD, then the same through their masks.
 * The mask of SD is the product of both predicted masks; for heads the swap's own alone.
 */
export function sheet(
  faces: PreviewFaces,
  { srcSrc, dstDst, srcDst, dstDstMask, srcDstMask }: Predictions,
  { iteration, head }: { readonly iteration: number; readonly head: boolean },
): ByteImage {
  const { resolution, n, src, dst, srcMask, dstMask } = faces;
  const groups: readonly (readonly Column[])[] = [
    [
      { label: 'S', faces: src },
      { label: 'SS', faces: srcSrc },
      { label: 'D', faces: dst },
      { label: 'DD', faces: dstDst },
      { label: 'SD', faces: srcDst },
    ],
    [
      { label: 'S masked', faces: src, mask: (at) => srcMask[at]! },
      { label: 'SS', faces: srcSrc },
      { label: 'D masked', faces: dst, mask: (at) => dstMask[at]! },
      { label: 'DD masked', faces: dstDst, mask: (at) => dstDstMask[at]! },
      { label: 'SD masked', faces: srcDst, mask: head ? (at) => srcDstMask[at]! : (at) => dstDstMask[at]! * srcDstMask[at]! },
    ],
  ];
  const scale = resolution >= 128 ? 2 : 1;
  const line = 14 * scale;
  const step = resolution + GAP;
  const groupHeight = line + n * step;
  const canvas = new Canvas(5 * step + GAP, line + groups.length * groupHeight + GAP, BACKGROUND);
  const font = readFont();
  drawText(canvas, font, `iteration ${iteration}`, { x: GAP, y: line - 3 * scale }, { colour: FAINT, scale });
  for (const [g, columns] of groups.entries()) {
    const top = line + g * groupHeight;
    for (const [c, column] of columns.entries()) {
      const left = GAP + c * step;
      drawText(canvas, font, column.label, { x: left, y: top + line - 3 * scale }, { colour: INK, scale });
      for (let sample = 0; sample < n; sample++) tile(canvas, column, { resolution, n, sample, left, top: top + line + sample * step });
    }
  }
  return canvas.image;
}

function tile(
  canvas: Canvas,
  { faces, mask }: Column,
  { resolution, n, sample, left, top }: { resolution: number; n: number; sample: number; left: number; top: number },
): void {
  for (let y = 0; y < resolution; y++) {
    for (let x = 0; x < resolution; x++) {
      const at = (y * resolution + x) * n + sample;
      const weight = mask === undefined ? 1 : mask(at);
      const to = ((top + y) * canvas.width + left + x) * 3;
      for (let k = 0; k < 3; k++) {
        const value = Math.min(1, Math.max(0, faces[at * 3 + 2 - k]! * weight)); // BGR to RGB
        canvas.data[to + k] = Math.round(value * 255);
      }
    }
  }
}

async function replace(files: FileStore, path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  await files.write(`${path}.tmp`, pieces);
  await files.rename(`${path}.tmp`, path);
}
