/**
 * Colours of faces in clips of high dynamic range: what a transfer does to them must look, on a display of standard range, as it does in the mapped
 * clip, whatever curve the signal has; and colours that BT.709 does not hold come back from the frame.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeClip } from '../../../test/support/makeClip.ts';
import { clip } from '../../../test/support/merging.ts';
import { type Picture, resolveMergeSettings } from '../../merge/index.ts';
import { type Frame, hlgScene, pqLight, ToneMap } from '../../video/index.ts';
import { type MergedResult, MergeHand, type MergeTask } from './mergeHand.ts';
import { openClip } from './video.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae wide ü '));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const SIDE = 128;
const tracks = JSON.parse(readFileSync(clip('landmarks.json'), 'utf8')) as { clips: Record<string, { landmarks: number[] }[]> };
const landmarks = Float64Array.from(tracks.clips.dst![0]!.landmarks);

async function firstFrame(path: string): Promise<Frame> {
  await using source = await openClip(path, { deep: true });
  for await (const frame of source.frames({ to: 1 })) return frame;
  throw new Error(path);
}

const transfers = { hlg: 'arib-std-b67', pq: 'smpte2084' } as const;
type Kind = keyof typeof transfers;

/** A clip of ten bits. @param vivid  whether its light is red, and wider than BT.709. */
async function wideFrame(kind: Kind, vivid: boolean): Promise<Frame> {
  const { image: plain } = await firstFrame(clip('dst_rotated.mp4'));
  const path = join(scratch, `${kind} ${vivid}.mkv`);
  const from = `min=gbr:rin=full:tin=bt709:pin=${vivid ? '2020' : 'bt709'}`;
  const filters = [
    ['zscale', `${from}:t=${transfers[kind]}:p=2020:m=2020_ncl:r=limited:npl=203`],
    ['format', 'pix_fmts=yuv444p10le'],
  ] as const;
  const { width, height } = plain;
  const data = vivid ? plain.data.map((v, i) => (i % 3 === 0 ? v : v * 0.35)) : plain.data;
  await makeClip(path, { width, height, frames: 1, picture: () => data, codec: 'ffv1', pixelFormat: 'gbrp', filters });
  return await firstFrame(path);
}

/** The frame's own face as a network might say it: as it sees it, but paler and colder. */
function merged(frame: Frame, deep: boolean, settings: Record<string, unknown>): MergedResult {
  const hand = new MergeHand({ resolution: SIDE, faceType: 'full_face' });
  const copied = <T extends Picture>(picture: T): T => ({ ...picture, data: picture.data.slice() });
  const task: MergeTask = {
    ...{ id: 0, frame: 0, faces: [landmarks], seed: 1, covered: false },
    picture: copied(deep ? frame.deep! : frame.image),
    seen: deep ? { picture: frame.image, wide: frame.wide! } : undefined,
    settings: resolveMergeSettings({ mask_mode: 'learned-prd', erode: 10, blur: 10, ...settings }),
  };
  const [input] = hand.crop(task);
  const cast = [0.9, 0.8, 0.7]; // blue, green, red
  const face = input!.face.map((v, i) => 0.1 + v * cast[i % 3]!);
  const ones = new Float32Array(SIDE * SIDE).fill(1);
  return hand.finish(0, [{ face, mask: ones, dstMask: ones }]);
}

const covered = ({ mask }: MergedResult): number[] =>
  [...mask.data.keys()].filter((p) => mask.data[p]! > 0.9 * (mask.data instanceof Uint16Array ? 65535 : 255));

const cases = (['hlg', 'pq'] as const).flatMap((kind) =>
  [
    ...['none', 'rct', 'lct', 'mkl', 'mkl-m', 'sot-m'].map((color_transfer_mode) => ({ color_transfer_mode })),
    { mode: 'hist-match', color_transfer_mode: 'none' },
    { mode: 'seamless', color_transfer_mode: 'rct' },
    { mode: 'seamless-hist-match', color_transfer_mode: 'none' },
    { mode: 'raw-rgb' },
  ].map((settings) => [kind, settings] as const),
);

const frames = new Map<string, Promise<Frame>>();
const frameOf = (kind: Kind, vivid: boolean): Promise<Frame> => {
  const key = `${kind} ${vivid}`;
  const known = frames.get(key) ?? wideFrame(kind, vivid);
  frames.set(key, known);
  return known;
};

test.each(cases)('%s, %o: looks as it does merged in standard range, and no bit changes outside', async (kind, settings) => {
  const frame = await frameOf(kind, false);
  const [wide, plain] = [merged(frame, true, settings), merged(frame, false, settings)];
  const look = new Uint8Array(wide.image.data.length);
  new ToneMap(kind, frame.wide!.peak).map(wide.image.data as Uint16Array, look);
  const inside = covered(wide);
  expect(inside.length).toBeGreaterThan(8000);
  let off = 0;
  for (const p of inside) {
    for (let c = p * 3; c < p * 3 + 3; c++) off += Math.abs(look[c]! - plain.image.data[c]!) / inside.length / 3;
  }
  // Levels of 255. Truncated bytes make half a level; cloning and matching compute on the signal's own steps.
  expect(off).toBeLessThan('mode' in settings ? 1.3 : 0.85);
  if ('mode' in settings && settings.mode === 'raw-rgb') return; // its mask is not where it paints
  for (const [p, m] of wide.mask.data.entries()) {
    for (let c = p * 3; c < p * 3 + 3; c++) {
      if (m === 0 && wide.image.data[c] !== frame.deep!.data[c]) throw new Error(`pixel ${p} changed outside of the mask`);
    }
  }
});

/** Mean light of BT.2020's three components over some pixels. */
function meanLight(kind: Kind, picture: Pick<MergedResult['image'], 'data'>, pixels: readonly number[]): number[] {
  const light = kind === 'pq' ? pqLight : hlgScene;
  return [0, 1, 2].map((c) => pixels.reduce((sum, p) => sum + light(picture.data[p * 3 + c]! / 65535), 0) / pixels.length);
}

/** How far BT.709 lacks it: its darkest component there, as a share of the light; below 0 it does not hold it. */
const inBt709 = ([r, g, b]: readonly number[]): number => {
  const x = [
    1.660491 * r! - 0.587641 * g! - 0.07285 * b!,
    -0.12455 * r! + 1.1329 * g! - 0.008349 * b!,
    -0.018151 * r! - 0.100579 * g! + 1.11873 * b!,
  ];
  return Math.min(...x) / Math.max(...x);
};

test.each(['hlg', 'pq'] as const)('%s: a face of colours that BT.709 does not hold gets them from the frame', async (kind) => {
  const frame = await frameOf(kind, true);
  const lights = (color_transfer_mode: string): [was: number[], is: number[]] => {
    const result = merged(frame, true, { color_transfer_mode });
    const pixels = covered(result);
    return [meanLight(kind, frame.deep!, pixels), meanLight(kind, result.image, pixels)];
  };
  for (const mode of ['rct', 'mkl-m']) {
    const [was, is] = lights(mode);
    expect([inBt709(was) < -0.02, inBt709(is) < -0.02], `${was} became ${is}`).toEqual([true, true]);
    for (const c of [0, 1, 2]) expect(Math.abs(is[c]! - was[c]!) / was[0]!, `${was} became ${is}`).toBeLessThan(0.03);
  }
  expect(inBt709(lights('none')[1])).toBeGreaterThan(0); // what the network said holds no such colour
});
