/**
 * Chapters of MP4 and MOV as QuickTime has them: a track of text that the track of pictures names, which QuickTime Player, Final Cut and Apple's
 * devices read; they know nothing of the box chpl. Sources: QuickTime File Format Specification, "Chapter lists", "Text media"; ISO/IEC 14496-12.
 */
import type { Chapter } from './videoChapters.ts';

/** Units of a second in the track. */
const UNIT = 1000;
/** What players show of a title; as much as a chpl holds. */
const MOST_TITLE = 255;

export function box(type: string, ...content: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(
    content.reduce((sum, part) => sum + part.length, 8),
    0,
  );
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...content]);
}

const fullBox = (type: string, flags: number, ...content: readonly Uint8Array[]): Buffer => box(type, u32(flags), ...content);
const u32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, i * 4);
  return bytes;
};
const u16 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, i * 2);
  return bytes;
};

/** Cut before a character that does not fit. */
export function utf8(text: string, most: number): Buffer {
  let bytes = Buffer.from(text, 'utf8');
  while (bytes.length > most) bytes = Buffer.from([...bytes.toString('utf8')].slice(0, -1).join(''), 'utf8');
  return bytes;
}

/** Boxes of 32-bit lengths from a place on, as far as they are whole. */
export function* boxes(bytes: Buffer, from: number, to = bytes.length): Generator<{ type: string; at: number; length: number }> {
  for (let at = from; at + 8 <= to; ) {
    const length = bytes.readUInt32BE(at);
    if (length < 8 || at + length > to) return;
    yield { type: bytes.toString('latin1', at + 4, at + 8), at, length };
    at += length;
  }
}

/** The media of the track: each title with its length, told to be UTF-8. */
export function chapterSamples(chapters: readonly Chapter[]): readonly Buffer[] {
  const encoding = box('encd', u32(0x100));
  return chapters.map(({ title }) => {
    const text = utf8(title, MOST_TITLE);
    return Buffer.concat([u16(text.length), text, encoding]);
  });
}

/**
 * An index with the track.
 *
 * @param moov  the box, whose tracks stay as they are but for the name of this one in that of the pictures.
 * @param samples  where the first of them lies in the file; the others follow.
 * @param isQuickTime  for MOV, where names are counted.
 * @returns undefined if it is no index that is understood.
 */
export function withChapterTrack(
  moov: Buffer,
  chapters: readonly Chapter[],
  samples: { readonly at: number; readonly sizes: readonly number[] },
  isQuickTime: boolean,
): Buffer | undefined {
  const parts = [...boxes(moov, 8)];
  const header = parts.find(({ type }) => type === 'mvhd');
  const pictures = parts.find((part) => part.type === 'trak' && handlerOf(moov, part) === 'vide');
  const movie = header && movieOf(moov, header);
  if (header === undefined || pictures === undefined || movie === undefined) return undefined;
  const starts = chapters.map(({ start }) => Math.max(0, Math.round(start * UNIT)));
  const last = Math.min(chapters.at(-1)!.end, movie.seconds);
  const end = Math.max(starts.at(-1)! + 1, Math.round(last * UNIT));
  const durations = starts.map((start, i) => Math.max(1, (starts[i + 1] ?? end) - start));
  const total = durations.reduce((sum, duration) => sum + duration, 0);
  const before = starts[0]!;
  const inMovie = (units: number): number => Math.round((units / UNIT) * movie.scale);
  const wait = before === 0 ? [] : [box('edts', fullBox('elst', 0, u32(2, inMovie(before), -1, 0x10000, inMovie(total), 0, 0x10000)))];
  const named = (name: string): Buffer => Buffer.from(isQuickTime ? `${String.fromCharCode(name.length)}${name}` : `${name}\0`);
  const handler = (kind: string, type: string, name: string): Buffer =>
    fullBox('hdlr', 0, Buffer.from(isQuickTime ? kind : '\0\0\0\0'), Buffer.from(type), u32(0, 0, 0), named(name));
  const matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const track = box(
    'trak',
    // Not enabled, so that it is not shown as subtitles.
    fullBox('tkhd', 2, u32(0, 0, movie.nextTrack, 0, inMovie(before + total), 0, 0, 0, 0), matrix, u32(0, 0)),
    ...wait,
    box(
      'mdia',
      fullBox('mdhd', 0, u32(0, 0, UNIT, total), u16(0x55c4, 0)), // language: und
      handler('mhlr', 'text', 'Chapters'),
      box(
        'minf',
        box('gmhd', fullBox('gmin', 0, u16(0x40, 0x8000, 0x8000, 0x8000, 0, 0)), box('text', matrix)),
        box('dinf', fullBox('dref', 0, u32(1), fullBox('url ', 1))),
        box(
          'stbl',
          fullBox('stsd', 0, u32(1), textEntry()),
          fullBox('stts', 0, u32(durations.length, ...durations.flatMap((duration) => [1, duration]))),
          fullBox('stsc', 0, u32(1, 1, durations.length, 1)),
          fullBox('stsz', 0, u32(0, durations.length, ...samples.sizes)),
          fullBox('co64', 0, u32(1, Math.floor(samples.at / 2 ** 32), samples.at % 2 ** 32)),
        ),
      ),
    ),
  );
  const reference = box('tref', box('chap', u32(movie.nextTrack)));
  const grown = Buffer.concat([
    moov.subarray(8, pictures.at + pictures.length),
    reference,
    moov.subarray(pictures.at + pictures.length),
    track,
  ]);
  grown.writeUInt32BE(pictures.length + reference.length, pictures.at - 8);
  grown.writeUInt32BE(movie.nextTrack + 1, header.at - 8 + header.length - 4);
  return box('moov', grown);
}

/** How QuickTime's text is set: centred, black on white, of the system's font. */
const textEntry = (): Buffer =>
  box(
    'text',
    Buffer.alloc(6),
    u16(1),
    u32(0, 1),
    u16(0xffff, 0xffff, 0xffff, 0, 0, 0, 0),
    Buffer.alloc(8),
    u16(0, 0),
    Buffer.alloc(3),
    u16(0, 0, 0),
    Buffer.alloc(1),
  );

interface Place {
  readonly at: number;
  readonly length: number;
}

function handlerOf(moov: Buffer, trak: Place): string | undefined {
  const inside = (place: Place, type: string): Place | undefined =>
    [...boxes(moov, place.at + 8, place.at + place.length)].find((one) => one.type === type);
  const media = inside(trak, 'mdia');
  const handler = media && inside(media, 'hdlr');
  return handler === undefined || handler.length < 20 ? undefined : moov.toString('latin1', handler.at + 16, handler.at + 20);
}

/** Source: ISO/IEC 14496-12, 8.2.2. */
function movieOf(moov: Buffer, { at, length }: Place): { scale: number; seconds: number; nextTrack: number } | undefined {
  const isLong = moov[at + 8] === 1;
  if (length < (isLong ? 120 : 108)) return undefined;
  const scale = moov.readUInt32BE(at + (isLong ? 28 : 20));
  const duration = isLong ? Number(moov.readBigUInt64BE(at + 32)) : moov.readUInt32BE(at + 24);
  return scale === 0 ? undefined : { scale, seconds: duration / scale, nextTrack: moov.readUInt32BE(at + length - 4) };
}
