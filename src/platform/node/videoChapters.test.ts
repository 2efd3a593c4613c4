/** Chapters: written here, read by FFmpeg; the film around them stays what it was. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { probedChapters } from '../../../test/support/probe.ts';
import { soundOf } from '../../../test/support/sound.ts';
import { writeChapters } from './chapterFiles.ts';
import { localSigner, signFile, verifyFile } from './provenance/index.ts';
import { openClip } from './video.ts';
import { type Chapter, chaptersBetween, chaptersIn, chaptersOf, chapterText } from './videoChapters.ts';
import { createClip } from './videoWriter.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae chapters ü '));
const at = (name: string): string => join(scratch, name);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const clip = (name: string): string => fileURLToPath(new URL(`../../../test/clips/${name}`, import.meta.url));

const chapters: readonly Chapter[] = [
  { start: 0, end: 0.4, title: 'Beginning = the #1; part\\x' },
  { start: 0.4, end: 1.25, title: 'Größe und Ärger' },
  { start: 1.25, end: 1.6, title: '' },
  { start: 1.6, end: 2, title: 'The end' },
];

async function framesOf(path: string, to?: number): Promise<Buffer[]> {
  await using source = await openClip(path);
  const found: Buffer[] = [];
  for await (const { image } of source.frames({ to })) found.push(Buffer.from(image.data));
  return found;
}

/** A film made here, of the first frames of a clip. */
async function film(name: string, like: string, plain = false): Promise<readonly string[]> {
  await using source = await openClip(like);
  const codec = name.endsWith('.webm') ? 'vp9' : 'h264';
  await using writer = await createClip(at(name), { codec, depth: 8, quality: 'preview', like, plain });
  for await (const { time, image } of source.frames({ to: 50 })) await writer.write({ time, image });
  return await writer.finish();
}

test.each(['mp4', 'mov', 'mkv', 'webm'])(
  '%s: FFmpeg reads the chapters that were put into it, and the same pictures and sound',
  async (kind) => {
    const name = `bare.${kind}`;
    await film(name, clip(kind === 'webm' ? 'dst_vfr.mkv' : 'two_faces.mp4'), true);
    expect(await chaptersOf(at(name))).toEqual([]);
    const [before, sound] = [await framesOf(at(name), 3), await soundOf(at(name))];
    expect(await writeChapters(at(name), chapters)).toBe(true);
    const found = await chaptersOf(at(name));
    expect(found.map(({ title }) => title)).toEqual(chapters.map(({ title }) => title));
    for (const [i, { start }] of found.entries()) expect(start).toBeCloseTo(chapters[i]!.start, 5);
    if (kind === 'mkv' || kind === 'webm') for (const [i, { end }] of found.entries()) expect(end).toBeCloseTo(chapters[i]!.end, 5);
    const after = await framesOf(at(name), 3);
    for (const [i, frame] of after.entries()) expect(Buffer.compare(frame, before[i]!)).toBe(0);
    expect(await soundOf(at(name))).toEqual(sound);
  },
);

/** A copy of a film in which something goes by a name that nobody looks for. */
function hidden(name: string, what: string): string {
  const bytes = readFileSync(at(name));
  const place = bytes.lastIndexOf(what);
  expect(place, what).toBeGreaterThan(0);
  bytes.write('skip', place, 'latin1');
  writeFileSync(at(`${what}-${name}`), bytes);
  return at(`${what}-${name}`);
}

