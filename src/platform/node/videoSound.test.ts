/** Sound and subtitles that a container does not take as they are: encoded anew or kept as text, at the times they had; and said. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { clip } from '../../../test/support/merging.ts';
import { clicksOf, soundOf } from '../../../test/support/sound.ts';
import { openClip } from './video.ts';
import {
  AV_CODEC_ID_MOV_TEXT,
  AV_CODEC_ID_SUBRIP,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_SUBTITLE,
  avGetCodecName,
  Dictionary,
  FormatContext,
  Packet,
  Rational,
} from './videoLibrary.ts';
import { createClip } from './videoWriter.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae sound ü '));
const at = (name: string): string => join(scratch, name);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const codecFor = (name: string) => (name.endsWith('.webm') ? 'vp9' : 'h264');

/** A film of the frames of a clip, with its sound. @param from  frame that becomes the first, at 0. */
async function film(name: string, like: string, from?: number, to?: number): Promise<readonly string[]> {
  await using source = await openClip(like);
  const [start, end] = [from, to].map((frame) => (frame === undefined ? undefined : frame / 25));
  await using writer = await createClip(at(name), { codec: codecFor(name), depth: 8, quality: 'preview', like, start, end });
  for await (const { time, image } of source.frames({ from, to })) await writer.write({ time, image });
  return await writer.finish();
}

async function timesOf(path: string): Promise<number[]> {
  await using source = await openClip(path);
  const times: number[] = [];
  for await (const { time } of source.frames()) times.push(Math.round(time * 1e3));
  return times;
}

async function codecOf(path: string, type: typeof AVMEDIA_TYPE_AUDIO): Promise<string | undefined> {
  const format = new FormatContext();
  await format.openInput(path);
  const found = format.streams.find(({ codecpar }) => codecpar.codecType === type);
  const name = found && (avGetCodecName(found.codecpar.codecId) ?? '');
  await format.closeInput();
  return name;
}

/** Clicks within a millisecond, the step of times in WebM, of where they were in a stretch. */
async function sameClicks(path: string, source: string, [from, to] = [0, 10]): Promise<void> {
  const [was, is] = [await clicksOf(source), await clicksOf(path)];
  const expected = was.filter((time) => time > from! && time < to!).map((time) => time - from!);
  expect(is.length).toBe(expected.length);
  expect(is.length).toBeGreaterThan(0);
  for (const [i, time] of is.entries()) expect(Math.abs(time - expected[i]!), `${is} for ${expected}`).toBeLessThan(1e-3);
}

test('AAC becomes Opus in WebM, with frames and clicks where they were, and it is said', async () => {
  const source = clip('two_faces.mp4');
  expect(await film('a.webm', source)).toEqual(['sound (aac): not taken by webm, so encoded anew as Opus']);
  expect(await codecOf(at('a.webm'), AVMEDIA_TYPE_AUDIO)).toBe('opus');
  expect(await timesOf(at('a.webm'))).toEqual(await timesOf(source));
  await sameClicks(at('a.webm'), source);
  expect(await film('copied.mkv', source)).toEqual([]);
  expect((await soundOf(at('copied.mkv'))).map(({ bytes }) => bytes)).toEqual((await soundOf(source)).map(({ bytes }) => bytes));
});

test('a stretch of a clip begins with the sample of its first frame, and ends with its last', async () => {
  const source = clip('two_faces.mp4');
  await film('cut.webm', source, 12, 40);
  expect(await timesOf(at('cut.webm'))).toEqual(Array.from({ length: 28 }, (_, i) => i * 40));
  await sameClicks(at('cut.webm'), source, [12 / 25, 40 / 25]);
  const last = (await soundOf(at('cut.webm'))).at(-1)!.time / 1e4;
  expect(Math.abs(last + 0.02 - 28 / 25)).toBeLessThan(0.03);
});

test('Opus becomes AAC where a container does not take it', async () => {
  await film('opus.webm', clip('two_faces.mp4'));
  expect(await film('b.mov', at('opus.webm'))).toEqual(['sound (opus): not taken by mov, so encoded anew as AAC']);
  expect(await codecOf(at('b.mov'), AVMEDIA_TYPE_AUDIO)).toBe('aac');
  await sameClicks(at('b.mov'), at('opus.webm'));
});

const lines: readonly (readonly [at: number, ms: number, text: string])[] = [
  [200, 500, 'Guten <i>Tag</i>, Größe'],
  [900, 400, 'a < b & c\nsecond line'],
  [1500, 300, 'end'],
];

