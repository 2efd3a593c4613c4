/**
 * Whole batches from two sets of faces. A batch is a pure function of the seed, the iteration, the attempt, the options and the faces,
 * so a resumed run continues exactly and any number of makers can share the work.
 */
import { poseOf } from '../face/index.ts';
import type { FaceSource } from './faceSource.ts';
import type { SampleOptions } from './options.ts';
import type { SideBuffers } from './sample.ts';
import { sideBuffers, sideSampler } from './sideSampler.ts';
import type { BrokenFace } from './usableFaces.ts';

export interface BatchSide {
  readonly faces: FaceSource;
  readonly options: SampleOptions;
  /** The yaw of each face in radians, as measureYaws gives it; needed for options.uniformYaw. */
  readonly yaws?: ArrayLike<number> | undefined;
}

export interface BatchSetup {
  readonly seed: number;
  /** Samples of each side. */
  readonly batchSize: number;
  /** Takes its colours from dst if its options ask for it. */
  readonly src: BatchSide;
  readonly dst: BatchSide;
  /** Told of each face that cannot be read; perhaps more than once. */
  readonly onBroken?: ((broken: BrokenFace) => void) | undefined;
}

/** Both sides have the same resolution and number of samples. */
export type MakeBatch = (iteration: number, attempt: number) => Promise<{ readonly src: SideBuffers; readonly dst: SideBuffers }>;

/** @returns a function that makes one batch at a time; it is not reentrant. */
export function batchMaker({ seed, batchSize, src, dst, onBroken }: BatchSetup): MakeBatch {
  const fillSrc = sideSampler({ ...src, side: 'src', seed, batchSize, colours: dst.faces, onBroken });
  const fillDst = sideSampler({ ...dst, side: 'dst', seed, batchSize, colours: src.faces, onBroken });
  return async (iteration, attempt) => {
    const batch = { src: sideBuffers(src.options.resolution, batchSize), dst: sideBuffers(dst.options.resolution, batchSize) };
    await fillSrc(iteration, attempt, batch.src);
    await fillDst(iteration, attempt, batch.dst);
    return batch;
  };
}

/** The yaw of every face in radians, from metadata alone; NaN for landmarks that fit no face. */
export async function measureYaws(faces: FaceSource): Promise<Float32Array> {
  const yaws = new Float32Array(faces.count);
  for (let i = 0; i < yaws.length; i++) {
    const { landmarks, size } = await faces.shape(i);
    yaws[i] = poseOf(landmarks, size).yaw;
  }
  return yaws;
}