test.each(['mp4', 'mov'])('%s: the box and the track of text each tell the same chapters, also of a film that was signed', async (kind) => {
  const name = `both.${kind}`;
  await film(name, clip('two_faces.mp4'), true);
  const late = chapters.map((chapter, i) => (i === 0 ? { ...chapter, start: 0.12 } : chapter));
  const sound = await soundOf(at(name));
  await writeChapters(at(name), late);
  const check = async (path: string, ends: boolean): Promise<void> => {
    const found = await chaptersOf(path);
    expect(found.map(({ title }) => title)).toEqual(late.map(({ title }) => title));
    for (const [i, { start, end }] of found.entries()) {
      expect(start).toBeCloseTo(late[i]!.start, 5);
      // FFmpeg takes the last end from the length of the media, which begins with the first chapter.
      if (ends) expect(i < late.length - 1 ? end : end + 0.12).toBeCloseTo(late[i]!.end, 5);
    }
  };
  await check(hidden(name, 'chpl'), true);
  await check(hidden(name, 'chap'), false);
  const signer = await localSigner(at('identity'));
  await signFile(at(name), { tool: { name: 'liae', version: '0' }, description: 'none', parameters: {} }, signer);
  expect((await verifyFile(at(name))).state).toBe('holds');
  await check(hidden(name, 'chpl'), true);
  await check(hidden(name, 'chap'), false);
  expect((await framesOf(at(name), 3)).length).toBe(3);
  expect(await soundOf(at(name))).toEqual(sound);
  const probed = probedChapters(at(name));
  if (probed !== undefined) expect(probed).toEqual(late.map(({ title, start }) => [start.toFixed(6), title]));
});

test('a film made like a clip with chapters has them, whatever the containers; where there is no place they are kept in a text', async () => {
  await film('source.mkv', clip('two_faces.mp4'));
  await writeChapters(at('source.mkv'), chapters);
  expect(await film('again.mp4', at('source.mkv'))).toEqual([]);
  expect((await chaptersOf(at('again.mp4'))).map(({ title }) => title)).toEqual(chapters.map(({ title }) => title));
  expect(await film('twice.mov', at('again.mp4'))).toEqual([]); // the track of text is no subtitles
  expect((await chaptersOf(at('twice.mov'))).map(({ title }) => title)).toEqual(chapters.map(({ title }) => title));
  expect(await film('again.avi', at('source.mkv'))).toEqual([
    'this kind of file has no place for the 4 chapters of the source; they are in again.avi.chapters.txt, as FFmpeg reads them',
  ]);
  expect(readFileSync(at('again.avi.chapters.txt'), 'utf8')).toBe(chapterText(chapters));
  expect(chapterText(chapters)).toContain('START=400000\nEND=1250000\ntitle=Größe und Ärger\n');
  expect(chapterText(chapters)).toContain('title=Beginning \\= the \\#1\\; part\\\\x\n');
});

test('a part of a clip has the chapters that are in it, by its own clock', () => {
  expect(chaptersBetween(chapters, { from: 0.5, to: 1.3, zero: 0.5 })).toEqual([
    { start: 0, end: 0.75, title: 'Größe und Ärger' },
    { start: 0.75, end: expect.closeTo(0.8, 9), title: '' },
  ]);
});

test('files that chapters do not fit into stay as they are', async () => {
  const kept = async (name: string): Promise<void> => {
    const before = readFileSync(at(name));
    expect(await writeChapters(at(name), chapters)).toBe(false);
    expect(Buffer.compare(readFileSync(at(name)), before)).toBe(0);
  };
  writeFileSync(at('text'), 'no film at all');
  writeFileSync(at('empty'), '');
  copyFileSync(clip('truncated_noindex.mp4'), at('cut.mp4'));
  writeFileSync(at('cut.mkv'), readFileSync(clip('dst_vfr.mkv')).subarray(0, 5000));
  for (const name of ['text', 'empty', 'cut.mp4', 'cut.mkv']) await kept(name);
});

test('titles of tracks are not those of chapters', () => {
  const pieces = ['    Chapter #0:0: ', 'start 0.000000, ', 'end 0.600000', '      Metadata:', '        title           : ', 'One', ''];
  expect(chaptersIn([...pieces, '  Stream #0:0', ': Video', '      title           : ', 'Camera', ''])).toEqual([
    { start: 0, end: 0.6, title: 'One' },
  ]);
  expect(chaptersIn(['    title           : ', 'The film', '', ...pieces])).toEqual([{ start: 0, end: 0.6, title: 'One' }]);
});
