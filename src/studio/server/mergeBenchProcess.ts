/** The process in which the page's pictures are merged: a crash of a decoder, or memory that does not suffice, ends it and not the server. */
import { failureFrom } from '../../platform/node/workerPool.ts';
import { MergeBench } from './mergeBench.ts';
import type { BenchCall, BenchReply } from './mergeBenches.ts';

let bench: Promise<MergeBench> | undefined;
const waiting = new Map<number, AbortController>();

async function answer(call: BenchCall): Promise<void> {
  const { number } = call;
  const send = (reply: BenchReply): void => void process.send?.(reply);
  try {
    switch (call.kind) {
      case 'open':
        bench = MergeBench.open(call.ask);
        await bench;
        send({ number, result: undefined });
        return;
      case 'facts':
        send({ number, result: await (await bench!).facts() });
        return;
      case 'picture': {
        const stop = new AbortController();
        waiting.set(number, stop);
        try {
          const before = process.cpuUsage();
          const picture = await (await bench!).picture(call.ask, stop.signal);
          const { user, system } = process.cpuUsage(before);
          send({ number, result: { ...picture, cpuMs: (user + system) / 1000 } });
        } finally {
          waiting.delete(number);
        }
        return;
      }
      case 'forget':
        waiting.get(call.other)?.abort();
        send({ number, result: undefined });
    }
  } catch (error) {
    send({ number, failure: failureFrom(error) });
  }
}

process.on('message', (call: BenchCall) => void answer(call));
// Its server went away, in whatever manner.
process.on('disconnect', () => process.exit(0));
