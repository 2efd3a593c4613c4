/**
 * Mirrored faces. What is in pixels of the face is mirrored with it. What is told of the frame (name, rectangle, landmarks there, mesh) stays
 * true and stays; the matrix from the frame to the face gets the mirror after it.
 */
import { mirrorLandmarks } from '../face/index.ts';
import { liaeFields, liaeKey, withLiaeFields, writeFace } from '../faceset/index.ts';
import { type Affine, after, type ByteImage, type FloatImage, type ImageCodec } from '../image/index.ts';
import type { FaceToEdit } from './editFaces.ts';
import { decodeMask, encodeMask } from './faceMasks.ts';
import { toolQuality } from './resizeFaces.ts';

export async function mirrorFace({ metadata, dict, bytes, name }: FaceToEdit, codec: ImageCodec): Promise<Uint8Array> {
  const image = await codec.decode(bytes, name);
  const { width } = image;
  const jpeg = await codec.encodeJpeg({ ...image, data: flippedRows(image, Uint8Array.from(image.data)) }, toolQuality);
  const { pose } = liaeFields(dict);
  const turned = pose === undefined ? undefined : { pitch: pose.pitch, yaw: -pose.yaw, roll: -pose.roll };
  const kept = dict.has(liaeKey) ? withLiaeFields(dict, { ...liaeFields(dict), pose: turned }) : dict;
  const mask = metadata.xsegMask === undefined ? undefined : await decodeMask(metadata.xsegMask, codec, name);
  const mirrored = {
    ...metadata,
    landmarks: mirrorLandmarks(metadata.landmarks, width),
    polygons: metadata.polygons.map(({ include, points }) => ({
      include,
      points: points.map((v, i) => (i % 2 === 0 ? width - 1 - v : v)),
    })),
    imageToFace: metadata.imageToFace && after([-1, 0, width - 1, 0, 1, 0], metadata.imageToFace as unknown as Affine),
    xsegMask: mask && (await encodeMask({ ...mask, data: flippedRows(mask, Float32Array.from(mask.data)) }, codec)),
  };
  return writeFace(jpeg, mirrored, name, kept);
}

/** Fills `out` with the pixels of each row from right to left. */
function flippedRows<T extends Uint8Array | Float32Array>({ width, height, channels, data }: ByteImage | FloatImage, out: T): T {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) out[(y * width + x) * channels + c] = data[(y * width + width - 1 - x) * channels + c]!;
    }
  }
  return out;
}
