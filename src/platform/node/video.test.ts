/** Clips of every kind: exact numbers and times, colours against the same pictures told otherwise, and what is said of damage. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { barcode, makeClip, readBarcode } from '../../../test/support/makeClip.ts';
import { FormatError } from '../../base/index.ts';
import type { ByteImage } from '../../image/index.ts';
import type { Frame, FrameRange } from '../../video/index.ts';
import { openClip } from './video.ts';

const clips = fileURLToPath(new URL('../../../test/clips/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'liae clips '));
afterAll(() => rmSync(scratch, { recursive: true }));

const read = async (path: string, range?: FrameRange): Promise<{ frames: Frame[]; trouble: readonly string[]; colour: string }> => {
  await using clip = await openClip(path);
  const frames: Frame[] = [];
  for await (const frame of clip.frames(range)) frames.push(frame);
  return { frames, trouble: clip.trouble, colour: clip.info.colour };
};
const times = (frames: readonly Frame[]): number[] => frames.map(({ time }) => Math.round(time * 1e6) / 1e6);

function psnr(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return 10 * Math.log10(255 ** 2 / (sum / a.length));
}

/** A part of a picture. */
function part({ width, data }: ByteImage, { x, y, w, h }: { x: number; y: number; w: number; h: number }): Uint8Array {
  const out = new Uint8Array(w * h * 3);
  for (let row = 0; row < h; row++) out.set(data.subarray(((y + row) * width + x) * 3, ((y + row) * width + x + w) * 3), row * w * 3);
  return out;
}

test.each([
  ['black.mp4', 50, 640, 480],
  ['dst_10bit_hlg.mkv', 50, 640, 480],
  ['dst_odd_size.mp4', 50, 481, 361],
  ['dst_rotated.mp4', 50, 640, 480],
  ['dst_vfr.mkv', 50, 640, 480],
  ['occluded.mp4', 48, 640, 480],
  ['one_frame.mp4', 1, 640, 480],
  ['two_faces.mp4', 50, 880, 480],
] as const)('%s has %i frames of %i×%i, numbered from 0', async (name, count, width, height) => {
  const { frames, trouble } = await read(join(clips, name));
  expect(frames.map(({ index }) => index)).toEqual(Array.from({ length: count }, (_, i) => i));
  expect(frames.every(({ image }) => image.width === width && image.height === height)).toBe(true);
  expect(frames.some(({ damaged }) => damaged)).toBe(false);
  expect(trouble).toEqual([]);
  if (name !== 'dst_vfr.mkv') expect(times(frames)).toEqual(frames.map((_, i) => i / 25));
});

test('black is black', async () => {
  const { frames } = await read(join(clips, 'black.mp4'), { every: 25 });
  for (const { image } of frames) expect(Math.max(...image.data.subarray(0, 3000))).toBe(0);
});

test('variable frame rate keeps every time to the millisecond', async () => {
  const { frames } = await read(join(clips, 'dst_vfr.mkv'));
  let time = 0;
  const expected = frames.map((_, i) => {
    if (i === 20) time += 200;
    const here = time / 1000;
    time += i % 3 === 2 ? 10 : 55;
    return here;
  });
  expect(times(frames)).toEqual(expected);
  const picked = await read(join(clips, 'dst_vfr.mkv'), { rate: 10 });
  for (const [k, { time: t }] of picked.frames.slice(0, 6).entries()) expect(Math.abs(t - k / 10)).toBeLessThanOrEqual(0.0275);
});

test('turned, cropped and HLG clips show the same pictures as the plain one', async () => {
  const plain = (await read(join(clips, 'dst_vfr.mkv'), { every: 10 })).frames;
  const turned = (await read(join(clips, 'dst_rotated.mp4'), { every: 10 })).frames;
  const cropped = (await read(join(clips, 'dst_odd_size.mp4'), { every: 10 })).frames;
  const hlg = await read(join(clips, 'dst_10bit_hlg.mkv'), { every: 10 });
  expect(hlg.colour).toBe('BT.2020 HLG, 10 bits, tone-mapped to BT.709');
  for (const [i, { image }] of plain.entries()) {
    expect(psnr(turned[i]!.image.data, image.data)).toBeGreaterThan(44);
    expect(psnr(cropped[i]!.image.data, part(image, { x: 80, y: 60, w: 481, h: 361 }))).toBeGreaterThan(43);
    expect(psnr(hlg.frames[i]!.image.data, image.data)).toBeGreaterThan(38);
    // Neutral tones below the knee come back to within a level on average.
    let [sum, count] = [0, 0];
    for (let p = 0; p < image.data.length; p += 3) {
      const [r, g, b] = [image.data[p]!, image.data[p + 1]!, image.data[p + 2]!];
      if (Math.max(r, g, b) - Math.min(r, g, b) > 6 || g > 160) continue;
      sum += hlg.frames[i]!.image.data[p + 1]! - g;
      count++;
    }
    expect(count).toBeGreaterThan(1000);
    expect(Math.abs(sum / count)).toBeLessThan(1);
  }
});

