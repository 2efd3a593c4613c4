/** The thread of footprints.ts: options in, footprint out. */
import { parentPort } from 'node:worker_threads';
import { footprint, type TrainOptions } from '../../train/index.ts';

const port = parentPort;
if (port === null) throw new Error('footprintWorker.ts runs as a worker thread only');
port.on('message', (options: TrainOptions) => port.postMessage(footprint(options)));
