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
  const { Clip } = await import('./videoClip.ts').catch((cause: unknown) => {
    throw new ResourceError('the video library (node-av) does not load', {
      found: cause instanceof Error ? cause.message.trim() : String(cause),
      next: 'reinstall with optional packages: npm install --include=optional; pictures can be read without it',
      cause,
    });
  });
  return Clip.open(resolve(path), basename(path), options);
}
