/** FFmpeg's own reader, where it is installed: another pair of eyes. */
import { execFileSync } from 'node:child_process';

/** Need not be there. */
const PROBE = 'ffprobe';

/** What it says of a track of pictures or of sound; undefined where there is no such program. */
export function probed(path: string, track: 'v' | 'a'): Record<string, string> | undefined {
  try {
    const asked = ['-v', 'error', '-select_streams', track, '-count_frames', '-show_entries', 'stream', '-of', 'default=nw=1', path];
    const text = execFileSync(PROBE, asked, { encoding: 'utf8' });
    return Object.fromEntries(text.split('\n').map((line) => line.split('=') as [string, string]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