/** A clip's tracks with subtitles beside them. @param gap  seconds in which there is no sound. */
async function withSubtitles(path: string, from: string, gap = [0, 0]): Promise<void> {
  const [input, output] = [new FormatContext(), new FormatContext()];
  await input.openInput(from);
  await input.findStreamInfo();
  output.allocOutputContext2(null, null, path);
  for (const stream of input.streams) {
    const made = output.newStream(null);
    stream.codecpar.copy(made.codecpar);
    made.codecpar.codecTag = 0;
    made.timeBase = stream.timeBase;
  }
  const text = output.newStream(null);
  text.codecpar.codecType = AVMEDIA_TYPE_SUBTITLE;
  text.codecpar.codecId = AV_CODEC_ID_SUBRIP;
  text.timeBase = new Rational(1, 1000);
  text.metadata = Dictionary.fromObject({ language: 'deu' });
  await output.openOutput();
  expect(await output.writeHeader()).toBeGreaterThanOrEqual(0);
  using packet = new Packet();
  packet.alloc();
  for (const [time, ms, words] of lines) {
    packet.data = Buffer.from(words);
    packet.pts = BigInt(time);
    packet.dts = BigInt(time);
    packet.duration = BigInt(ms);
    packet.streamIndex = text.index;
    packet.rescaleTs(new Rational(1, 1000), text.timeBase);
    await output.interleavedWriteFrame(packet);
  }
  while ((await input.readFrame(packet)) >= 0) {
    const { timeBase, codecpar } = input.streams[packet.streamIndex]!;
    const time = (Number(packet.pts) * timeBase.num) / timeBase.den;
    if (codecpar.codecType === AVMEDIA_TYPE_AUDIO && time >= gap[0]! && time < gap[1]!) continue;
    packet.rescaleTs(timeBase, output.streams[packet.streamIndex]!.timeBase);
    await output.interleavedWriteFrame(packet);
  }
  await output.writeTrailer();
  await output.closeOutput();
  await input.closeInput();
}

/** Subtitles in milliseconds, those of MP4 without their length, and without the empty ones that fill its gaps. */
async function subtitlesOf(path: string): Promise<[at: number, ms: number, text: string][]> {
  const format = new FormatContext();
  await format.openInput(path);
  await format.findStreamInfo();
  const stream = format.streams.find(({ codecpar }) => codecpar.codecType === AVMEDIA_TYPE_SUBTITLE)!;
  const unit = (stream.timeBase.num / stream.timeBase.den) * 1000;
  using packet = new Packet();
  packet.alloc();
  const found: [number, number, string][] = [];
  while ((await format.readFrame(packet)) >= 0) {
    if (packet.streamIndex === stream.index) {
      const data = packet.data ?? Buffer.alloc(0);
      const text = stream.codecpar.codecId === AV_CODEC_ID_MOV_TEXT ? data.subarray(2) : data;
      if (text.length > 0) found.push([Math.round(Number(packet.pts) * unit), Math.round(Number(packet.duration) * unit), text.toString()]);
    }
    packet.unref();
  }
  await format.closeInput();
  return found;
}

test('where sound is missing for a while, what comes after it stays at its time', async () => {
  await withSubtitles(at('gap.mkv'), clip('two_faces.mp4'), [0.3, 0.8]);
  await film('gap.webm', at('gap.mkv'));
  const clicks = await clicksOf(at('gap.webm'));
  expect(clicks.length).toBe(2);
  for (const [i, time] of clicks.entries()) expect(Math.abs(time - (i + 1)), `${clicks}`).toBeLessThan(2e-3); // both files count milliseconds
});

const plain = lines.map(([time, ms, text]) => [time, ms, text.replace(/<\/?i>/g, '')] as const);

test.each([
  ['mp4', 'timed text', 'mov_text', (text: string) => text],
  ['mov', 'timed text', 'mov_text', (text: string) => text],
  ['webm', 'WebVTT', 'webvtt', (text: string) => text.replace('&', '&amp;').replace('<', '&lt;')],
] as const)('SubRip becomes what %s takes, at its times, with its words; and back', async (ending, form, codec, written) => {
  await withSubtitles(at('subtitles.mkv'), clip('two_faces.mp4'));
  expect(await subtitlesOf(at('subtitles.mkv'))).toEqual(lines);
  const told = await film(`s.${ending}`, at('subtitles.mkv'));
  expect(told.at(-1)).toBe(`subtitles (subrip): not taken by ${ending}, so kept as ${form}, without styles`);
  expect(told.length).toBe(ending === 'webm' ? 2 : 1); // sound is copied where it can be
  expect(await codecOf(at(`s.${ending}`), AVMEDIA_TYPE_SUBTITLE)).toBe(codec);
  expect(await subtitlesOf(at(`s.${ending}`))).toEqual(plain.map(([time, ms, text]) => [time, ms, written(text)]));
  await film('back.mkv', at(`s.${ending}`));
  if (ending !== 'webm') expect(await subtitlesOf(at('back.mkv'))).toEqual(plain);
});
