/** The thread of a hand: takes one task at a time and answers it; `stop` ends the one under way. */
import { parentPort, workerData } from 'node:worker_threads';
import type { HandReply, HandRequest } from './extractCrew.ts';
import { type ClipStart, Hand } from './extractHand.ts';
import { openFaceModels } from './faceModels.ts';
import { openInput } from './openInput.ts';
import { failureFrom } from './samplePool.ts';

const port = parentPort;
if (port === null) throw new Error('extractWorker is the script of a worker thread');

const clip: ClipStart = workerData;
const stop = new AbortController();
let models: ReturnType<typeof openFaceModels> | undefined;
const hand = new Hand(clip, {
  open: openInput,
  models: () => {
    models ??= openFaceModels();
    return models;
  },
  now: () => performance.now(),
});

const reply = (message: HandReply): void => port.postMessage(message);

async function answer(request: Exclude<HandRequest, { kind: 'stop' }>): Promise<void> {
  try {
    if (request.kind === 'analyse') reply({ kind: 'analysed', result: await hand.analyse(request.span, stop.signal) });
    else reply({ kind: 'written', result: await hand.write(request.task, (frame) => reply({ kind: 'wrote', frame }), stop.signal) });
  } catch (error) {
    reply({ kind: 'failed', failure: failureFrom(error) });
  }
}

port.on('message', (request: HandRequest) => {
  if (request.kind === 'stop') stop.abort();
  else void answer(request);
});
