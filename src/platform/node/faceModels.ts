/**
 * The face networks on Node: found in their npm packages, checked, converted to ONNX once and kept in a cache, each compiled when it is
 * first asked for.
 */
import { ResourceError } from '../../base/index.ts';
import type { FaceModels } from '../../vision/index.ts';

export interface FaceModelOptions {
  /** Threads of one run; 1 if left out, as more of them wait for each other on a busy machine. */
  readonly threads?: number | undefined;
  /** Where converted networks are kept; a folder of the user's cache if left out. */
  readonly cacheDir?: string | undefined;
  /** Told about what the user may want to know, a sentence each. */
  readonly note?: ((line: string) => void) | undefined;
}

/**
 * Opens the face networks; nothing is read before it is needed.
 *
 * @throws ResourceError, from the first call that needs it, if a package is missing.
 */
export async function openFaceModels(_options: FaceModelOptions = {}): Promise<FaceModels> {
  throw new ResourceError('the face networks are not here yet');
}
