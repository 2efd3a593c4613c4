/** Merged frames into parts: each is closed when the next begins, and only then counts; room on the disk is looked at in between. */
import { basename, dirname, extname, join } from 'node:path';
import { ResourceError } from '../../base/index.ts';
import { replaceFile } from './files.ts';
import type { Composed } from './mergeFrames.ts';
import type { OutputPart } from './mergeOutput.ts';
import type { MergeJob, PartRecord, Plan } from './mergePlan.ts';
import { freeSpace, LEAST_FREE, mebibytes } from './mergeSpace.ts';

/** Writes merged frames in order, and closes each part when the next begins. */
export class PartsWriter implements AsyncDisposable {
  made = 0;
  lastFrame: number | undefined;
  readonly #job: MergeJob;
  readonly #plan: Plan;
  readonly #done: Map<number, PartRecord>;
  readonly #told: (frame: number, made: number) => void;
  #part: number | undefined;
  #open: OutputPart[] = [];
  #names: string[] = [];
  #light: (readonly [number, number] | null)[] = [];
  #withFace = 0;
  #first = 0;
  #last = 0;

  constructor(job: MergeJob, plan: Plan, done: Map<number, PartRecord>, told: (frame: number, made: number) => void) {
    this.#job = job;
    this.#plan = plan;
    this.#done = done;
    this.#told = told;
  }

  async write({ part, frame, image, mask, light, hasFace }: Composed): Promise<void> {
    const { output, mask: maskOutput } = this.#job;
    if (part !== this.#part) {
      await this.#close();
      this.#part = part;
      this.#first = frame.index;
      this.#open.push(await output.begin(this.#plan.keyOf(part)));
      if (maskOutput !== undefined) this.#open.push(await maskOutput.begin(this.#plan.keyOf(part)));
    }
    this.#last = frame.index;
    const name = frame.name === undefined ? String(frame.index + 1).padStart(5, '0') : basename(frame.name, extname(frame.name));
    const time = this.#job.timeAt?.(frame.index) ?? frame.time;
    this.lastFrame = frame.index;
    await Promise.all([this.#open[0]!.write({ time, name, image }), this.#open[1]?.write({ time, name, image: mask })]);
    this.#names.push(name);
    this.#light.push(light ?? null);
    if (hasFace) this.#withFace++;
    this.made++;
    this.#told(frame.index, this.made);
  }

  /** The last part is whole too. */
  async finish(): Promise<void> {
    await this.#close();
  }

  async #close(): Promise<void> {
    const part = this.#part;
    if (part === undefined) return;
    const sizes = await Promise.all(this.#open.map((open) => open.finish()));
    await this.#dispose();
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const names = this.#names;
    const record: PartRecord = {
      ...{ names, first: this.#first, withFace: this.#withFace, light: this.#light, bytes },
      dropped: this.#last - this.#first + 1 - names.length,
    };
    await replaceFile(join(this.#job.parts, `${this.#plan.keyOf(part)}.json`), [new TextEncoder().encode(JSON.stringify(record))]);
    this.#done.set(part, record);
    [this.#part, this.#names, this.#light, this.#withFace] = [undefined, [], [], 0];
    await this.#checkSpace(bytes / names.length);
  }

  /** @throws ResourceError if the disk is all but full, or if nothing is missing and the whole does not fit beside its parts. */
  async #checkSpace(each: number): Promise<void> {
    const free = await freeSpace(dirname(this.#job.parts));
    if (free === undefined) return;
    const done = [...this.#done.values()];
    const frames = done.reduce((sum, { names }) => sum + names.length, 0);
    const written = done.reduce((sum, { bytes }) => sum + bytes, 0);
    const rest = Math.max(0, (this.#plan.total ?? frames) - frames);
    const needed = rest * each + (this.#job.output.joins ? written + rest * each : 0); // the whole is made beside its parts
    // While frames are missing the estimate may be wrong, and there is time; at the end it is not.
    if (free > needed * 1.1 + LEAST_FREE / 4 || (rest > 0 && free > LEAST_FREE)) return;
    throw new ResourceError(`the disk is nearly full after frame ${this.lastFrame ?? 0}`, {
      found: `${mebibytes(free)} free; about ${mebibytes(needed)} more are needed`,
      next: 'free some space; the same command goes on from there',
    });
  }

  async #dispose(): Promise<void> {
    const open = this.#open;
    this.#open = [];
    for (const one of open) await one[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispose();
  }
}
