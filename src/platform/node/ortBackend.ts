/**
 * The backend over onnxruntime-node. Execution is on the CPU; a run occupies its thread, so training lives in a worker.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Backend, CompileOptions, Feed, FeedArray, Port, Program } from '../../runtime/index.ts';

export function ortBackend(): Backend {
  return {
    name: 'onnxruntime-node cpu',
    async compile(model: Uint8Array, { threads, profile }: CompileOptions = {}): Promise<Program> {
      const session = await InferenceSession.create(model, {
        executionProviders: ['cpu'],
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
        ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
      });
      return {
        inputs: session.inputMetadata.map(portOf),
        outputs: session.outputMetadata.map(portOf),
        async run(feeds, fetch = session.outputNames, into = {}) {
          const tensors: Record<string, Tensor> = {};
          for (const [name, feed] of Object.entries(feeds)) tensors[name] = toTensor(feed);
          const outputs = fetch.map((name): [string, Tensor | null] => [name, into[name] === undefined ? null : toTensor(into[name])]);
          const results = await session.run(tensors, Object.fromEntries(outputs));
          return Object.fromEntries(
            Object.entries(results).map(([name, tensor]): [string, Feed] => [name, { shape: tensor.dims, data: tensor.data as FeedArray }]),
          );
        },
        async [Symbol.asyncDispose]() {
          if (profile !== undefined) session.endProfiling();
          await session.release();
        },
      };
    },
  };
}

function portOf(value: InferenceSession.ValueMetadata): Port {
  if (!value.isTensor) return { name: value.name, type: 'none', shape: [] };
  return { name: value.name, type: value.type, shape: value.shape.map((n) => (typeof n === 'number' && n > 0 ? n : undefined)) };
}

function toTensor({ shape, data }: Feed): Tensor {
  if (data instanceof Float32Array) return new Tensor('float32', data, shape);
  if (data instanceof BigInt64Array) return new Tensor('int64', data, shape);
  return new Tensor('bool', data, shape);
}
