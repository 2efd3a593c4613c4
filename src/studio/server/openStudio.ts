/**
 * The workspace that is open, and opening another. Routes see one workspace at a time; jobs of the others go on by themselves and are found again
 * when their folder is opened. Only a folder that somebody typed or had open before can be opened, and only over loopback.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { LiaeError, OptionError, ResourceError } from '../../base/index.ts';
import type { OpenRequest, StudioInfo } from '../protocol.ts';
import { copyDemo } from './demo.ts';
import type { Hub } from './hub.ts';
import { Jobs } from './jobs.ts';
import { MarkingChoice } from './marking.ts';
import { Benches, type OpenBench, processBench } from './mergeBenches.ts';
import { RenderQueue } from './mergeQueue.ts';
import { Places } from './places.ts';
import type { Studio } from './routing.ts';
import type { Settings } from './settings.ts';

/** Something was asked that needs a workspace. */
export class NoWorkspace extends LiaeError {}

interface Opened {
  readonly places: Places;
  readonly jobs: Jobs;
  readonly renders: RenderQueue;
  readonly key: string;
}

export interface OpenStudioOptions {
  readonly hub: Hub;
  readonly version: string;
  readonly settings: Settings;
  /** What runs `liae`: a program and its first arguments. */
  readonly program: readonly string[];
  readonly canOpen: boolean;
  /** Where pictures are merged; a process of its own if left out. */
  readonly bench?: OpenBench | undefined;
}

