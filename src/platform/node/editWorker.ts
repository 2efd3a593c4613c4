/** A thread that makes new versions of faces: each file in, the new file out. */
import { workerData } from 'node:worker_threads';
import { readFace } from '../../faceset/index.ts';
import { nodeCodec } from './codec.ts';
import { type EditRequest, editOf, type FaceChange } from './editPool.ts';
import { openFaceModels } from './faceModels.ts';
import { serve } from './workerPool.ts';

let models: ReturnType<typeof openFaceModels> | undefined;
const edit = editOf(workerData as FaceChange, nodeCodec(), () => {
  models ??= openFaceModels({ note: (line) => tell(line) });
  return models;
});

const tell = serve({ answer: async ({ name, bytes }: EditRequest) => edit({ ...readFace(bytes, name), name, bytes }) });
