/**
 * Aligned faces through a trained model, in batches: what `liae swap`, the demo and mergers share. Faces are brought to the model's crop as in training,
 * without anything random.
 */

import type { FaceType } from '../../face/index.ts';
import { type FloatImage, floatImage } from '../../image/index.ts';
import type { Swapper } from '../../models/index.ts';
import { type Face, type FaceSource, facePreparer } from '../../sample/index.ts';

export interface SwappedFace {
  /** Position in the faceset. */
  readonly index: number;
  readonly dst: Face;
  /** 3 channels, BGR in 0…1, at the model's resolution and crop. */
  readonly face: FloatImage;
  /** 1 channel: where the swapped face is. */
  readonly mask: FloatImage;
  /** 1 channel: where the model sees the destination's face. */
  readonly dstMask: FloatImage;
}

/** One after another; a face that cannot be decoded is reported and left out. */
export async function* swapFaces(
  swapper: Swapper,
  faces: FaceSource,
  { resolution, faceType, onBroken }: { resolution: number; faceType: FaceType; onBroken: (error: unknown) => void },
): AsyncGenerator<SwappedFace> {
  const prepare = facePreparer(resolution, faceType);
  const batch = new Float32Array(resolution * resolution * swapper.batch * 3);
  let waiting: { index: number; dst: Face }[] = [];
  const flush = async function* (): AsyncGenerator<SwappedFace> {
    const { face, faceMask, dstMask } = await swapper.swap(batch);
    for (const [k, { index, dst }] of waiting.entries()) {
      const take = (all: Float32Array, channels: number): FloatImage => sampleOf(all, k, swapper.batch, resolution, channels);
      yield { index, dst, face: take(face, 3), mask: take(faceMask, 1), dstMask: take(dstMask, 1) };
    }
    waiting = [];
  };
  for (let index = 0; index < faces.count; index++) {
    try {
      const dst = await faces.face(index);
      const { image } = prepare(dst);
      for (let p = 0; p < resolution * resolution; p++) {
        for (let c = 0; c < 3; c++) batch[(p * swapper.batch + waiting.length) * 3 + c] = Math.min(1, Math.max(0, image.data[p * 3 + c]!));
      }
      waiting.push({ index, dst });
    } catch (error) {
      onBroken(error);
    }
    if (waiting.length === swapper.batch) yield* flush();
  }
  if (waiting.length > 0) yield* flush();
}

/** Sample k of an array [side, side, n, channels]. */
function sampleOf(all: Float32Array, k: number, n: number, side: number, channels: number): FloatImage {
  const out = floatImage(side, side, channels);
  for (let p = 0; p < side * side; p++) for (let c = 0; c < channels; c++) out.data[p * channels + c] = all[(p * n + k) * channels + c]!;
  return out;
}
