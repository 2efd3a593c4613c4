/** A training session on this machine: the ports of train/ made real. It runs on whatever thread calls it; trainWorker.ts is the usual one. */
import type { ImageCodec } from '../../image/index.ts';
import { type LoopEnd, runSession, type SessionPorts, type TrainCommand, type TrainEvent } from '../../train/index.ts';
import { NodeFileStore, nodeSha256 } from './modelStore.ts';
import { readWeights } from './weightsFile.ts';

export interface TrainJob {
  /** The model's folder. */
  readonly model: string;
  /** Options as asked for; see runSession. */
  readonly asked: Readonly<Record<string, unknown>>;
  /** The version of this program. */
  readonly tool: string;
}

export interface TrainParts extends Pick<SessionPorts, 'createEngine' | 'createBatches'> {
  readonly codec: ImageCodec;
}

export interface TrainHost {
  readonly emit: (event: TrainEvent) => void;
  /** Commands that came since the last call. */
  readonly commands: () => readonly TrainCommand[];
}

/** @throws what runSession throws. */
export function runTraining({ model, asked, tool }: TrainJob, parts: TrainParts, { emit, commands }: TrainHost): Promise<LoopEnd> {
  return runSession(asked, {
    ...{ ...parts, tool, readWeights, sha256: nodeSha256, emit, commands, files: new NodeFileStore(model) },
    time: () => new Date().toISOString(),
    nowMs: () => performance.now(),
    peakBytes: () => process.resourceUsage().maxRSS * 1024,
  });
}
