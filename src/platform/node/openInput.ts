/** What a path given by the user means: a folder or a pattern of pictures, a picture, a clip, or DeepFaceLab's `data_src.*`. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FrameSource } from '../../video/index.ts';
import { isPattern, isPictureName, naturalOrder } from './picturePaths.ts';
import { openPictures } from './pictures.ts';
import { openClip } from './video.ts';

/**
 * Opens whatever pictures come from.
 *
 * @param path  a folder or pattern of pictures, a picture, a clip; or a name that ends in `.*`, which is the first file with that stem.
 * @param deep  whether frames are given in 16 bits too.
 * @throws FormatError if there is nothing, or nothing in it can be read.
 */
export async function openInput(path: string, signal?: AbortSignal, deep = false): Promise<FrameSource> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return openPictures(path, deep);
  if (found === undefined && path.endsWith('.*') && !isPattern(path.slice(0, -2))) {
    const stem = basename(path).slice(0, -1);
    const names = await readdir(dirname(path)).catch(() => []);
    const clip = names.filter((name) => name.startsWith(stem) && !name.slice(stem.length).includes('.')).sort(naturalOrder)[0];
    if (clip !== undefined) return openInput(join(dirname(path), clip), signal, deep);
  }
  if ((found === undefined && isPattern(path)) || isPictureName(path)) return openPictures(path, deep);
  return openClip(path, { signal, deep });
}
