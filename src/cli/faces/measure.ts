/** Measuring a folder of faces from the command line: progress, Ctrl-C, and the identity network where it is needed. */
import { ResourceError } from '../../base/index.ts';
import type { ImageSet, MeasureName, Measures } from '../../curate/index.ts';
import { measureFolder } from '../../platform/node/curateWorkers.ts';
import { openFaceModels } from '../../platform/node/faceModels.ts';
import type { FaceModels } from '../../vision/index.ts';
import type { Terminal } from '../command.ts';
import { progressOf } from './longRun.ts';

/**
 * @param path  the folder of the images.
 * @throws ResourceError if identities are wanted that are neither in the files nor can be computed here.
 * @throws the signal's reason if it aborts.
 */
export async function measureImages(
  path: string,
  images: ImageSet,
  wanted: readonly MeasureName[],
  {
    signal,
    terminal,
    progress = progressOf('measuring', terminal),
  }: {
    readonly signal: AbortSignal;
    readonly terminal: Terminal;
    readonly progress?: ((done: number, total: number) => void) | undefined;
  },
): Promise<Measures> {
  await using models = wanted.includes('identity') ? await openFaceModels({ note: terminal.note }) : undefined;
  const lacking = new AbortController();
  const measures = await measureFolder(path, images, wanted, {
    models: models && withoutExcuse(models, (error) => lacking.abort(error)),
    signal: AbortSignal.any([signal, lacking.signal]),
    progress,
  });
  lacking.signal.throwIfAborted();
  return measures;
}

/** A face that cannot be measured is the file's fault; a network that is not there is not, and ends the run. */
function withoutExcuse(models: FaceModels, onLacking: (error: ResourceError) => void): FaceModels {
  return {
    detect: (...given) => models.detect(...given),
    mesh: (...given) => models.mesh(...given),
    glance: (...given) => models.glance(...given),
    person: (...given) => models.person(...given),
    async identity(...given) {
      try {
        return await models.identity(...given);
      } catch (error) {
        if (error instanceof ResourceError) onLacking(error);
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => models[Symbol.asyncDispose](),
  };
}
