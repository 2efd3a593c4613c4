/** `liae faces landmarks`: pictures of faces with their landmarks drawn. */
import { resolve } from 'node:path';
import { LiaeError, ResourceError } from '../../base/index.ts';
import { landmarkPicture, openImages } from '../../curate/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';
import { nodeFolder } from '../../platform/node/files.ts';
import { optional } from '../args.ts';
import type { Command } from '../command.ts';
import { interruptible, progressOf } from './longRun.ts';
import { counted, folderOf } from './workplace.ts';

const QUALITY = 90;

export const landmarks: Command = {
  name: 'faces landmarks',
  summary: 'pictures of faces with their landmarks drawn',
  usage: 'DIR [--out OUT]',
  about: 'Writes NAME_debug.jpg for every face. They go to a folder of their own, so that no tool takes them for faces.',
  flags: [{ name: 'out', kind: 'value', shape: 'OUT', help: 'folder for the pictures', default: 'DIR_debug' }],
  words: 1,
  async run(args, terminal) {
    return await interruptible(async (signal) => {
      const path = await folderOf(args);
      const target = resolve(optional(args, 'out') ?? `${path}_debug`);
      const output = nodeFolder(target);
      const codec = nodeCodec();
      await using images = await openImages(nodeFolder(path));
      const progress = progressOf('drawing', terminal);
      let written = 0;
      for (let i = 0; i < images.count; i++) {
        signal.throwIfAborted();
        const metadata = images.metadata(i);
        if (metadata !== undefined) {
          try {
            const picture = landmarkPicture(await codec.decode((await images.read(i)).bytes, images.name(i)), metadata.landmarks);
            const person = images.person(i);
            const name = images.name(i).replace(/(\.[^.]*)?$/, '_debug.jpg');
            await output.write(person === undefined ? name : `${person}/${name}`, [await codec.encodeJpeg(picture, QUALITY)]);
            written++;
          } catch (error) {
            if (!(error instanceof LiaeError) || error instanceof ResourceError) throw error;
            terminal.note(`left out ${images.name(i)}: ${error.brief()}`);
          }
        }
        progress(i + 1, images.count);
      }
      terminal.out(`${counted(written, 'picture')} in ${target}\n`);
      return 0;
    }, terminal);
  },
};
