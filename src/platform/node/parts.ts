/** The parts of a training on this machine: engine, batches, codec. */
import { graphEngine, modelConfig, stepOptions } from '../../train/index.ts';
import { nodeCodec } from './codec.ts';
import { ortBackend } from './ortBackend.ts';
import { poolSpec } from './poolSpec.ts';
import { createSamplePool } from './samplePool.ts';
import type { TrainParts } from './training.ts';

export function trainParts(): TrainParts {
  return {
    codec: nodeCodec(),
    createEngine: async (options) =>
      graphEngine(ortBackend(), {
        config: modelConfig(options),
        step: stepOptions(options),
        lowering: options.lowering,
        batchSize: options.batch_size,
        learningRate: options.learning_rate,
        seed: options.seed,
      }),
    createBatches: (options, report) =>
      createSamplePool(poolSpec(options), {
        ...(options.workers > 0 ? { workers: options.workers } : {}),
        ...(options.cache_mb > 0 ? { cacheBytes: options.cache_mb * 2 ** 20 } : {}),
        report,
      }),
  };
}
