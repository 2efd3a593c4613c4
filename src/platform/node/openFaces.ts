/** A folder of aligned faces on this machine as a source of samples: the faceset's reader, this platform's files and codec. */
import { faceSource, openFaces, readJpeg } from '../../faceset/index.ts';
import type { FaceSource } from '../../sample/index.ts';
import { nodeCodec } from './codec.ts';
import { nodeFolder } from './files.ts';

/** @throws FormatError if the folder holds no faces. */
export async function openFaceFolder(path: string): Promise<FaceSource & AsyncDisposable> {
  const faces = await openFaces(nodeFolder(path));
  const source = faceSource(faces, nodeCodec());
  return {
    ...source,
    async shape(index) {
      const { bytes, metadata } = await faces.read(index);
      return { landmarks: metadata.landmarks, size: readJpeg(bytes, faces.name(index), 'header').width };
    },
    [Symbol.asyncDispose]: () => faces[Symbol.asyncDispose](),
  };
}