export class OpenStudio implements Studio, Disposable {
  readonly hub: Hub;
  readonly version: string;
  readonly settings: Settings;
  readonly canOpen: boolean;
  readonly marking: MarkingChoice;
  readonly benches: Benches;
  readonly #program: readonly string[];
  #opened: Opened | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ hub, version, settings, program, canOpen, bench = processBench }: OpenStudioOptions) {
    this.hub = hub;
    this.version = version;
    this.settings = settings;
    this.canOpen = canOpen;
    this.marking = new MarkingChoice(settings);
    this.benches = new Benches(bench);
    this.#program = program;
  }

  /** @throws NoWorkspace */
  get places(): Places {
    return this.#now.places;
  }
  /** @throws NoWorkspace */
  get jobs(): Jobs {
    return this.#now.jobs;
  }
  /** @throws NoWorkspace */
  get renders(): RenderQueue {
    return this.#now.renders;
  }
  /** @throws NoWorkspace */
  get name(): string {
    return nameOf(this.#now.places.root);
  }
  /** Differs between workspaces, so that pages do not take pictures of one for those of another. */
  get key(): string | undefined {
    return this.#opened?.key;
  }
  get root(): string | undefined {
    return this.#opened?.places.root;
  }

  get #now(): Opened {
    if (this.#opened === undefined) throw new NoWorkspace('no workspace is open', { next: 'open one or make a new one' });
    return this.#opened;
  }

  async info(mayAct: boolean): Promise<StudioInfo> {
    const { version, canOpen, root, key } = this;
    return {
      ...{
        version,
        canOpen,
        mayAct,
        workspace: root === undefined || key === undefined ? null : { name: nameOf(root), folder: root, key },
      },
      home: canOpen ? homedir() : '',
      recent: canOpen ? await this.settings.recent() : [],
      suggested: canOpen
        ? { plain: await freeFolder(join(homedir(), 'liae', 'workspace')), demo: await freeFolder(join(homedir(), 'liae', 'demo')) }
        : { plain: '', demo: '' },
    };
  }

  /** As asked by the page. @throws OptionError if the folder cannot be that, or pages may not choose. */
  async choose(request: OpenRequest): Promise<void> {
    if (!this.canOpen)
      throw new OptionError('other folders cannot be opened while the network can reach this page', {
        found: 'liae studio was started with --host',
        next: 'start liae studio again, with the folder',
      });
    const folder = typed('open' in request ? request.open : request.create);
    const there = await stat(folder).catch(() => undefined);
    if (there !== undefined && !there.isDirectory()) throw new OptionError(`${folder}: a file, not a folder`);
    if ('open' in request) {
      if (there === undefined)
        throw new OptionError(`${folder}: there is no such folder`, { next: 'check the path, or make a new workspace' });
      return await this.open(folder);
    }
    const inside = await readdir(folder).catch(() => []);
    if (inside.length > 0)
      throw new OptionError(`${folder}: not empty`, { found: inside.slice(0, 4).join(', '), next: 'open it, or choose a new name' });
    await this.open(folder, request.demo);
  }

  /** Makes the folder if it does not exist. One after the other; the jobs of the one before go on. */
  async open(folder: string, demo = false): Promise<void> {
    const mine = this.#turn.then(async () => await this.#open(folder, demo));
    this.#turn = mine.catch(() => undefined);
    await mine;
  }

  async #open(folder: string, demo: boolean): Promise<void> {
    let places: Places;
    try {
      await mkdir(folder, { recursive: true });
      places = await Places.open(folder);
      await mkdir(places.own(), { recursive: true, mode: 0o700 });
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause)) throw cause;
      throw new ResourceError(`${folder}: cannot be used as a workspace`, {
        found: cause.message,
        next: 'choose a folder that you may write in',
        cause,
      });
    }
    if (demo) await copyDemo(places);
    const { hub } = this;
    let current = (): boolean => true;
    let renders: RenderQueue | undefined;
    const jobs = await Jobs.open({
      ...{ places, program: this.#program },
      moreWords: async (kind) => await this.marking.wordsFor(kind),
      onChange: (job) => current() && hub.tell({ event: 'job', job }),
      onGone: (id) => current() && hub.tell({ event: 'jobgone', id }),
      onEnd: (job) => {
        if (!current()) return;
        const { request } = job;
        void renders?.ended(job);
        hub.tell({ event: 'workspace' });
        if (request.kind === 'measure' || request.kind === 'faces') hub.tell({ event: 'faces', path: request.faces });
        if (request.kind === 'extract') hub.tell({ event: 'faces', path: request.out });
      },
    });
    renders = await RenderQueue.open(places, jobs);
    await this.benches.close();
    const before = this.#opened;
    this.#opened = { places, jobs, renders, key: createHash('sha256').update(places.root).digest('hex').slice(0, 10) };
    current = () => this.#opened?.jobs === jobs;
    before?.jobs[Symbol.dispose]();
    if (before !== undefined || this.canOpen) hub.tell({ event: 'opened' });
    await this.settings.remember(places.root).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error) && !(error instanceof LiaeError)) throw error; // a list of conveniences, not worth a refusal
    });
  }

  [Symbol.dispose](): void {
    void this.benches.close();
    this.#opened?.jobs[Symbol.dispose]();
    this.#opened = undefined;
  }
}

const nameOf = (root: string): string => basename(root) || root;

/** What was typed, with ~ for the home. @throws OptionError if it is relative, or too much: everything, or all that one has. */
function typed(text: string): string {
  const path = text.trim().replace(/^~(?=$|[\\/])/, homedir());
  if (!isAbsolute(path) || path.includes('\0'))
    throw new OptionError(`${text.slice(0, 200)}: not a whole path`, {
      expected: `a path from the root, such as ${join(homedir(), 'film')}`,
    });
  const folder = resolve(path);
  if (dirname(folder) === folder || folder === resolve(homedir()))
    throw new OptionError(`${folder}: too much for a workspace`, { next: 'make a folder of its own in it' });
  return folder;
}

async function freeFolder(wish: string): Promise<string> {
  for (let n = 1; n < 1000; n++) {
    const folder = n === 1 ? wish : `${wish}-${n}`;
    if ((await stat(folder).catch(() => undefined)) === undefined) return folder;
  }
  return wish;
}
