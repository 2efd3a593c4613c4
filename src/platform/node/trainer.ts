/** The trainer seen from the thread that starts it. */
import { Worker } from 'node:worker_threads';
import { ResourceError } from '../../base/index.ts';
import type { LoopEnd, TrainCommand, TrainEvent } from '../../train/index.ts';
import type { TrainJob } from './training.ts';
import { errorOf, type TrainMessage } from './trainProtocol.ts';

export interface Trainer {
  /** Settles when training ends; rejects with what it failed of. */
  readonly end: Promise<LoopEnd>;
  readonly send: (command: TrainCommand) => void;
}

export function startTrainer(job: TrainJob, onEvent: (event: TrainEvent) => void): Trainer {
  const file = import.meta.url.endsWith('.ts') ? './trainWorker.ts' : './trainWorker.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData: job });
  const end = new Promise<LoopEnd>((resolve, reject) => {
    worker.on('message', (message: TrainMessage) => {
      switch (message.kind) {
        case 'event':
          return onEvent(message.event);
        case 'end':
          return resolve(message.end);
        case 'failed':
          return reject(errorOf(message.failure));
      }
    });
    worker.on('error', (error: Error & { code?: string }) => {
      if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY') return reject(error);
      reject(new ResourceError('training: out of memory', { next: 'use a smaller --batch-size, or a smaller model', cause: error }));
    });
    worker.on('exit', (code) => reject(new Error(`the trainer's thread ended with code ${code}`)));
  });
  return {
    end,
    send: (command) => worker.postMessage(command),
  };
}
