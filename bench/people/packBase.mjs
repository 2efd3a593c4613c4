// The weights of a trained base model as the demo ships them: half precision with 4 bits of fraction, gzipped. inter_AB stays out, as after
// pretraining in the reference: there it has learned to tell people apart, which a swap must not.
//
//     node bench/people/packBase.mjs MODEL FILE
//
// A start for training needs no more: the rounding is 3 % of a weight at most, and training goes on from there.
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { writeSafetensors } from '../../dist/base/index.js';
import { readWeights } from '../../dist/platform/node/weightsFile.js';

const [model, file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node bench/people/packBase.mjs MODEL FILE');
  process.exit(2);
}

const BITS = 4;
const [float, word] = [new Float32Array(1), new Uint32Array(1)];
const bits = new Uint32Array(float.buffer);

/** The half-precision word nearest to x with BITS bits of fraction; what is too small becomes 0. */
function half(x) {
  float[0] = x;
  const keep = 23 - BITS;
  word[0] = bits[0] + 2 ** (keep - 1); // to nearest
  const sign = (word[0] >>> 16) & 0x8000;
  const exponent = ((word[0] >>> 23) & 255) - 112;
  if (exponent <= 0) return sign;
  if (exponent >= 31) throw new Error(`${x} is too large for half precision`);
  return sign | (exponent << 10) | (((word[0] & 0x7fffff) >>> keep) << (10 - BITS));
}

const networks = /^(encoder|inter_B|decoder)\//;
const weights = [...(await readWeights(model))].filter(([name]) => networks.test(name));
const stored = weights.map(([name, { shape, data }]) => [name, { kind: 'F16', shape, data: Uint16Array.from(data, half) }]);
const packed = gzipSync(Buffer.concat(writeSafetensors(stored)), { level: 9 });
writeFileSync(file, packed);
console.log(`${weights.length} tensors, ${(packed.length / 1e6).toFixed(2)} MB: ${file}`);
