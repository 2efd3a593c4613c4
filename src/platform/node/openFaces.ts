/** A folder of aligned faces on this machine as a source of samples: the faceset's reader, this platform's files and codec. */
import { faceSource, openFaces, type SkippedFile } from '../../faceset/index.ts';
import type { FaceSource } from '../../sample/index.ts';
import { nodeCodec } from './codec.ts';
import { nodeFolder } from './files.ts';

export interface OpenFaces extends FaceSource, AsyncDisposable {
  /** The file of a face, without its folder. */
  readonly name: (index: number) => string;
  /** Files of the folder that are no usable faces, and why. */
  readonly skipped: readonly SkippedFile[];
}

/** @throws FormatError if the folder holds no usable faces. */
export async function openFaceFolder(path: string): Promise<OpenFaces> {
  const faces = await openFaces(nodeFolder(path));
  try {
    return { ...faceSource(faces, nodeCodec()), [Symbol.asyncDispose]: () => faces[Symbol.asyncDispose]() };
  } catch (error) {
    await faces[Symbol.asyncDispose]();
    throw error;
  }
}
