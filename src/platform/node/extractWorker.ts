/** The thread of a hand: takes one task at a time, with the frames that it is given for it or reads itself; `stop` ends the task under way. */
import { workerData } from 'node:worker_threads';
import type { HandNote, HandRequest, HandStart, HandWord } from './extractCrew.ts';
import { GivenFeed } from './extractFeed.ts';
import { type Analysed, Hand, type Written } from './extractHand.ts';
import { type NetworkAddresses, openFaceModels } from './faceModels.ts';
import { openInput } from './openInput.ts';
import { errorFrom, serve } from './workerPool.ts';

const { clip, fed }: HandStart = workerData;
const stop = new AbortController();
let models: ReturnType<typeof openFaceModels> | undefined;
let networks: NetworkAddresses | undefined;
const given = fed ? new GivenFeed((feed, pieces) => say({ kind: 'done', feed, pieces })) : undefined;
const hand = new Hand(
  clip,
  {
    open: openInput,
    models: () => {
      models ??= openFaceModels({ networks });
      return models;
    },
    now: () => performance.now(),
  },
  given,
);

function heard(note: HandNote): void {
  if (note.kind === 'stop') stop.abort();
  else if (note.kind === 'frame') given?.take(note.feed, note);
  else if (note.kind === 'end') given?.take(note.feed, { ended: note.ended });
  else given?.take(note.feed, { error: errorFrom(note.failure) });
}

const post = serve({
  answer: async (request: HandRequest): Promise<Analysed | Written> => {
    if (request.feed !== undefined) given?.begin(request.feed);
    if (request.kind === 'analyse') {
      networks ??= request.networks;
      return await hand.analyse(request.span, stop.signal);
    }
    return await hand.write(request.task, (frame) => say({ kind: 'wrote', frame }), stop.signal);
  },
  onNote: (note) => heard(note as HandNote),
});

function say(word: HandWord): void {
  post(word);
}
