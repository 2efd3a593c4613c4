/**
 * Training events as text: a line that rewrites itself on a terminal, one line an iteration in a pipe, or NDJSON. The lines of a pipe are
 * laid out as the reference's: [time][#iteration][time per iteration][src loss][dst loss].
 */
import type { TrainEvent } from '../train/index.ts';
import { valueText } from '../train/index.ts';

export interface ProgressOutput {
  /** Where progress goes; text with its line ends. */
  readonly write: (text: string) => void;
  /** Warnings and what else a person should not miss; a line without its end. */
  readonly note: (line: string) => void;
  /** Whether a line can be rewritten, and how wide it is. */
  readonly columns: number | undefined;
  readonly now: () => Date;
}

/** One JSON object a line. */
export const jsonReporter =
  ({ write }: Pick<ProgressOutput, 'write'>): ((event: TrainEvent) => void) =>
  (event) =>
    write(`${JSON.stringify(event)}\n`);

/** Text for people. @param target the iteration to train to; 0 for none. */
export function textReporter(output: ProgressOutput): (event: TrainEvent) => void {
  const line = new StatusLine(output);
  const means = new Means();
  let target = 0;
  let stepMs = 0;
  let measured = false;
  return (event) => {
    if (event.event === 'measured' && measured) return; // later ones are for programs
    measured ||= event.event === 'measured';
    switch (event.event) {
      case 'started':
        target = event.options.target;
        return line.print(startText(event));
      case 'iteration':
        means.add(event.loss);
        stepMs = stepMs === 0 ? event.ms : stepMs + 0.1 * (event.ms - stepMs);
        if (output.columns === undefined) return output.write(`${iterationLine(event, output.now())}\n`);
        return line.show(statusText(event, { stepMs, target }));
      case 'saved': {
        const since = means.take();
        return line.print(
          `${stamp(output.now())}[#${number(event.iteration)}] saved${since === undefined ? '' : `, mean since the last save ${since}`}`,
        );
      }
      case 'savefailed':
        return line.warn(
          `the save at iteration ${event.iteration} failed; the one before stands, and the next one tries again\n${event.message}`,
        );
      case 'nonfinite':
        return line.warn(
          `iteration ${event.iteration}: the loss or its gradient is not a number; back to iteration ${event.back} (save ${event.save})`,
        );
      case 'rejected':
        return line.warn(`save ${event.save} cannot be used: ${event.why}; looking for the one before`);
      case 'skipped':
        return line.warn(skippedText(event));
      case 'warning':
        return line.warn(event.message);
      case 'done':
        return line.end(
          `${reasons[event.reason]} at iteration ${event.iteration}; peak memory ${Math.round(event.peakBytes / 1024 ** 2)} MiB`,
        );
      default:
        return line.print(noteText(event));
    }
  };
}

const reasons = { target: 'target reached', stopped: 'stopped', diverged: 'gave up' } as const;

function startText({ iteration, resumed, options }: Extract<TrainEvent, { event: 'started' }>): string {
  const what = `${options.archi} ${options.resolution} px, batch ${options.batch_size}`;
  const goal = options.target > 0 ? `, to iteration ${options.target}` : '';
  return resumed === null ? `new model: ${what}${goal}` : `resumed from ${resumed} at iteration ${iteration}: ${what}${goal}`;
}

type Quiet = Exclude<
  TrainEvent['event'],
  'started' | 'iteration' | 'saved' | 'savefailed' | 'nonfinite' | 'rejected' | 'skipped' | 'warning' | 'done'
>;

