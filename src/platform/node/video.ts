/** Clips as FrameSources, decoded directly from the file: whatever FFmpeg reads, a few frames in memory at a time. */
import { basename, resolve } from 'node:path';
import { ResourceError } from '../../base/index.ts';
import type { FrameSource } from '../../video/index.ts';
import type { OpenOptions } from './videoClip.ts';
import { checkFile } from './videoFile.ts';

/**
 * Opens a clip. Its first frame is decoded to see that there is one and how its colours are told; each call of frames() reads the file anew,
 * so that several may run at a time.
 *
 * @throws FormatError if the file is missing, is no clip, has no video track or no frame that decodes; ResourceError if FFmpeg's libraries
 * do not load on this machine.
 */
export async function openClip(path: string, options: OpenOptions = {}): Promise<FrameSource> {
  await checkFile(path);
  const { Clip } = await import('./videoClip.ts').catch(notLoaded);
  return Clip.open(resolve(path), basename(path), options);
}

/** What writes clips, at once or in parts. @throws ResourceError if FFmpeg's libraries do not load on this machine. */
export async function clipWriting(): Promise<typeof import('./videoWriter.ts') & typeof import('./filmParts.ts')> {
  const [writer, parts] = await Promise.all([import('./videoWriter.ts'), import('./filmParts.ts')]).catch(notLoaded);
  return { ...writer, ...parts };
}

function notLoaded(cause: unknown): never {
  throw new ResourceError('the video library (node-av) does not load', {
    found: cause instanceof Error ? cause.message.trim() : String(cause),
    next: 'reinstall with optional packages: npm install --include=optional; pictures can be read and written without it',
    cause,
  });
}
