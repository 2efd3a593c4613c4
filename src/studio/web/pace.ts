/** How long work will take, as far as work of its kind has been measured here: nothing is told that was not. */
import type { JobInfo } from '../protocol.ts';

export interface Forecast {
  readonly seconds: number;
  /** Frames a second, and of which clip they were measured. */
  readonly pace: number;
  readonly of: string;
}

/**
 * @param jobs  the newest first.  @param frames  undefined: not known.
 * @param isLike  whether a job's work is like that; of those, one of the same clip tells best, then the newest.
 */
export function forecast(
  jobs: readonly JobInfo[],
  kind: 'extract' | 'merge',
  clip: string,
  frames: number | undefined,
  isLike: (request: JobInfo['request']) => boolean = () => true,
): Forecast | undefined {
  if (frames === undefined || frames <= 0) return undefined;
  const measured = jobs.flatMap(({ request, pace }) =>
    request.kind === kind && pace !== null && isLike(request) ? [{ of: request.input, pace }] : [],
  );
  const best = measured.find(({ of }) => of === clip) ?? measured[0];
  return best && { ...best, seconds: frames / best.pace };
}

/** "40 s", "3 min", "2.5 h": as exactly as a forecast may be said. */
export function roughly(seconds: number): string {
  if (seconds < 95) return `${Math.max(10, Math.round(seconds / 10) * 10)}\u00a0s`;
  if (seconds < 95 * 60) return `${Math.round(seconds / 60)}\u00a0min`;
  return `${seconds < 36_000 ? (seconds / 3600).toFixed(1) : Math.round(seconds / 3600)}\u00a0h`;
}
