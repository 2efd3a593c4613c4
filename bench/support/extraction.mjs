/** An extraction as the benchmarks order it: what it stands on, and the job. */
import { openInput } from '../../dist/platform/node/openInput.js';

/** @param models  a promise of the face models, held by the caller. */
export const extractionTools = (models) => ({
  open: openInput,
  models: () => models,
  networks: async (names) => (await models).addresses(names),
  now: () => performance.now(),
});

export const extractionJob = (clip, out, { size, workers }) => ({
  ...{ inputs: [clip], out, make: { faceType: 'whole_face', size, quality: 90 }, tiles: 1, turned: false, workers },
  ...{ choose: { maxFaces: 0, minSize: 40, minScore: 0 }, smooth: true, fill: true, debug: false, again: false, tool: 'bench' },
});
