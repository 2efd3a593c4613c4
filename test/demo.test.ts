/**
 * The demo's clip, from extraction to a finished film, as the demo does it but short: what comes out is read by other readers than the one that
 * wrote it, its sound is decoded, and its clicks are timed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { probe } from 'node-av/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClip } from '../src/platform/node/video.ts';
import { AVMEDIA_TYPE_VIDEO, FormatContext, Packet } from '../src/platform/node/videoLibrary.ts';
import { liae } from './support/built.ts';
import { probed } from './support/probe.ts';
import { clicksOf, soundOf } from './support/sound.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae film '));
const at = (name: string): string => join(scratch, name);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
process.env.LIAE_CONFIG = at('config');

const assets = fileURLToPath(new URL('../assets/demo/', import.meta.url));
const source = join(assets, 'dst.mp4');
const FRAMES = 40;

async function succeeded(args: readonly string[]): Promise<string> {
  const { code, out, err } = await liae(args);
  expect(code, `liae ${args.join(' ')}\n${err}`).toBe(0);
  return out;
}

const merged = async (name: string, ...more: string[]): Promise<string> => {
  const film = at(name);
  await succeeded(['merge', '--model', at('model'), '--input', source, '--faces', at('faces'), '--output', film, ...more]);
  return film;
};

/** Times of the picture packets of a file in the order of presentation, microseconds from the beginning of the file. */
async function pictureTimes(path: string): Promise<number[]> {
  const format = new FormatContext();
  if ((await format.openInput(path)) < 0) throw new Error(path);
  await format.findStreamInfo(null);
  const index = format.findBestStream(AVMEDIA_TYPE_VIDEO);
  using packet = new Packet();
  packet.alloc();
  const times: number[] = [];
  while ((await format.readFrame(packet)) >= 0) {
    const { num, den } = format.streams[packet.streamIndex]!.timeBase;
    if (packet.streamIndex === index) times.push(Math.round((Number(packet.pts) * num * 1e6) / den));
    packet.unref();
  }
  await format.closeInput();
  return times.sort((a, b) => a - b);
}

beforeAll(async () => {
  for (const name of ['src', 'dst']) {
    const folder = at(name === 'dst' ? 'faces' : name);
    await succeeded([
      'extract',
      join(assets, `${name}.mp4`),
      '--out',
      folder,
      '--size',
      '256',
      '--to',
      String(name === 'dst' ? FRAMES : 4),
    ]);
  }
  const sizes = ['--archi', 'liae-ud', '--resolution', '64', '--ae-dims', '64', '--e-dims', '24', '--d-dims', '24', '--d-mask-dims', '16'];
  const rest = [
    '--batch-size',
    '2',
    '--workers',
    '1',
    '--face-type',
    'f',
    '--target',
    '2',
    '--seed',
    '5',
    '--from',
    join(assets, 'base.safetensors.gz'),
  ];
  await succeeded(['train', '--model', at('model'), '--src', at('src'), '--dst', at('faces'), ...sizes, ...rest]);
}, 240_000);

test('a film has the frames, times, length, colour tags and sound of its clip, for two other readers', { timeout: 120_000 }, async () => {
  const film = await merged('film.mp4', '--to', String(FRAMES), '--sharpen-prediction', '3');
  expect(await pictureTimes(film)).toEqual((await pictureTimes(source)).slice(0, FRAMES));
  const found = await probe(film);
  expect(found.video).toMatchObject({ codec: 'h264', width: 640, height: 480, pixelFormat: 'yuv420p', frameRate: 25 });
  expect(found.audio).toMatchObject({ codec: 'aac', sampleRate: 48_000, channels: 2 });
  expect(found.nbStreams).toBe(2);
  expect(Math.abs(found.duration - FRAMES / 25)).toBeLessThan(0.03); // a packet of sound is 21 ms
  const [was, is] = [await soundOf(source), await soundOf(film)];
  expect(is).toEqual(was.slice(0, is.length)); // the very packets, at their times
  const [pictures, sound] = [probed(film, 'v'), probed(film, 'a')];
  if (pictures !== undefined) {
    const own = probed(source, 'v')!;
    expect([pictures.nb_read_frames, pictures.start_time]).toEqual([String(FRAMES), '0.000000']);
    for (const key of ['color_space', 'color_transfer', 'color_primaries', 'color_range', 'pix_fmt', 'r_frame_rate'])
      expect(pictures[key], key).toBe(own[key]);
    expect(sound?.start_time).toBe(probed(source, 'a')?.start_time);
    expect(Number(pictures.duration)).toBeCloseTo(FRAMES / 25, 3);
  }
  // Faces are in it: the film differs from the clip where they are, and above them not at all.
  const [before, after] = [await openClip(source), await openClip(film)];
  const [clipFrames, filmFrames] = [before.frames({ to: FRAMES }), after.frames()].map((frames) => frames[Symbol.asyncIterator]());
  for (let i = 0; i < FRAMES; i++) {
    const [a, b] = [(await clipFrames!.next()).value!.image.data, (await filmFrames!.next()).value!.image.data];
    let [changed, far] = [0, 0];
    for (let p = 0; p < a.length; p += 3) if (Math.abs(a[p]! - b[p]!) > 12) p < 640 * 3 * 40 ? far++ : changed++;
    expect(changed, `frame ${i}`).toBeGreaterThan(1000);
    expect(far, `frame ${i}`).toBe(0);
  }
});

test('a click at one second sounds at one second, and in a film that begins later, so much earlier', { timeout: 120_000 }, async () => {
  expect((await clicksOf(source))[0]).toBeCloseTo(1, 2);
  const whole = await clicksOf(await merged('click.mp4', '--to', String(FRAMES)));
  expect(whole.length).toBe(1);
  expect(Math.abs(whole[0]! - 1)).toBeLessThan(0.002);
  const film = await merged('later.mp4', '--from', '13', '--to', String(FRAMES));
  expect((await pictureTimes(film))[0]).toBe(0);
  const later = await clicksOf(film);
  expect(later.length).toBe(1);
  expect(Math.abs(later[0]! - (1 - 13 / 25))).toBeLessThan(0.002);
});
