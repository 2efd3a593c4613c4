/** FFmpeg's own reader, where it is installed: another pair of eyes. */
import { execFileSync } from 'node:child_process';

/** Need not be there. */
const PROBE = 'ffprobe';

/** What it prints; undefined where there is no such program. */
function printed(args: readonly string[]): string | undefined {
  try {
    return execFileSync(PROBE, ['-v', 'error', ...args], { encoding: 'utf8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What it says of a track of pictures or of sound. */
export function probed(path: string, track: 'v' | 'a'): Record<string, string> | undefined {
  const text = printed(['-select_streams', track, '-count_frames', '-show_entries', 'stream', '-of', 'default=nw=1', path]);
  return text === undefined ? undefined : Object.fromEntries(text.split('\n').map((line) => line.split('=') as [string, string]));
}

/** Beginning and title of each chapter. */
export function probedChapters(path: string): [start: string, title: string][] | undefined {
  const text = printed(['-show_chapters', '-of', 'json', path]);
  const { chapters } = JSON.parse(text ?? '{}') as { chapters?: { start_time: string; tags?: { title?: string } }[] };
  return chapters?.map(({ start_time, tags }) => [start_time, tags?.title ?? '']);
}
