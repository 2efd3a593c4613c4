/** `liae faces mask`: the masks stored in faces, made, confined, removed or written as pictures. */
import { resolve } from 'node:path';
import { LiaeError, OptionError, ResourceError } from '../../base/index.ts';
import { type FaceToEdit, maskOfFace, maskSources, toolQuality } from '../../curate/index.ts';
import { readFace, readWhole, writeFace } from '../../faceset/index.ts';
import { grayBytes } from '../../image/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';
import { openFaceEditor } from '../../platform/node/editPool.ts';
import { nodeFolder } from '../../platform/node/files.ts';
import { type Args, optional } from '../args.ts';
import type { Command, Terminal } from '../command.ts';
import { interruptible, oneOf, progressOf } from './longRun.ts';
import { faceTypeOf } from './resize.ts';
import { jpegsOf, runEdit } from './runEdit.ts';
import { counted, dryRunFlag, openWorkplace, refusePacked, type Workplace } from './workplace.ts';

export const mask: Command = {
  name: 'faces mask',
  summary: 'make, remove or export the masks stored in faces',
  usage: 'DIR (--from hull|person|polygons [--face-type T] | --remove | --remove-polygons | --export OUT) [--dry-run]',
  about:
    'Stores one mask of 256×256 in each face, in the form of XSeg, which training and merging then use. hull: the hull of the landmarks. person: that part of the hull where segmentation sees a person, so that background drops out; hands are persons too, and thin things before the face are overlooked (of a stick and a hand, 5 in 100 pixels drop out). polygons: regions drawn by hand, those that include first, then those that exclude; faces without any keep the mask they have.',
  flags: [
    { name: 'from', kind: 'value', shape: 'SOURCE', help: 'hull, person or polygons' },
    { name: 'face-type', kind: 'value', shape: 'T', help: 'nothing outside the crop of h, mf, f, wf or head', default: 'same' },
    { name: 'remove', kind: 'switch', help: 'take the masks out of the faces' },
    { name: 'remove-polygons', kind: 'switch', help: 'take the polygons out of the faces' },
    { name: 'export', kind: 'value', shape: 'OUT', help: 'write NAME_mask.jpg of every face with a mask or polygons into this folder' },
    dryRunFlag,
  ],
  words: 1,
  async run(args, terminal) {
    const asked = ['from', 'remove', 'remove-polygons', 'export'].filter(
      (name) => args.values[name] !== undefined && args.values[name] !== false,
    );
    if (asked.length !== 1)
      throw new OptionError('one of --from, --remove, --remove-polygons and --export is needed', {
        found: asked.map((n) => `--${n}`).join(' ') || 'none',
      });
    await using place = await openWorkplace(args, terminal);
    await refusePacked(place);
    const target = optional(args, 'export');
    if (target !== undefined) return await interruptible((signal) => exportMasks(place, resolve(target), signal, terminal), terminal);
    if (args.values.from !== undefined) return await makeMasks(place, args, terminal);
    const polygons = args.values['remove-polygons'] === true;
    const [tool, words] = polygons ? ['remove-polygons', 'without polygons'] : ['remove-mask', 'without a mask'];
    const edit = async ({ bytes, metadata, name, dict }: FaceToEdit): Promise<Uint8Array | undefined> => {
      if (polygons ? metadata.polygons.length === 0 : metadata.xsegMask === undefined) return undefined;
      return writeFace(bytes, polygons ? { ...metadata, polygons: [] } : { ...metadata, xsegMask: undefined }, name, dict);
    };
    return await runEdit(place, { tool, what: (count) => `${counted(count, 'face')} ${words}`, edit }, args, terminal);
  },
};

async function makeMasks(place: Workplace, args: Args, terminal: Terminal): Promise<number> {
  const from = oneOf(optional(args, 'from') ?? '', '--from', maskSources);
  const within = faceTypeOf(optional(args, 'face-type') ?? 'same', '--face-type');
  await using editor = openFaceEditor(
    { kind: 'mask', mask: { from, within } },
    { count: (await jpegsOf(place)).length, note: terminal.note },
  );
  const { edit, parallel } = editor;
  const what = (count: number): string => `${counted(count, 'mask')} from ${from}${within === undefined ? '' : ` within ${within}`}`;
  return await runEdit(place, { tool: 'mask', what, edit, parallel }, args, terminal);
}

/** Pictures of the masks: stored ones, else those of polygons; at the size of the face, quality 100. */
async function exportMasks(place: Workplace, target: string, signal: AbortSignal, terminal: Terminal): Promise<number> {
  const codec = nodeCodec();
  const output = nodeFolder(target);
  const names = await jpegsOf(place);
  const progress = progressOf('exporting', terminal);
  let [written, without] = [0, 0];
  for (const [i, name] of names.entries()) {
    signal.throwIfAborted();
    try {
      const path = place.folder.describe(name);
      const { metadata, jpeg } = readFace(await readWhole(place.folder, name), path);
      if (metadata.xsegMask === undefined && metadata.polygons.length === 0) without++;
      else {
        const image = grayBytes(await maskOfFace(metadata, [jpeg.width, jpeg.height], codec, path));
        await output.write(name.replace(/\.[^.]*$/, '_mask.jpg'), [await codec.encodeJpeg(image, toolQuality)]);
        written++;
      }
    } catch (error) {
      if (!(error instanceof LiaeError) || error instanceof ResourceError) throw error;
      terminal.note(`left out ${name}: ${error.brief()}`);
    }
    progress(i + 1, names.length);
  }
  terminal.out(`${counted(written, 'mask')} in ${target}${without > 0 ? `; ${counted(without, 'face')} without mask or polygons` : ''}\n`);
  return 0;
}
