/**
 * The files of the face networks: which npm package has them, what they must hash to, and how each becomes ONNX. Versions and checksums
 * are pinned together: another file would be another network.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { FormatError, ResourceError } from '../../base/index.ts';
import { onnxFromIdentityWeights, onnxFromTflite } from '../../tflite/index.ts';
import { coarseOutputs, type FaceNetworkName } from '../../vision/index.ts';

export interface NetworkSource {
  /** Name and version on npm. */
  readonly package: string;
  readonly version: string;
  /** What it is needed for, to be said where it is missing. */
  readonly purpose: string;
  /** Paths inside the package with their SHA-256. */
  readonly files: readonly (readonly [path: string, sha256: string])[];
  readonly convert: (files: readonly Uint8Array[], name: string) => Uint8Array;
}

const detection = { package: '@mediapipe/face_detection', version: '0.4.1657300184', purpose: 'finding faces' };
const one = (files: readonly Uint8Array[], name: string): Uint8Array => onnxFromTflite(files[0]!, name);

/** Several files in a row; face_mesh_solution_packed_assets_loader.js says that this one comes first and how long it is. */
const mesh = {
  ...{ package: '@mediapipe/face_mesh', version: '0.4.1657299874', purpose: 'landmarks' },
  files: [['face_mesh_solution_packed_assets.data', 'dbe5905c582c0462cdaea17e7e6ecea92edaa8cccc515c5e2e7291f2cbb5fb99']],
  bytes: 2495952,
} as const;

export const networkSources: Readonly<Record<FaceNetworkName, NetworkSource>> = {
  fullRange: {
    ...detection,
    files: [['face_detection_full_range.tflite', '99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3']],
    convert: one,
  },
  shortRange: {
    ...detection,
    files: [['face_detection_short_range.tflite', '3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633']],
    convert: one,
  },
  attentionMesh: { ...mesh, convert: ([assets], name) => onnxFromTflite(assets!.subarray(0, mesh.bytes), name) },
  coarseMesh: { ...mesh, convert: ([assets], name) => onnxFromTflite(assets!.subarray(0, mesh.bytes), name, coarseOutputs) },
  person: {
    package: '@mediapipe/selfie_segmentation',
    version: '0.1.1675465747',
    purpose: 'telling people from background',
    files: [['selfie_segmentation.tflite', '8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27']],
    convert: one,
  },
  identity: {
    package: '@vladmandic/face-api',
    version: '1.7.15',
    purpose: 'telling people apart',
    files: [
      ['model/face_recognition_model-weights_manifest.json', 'cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b'],
      ['model/face_recognition_model.bin', 'b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589'],
    ],
    convert: ([manifest, weights], name) => onnxFromIdentityWeights(manifest!, weights!, name),
  },
};

/**
 * The files of a network, as pinned.
 *
 * @throws ResourceError if the package is not installed, FormatError if it holds other files.
 */
export async function readNetworkFiles(source: NetworkSource, folder = packageFolder(source)): Promise<readonly Uint8Array[]> {
  return await Promise.all(
    source.files.map(async ([path, expected]) => {
      const bytes = await readFile(join(folder, path)).catch((cause: unknown) => {
        throw missing(source, cause);
      });
      const found = createHash('sha256').update(bytes).digest('hex');
      if (found === expected) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      throw new FormatError(`${source.package}/${path}: not the file that liae was made for`, {
        found: `SHA-256 ${found}`,
        expected: `SHA-256 ${expected}, of version ${source.version}`,
        next: `npm install ${source.package}@${source.version}`,
      });
    }),
  );
}

function packageFolder(source: NetworkSource): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${source.package}/package.json`));
  } catch (cause) {
    throw missing(source, cause);
  }
}

const missing = (source: NetworkSource, cause: unknown): ResourceError =>
  new ResourceError(`${source.package}: the package is not installed; ${source.purpose} needs its network`, {
    found: cause instanceof Error ? cause.message.split('\n')[0] : String(cause),
    next: `npm install ${source.package}@${source.version}`,
    cause,
  });
