/**
 * Training samples a second on one core: for 128 and 256 pixels, without colour transfer and with rct, reading and decoding each JPEG and
 * from decoded faces. CPU time counts, so other load on the machine disturbs little.
 *
 *   npm run bench -- samples [folder of aligned faces, the demo's if left out] [seconds per line]
 */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { cachedFaces, sharedFaces } from '../dist/platform/node/faceCache.js';
import { openFaceFolder } from '../dist/platform/node/openFaces.js';
import { sideBuffers, sideSampler } from '../dist/sample/index.js';

const [folder = fileURLToPath(new URL('../test/faces/src', import.meta.url)), seconds = '3'] = process.argv.slice(2);

const BATCH = 8;
const faces = await openFaceFolder(folder);
const first = await faces.face(0);
console.log(`${faces.count} faces of ${first.image.width} pixels (${first.faceType}), ${cpus()[0]?.model.trim()}, Node ${process.version}`);
console.log('resolution  faces       colours  faces are   samples/s');
for (const resolution of [128, 256]) {
  for (const faceType of [first.faceType, 'full_face']) {
    for (const colourMode of [undefined, 'rct']) {
      for (const cached of [false, true]) {
        const rate = await measure({ resolution, faceType, colourMode, cached });
        const cells = [
          String(resolution).padEnd(11),
          faceType.padEnd(11),
          (colourMode ?? 'none').padEnd(8),
          (cached ? 'cached' : 'read').padEnd(11),
        ];
        console.log(cells.join(' '), rate.toFixed(0).padStart(5));
      }
    }
  }
}

async function measure({ resolution, faceType, colourMode, cached }) {
  const source = cached ? cachedFaces(faces, sharedFaces(faces.count, 2 ** 30)) : faces;
  const options = {
    ...{ resolution, faceType, colourMode, randomFlip: true, randomWarp: true, hsvPower: 0, uniformYaw: false },
    ...{ symmetricWarp: true, halfPixelShift: true },
  };
  const fill = sideSampler({ side: 'src', seed: 1, batchSize: BATCH, options, faces: source, colours: source });
  const out = sideBuffers(resolution, BATCH);
  let iteration = 0;
  for (const warm = Math.ceil((2 * faces.count) / BATCH); iteration < warm; iteration++) await fill(iteration, 0, out);
  const [before, from] = [process.cpuUsage(), performance.now()];
  const start = iteration;
  while (performance.now() - from < Number(seconds) * 1000) await fill(iteration++, 0, out);
  const { user, system } = process.cpuUsage(before);
  return ((iteration - start) * BATCH * 1e6) / (user + system);
}
