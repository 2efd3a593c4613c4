/**
 * Feeds damaged files to the parsers of untrusted formats. A parser may accept an input or refuse it with a LiaeError; anything else that
 * is thrown, or a second spent on one input, is a finding. Used by main.mjs on the built program and by test/fuzz.test.ts on the sources.
 */
import { readFileSync } from 'node:fs';
import { sampleNetworks } from './liteFile.mjs';
import { mutate } from './mutate.mjs';
import { ownNames, ownParsers } from './ownFiles.mjs';

export const parserNames = ['pickle', 'jpeg', 'pak', 'safetensors', 'tflite', ...ownNames];

const limits = { milliseconds: 1000 };

/**
 * The parsers and the files that their inputs are made from.
 *
 * @param room { ...base, ...faceset, ...tflite, ...dfl } and by name those that ownFiles.mjs wants: what the rooms export.
 * @param golden the folder of golden vectors, a URL that ends with a slash.
 */
export function parsers(room, golden) {
  const file = (path) => Uint8Array.from(readFileSync(new URL(path, golden)));
  const faces = ['00001_0', '00002_0', '00003_0', '00003_1', '00005_0', 'mark_only_0', 'proto2_0', 'proto5_0'].map((name) =>
    file(`tools/dfljpg/${name}.jpg`),
  );
  const paks = ['flat', 'persons'].map((name) => file(`tools/dfljpg/faceset_${name}.pak`));
  const tables = paks.map((pak) => pak.subarray(16, 16 + Number(new DataView(pak.buffer).getBigUint64(8, true))));
  const payloads = faces.map((face) => room.app15(room.readJpeg(face, 'seed')));
  const models = ['SAEHD_default_options.dat', 'tiny_SAEHD_encoder.npy', 'tiny_SAEHD_inter_B.npy'].map((name) => file(`files/${name}`));
  const pickles = [...payloads, ...tables, ...models, ...pickledExtras(room)];
  const tensors = ['op_spatial', 'op_optimizers', 'm_trueface'].map((name) => file(`${name}.safetensors`));

  const networks = sampleNetworks();

  const usePickle = (bytes) => {
    const value = room.readPickle(bytes, 'input');
    if (room.isDict(value)) {
      room.optionsOf(value);
      for (const part of value.values()) if (part instanceof room.PyArray) part.values();
    }
    room.writePickle(value, 3);
    room.writePickle(value, 4);
    if (room.isDict(value) && value.has('landmarks')) room.faceMetadata(value, 'input');
  };
  const useJpeg = (bytes) => {
    room.readJpeg(bytes, 'input');
    const face = room.readFace(bytes, 'input');
    room.writeFace(bytes, face.metadata, 'input', face.dict);
  };
  const usePak = async (bytes) => {
    const source = { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
    const entries = await room.readPak(source, 'input');
    room.pakHeader(
      entries,
      entries.map((entry) => entry.length),
    );
  };
  const useSafetensors = (bytes) => {
    const { tensors, metadata } = room.readSafetensors(bytes, 'input');
    room.writeSafetensors(tensors, metadata);
  };
  return {
    pickle: { use: usePickle, make: (rng) => mutate(rng, pick(rng, pickles), pickles) },
    // Half of the inputs are damaged as a whole, half only inside, so that the outer lengths still fit and the inner parser is reached.
    jpeg: {
      use: useJpeg,
      make: (rng) => {
        if (rng.integer(0, 2) === 0) return mutate(rng, pick(rng, faces), faces);
        const payload = mutate(rng, pick(rng, payloads), pickles);
        return room.withApp15(pick(rng, faces), payload.subarray(0, 65533), 'seed');
      },
    },
    pak: {
      use: usePak,
      make: (rng) => {
        const pak = pick(rng, paks);
        if (rng.integer(0, 2) === 0) return mutate(rng, pak, paks);
        const table = mutate(rng, pick(rng, tables), pickles);
        const rest = pak.subarray(16 + Number(new DataView(pak.buffer).getBigUint64(8, true)));
        const head = new DataView(new ArrayBuffer(16));
        head.setBigUint64(0, 1n, true);
        head.setBigUint64(8, BigInt(table.length), true);
        return room.concatenate([new Uint8Array(head.buffer), table, rest]);
      },
    },
    safetensors: {
      use: useSafetensors,
      make: (rng) => {
        const seed = pick(rng, tensors);
        if (rng.integer(0, 2) === 0) return mutate(rng, seed, tensors);
        const length = Number(new DataView(seed.buffer, seed.byteOffset).getBigUint64(0, true));
        const header = mutate(rng, seed.subarray(8, 8 + length), tensors);
        const head = new DataView(new ArrayBuffer(8));
        head.setBigUint64(0, BigInt(header.length), true);
        return room.concatenate([new Uint8Array(head.buffer), header, seed.subarray(8 + length)]);
      },
    },
    tflite: {
      use: (bytes) => void room.onnxFromTflite(bytes, 'input'),
      make: (rng) => mutate(rng, pick(rng, networks), networks),
    },
    ...ownParsers(room, faces),
  };
}

/**
 * Runs `count` inputs through one parser.
 *
 * @returns counts, the slowest input, and findings as text; the same for the same arguments, times aside.
 */
export async function campaign({ name, parser, room, count, seed, first = 0 }) {
  let [accepted, refused, slowestMs, slowest] = [0, 0, 0, -1];
  const findings = [];
  for (let i = first; i < first + count && findings.length < 10; i++) {
    const bytes = parser.make(room.streamFor(seed, 'fuzz', name, i));
    const start = performance.now();
    try {
      await parser.use(bytes);
      accepted++;
    } catch (error) {
      refused++;
      if (!(error instanceof room.LiaeError)) findings.push(`input ${i}: ${error?.stack ?? error}`);
    }
    const spent = performance.now() - start;
    if (spent > slowestMs) [slowestMs, slowest] = [spent, i];
    if (spent > limits.milliseconds) findings.push(`input ${i}: ${spent.toFixed(0)} ms`);
  }
  return { name, count, accepted, refused, slowestMs, slowest, findings };
}

const pick = (rng, items) => items[rng.integer(0, items.length)];

/** Kinds of values that the golden files lack. */
function pickledExtras(room) {
  const values = new Map([
    ['tuple', new room.PyTuple([1n, new room.PyTuple([]), 'x'])],
    ['scalars', [room.pyScalar('i8', 3), room.pyScalar('f8', 0.5)]],
    ['long', 2n ** 100n],
    ['floats', Array.from({ length: 40 }, (_, i) => [i / 3, i / 7])],
    ['ordered', new room.PyOrderedDict([['a', 1n]])],
    ['array', new room.PyArray('f4', [2, 3], new Uint8Array(24), true)],
  ]);
  return [3, 4].map((protocol) => room.concatenate(room.writePickle(values, protocol)));
}
