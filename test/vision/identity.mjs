/**
 * Golden output of the identity network, run by face-api with TensorFlow.js (its own reader of the weights, wiring and normalization) on
 * the picture that networks.py draws, 150 pixels wide:
 *
 *   node test/vision/identity.mjs > test/vision/identity.json
 *
 * @vladmandic/face-api 1.7.15 with TensorFlow.js 4.22.0, backend cpu, Node 20.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const folder = createRequire(import.meta.url)
  .resolve('@vladmandic/face-api/package.json')
  .replace('package.json', '');
// The bundle is one for browsers and takes Node for something that it is not.
Object.defineProperty(process, 'versions', { value: {} });
const { env, nets, tf } = await import(`${folder}dist/face-api.esm.js`);

tf.env().setPlatform('plain', {
  now: () => performance.now(),
  encode: (text) => new TextEncoder().encode(text),
  decode: (bytes) => new TextDecoder().decode(bytes),
  isTypedArray: (value) => ArrayBuffer.isView(value) && !(value instanceof DataView),
});
class Nothing {}
env.setEnv({ Canvas: Nothing, CanvasRenderingContext2D: Nothing, Image: Nothing, ImageData: Nothing, Video: Nothing });
await tf.setBackend('cpu');
await tf.ready();
const manifest = JSON.parse(readFileSync(`${folder}model/face_recognition_model-weights_manifest.json`, 'utf8'));
const weights = Uint8Array.from(readFileSync(`${folder}model/face_recognition_model.bin`));
nets.faceRecognitionNet.loadFromWeightMap(
  tf.io.decodeWeights(
    weights.buffer,
    manifest.flatMap((group) => group.weights),
  ),
);
const input = tf.tensor3d(Float32Array.from(picture(150)), [150, 150, 3]);
const embedding = await nets.faceRecognitionNet.computeFaceDescriptor(input);
process.stdout.write(JSON.stringify({ side: 150, embedding: Array.from(embedding, (v) => Number(v.toPrecision(7))) }));

function picture(side) {
  const out = new Uint8Array(side * side * 3);
  for (let i = 0; i < out.length; i++) {
    const pixel = Math.floor(i / 3);
    const x = Math.floor(((pixel % side) * 256) / side) - 128;
    const y = Math.floor((Math.floor(pixel / side) * 256) / side) - 128;
    const base = 16 * x * x + 9 * (y + 20) ** 2 < 32400 ? [205, 160, 135] : x * x + (y - 130) ** 2 < 10000 ? [60, 60, 90] : [90, 110, 140];
    out[i] = base[i % 3] + (Math.imul(i, 2654435761) >>> 27);
  }
  return out;
}
