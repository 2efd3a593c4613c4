/** The trainer's thread: it computes and writes; the thread that started it has the terminal and the signals. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { TrainCommand } from '../../train/index.ts';
import { trainParts } from './parts.ts';
import { runTraining, type TrainJob } from './training.ts';
import { failureOf, type TrainMessage } from './trainProtocol.ts';

const port = parentPort;
if (port === null) throw new Error('trainWorker.ts runs as a worker thread only');
const tell = (message: TrainMessage): void => port.postMessage(message);

/** Commands are fetched, not awaited: an engine call may hold this thread for seconds. */
function* commands(): Generator<TrainCommand> {
  for (let found = receiveMessageOnPort(port!); found !== undefined; found = receiveMessageOnPort(port!)) yield found.message;
}

try {
  const end = await runTraining(workerData as TrainJob, trainParts(), {
    emit: (event) => tell({ kind: 'event', event }),
    commands: () => [...commands()],
  });
  tell({ kind: 'end', end });
} catch (error) {
  tell({ kind: 'failed', failure: failureOf(error) });
}