function noteText(event: Extract<TrainEvent, { event: Quiet }>): string {
  switch (event.event) {
    case 'rounded':
      return `${event.option}: ${valueText(event.from)} becomes ${valueText(event.to)} (${event.why})`;
    case 'changed':
      return `${event.option}: ${valueText(event.from)} until now, ${valueText(event.to)} from here on`;
    case 'reset':
      return [
        ...(event.what.length > 0 ? [`starting afresh: ${event.what.join(', ')}`] : []),
        ...(event.dropped.length > 0 ? [`no longer used, and left out of the next save: ${event.dropped.join(', ')}`] : []),
      ].join('\n');
    case 'weights':
      return `first weights from ${event.from}${event.fresh.length > 0 ? `; drawn afresh: ${event.fresh.join(', ')}` : ''}`;
    case 'history':
      return event.lost > 0
        ? `the loss history lacks ${event.lost} iterations; they are a gap`
        : `${event.cut} iterations after that save were lost; the loss history is cut to match`;
    case 'measured':
      return `an iteration takes ${event.ms < 10_000 ? `${Math.round(event.ms)} ms` : `${(event.ms / 1000).toFixed(1)} s`}; peak memory ${Math.round(event.peakBytes / 1024 ** 2)} MiB`;
    case 'backup':
      return `backup made: ${event.folder}`;
    case 'preview':
      return `preview: ${event.file}`;
  }
}

/** Files that are named; of more, the number is said. */
const NAMED = 5;

function skippedText({ side, files, usable }: Extract<TrainEvent, { event: 'skipped' }>): string {
  return [
    `${side}: ${files.length} ${files.length === 1 ? 'file is no usable face' : 'files are no usable faces'} and left out; ${usable} remain`,
    ...files.slice(0, NAMED).map(({ name, cause }) => `  ${name}: ${cause}`),
    ...(files.length > NAMED ? [`  and ${files.length - NAMED} more, which --json lists`] : []),
  ].join('\n');
}

/** As the reference prints it. */
function iterationLine({ iteration, ms, loss }: Extract<TrainEvent, { event: 'iteration' }>, now: Date): string {
  return `${stamp(now)}[#${number(iteration)}][${(ms / 1000).toFixed(3)}s][${loss.src.toFixed(4)}][${loss.dst.toFixed(4)}]`;
}

function statusText(
  { iteration, waitMs, loss }: Extract<TrainEvent, { event: 'iteration' }>,
  { stepMs, target }: { readonly stepMs: number; readonly target: number },
): string {
  const speed = stepMs < 10_000 ? `${Math.round(stepMs)} ms/it` : `${(stepMs / 1000).toFixed(1)} s/it`;
  const left = target > iteration ? `  ${durationText(((target - iteration) * stepMs) / 1000)} left` : '';
  return `#${number(iteration)}  ${speed}  src ${loss.src.toFixed(4)}  dst ${loss.dst.toFixed(4)}  wait ${Math.round(waitMs)} ms${left}`;
}

/** 45 s, 12 min, 3 h 20 min, 2 d 4 h. */
export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const number = (iteration: number): string => String(iteration).padStart(6, '0');
const stamp = (now: Date): string => `[${now.toTimeString().slice(0, 8)}]`;

/** Mean losses since the last save. */
class Means {
  #src = 0;
  #dst = 0;
  #count = 0;

  add({ src, dst }: { readonly src: number; readonly dst: number }): void {
    this.#src += src;
    this.#dst += dst;
    this.#count++;
  }

  take(): string | undefined {
    const [src, dst, count] = [this.#src, this.#dst, this.#count];
    this.#src = this.#dst = this.#count = 0;
    return count === 0 ? undefined : `[${(src / count).toFixed(4)}][${(dst / count).toFixed(4)}]`;
  }
}

/** The last line of a terminal, which gives way to lines that stay. */
class StatusLine {
  readonly #output: ProgressOutput;
  #shown = '';

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  show(text: string): void {
    this.#shown = text.slice(0, (this.#output.columns ?? 80) - 1);
    this.#output.write(`\r${this.#shown}\x1b[K`);
  }

  print(text: string): void {
    this.#output.write(`${this.#clear()}${text}\n`);
    this.#redraw();
  }

  /** A last line; nothing follows. */
  end(text: string): void {
    this.#output.write(`${this.#clear()}${text}\n`);
    this.#shown = '';
  }

  warn(text: string): void {
    if (this.#shown !== '') this.#output.write(this.#clear());
    this.#output.note(text);
    this.#redraw();
  }

  #clear(): string {
    return this.#shown === '' ? '' : '\r\x1b[K';
  }

  #redraw(): void {
    if (this.#shown !== '') this.#output.write(this.#shown);
  }
}
