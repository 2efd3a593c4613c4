/** `liae swap`: the swapped face and its mask for every aligned face of a set. Merging them into frames is another step. */

import { mkdir } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { LiaeError, OptionError, ResourceError } from '../base/index.ts';
import { faceTypeFromLetter } from '../face/index.ts';
import { faceSource, openFaces } from '../faceset/index.ts';
import { grayBytes, rgbBytes } from '../image/index.ts';
import { createSwapper } from '../models/index.ts';
import { nodeCodec } from '../platform/node/codec.ts';
import { nodeFolder, replaceFile } from '../platform/node/files.ts';
import { openModel } from '../platform/node/openModel.ts';
import { ortBackend } from '../platform/node/ortBackend.ts';
import { ingredientOf, signPicture } from '../platform/node/provenance/index.ts';
import { swapFaces } from '../platform/node/swapFaces.ts';
import { type Args, optional, required } from './args.ts';
import type { Command } from './command.ts';
import { markingFlags, modelHash, openMarking } from './marking.ts';

const BATCH = 8;

export const swap: Command = {
  name: 'swap',
  summary: 'swapped face and mask for every aligned face of a set',
  usage: '--model DIR --faces DIR --out DIR [options]',
  about:
    'Writes NAME.png (the swapped face at the resolution and crop of the model) and NAME_mask.png for every face of the set. The pictures carry content credentials and the IPTC digital source type of a composite with trained algorithmic media; liae verify shows them.',
  flags: [
    { name: 'model', kind: 'value', shape: 'DIR', help: 'folder of the model' },
    { name: 'faces', kind: 'value', shape: 'DIR', help: 'aligned destination faces, loose or packed' },
    { name: 'out', kind: 'value', shape: 'DIR', help: 'where the pictures go' },
    { name: 'lowering', kind: 'value', shape: 'fast|direct', help: 'how convolutions are computed', default: 'that of the model' },
    ...markingFlags,
  ],
  async run(args, { out, note }) {
    const target = resolve(required(args, 'out', 'a folder for the pictures'));
    const model = await openModel(resolve(required(args, 'model', 'the folder of the model')), note);
    const count = await swapFolder({
      ...{ model, faces: resolve(required(args, 'faces', 'a folder of aligned faces')), target, note },
      lowering: loweringOf(optional(args, 'lowering') ?? model.options.lowering),
      args,
    });
    out(`${count} swapped faces in ${target}\n`);
    return 0;
  },
};

function loweringOf(text: string): 'fast' | 'direct' {
  if (text === 'fast' || text === 'direct') return text;
  throw new OptionError(`--lowering ${text}: no such lowering`, { expected: 'fast or direct' });
}

export interface SwapJob {
  readonly model: Awaited<ReturnType<typeof openModel>>;
  /** The folder of aligned faces. */
  readonly faces: string;
  /** Where the pictures go. */
  readonly target: string;
  readonly lowering: 'fast' | 'direct';
  /** Where the flags of marking are; marked with the local key if left out. */
  readonly args?: Args;
  readonly note: (line: string) => void;
}

/** @returns how many faces were written. */
export async function swapFolder({ model, faces, target, lowering, args = { values: {}, rest: [] }, note }: SwapJob): Promise<number> {
  const { config, options, state, iteration } = model;
  const facts = { name: options.archi, iteration, hash: modelHash(state.tensors) };
  const { signer, claim } = await openMarking(args, facts, note);
  await using set = await openFaces(nodeFolder(faces));
  const codec = nodeCodec();
  const source = faceSource(set, codec);
  for (const { name, cause } of source.skipped) note(`skipped ${name}: ${cause}`);
  await mkdir(target, { recursive: true });
  await using swapper = await createSwapper(ortBackend(), {
    config,
    weights: state.tensors,
    batch: Math.min(BATCH, source.count),
    lowering,
  });
  const faceType = faceTypeFromLetter(options.face_type)!;
  const names = new Set<string>();
  const started = performance.now();
  let [done, broken, told] = [0, 0, started];
  const onBroken = (error: unknown): void => {
    if (!(error instanceof LiaeError)) throw error;
    broken++;
    note(error.report());
  };
  for await (const { dst, face, mask } of swapFaces(swapper, source, { resolution: config.resolution, faceType, onBroken })) {
    const parent = await ingredientOf(undefined, dst.name);
    const stem = freshName(basename(dst.name, extname(dst.name)), names);
    for (const [file, picture] of [
      [`${stem}.png`, rgbBytes(face)],
      [`${stem}_mask.png`, grayBytes(mask)],
    ] as const) {
      const png = await codec.encodePng(picture);
      await replaceFile(join(target, file), [signer === undefined ? png : signPicture(png, file, claim(parent), signer)]);
    }
    done++;
    const now = performance.now();
    if (now - told > 2000 || done === source.count) {
      const rate = (done / (now - started)) * 1000;
      note(`${done} of ${source.count} faces, ${rate.toFixed(1)} a second, ${Math.ceil((source.count - done) / rate)} s left`);
      told = now;
    }
  }
  if (done === 0) throw new ResourceError(`${faces}: no face could be read`, { found: `${broken} broken`, next: 'check the folder' });
  return done;
}

/** Faces of several persons in one pak may share a name: the second becomes NAME-2. */
function freshName(stem: string, taken: Set<string>): string {
  let name = stem;
  for (let i = 2; taken.has(name); i++) name = `${stem}-${i}`;
  taken.add(name);
  return name;
}
