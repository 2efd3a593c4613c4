/**
 * The samples of one side of the batches: picks the faces, draws the numbers, makes the samples. Batch i is a pure function of the
 * seed, i, the options and the faces, whoever makes it and whatever was made before.
 */
import { streamFor } from '../base/index.ts';
import { type ColourTarget, colourTarget, floatFromBytes, labTable, resize } from '../image/index.ts';
import { drawSample } from './draws.ts';
import type { FaceSource } from './faceSource.ts';
import type { SampleOptions } from './options.ts';
import { type Order, shuffledPasses, uniformYawOrder } from './order.ts';
import { facePreparer } from './prepare.ts';
import { type SideBuffers, sampleMaker } from './sample.ts';
import { type BrokenFace, usableFaces } from './usableFaces.ts';

export interface SideSetup {
  /** Tells the random streams of the sides apart. */
  readonly side: 'src' | 'dst';
  readonly seed: number;
  readonly batchSize: number;
  readonly options: SampleOptions;
  readonly faces: FaceSource;
  /** Whose colours the samples take if options.colourMode is set: the faces of the other side. */
  readonly colours?: FaceSource | undefined;
  /** The yaw of each face, for options.uniformYaw; see measureYaws. */
  readonly yaws?: ArrayLike<number> | undefined;
  /** Told of faces that cannot be read, of either side; others take their places. */
  readonly onBroken?: ((broken: BrokenFace) => void) | undefined;
}

/**
 * Fills one side of the batch of an iteration.
 *
 * @param attempt  another number draws other samples.
 * @throws FormatError if no face is usable.
 */
export type FillSide = (iteration: number, attempt: number, out: SideBuffers) => Promise<void>;

export function sideSampler(setup: SideSetup): FillSide {
  const { side, seed, batchSize, options, faces, colours, onBroken = () => {} } = setup;
  const { resolution, faceType, colourMode } = options;
  const table = labTable();
  const prepare = facePreparer(resolution, faceType);
  const makeSample = sampleMaker(resolution, table);
  const order: Order =
    options.uniformYaw && setup.yaws !== undefined ? uniformYawOrder(seed, side, setup.yaws) : shuffledPasses(seed, side, faces.count);
  const colourOrder = shuffledPasses(seed, `${side} colours`, colours?.count ?? 1);
  const moments = new Map<number, ColourTarget>();

  const faceAt = usableFaces({ side, count: faces.count, onBroken }, async (index) => prepare(await faces.face(index)));
  const otherSide = side === 'src' ? 'dst' : 'src';
  /** Targets that are two moments stay in memory; those that are pictures do not. */
  const coloursAt = usableFaces({ side: otherSide, count: colours?.count ?? 0, onBroken }, async (index) => {
    const kept = moments.get(index);
    if (kept !== undefined) return kept;
    const picture = floatFromBytes((await colours!.face(index)).image);
    const target = colourTarget(colourMode!, resize(picture, resolution, resolution, 'linear'), table);
    if (!('pixels' in target)) moments.set(index, target);
    return target;
  });

  const hasColours = colourMode !== undefined && colours !== undefined;
  return async (iteration, attempt, out) => {
    for (let index = 0; index < batchSize; index++) {
      const position = iteration * batchSize + index;
      const face = await faceAt(order(position, attempt));
      const target = hasColours ? await coloursAt(colourOrder(position, attempt)) : undefined;
      const draws = drawSample(streamFor(seed, 'sample', side, attempt, iteration, index), options);
      makeSample(face, draws, target, out, { index, of: batchSize });
    }
  };
}

/** Empty buffers for one side of a batch. */
export function sideBuffers(resolution: number, batchSize: number): SideBuffers {
  const pixels = resolution * resolution * batchSize;
  const array = (channels: number): Float32Array => new Float32Array(pixels * channels);
  return { warped: array(3), target: array(3), mask: array(1), em: array(1) };
}