test('two readings give the same bits', async () => {
  for (const name of ['dst_rotated.mp4', 'dst_10bit_hlg.mkv', 'truncated.mp4']) {
    const [a, b] = [await read(join(clips, name), { every: 4 }), await read(join(clips, name), { every: 4 })];
    for (const [i, { image }] of a.frames.entries()) expect(Buffer.compare(image.data, b.frames[i]!.image.data)).toBe(0);
  }
});

test('colours are those of the tags: each matrix and range gives back the same picture', async () => {
  const rgb = (i: number): Uint8Array => {
    const data = new Uint8Array(64 * 48 * 3);
    const colours = [200, 40, 60, 30, 180, 70, 50, 60, 210, 128, 128, 128];
    for (let p = 0; p < data.length; p += 3)
      for (let c = 0; c < 3; c++) data[p + c] = colours[(Math.floor(((p / 3) % 64) / 16) * 3 + c + i * 3) % 12]!;
    return data;
  };
  for (const [matrix, range, words] of [
    ['bt709', 'tv', 'BT.709, limited range'],
    ['bt601', 'tv', 'BT.601, limited range'],
    ['bt601', 'pc', 'BT.601, full range'],
    ['bt2020', 'tv', 'BT.2020, limited range'],
  ] as const) {
    const path = join(scratch, `${matrix} ${range}.mkv`);
    const filters = [
      ['scale', `in_range=pc:out_color_matrix=${matrix}:out_range=${range}`],
      ['format', 'pix_fmts=yuv444p'],
    ] as const;
    await makeClip(path, { width: 64, height: 48, frames: 2, picture: rgb, codec: 'ffv1', pixelFormat: 'rgb24', filters });
    const { frames, colour } = await read(path);
    expect(colour).toBe(words);
    expect(psnr(frames[1]!.image.data, rgb(1))).toBeGreaterThan(45);
  }
});

test.each([
  ['smpte2084', 'BT.2020 PQ, 10 bits, tone-mapped to BT.709'],
  ['arib-std-b67', 'BT.2020 HLG, 10 bits, tone-mapped to BT.709'],
  ['bt709', 'BT.2020, limited range, 10 bits, moved to BT.709'],
])('%s of BT.2020 comes back as the BT.709 that it was made from', async (transfer, words) => {
  const grays = (i: number): Uint8Array => Uint8Array.from({ length: 64 * 48 * 3 }, (_, p) => 40 + (Math.floor(p / 3) % 64) * 2 + i * 5);
  const colours = (i: number): Uint8Array => grays(i).map((v, p) => v + [25, 0, -10][p % 3]!);
  for (const [kind, picture, least] of [
    ['grays', grays, 47],
    ['colours', colours, transfer === 'arib-std-b67' ? 36 : 45],
  ] as const) {
    const path = join(scratch, `${kind} ${transfer}.mkv`);
    const to = `t=${transfer}:p=2020:m=2020_ncl:r=limited:npl=${transfer === 'bt709' ? 100 : 203}`;
    const filters = [
      ['zscale', `min=gbr:rin=full:tin=bt709:pin=bt709:${to}`],
      ['format', 'pix_fmts=yuv444p10le'],
    ] as const;
    await makeClip(path, { width: 64, height: 48, frames: 2, picture, codec: 'ffv1', pixelFormat: 'gbrp', filters });
    const { frames, colour } = await read(path);
    expect(colour).toBe(words);
    expect(psnr(frames[1]!.image.data, picture(1))).toBeGreaterThan(least);
  }
});

test('wide samples are made square, and fields whole', async () => {
  const plan = { width: 96, height: 64, frames: 40, picture: (i: number) => barcode(96, 64, i) };
  const wide = join(scratch, 'wide.mp4');
  await makeClip(wide, { ...plan, sampleAspect: [3, 2], options: { crf: '8' } });
  const seen = (await read(wide)).frames;
  expect(seen[0]!.image).toMatchObject({ width: 144, height: 64 });
  expect(seen.map(({ image }) => readBarcode(image))).toEqual(Array.from({ length: 40 }, (_, i) => i));

  const fields = join(scratch, 'fields.mkv');
  await makeClip(fields, {
    ...plan,
    codec: 'mpeg2video',
    options: { b: '5M', flags: '+ildct+ilme', g: '6' },
    filters: [['setfield', 'tff']],
  });
  const whole = await read(fields);
  expect(whole.colour).toContain('interlaced, made whole frames');
  expect(whole.frames.map(({ image }) => readBarcode(image))).toEqual(Array.from({ length: 40 }, (_, i) => i));
  expect(times(whole.frames)).toEqual(whole.frames.map((_, i) => i / 25));
  expect((await read(fields, { from: 30, to: 33 })).frames.map(({ image }) => readBarcode(image))).toEqual([30, 31, 32]);
});

