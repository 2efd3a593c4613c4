/**
 * The training loop: batches into the engine, a few iterations a call; saves, backups and previews when they are due; back to the last
 * save when a loss is not a number. All it knows of the world are ports. Any chunking of iterations gives the same bits.
 */
import { LiaeError } from '../base/index.ts';
import { backUp } from './backups.ts';
import type { Checkpoints, LoadedSave } from './checkpoints.ts';
import type { Batch, Engine, EngineState, StepResult } from './engine.ts';
import type { DoneReason, TrainCommand, TrainEvent } from './events.ts';
import type { FileStore } from './fileStore.ts';
import type { LossHistory } from './lossHistory.ts';
import { changeLive, previewPeriod } from './options.ts';
import type { TrainOptions } from './optionTable.ts';

/** Where batches come from. */
export interface BatchSource extends AsyncDisposable {
  /**
   * The batch of one iteration: a function of the seed, the iteration and the attempt alone.
   *
   * @param iteration iterations done before. Usually the last one plus 1; after a restore it goes back.
   * @param attempt  0, and one more after each restore, so that the samples that led to a non-finite loss are not drawn again.
   * @returns the batch, and how long the caller was kept waiting.
   */
  next(iteration: number, attempt: number): Promise<{ readonly batch: Batch; readonly waitMs: number }>;
}

export interface LoopPorts {
  readonly engine: Engine;
  readonly batches: BatchSource;
  readonly checkpoints: Checkpoints;
  readonly files: FileStore;
  readonly history: LossHistory;
  /** Makes a preview of the present weights. @returns the file written. */
  readonly preview: (iteration: number) => Promise<string>;
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs: () => number;
  /** The most memory that the process has used. */
  readonly peakBytes: () => number;
  readonly emit: (event: TrainEvent) => void;
  /** Settles when what was emitted is noted: the next call of the engine may hold this thread for seconds. */
  readonly noted: () => Promise<void>;
  /** Commands that came since the last call. */
  readonly commands: () => readonly TrainCommand[];
}

export interface LoopStart {
  readonly iteration: number;
  readonly restores: number;
  readonly options: TrainOptions;
  /**
   * What the disk holds of this start: `nothing` that fits (a new model, or a state changed by options), so a save comes first; the
   * state under `other` options, which the next save corrects; or the `same`.
   */
  readonly onDisk: 'nothing' | 'other' | 'same';
}

export interface LoopEnd {
  readonly iteration: number;
  readonly reason: DoneReason;
  /** Whether all iterations are on disk. */
  readonly saved: boolean;
}

const SAVE_MS = 25 * 60_000;
const HOUR_MS = 3_600_000;
/** A chunk keeps a stop waiting at most about this long, or one iteration. */
const CHUNK_MS = 8_000;
const MAX_CHUNK = 8;
/** Iterations that run alone: the first pays for warming up, the second gives the time to plan with. */
const SINGLES = 2;
const MAX_RESTORES = 3;

/** Trains until the target, a stop, or a loss that cannot be mended. @throws what the engine or the batches throw. */
export async function runLoop(ports: LoopPorts, start: LoopStart): Promise<LoopEnd> {
  return new Loop(ports, start).run();
}

class Loop {
  readonly #ports: LoopPorts;
  #options: TrainOptions;
  #iteration: number;
  #restores: number;
  readonly #saveFirst: boolean;
  /** The iteration that is on disk, with these options. */
  #saved: number | undefined;
  #lastSaveMs: number;
  #backupFromMs: number;
  #stopping = false;
  #diverged = false;
  /** Iterations run by this process, and the time of the latest. */
  #ran = 0;
  #stepMs = Number.POSITIVE_INFINITY;
  #measured = false;
  readonly #restoresFrom = new Map<string, number>();
  readonly #asked: TrainCommand[] = [];

  constructor(ports: LoopPorts, start: LoopStart) {
    this.#ports = ports;
    this.#options = start.options;
    this.#iteration = start.iteration;
    this.#restores = start.restores;
    this.#saveFirst = start.onDisk === 'nothing';
    this.#saved = start.onDisk === 'same' ? start.iteration : undefined;
    this.#lastSaveMs = this.#backupFromMs = ports.nowMs();
  }

