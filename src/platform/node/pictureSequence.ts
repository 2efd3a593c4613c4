/** A folder of PNGs that is written frame by frame. */
import { mkdir } from 'node:fs/promises';
import { OptionError, ShapeError } from '../../base/index.ts';
import type { FrameSink, SinkFrame } from '../../video/index.ts';
import { nodeCodec } from './codec.ts';
import { nodeFolder } from './files.ts';

/** Begins a folder of PNGs: 00001.png, 00002.png, … or the frames' own names. Files that are there already and have other names stay. */
export async function createPictures(folder: string): Promise<FrameSink> {
  await mkdir(folder, { recursive: true });
  const files = nodeFolder(folder);
  const codec = nodeCodec();
  let count = 0;
  return {
    async write({ image, name }: SinkFrame) {
      const { width, height, channels, data } = image;
      if (data instanceof Uint16Array) throw new ShapeError('PNGs are written in 8 bits', { found: 'a frame of 16 bits' });
      const stem = name ?? String(++count).padStart(5, '0');
      if (/[\\/]|^\./.test(stem)) throw new OptionError(`${stem}: not a name for a picture`);
      await files.write(`${stem}.png`, [await codec.encodePng({ width, height, channels, data })]);
    },
    finish: async () => [],
    async [Symbol.asyncDispose]() {},
  };
}