test('a clip cut off gives what is there, and says where it ends', async () => {
  const { frames, trouble } = await read(join(clips, 'truncated.mp4'));
  expect(frames.map(({ index }) => index)).toEqual([...Array(27).keys(), 28]);
  expect(trouble).toEqual(['frame 27 cannot be decoded', 'ends after frame 28 of about 60 (1.12 s): the file is cut off']);

  const half = join(scratch, 'half.mkv');
  const bytes = readFileSync(join(clips, 'dst_vfr.mkv'));
  writeFileSync(half, bytes.subarray(0, bytes.length / 2));
  const mkv = await read(half);
  expect(mkv.frames.length).toBeGreaterThan(15);
  expect(mkv.trouble.at(-1)).toMatch(/^ends after frame \d+ of about \d+ \([\d.]+ s\): the file is cut off$/);
});

test('overwritten bytes within a clip: the frames are there, and the damage is told', async () => {
  const bytes = readFileSync(join(clips, 'occluded.mp4'));
  bytes.fill(0x55, 372_000, 375_000);
  const path = join(scratch, 'damaged.mp4');
  writeFileSync(path, bytes);
  const { frames, trouble } = await read(path);
  expect(frames.length).toBeGreaterThan(40);
  expect(trouble.join()).toMatch(/damaged|cannot be decoded/);
});

const refused = async (path: string): Promise<{ name: string; report: string }> => {
  const error = await openClip(path).then(
    () => undefined,
    (thrown: unknown) => thrown as { name: string; report(): string },
  );
  return { name: error?.name ?? '', report: error?.report() ?? '' };
};

test('what is no clip is refused with what it is', async () => {
  const text = join(scratch, 'text.mp4');
  writeFileSync(text, 'This is no clip.\n'.repeat(50));
  const empty = join(scratch, 'empty.mp4');
  writeFileSync(empty, '');
  const playlist = join(scratch, 'list.mp4');
  writeFileSync(playlist, `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\n${join(clips, 'black.mp4')}\n#EXT-X-ENDLIST\n`);
  const sound = join(scratch, 'sound.mp4');
  const wave = Buffer.alloc(44 + 16000);
  wave.write('RIFF', 0);
  wave.writeUInt32LE(wave.length - 8, 4);
  wave.write('WAVEfmt ', 8);
  for (const [i, v] of [16, 0x10001, 8000, 16000, 0x100002].entries()) wave.writeUInt32LE(v, 16 + 4 * i);
  wave.write('data', 36);
  wave.writeUInt32LE(16000, 40);
  writeFileSync(sound, wave);
  for (const [path, found] of [
    [sound, /no pictures in this file\n.*sound or data only/],
    [join(clips, 'truncated_noindex.mp4'), /moov.*missing.*cut off/],
    [text, /invalid data/],
    [playlist, /found/],
    [empty, /an empty file/],
    [join(scratch, 'none.mp4'), /no such file/],
    [scratch, /a folder/],
  ] as const) {
    const { name, report } = await refused(path);
    expect(name).toBe('FormatError');
    expect(report).toMatch(found);
  }
});

test('whatever the bytes, a clip is read or refused', async () => {
  let seed = 7;
  const draw = (n: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((seed / 0x80000000) * n);
  };
  const sources = ['black.mp4', 'one_frame.mp4'].map((name) => readFileSync(join(clips, name)));
  for (let i = 0; i < 60; i++) {
    const bytes = Buffer.from(sources[i % 2]!);
    for (let k = draw(20); k >= 0; k--)
      bytes[i % 3 === 0 ? draw(bytes.length) : Math.max(0, bytes.length - draw(3000))] = [0, 255, 127, 128, draw(256)][draw(5)]!;
    const path = join(scratch, 'mutated.mp4');
    writeFileSync(path, draw(6) === 0 ? bytes.subarray(0, draw(bytes.length)) : bytes);
    const error: unknown = await read(path, { to: 200 }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error !== undefined) expect(error).toBeInstanceOf(FormatError);
  }
});

test.runIf(process.platform === 'linux')('a reading that is left early or aborted leaves no file open', async () => {
  const before = readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 5; i++) {
    await using clip = await openClip(join(clips, 'dst_vfr.mkv'));
    for await (const { index } of clip.frames({ from: i % 2 === 0 ? 0 : 30 })) if (index >= 2) break;
    const stop = new AbortController();
    const reading = clip.frames({}, stop.signal)[Symbol.asyncIterator]();
    await reading.next();
    stop.abort();
    await expect(reading.next()).rejects.toThrow();
  }
  expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
});
