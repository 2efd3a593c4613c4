/** Merging told to people: a line that rewrites itself on a terminal, a line now and then in a pipe; and the summary at the end. */
import { basename } from 'node:path';
import type { MergeEvent, MergeSum } from '../platform/node/mergeRun.ts';
import type { Output } from './extractProgress.ts';
import { durationText } from './progress.ts';

/** In a pipe, so long between two lines. */
const PIPE_MS = 10_000;
const TERMINAL_MS = 200;

export interface MergeTeller {
  readonly report: (event: MergeEvent) => void;
  /** Takes the line away that rewrites itself. */
  readonly end: () => void;
}

export function mergeReporter({ write, note, columns, now }: Output): MergeTeller {
  let [told, shown] = [Number.NEGATIVE_INFINITY, false];
  let first: { readonly done: number; readonly at: number } | undefined;
  const clear = (): void => {
    if (shown) write('\r\x1b[K');
    shown = false;
  };
  return {
    end: clear,
    report(event) {
      if (event.event === 'progress') {
        const at = now();
        if (first === undefined && columns === undefined) told = at; // in a pipe, the first line comes later
        first ??= { done: event.done - 1, at };
        if (at - told < (columns === undefined ? PIPE_MS : TERMINAL_MS)) return;
        told = at;
        const rate = ((event.done - first.done) / Math.max(1, at - first.at)) * 1000;
        const of = event.total === undefined ? '' : ` of ${event.total}`;
        const left = event.total === undefined || event.done < 2 ? '' : `, ${durationText((event.total - event.done) / rate)} left`;
        const line = `${event.done}${of} frames${event.done < 2 ? '' : `, ${rate.toFixed(1)} a second`}${left}`;
        if (columns === undefined) note(line);
        else {
          write(`\r${line.slice(0, columns - 1)}\x1b[K`);
          shown = true;
        }
        return;
      }
      clear();
      if (event.event === 'resumed') note(`going on: ${event.frames} frames are there already`);
      else if (event.event === 'complete')
        note(
          `${event.path} is there already and complete: ${event.frames} frames, settings ${event.settings.slice(0, 12)}; --again makes it anew`,
        );
      else if (event.event === 'joining') note(`putting ${basename(event.path)} together`);
      else note(event.message);
    },
  };
}

export interface Steadiness {
  readonly jitter?: { readonly before: number; readonly after: number } | undefined;
  readonly flicker: { readonly before?: number | undefined; readonly after?: number | undefined };
  readonly filled: number;
  readonly output: string;
}

/** What was done, in a few lines. */
export function mergeSummary(
  { frames, withFace, made, dropped, trouble, stages, seconds, stopped, settings }: MergeSum,
  { jitter, flicker, filled, output }: Steadiness,
): string {
  const rows: [string, string][] = [
    [
      'frames',
      `${frames}, ${withFace} with faces; ${made} made now in ${durationText(seconds)}${made > 0 ? `, ${(made / seconds).toFixed(1)} a second` : ''}`,
    ],
  ];
  if (filled > 0) rows.push(['filled', `${filled} faces where none was found`]);
  if (jitter !== undefined) {
    const smoothed = jitter.after === jitter.before ? '' : ` → ${jitter.after.toFixed(3)}`;
    rows.push(['trembling', `${jitter.before.toFixed(3)}${smoothed} pixels at the corners of the crop (median)`]);
  }
  if (flicker.before !== undefined && flicker.after !== undefined)
    rows.push(['flicker', `${flicker.before.toFixed(2)} in the clip, ${flicker.after.toFixed(2)} merged, of 255 levels in the mask`]);
  rows.push(['dropped', `${dropped} frames that could not be decoded`]);
  const second = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  if (made > 0)
    rows.push([
      'stages',
      `decoding ${second(stages.decode)}, predicting ${second(stages.predict)}, composing ${second(stages.compose)} over all threads, encoding ${second(stages.encode)}; at the same time`,
    ]);
  for (const sentence of trouble) rows.push(['trouble', sentence]);
  if (stopped) rows.push(['stopped', 'before the end; the same command goes on']);
  if (settings !== undefined) rows.push(['settings', `${settings.slice(0, 12)}: the same command does nothing again`]);
  rows.push(['output', output]);
  return rows.map(([key, text]) => `${key.padEnd(10)} ${text}`).join('\n');
}
