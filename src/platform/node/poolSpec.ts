/** The options of training as what a sample pool needs to know. */
import { OptionError } from '../../base/index.ts';
import { faceTypeFromLetter } from '../../face/index.ts';
import type { ColourMode } from '../../image/index.ts';
import type { TrainOptions } from '../../train/index.ts';
import type { PoolSpec } from './samplePool.ts';

const colourModes: readonly ColourMode[] = ['rct', 'lct', 'mkl', 'idt', 'sot'];

/** @throws OptionError for a face type that no letter names. */
export function poolSpec(options: TrainOptions): PoolSpec {
  const faceType = faceTypeFromLetter(options.face_type);
  if (faceType === undefined) throw new OptionError(`face_type: there is no face type ${options.face_type}`);
  const both = {
    faceType,
    resolution: options.resolution,
    randomWarp: options.random_warp,
    uniformYaw: options.uniform_yaw,
    symmetricWarp: options.symmetric_warp,
    halfPixelShift: options.half_pixel_shift,
  };
  const colourMode = colourModes.find((mode) => mode === options.ct_mode);
  return {
    seed: options.seed,
    batchSize: options.batch_size,
    src: { folder: options.src, options: { ...both, randomFlip: options.random_src_flip, hsvPower: options.random_hsv_power, colourMode } },
    dst: { folder: options.dst, options: { ...both, randomFlip: options.random_dst_flip, hsvPower: 0 } },
  };
}
