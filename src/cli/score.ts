/** `liae score`: swapped faces against the truth, where the truth is known, as for rendered people. */
import { resolve } from 'node:path';
import { FormatError } from '../base/index.ts';
import { faceTypeFromLetter } from '../face/index.ts';
import { faceSource, openFaces } from '../faceset/index.ts';
import { createSwapper } from '../models/index.ts';
import { nodeCodec } from '../platform/node/codec.ts';
import { nodeFolder } from '../platform/node/files.ts';
import { type OpenedModel, openModel } from '../platform/node/openModel.ts';
import { ortBackend } from '../platform/node/ortBackend.ts';
import { swapFaces } from '../platform/node/swapFaces.ts';
import { required } from './args.ts';
import type { Command } from './command.ts';
import { meanScore, type Score, type ScoredFace, scoreFace, scoreText } from './truthScore.ts';

const BATCH = 8;

export const score: Command = {
  name: 'score',
  summary: 'compare swapped faces with a known truth',
  usage: '--model DIR --faces DIR --truth DIR [--json]',
  about:
    'For every aligned face NAME of --faces that has NAME.jpg (what a perfect swap shows) and NAME_mask.png (where to compare) in --truth: DSSIM and PSNR of the swapped face, beside those of the untouched face.',
  flags: [
    { name: 'model', kind: 'value', shape: 'DIR', help: 'folder of the model' },
    { name: 'faces', kind: 'value', shape: 'DIR', help: 'aligned destination faces' },
    { name: 'truth', kind: 'value', shape: 'DIR', help: 'true pictures and masks by the names of the faces' },
    { name: 'json', kind: 'switch', help: 'print one JSON object' },
  ],
  async run(args, { out, note }) {
    const model = await openModel(resolve(required(args, 'model', 'the folder of the model')), note);
    const faces = resolve(required(args, 'faces', 'a folder of aligned faces'));
    const truth = resolve(required(args, 'truth', 'a folder of true pictures'));
    const { swap, untouched, count } = await scoreFolder(model, faces, truth);
    if (args.values.json === true) out(`${JSON.stringify({ iteration: model.iteration, faces: count, swap, untouched })}\n`);
    else out(`swapped    ${scoreText(swap)}\nuntouched  ${scoreText(untouched)}\n${count} faces, iteration ${model.iteration}\n`);
    return 0;
  },
};

export interface FolderScore {
  readonly swap: Score;
  readonly untouched: Score;
  readonly count: number;
}

/**
 * @param onFace told of each face that has a truth.
 * @throws FormatError if none has.
 */
export async function scoreFolder(
  { config, options, state }: OpenedModel,
  faces: string,
  truth: string,
  onFace: (face: ScoredFace) => void = () => {},
): Promise<FolderScore> {
  const codec = nodeCodec();
  await using set = await openFaces(nodeFolder(faces));
  const source = faceSource(set, codec);
  await using swapper = await createSwapper(ortBackend(), {
    config,
    weights: state.tensors,
    batch: Math.min(BATCH, source.count),
    lowering: options.lowering,
  });
  const faceType = faceTypeFromLetter(options.face_type)!;
  const found: { swap: Score; untouched: Score }[] = [];
  const onBroken = (error: unknown): never => {
    throw error;
  };
  for await (const swapped of swapFaces(swapper, source, { resolution: config.resolution, faceType, onBroken })) {
    const scored = await scoreFace(codec, swapped, truth, faceType);
    if (scored === undefined) continue;
    onFace(scored);
    found.push({ swap: scored.swap, untouched: scored.untouched });
  }
  if (found.length === 0)
    throw new FormatError(`${truth}: no truth for any face of ${faces}`, { expected: 'NAME.jpg and NAME_mask.png for a face NAME' });
  return { swap: meanScore(found.map((f) => f.swap)), untouched: meanScore(found.map((f) => f.untouched)), count: found.length };
}