  async run(): Promise<LoopEnd> {
    if (this.#saveFirst) await this.#save();
    if (this.#iteration === 0) await this.#preview();
    while (!this.#diverged) {
      await this.#obey();
      if (this.#stopping) return this.#end('stopped');
      if (this.#options.target > 0 && this.#iteration >= this.#options.target) return this.#end('target');
      if (await this.#chunk()) await this.#due();
    }
    return this.#end('diverged');
  }

  async #end(planned: DoneReason): Promise<LoopEnd> {
    const before = this.#restores;
    if (!this.#diverged && this.#saved !== this.#iteration) await this.#save();
    const reason = this.#diverged || this.#restores > before ? 'diverged' : planned;
    if (reason === 'target') await this.#preview();
    const end = { iteration: this.#iteration, reason, saved: this.#saved === this.#iteration };
    this.#ports.emit({ event: 'done', ...end, peakBytes: this.#ports.peakBytes() });
    return end;
  }

  /** Runs one chunk. @returns false if it led back to a save. */
  async #chunk(): Promise<boolean> {
    const { engine, nowMs, emit } = this.#ports;
    const { batches, waits } = await this.#collect(this.#chunkSize());
    const from = nowMs();
    const results = await engine.run(batches, this.#iteration);
    const ms = (nowMs() - from) / batches.length;
    const bad = results.findIndex((result) => !isWhole(result));
    if (bad >= 0) {
      await this.#restore(this.#iteration + bad + 1);
      return false;
    }
    this.#ran += batches.length;
    if (this.#ran > 1) this.#stepMs = ms;
    await this.#ports.history.append(results);
    for (const [i, { src, dst }] of results.entries()) {
      emit({ event: 'iteration', iteration: ++this.#iteration, ms, waitMs: waits[i]!, loss: { src, dst } });
    }
    if (!this.#measured && this.#ran > SINGLES) this.#measure();
    return true;
  }

  /** Batches for a chunk; fewer if a command comes meanwhile. Should they fail, what was learned so far is saved first. */
  async #collect(count: number): Promise<{ batches: Batch[]; waits: number[] }> {
    const batches: Batch[] = [];
    const waits: number[] = [];
    try {
      while (batches.length < count) {
        const { batch, waitMs } = await this.#ports.batches.next(this.#iteration + batches.length, this.#restores);
        batches.push(batch);
        waits.push(waitMs);
        if (this.#heard()) break;
      }
    } catch (error) {
      if (this.#saved !== this.#iteration) await this.#save();
      throw error;
    }
    return { batches, waits };
  }

  /** As many iterations as fit the time, up to the next one at which something is due. */
  #chunkSize(): number {
    const at = this.#iteration;
    const until = (period: number): number => (period > 0 ? period - (at % period) : Number.POSITIVE_INFINITY);
    const { target, save_every: saveEvery } = this.#options;
    const room = Math.min(
      until(saveEvery),
      until(previewPeriod(this.#options)),
      target > 0 ? target - at : Number.POSITIVE_INFINITY,
      at === 0 ? 1 : Number.POSITIVE_INFINITY,
    );
    const fitting = this.#ran < SINGLES ? 1 : Math.max(1, Math.min(MAX_CHUNK, Math.floor(CHUNK_MS / this.#stepMs)));
    return Math.min(fitting, room);
  }

  /** Save and preview if the iteration or the clock says so. */
  async #due(): Promise<void> {
    const { save_every: saveEvery, target } = this.#options;
    const byClock = saveEvery === 0 && this.#ports.nowMs() - this.#lastSaveMs >= SAVE_MS;
    const byCount = saveEvery > 0 && this.#iteration % saveEvery === 0;
    if (byClock || byCount || this.#iteration === 1) await this.#save();
    const reached = this.#iteration === target; // the target has its own preview
    if (this.#iteration > 0 && this.#iteration % previewPeriod(this.#options) === 0 && !reached) await this.#preview();
  }

  /** True when another multiple of the backup period has passed since the start. */
  #backupDue(): boolean {
    const period = this.#options.backup_every * HOUR_MS;
    if (period === 0) return false;
    const periods = Math.floor((this.#ports.nowMs() - this.#backupFromMs) / period);
    this.#backupFromMs += periods * period;
    return periods > 0;
  }

  /** Whether the user asked for something; it is done between chunks. */
  #heard(): boolean {
    this.#asked.push(...this.#ports.commands());
    return this.#asked.length > 0;
  }

  async #obey(): Promise<void> {
    if (!this.#heard()) return;
    const asked = this.#asked.splice(0);
    for (const command of asked) if (typeof command === 'object') this.#change(command.set);
    const commands = new Set(asked);
    if (commands.has('stop')) this.#stopping = true;
    const unsaved = this.#saved !== this.#iteration;
    if ((commands.has('save') || commands.has('backup')) && unsaved) await this.#save();
    if (commands.has('backup') && this.#saved === this.#iteration) await this.#backUp();
    if (commands.has('preview')) await this.#preview();
    await this.#ports.noted();
  }

  /** Changes options on the way; the next save holds them. */
  #change(asked: Readonly<Record<string, unknown>>): void {
    const { emit, engine } = this.#ports;
    try {
      const { options, changed } = changeLive(this.#options, asked);
      if (changed.length === 0) return;
      this.#options = options;
      engine.setLearningRate(options.learning_rate);
      this.#saved = undefined;
      for (const change of changed) emit({ event: 'changed', ...change });
    } catch (error) {
      if (!(error instanceof LiaeError)) throw error;
      emit({ event: 'warning', message: error.report() });
    }
  }

  #measure(): void {
    this.#measured = true;
    const { emit, peakBytes } = this.#ports;
    emit({ event: 'measured', iteration: this.#iteration, ms: this.#stepMs, peakBytes: peakBytes() });
  }

  async #save(): Promise<void> {
    const { engine, checkpoints, history, emit, nowMs } = this.#ports;
    const from = (this.#lastSaveMs = nowMs());
    const state = engine.state();
    if (nonFiniteTensor(state) !== undefined) return this.#restore(this.#iteration);
    try {
      await history.flush();
      const { name, bytes } = await checkpoints.save({
        ...{ iteration: this.#iteration, options: this.#options, state, restores: this.#restores, history: history.mark },
      });
      this.#saved = this.#iteration;
      emit({ event: 'saved', iteration: this.#iteration, save: name, bytes, ms: nowMs() - from });
      if (this.#measured) this.#measure();
    } catch (error) {
      if (!(error instanceof LiaeError)) throw error;
      emit({ event: 'savefailed', iteration: this.#iteration, message: error.report() });
      return;
    }
    if (this.#backupDue()) await this.#backUp();
    await this.#ports.noted();
  }

  async #backUp(): Promise<void> {
    const save = this.#ports.checkpoints.proven;
    if (save === undefined) return;
    await this.#attempt('backup', async () => {
      const folder = await backUp(this.#ports.files, save, this.#options.keep_backups);
      this.#ports.emit({ event: 'backup', iteration: this.#iteration, folder });
    });
  }

  async #preview(): Promise<void> {
    await this.#attempt('preview', async () => {
      this.#ports.emit({ event: 'preview', iteration: this.#iteration, file: await this.#ports.preview(this.#iteration) });
    });
  }

  /** What training can go on without. */
  async #attempt(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof LiaeError)) throw error;
      this.#ports.emit({ event: 'warning', message: `${what} failed: ${error.report()}` });
    }
  }

  /** Goes back to the last good save; gives up if there is none, or if it has led here too often. */
  async #restore(failed: number): Promise<void> {
    const { checkpoints, engine, history, emit } = this.#ports;
    if (checkpoints.proven === undefined) {
      this.#diverged = true;
      return;
    }
    const { name, manifest, state, rejected }: LoadedSave = await checkpoints.load();
    for (const { name: save, why } of rejected) emit({ event: 'rejected', save, why });
    engine.load(state);
    await history.rewind(manifest.history);
    this.#iteration = this.#saved = manifest.iteration;
    this.#restores++;
    const times = 1 + (this.#restoresFrom.get(name) ?? 0);
    this.#restoresFrom.set(name, times);
    emit({ event: 'nonfinite', iteration: failed, save: name, back: manifest.iteration });
    this.#diverged = times > MAX_RESTORES;
    await this.#ports.noted();
  }
}

const isWhole = ({ src, dst, gradientNorm }: StepResult): boolean =>
  Number.isFinite(src) && Number.isFinite(dst) && Number.isFinite(gradientNorm);

/** The first tensor that holds a NaN or an infinity: a finite loss can still leave such weights behind. */
function nonFiniteTensor({ tensors }: EngineState): string | undefined {
  for (const [name, { data }] of tensors) if (!allFinite(data)) return name;
  return undefined;
}

/** x − x is 0 for finite x and NaN else; a sum of such terms needs no branch per element. */
function allFinite(data: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! - data[i]!;
  return sum === 0;
}
