/** Renders that wait: merges run one after another, since each takes the whole machine. The queue is a file, so that it outlives the server. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { LiaeError, OptionError } from '../../base/index.ts';
import { replaceFile } from '../../platform/node/files.ts';
import { type JobInfo, type MergeJobRequest, type RenderQueueInfo, renderQueue } from '../protocol.ts';
import { isAlive, type Jobs } from './jobs.ts';
import type { Places } from './places.ts';

const MOST = 100;
const MAX_BYTES = 2 ** 20;

export class RenderQueue {
  readonly #file: string;
  readonly #jobs: Jobs;
  #state: RenderQueueInfo;
  #turn: Promise<unknown> = Promise.resolve();
  /** Is being begun: a job already, and in the file until that is sure. */
  #starting: string | undefined;

  private constructor(file: string, jobs: Jobs, state: RenderQueueInfo) {
    this.#file = file;
    this.#jobs = jobs;
    this.#state = state;
  }

  static async open(places: Places, jobs: Jobs): Promise<RenderQueue> {
    const file = places.own('renders.json');
    const queue = new RenderQueue(file, jobs, await stored(file));
    await queue.#next();
    return queue;
  }

  get info(): RenderQueueInfo {
    const { paused, waiting } = this.#state;
    return { paused, waiting: waiting.filter(({ id }) => id !== this.#starting) };
  }

  /** @param first  before all that wait. */
  add(request: MergeJobRequest, first = false): Promise<RenderQueueInfo> {
    return this.#change(({ paused, waiting }) => {
      if (waiting.length >= MOST)
        throw new OptionError('the queue is full', { found: `${waiting.length} renders wait`, next: 'take some away' });
      const entry = { id: randomUUID().slice(0, 8), request, problem: null };
      // Where nothing waits, whoever adds something wants it made.
      return { paused: paused && waiting.length > 0 && !first, waiting: first ? [entry, ...waiting] : [...waiting, entry] };
    });
  }

  remove(id: string): Promise<RenderQueueInfo> {
    return this.#change(({ paused, waiting }) => ({ paused, waiting: waiting.filter((entry) => entry.id !== id) }));
  }

  pause(paused: boolean): Promise<RenderQueueInfo> {
    return this.#change(({ waiting }) => ({ paused, waiting: paused ? waiting : waiting.map((entry) => ({ ...entry, problem: null })) }));
  }

  /** Told of every job that ended. After one that was stopped nothing begins by itself. */
  async ended({ request, state }: JobInfo): Promise<void> {
    if (request.kind !== 'merge') return;
    await this.#change((now) => (state === 'stopped' && now.waiting.length > 0 ? { ...now, paused: true } : now));
  }

  #change(to: (state: RenderQueueInfo) => RenderQueueInfo): Promise<RenderQueueInfo> {
    const mine = this.#turn.then(async () => {
      await this.#keep(to(this.#state));
      await this.#next();
      return this.info;
    });
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /** Begins the next one, unless one runs. What cannot be begun says why, and the one behind it is. */
  async #next(): Promise<void> {
    if (this.#state.paused || this.#jobs.list().some((job) => job.request.kind === 'merge' && isAlive(job.state))) return;
    for (const entry of this.#state.waiting) {
      if (entry.problem !== null) continue;
      this.#starting = entry.id;
      try {
        await this.#jobs.start(entry.request);
        await this.#keep({ ...this.#state, waiting: this.#state.waiting.filter(({ id }) => id !== entry.id) });
        return;
      } catch (error) {
        if (!(error instanceof LiaeError)) throw error;
        const { waiting } = this.#state;
        await this.#keep({
          ...this.#state,
          waiting: waiting.map((one) => (one.id === entry.id ? { ...one, problem: error.brief().slice(0, 4000) } : one)),
        });
      } finally {
        this.#starting = undefined;
      }
    }
  }

  async #keep(state: RenderQueueInfo): Promise<void> {
    if (state === this.#state) return;
    await replaceFile(this.#file, [new TextEncoder().encode(JSON.stringify(state))]);
    this.#state = state;
  }
}

async function stored(file: string): Promise<RenderQueueInfo> {
  const none: RenderQueueInfo = { paused: false, waiting: [] };
  try {
    const text = await readFile(file, 'utf8');
    return text.length > MAX_BYTES ? none : renderQueue.read(JSON.parse(text), 'renders.json');
  } catch {
    return none; // none yet, or of another version
  }
}
