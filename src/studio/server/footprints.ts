/**
 * Footprints of options, remembered. Building the graph of a large network takes a second, so a thread of its own does it, one after the other; it ends
 * when nothing was asked for a while.
 */
import { Worker } from 'node:worker_threads';
import { ResourceError } from '../../base/index.ts';
import { type Footprint, footprint, type TrainOptions } from '../../train/index.ts';

const REMEMBERED = 200;
const MOST_WAITING = 50;
const IDLE_MS = 20_000;
/** Threads run JavaScript only: from the sources, this thread does it. */
const isCompiled = !import.meta.url.endsWith('.ts');

/** Options that have nothing to do with it. */
const unshaping = {
  batch_size: 1,
  src: '',
  dst: '',
  from: '',
  seed: 0,
  target: 0,
  learning_rate: 5e-5,
  save_every: 0,
  preview_every: 0,
  backup_every: 0,
};

export class Footprints {
  readonly #known = new Map<string, Promise<Footprint>>();
  #worker: Worker | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;

  /** @throws ResourceError if too much is asked at once. */
  async of(asked: TrainOptions): Promise<Footprint> {
    const options = { ...asked, ...unshaping };
    const key = JSON.stringify(options);
    const found = this.#known.get(key) ?? this.#make(options);
    this.#known.delete(key);
    this.#known.set(key, found);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED) break;
      this.#known.delete(oldest);
    }
    return await found.catch((error: unknown) => {
      this.#known.delete(key);
      throw error;
    });
  }

  #make(options: TrainOptions): Promise<Footprint> {
    if (this.#waiting >= MOST_WAITING)
      return Promise.reject(new ResourceError('too many estimates at once', { next: 'ask again in a moment' }));
    this.#waiting++;
    const made = this.#turn.then(async () => (isCompiled ? await this.#ask(options) : footprint(options))).finally(() => this.#waiting--);
    this.#turn = made.catch(() => undefined);
    return made;
  }

  #ask(options: TrainOptions): Promise<Footprint> {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= new Worker(new URL('./footprintWorker.js', import.meta.url)));
    worker.ref();
    let settle: (() => void) | undefined;
    return new Promise<Footprint>((resolve, reject) => {
      const fail = (error: unknown): void => {
        this.#worker = undefined;
        reject(error);
      };
      worker.once('message', resolve);
      worker.once('error', fail);
      settle = () => {
        worker.off('message', resolve);
        worker.off('error', fail);
      };
      worker.postMessage(options);
    }).finally(() => {
      settle?.();
      worker.unref();
      this.#idle = setTimeout(() => {
        void this.#worker?.terminate();
        this.#worker = undefined;
      }, IDLE_MS).unref();
    });
  }
}
