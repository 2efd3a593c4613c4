/** A folder of pictures that is written frame by frame: PNG of 8 or 16 bits, or JPEG. */
import { mkdir } from 'node:fs/promises';
import { OptionError, ShapeError } from '../../base/index.ts';
import type { FrameSink, SinkFrame } from '../../video/index.ts';
import { nodeCodec } from './codec.ts';
import { explained, nodeFolder } from './files.ts';
import { pngBytes } from './pngFile.ts';

export interface SequenceOptions {
  readonly format?: 'png' | 'jpg' | undefined;
  /** Of JPEG, 1…100. */
  readonly quality?: number | undefined;
}

/** Begins a folder of pictures: 00001.png, 00002.png, … or the frames' own names. Files that are there already and have other names stay. */
export async function createPictures(folder: string, { format = 'png', quality = 95 }: SequenceOptions = {}): Promise<FrameSink> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw explained(error, folder, 'folder');
  }
  const files = nodeFolder(folder);
  const codec = nodeCodec();
  let count = 0;
  return {
    async write({ image, name }: SinkFrame) {
      const stem = name ?? String(++count).padStart(5, '0');
      if (/[\\/]|^\./.test(stem)) throw new OptionError(`${stem}: not a name for a picture`);
      const { width, height, channels, data } = image;
      if (format === 'png') await files.write(`${stem}.png`, [await pngBytes(image)]);
      else if (data instanceof Uint16Array) throw new ShapeError('JPEG has 8 bits', { found: 'a frame of 16 bits', next: 'write PNG' });
      else await files.write(`${stem}.jpg`, [await codec.encodeJpeg({ width, height, channels, data }, quality)]);
    },
    finish: async () => [],
    async [Symbol.asyncDispose]() {},
  };
}
