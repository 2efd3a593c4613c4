/** What tests of merging begin with: clips with exact faces, and a model that has hardly been trained. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type FaceOrigin, makeFace } from '../../src/extract/index.ts';
import { openClip } from '../../src/platform/node/video.ts';
import { liae } from './built.ts';

export const clip = (name: string): string => fileURLToPath(new URL(`../clips/${name}`, import.meta.url));

type Tracks = Record<string, readonly { readonly landmarks: readonly number[] }[]>;
const { clips: exact } = JSON.parse(readFileSync(clip('landmarks.json'), 'utf8')) as { clips: Tracks };

/** Faces of a clip as extraction would make them, from landmarks that are known exactly. @param dx  how far the clip is shifted against them. */
export async function exactFaces(
  path: string,
  folder: string,
  tracks: readonly { track: string; dx: number }[],
  to?: number,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await using source = await openClip(path);
  for await (const { index, time, image } of source.frames({ to })) {
    for (const [i, { track, dx }] of tracks.entries()) {
      const landmarks = Float32Array.from(exact[track]![index]!.landmarks, (v, k) => (k % 2 === 0 ? v + dx : v));
      const stem = String(index + 1).padStart(5, '0');
      const origin: FaceOrigin = { stem, sourceFilename: `${stem}.png`, hash: source.info.hash };
      const fields = { frame: index, time, sourceHash: origin.hash };
      const plan = { file: `${stem}_${i}.jpg`, sourceFilename: origin.sourceFilename, rect: [0, 0, 9, 9] as const, landmarks, fields };
      writeFileSync(join(folder, plan.file), makeFace({ x: 0, y: 0, image }, plan, { faceType: 'whole_face', size: 256, quality: 90 }));
    }
  }
}

/** A model of 64 pixels after one iteration. */
export async function tinyModel(folder: string): Promise<void> {
  const source = fileURLToPath(new URL('../faces/', import.meta.url));
  const sizes = ['--archi', 'liae', '--resolution', '64', '--ae-dims', '32', '--e-dims', '16', '--d-dims', '16', '--d-mask-dims', '16'];
  const rest = ['--batch-size', '2', '--workers', '1', '--face-type', 'f', '--target', '1', '--seed', '5'];
  const asked = ['train', '--model', folder, '--src', join(source, 'src'), '--dst', join(source, 'dst'), ...sizes, ...rest];
  const { code, err } = await liae(asked);
  expect(code, err).toBe(0);
}
