/** Extraction told to people: a line that rewrites itself on a terminal, a line now and then in a pipe; and the summary at the end. */
import { type Rule, rules } from '../extract/index.ts';
import type { ExtractEvent } from '../platform/node/extractClip.ts';
import { type ExtractSum, rejectedIn } from '../platform/node/extractRun.ts';
import { durationText } from './progress.ts';

export interface Output {
  readonly write: (text: string) => void;
  readonly note: (line: string) => void;
  /** Width of a terminal; undefined in a pipe. */
  readonly columns: number | undefined;
  /** Milliseconds. */
  readonly now: () => number;
}

/** In a pipe, so long between two lines. */
const PIPE_MS = 10_000;
const TERMINAL_MS = 200;
/** Before so many frames are done, their speed says nothing. */
const FIRST = 10;

export function extractReporter(output: Output): ((event: ExtractEvent) => void) & { readonly end: () => void } {
  let [shown, pictures] = [false, false];
  let [told, began, first] = [Number.NEGATIVE_INFINITY, 0, 0];
  const clear = (): void => {
    if (shown) output.write('\r\x1b[K');
    shown = false;
  };
  const say = (line: string): void => {
    clear();
    output.note(line);
  };
  const status = (line: string, last: boolean): void => {
    const now = output.now();
    if (now - told < (output.columns === undefined ? PIPE_MS : TERMINAL_MS) && !last) return;
    told = now;
    if (output.columns === undefined) output.note(line);
    else {
      output.write(`\r${line.slice(0, output.columns - 1)}\x1b[K`);
      shown = true;
    }
  };
  const pace = (done: number, of: number | undefined): string => {
    const rate = ((done - first) / Math.max(output.now() - began, 1)) * 1000;
    const left = of !== undefined && of > done && rate > 0 ? `, ${durationText((of - done) / rate)} left` : '';
    return rate > 0 && done - first >= FIRST ? `, ${rate.toFixed(1)} a second${left}` : '';
  };
  const report = (event: ExtractEvent): void => {
    switch (event.event) {
      case 'clip': {
        const { name, kind, width, height, frames, rate, colour } = event.info;
        const about =
          kind === 'pictures'
            ? `${frames ?? 0} pictures`
            : `${width}×${height}, ${frames ?? '?'} frames${rate === undefined ? '' : ` at ${Math.round(rate * 1000) / 1000} a second`}, ${colour}`;
        say(`${name}: ${about}`);
        pictures = kind === 'pictures';
        [began, first, told] = [output.now(), 0, Number.NEGATIVE_INFINITY];
        break;
      }
      case 'resumed':
        first = event.frames;
        say(`${event.clip}: ${event.complete ? 'analysed before' : `going on after ${event.frames} frames`}`);
        break;
      case 'analysed':
        status(
          `${event.clip}: ${event.frames}${event.of === undefined ? '' : ` of ${event.of}`} frames analysed, ${event.faces} faces${pace(event.frames, event.of)}`,
          false,
        );
        break;
      case 'settled': {
        [began, first, told] = [output.now(), 0, Number.NEGATIVE_INFINITY];
        if (pictures) break;
        const jitter =
          event.jitter === undefined
            ? ''
            : `, trembling ${percent(event.jitter.before)} → ${percent(event.jitter.after)} of the eye distance`;
        say(
          `${event.clip}: ${many(event.tracks, 'track')}, ${many(event.cuts, 'cut')}, ${event.filled} filled in${event.edited > 0 ? `, ${event.edited} drawn by hand` : ''}${jitter}`,
        );
        break;
      }
      case 'written':
        status(
          `${event.clip}: faces of ${event.frames} of ${event.of} frames, ${event.faces} written${pace(event.frames, event.of)}`,
          event.frames === event.of && output.columns !== undefined,
        );
        break;
      case 'trouble':
        say(`${event.clip}: ${event.message}`);
        break;
      case 'warning':
        say(event.message);
    }
  };
  return Object.assign(report, { end: clear });
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
const many = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** What was done, in a few lines. @param out where the faces are. */
export function summaryText({ clips, unreadable, stopped }: ExtractSum, out: string): string {
  const total = (value: (clip: ExtractSum['clips'][number]) => number): number => clips.reduce((sum, clip) => sum + value(clip), 0);
  const tracks = total((c) => c.settled.tracks);
  const rows: [string, string][] = [];
  const [faces, written, filled] = [total((c) => c.faces), total((c) => c.written), total((c) => c.settled.filled)];
  if (clips.length > 0) {
    rows.push(['frames', `${total((c) => c.frames)}, ${total((c) => c.withFaces)} with faces`]);
    const inTracks = tracks < faces ? ` in ${many(tracks, 'track')}` : '';
    rows.push(['faces', `${faces}${inTracks}; ${written} written now, ${filled} filled in`]);
  }
  const rejected = Object.entries(rejectedIn(clips)) as [Rule, number][];
  for (const [i, [rule, count]] of rejected.entries()) rows.push([i === 0 ? 'left out' : '', `${count}: ${rules[rule]}`]);
  const troubled = clips.filter((clip) => clip.trouble.length > 0).length;
  if (troubled > 0) rows.push(['trouble', `with ${many(troubled, 'input')}, told above`]);
  const gone = total((c) => c.gone);
  if (gone > 0) rows.push(['not there', `${gone} written before and moved or removed since; --again makes them anew`]);
  const damaged = total((c) => c.damaged);
  if (damaged > 0) rows.push(['damaged', many(damaged, 'frame')]);
  if (unreadable.length > 0) rows.push(['unreadable', unreadable.join(', ')]);
  if (stopped) rows.push(['stopped', 'before the end; the same command goes on']);
  rows.push(['folder', out]);
  return rows.map(([key, text]) => `${key.padEnd(10)} ${text}`).join('\n');
}
