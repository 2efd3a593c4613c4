/** Measuring a folder of faces from the command line: progress, Ctrl-C, and the identity network where it is needed. */
import { ResourceError } from '../../base/index.ts';
import { type ImageSet, type MeasureName, type Measurer, type Measures, measureFaces, measurerOf } from '../../curate/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';
import { openFaceModels } from '../../platform/node/faceModels.ts';
import type { Terminal } from '../command.ts';
import { progressOf } from './longRun.ts';

/**
 * @throws ResourceError if identities are wanted that are neither in the files nor can be computed here.
 * @throws the signal's reason if it aborts.
 */
export async function measureImages(
  images: ImageSet,
  wanted: readonly MeasureName[],
  { signal, terminal }: { readonly signal: AbortSignal; readonly terminal: Terminal },
): Promise<Measures> {
  await using models = wanted.includes('identity') ? await openFaceModels({ note: terminal.note }) : undefined;
  const lacking = new AbortController();
  const plain = measurerOf(nodeCodec(), models);
  // A face that cannot be measured is the file's fault; a network that is not there is not.
  const measurer: Measurer = {
    parallel: plain.parallel,
    async measure(job) {
      try {
        return await plain.measure(job);
      } catch (error) {
        if (error instanceof ResourceError) lacking.abort(error);
        throw error;
      }
    },
  };
  const either = AbortSignal.any([signal, lacking.signal]);
  const measures = await measureFaces(images, wanted, { measurer, signal: either, progress: progressOf('measuring', terminal) });
  lacking.signal.throwIfAborted();
  return measures;
}
