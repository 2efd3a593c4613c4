/** `liae faces sheet` and `liae faces map`: a set of faces at a glance, and the poses of one set against another. */
import { resolve } from 'node:path';
import { LiaeError, OptionError } from '../../base/index.ts';
import {
  ContactSheet,
  coverageImage,
  coverageOf,
  coverageSvg,
  coverageText,
  type Direction,
  directionOf,
  directionText,
  openImages,
} from '../../curate/index.ts';
import { measureFace } from '../../extract/index.ts';
import { poseOf } from '../../face/index.ts';
import { openFaces } from '../../faceset/index.ts';
import type { ByteImage } from '../../image/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';
import { nodeFolder, replaceFile } from '../../platform/node/files.ts';
import { optional } from '../args.ts';
import type { Command } from '../command.ts';
import { interruptible, progressOf, wholeNumber } from './longRun.ts';
import { counted, folderOf } from './workplace.ts';

/** Pixels of a sheet that are held in memory and encoded at once. */
const MOST_PIXELS = 60_000_000;

export const sheet: Command = {
  name: 'faces sheet',
  summary: 'a contact sheet of the faces, as PNG',
  usage: 'DIR [--out FILE] [--columns N] [--size N] [--max N]',
  about:
    'Paints the faces in the order of their names, each with its name, yaw / pitch in degrees and sharpness (variance of the Laplacian between brows and mouth). Of more faces than --max, every so many are shown.',
  flags: [
    { name: 'out', kind: 'value', shape: 'FILE', help: 'where the picture goes', default: 'DIR_sheet.png' },
    { name: 'columns', kind: 'value', shape: 'N', help: 'faces in a row', default: '12' },
    { name: 'size', kind: 'value', shape: 'N', help: 'side of a face in pixels, 48 to 512', default: '128' },
    { name: 'max', kind: 'value', shape: 'N', help: 'how many faces are shown at most', default: '480' },
  ],
  words: 1,
  async run(args, terminal) {
    const columns = wholeNumber(optional(args, 'columns') ?? '12', '--columns', [1, 100]);
    const side = wholeNumber(optional(args, 'size') ?? '128', '--size', [48, 512]);
    const most = wholeNumber(optional(args, 'max') ?? '480', '--max', [1, 100_000]);
    return await interruptible(async (signal) => {
      const path = await folderOf(args);
      const target = resolve(optional(args, 'out') ?? `${path}_sheet.png`);
      await using images = await openImages(nodeFolder(path));
      const count = Math.min(images.count, most);
      if (count * (side + 40) * (side + 10) > MOST_PIXELS) {
        throw new OptionError('the sheet would be too large', {
          found: `${count} faces of ${side} pixels`,
          next: 'make --max or --size smaller',
        });
      }
      const shown = Array.from({ length: count }, (_, k) => Math.floor((k * images.count) / count));
      const of = count < images.count ? `${count} of ${counted(images.count, 'face')}` : counted(count, 'face');
      const painted = new ContactSheet({ title: `${path.split(/[/\\]/).slice(-2).join('/')}: ${of}`, count, columns, side });
      const codec = nodeCodec();
      const progress = progressOf('painting', terminal);
      for (const [k, i] of shown.entries()) {
        signal.throwIfAborted();
        const metadata = images.metadata(i);
        let image: ByteImage | undefined;
        try {
          image = await codec.decode((await images.read(i)).bytes, images.name(i));
        } catch (error) {
          if (!(error instanceof LiaeError)) throw error;
          terminal.note(`${images.name(i)}: ${error.brief()}`);
        }
        const pose = metadata === undefined ? undefined : directionOf(poseOf(metadata.landmarks, images.size(i)[0]));
        painted.place(k, image, {
          name: images.name(i),
          left: pose === undefined ? 'no face data' : `${signed(pose.yaw)} / ${signed(pose.pitch)}`,
          right: image === undefined || metadata === undefined ? '' : measureFace(image, metadata.landmarks).sharpness.toFixed(0),
        });
        progress(k + 1, count);
      }
      await replaceFile(target, [await codec.encodePng(painted.image)]);
      terminal.out(`${of} in ${target}\n`);
      return 0;
    }, terminal);
  },
};

const signed = (angle: number): string => (Math.round(angle) > 0 ? `+${Math.round(angle)}` : `${Math.round(angle)}`);

export const map: Command = {
  name: 'faces map',
  summary: 'which poses of dst src has, as picture and in words',
  usage: 'SRC DST [--out FILE] [--json]',
  about:
    'Draws the faces of both sets by yaw and pitch and marks the poses of dst that src lacks: those of faces that find fewer than 3 faces of src within 8 degrees. Writes FILE.svg and FILE.png. Loose and packed faces.',
  flags: [
    { name: 'out', kind: 'value', shape: 'FILE', help: 'where the pictures go; .svg or .png writes only that one', default: 'SRC_map' },
    { name: 'json', kind: 'switch', help: 'print one JSON object' },
  ],
  words: 2,
  async run(args, { out }) {
    const [, second] = args.rest;
    if (second === undefined)
      throw new OptionError('which two sets? both folders come after the command', { expected: 'liae faces map SRC DST' });
    const [src, dst] = [await folderOf(args), await folderOf({ ...args, rest: [second] })];
    const coverage = coverageOf(await directionsOf(src), await directionsOf(dst));
    const file = resolve(optional(args, 'out') ?? `${src}_map`);
    const stem = file.replace(/\.(svg|png)$/i, '');
    const wanted = (kind: 'svg' | 'png'): boolean => stem === file || file.toLowerCase().endsWith(kind);
    const written: string[] = [];
    if (wanted('svg')) {
      await replaceFile(`${stem}.svg`, [new TextEncoder().encode(coverageSvg(coverage))]);
      written.push(`${stem}.svg`);
    }
    if (wanted('png')) {
      await replaceFile(`${stem}.png`, [await nodeCodec().encodePng(coverageImage(coverage))]);
      written.push(`${stem}.png`);
    }
    const { covered, lacking } = coverage;
    if (args.values.json === true) {
      const cells = lacking.map((cell) => ({ ...cell, words: directionText(cell) }));
      out(`${JSON.stringify({ src: coverage.src.length, dst: coverage.dst.length, covered, lacking: cells, files: written })}\n`);
    } else out(`${coverageText(coverage, 20).join('\n')}\n${written.join(', ')}\n`);
    return 0;
  },
};

async function directionsOf(path: string): Promise<readonly Direction[]> {
  await using faces = await openFaces(nodeFolder(path));
  return Array.from({ length: faces.count }, (_, i) => directionOf(poseOf(faces.metadata(i).landmarks, faces.size(i)[0])));
}
