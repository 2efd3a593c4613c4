/**
 * Subtitles of text from one container's form to another's: SubRip and WebVTT as they are in Matroska, lines of ASS, and timed text of MP4. The words and
 * their lines stay, styles do not. Sources: Matroska codec mappings; WebVTT (W3C), 3.1; 3GPP TS 26.245, 5.16 and 5.17.
 */
import {
  AV_CODEC_ID_ASS,
  AV_CODEC_ID_MOV_TEXT,
  AV_CODEC_ID_SSA,
  AV_CODEC_ID_SUBRIP,
  AV_CODEC_ID_TEXT,
  AV_CODEC_ID_WEBVTT,
  type AVCodecID,
} from './videoLibrary.ts';

/** The form of text that a container of this name holds; undefined if it is not known to hold any. */
export function textFormFor(name: string): { readonly id: AVCodecID; readonly words: string } | undefined {
  if (/\.(mp4|m4v|mov)$/i.test(name)) return { id: AV_CODEC_ID_MOV_TEXT, words: 'timed text' };
  if (/\.webm$/i.test(name)) return { id: AV_CODEC_ID_WEBVTT, words: 'WebVTT' };
  return /\.mkv$/i.test(name) ? { id: AV_CODEC_ID_SUBRIP, words: 'SubRip' } : undefined;
}

const readers = new Map<number, (data: Buffer) => string>([
  [AV_CODEC_ID_TEXT, (data) => data.toString('utf8')],
  [AV_CODEC_ID_SUBRIP, (data) => withoutTags(data.toString('utf8'))],
  [AV_CODEC_ID_WEBVTT, (data) => unescaped(withoutTags(data.toString('utf8')))],
  [AV_CODEC_ID_ASS, assText],
  [AV_CODEC_ID_SSA, assText],
  [AV_CODEC_ID_MOV_TEXT, (data) => (data.length < 2 ? '' : data.toString('utf8', 2, Math.min(data.length, 2 + data.readUInt16BE(0))))],
]);

/** Whether subtitles of a codec are text that is understood here. */
export const isText = (codec: number): boolean => readers.has(codec);

/** One subtitle in another form; undefined if it says nothing. */
export function subtitleAs(to: number, from: number, data: Buffer): Buffer | undefined {
  const text = readers.get(from)!(data)
    .replace(/\r\n?/g, '\n')
    .replace(/\n{2,}/g, '\n')
    .trim();
  if (text === '') return undefined;
  if (to === AV_CODEC_ID_WEBVTT) return Buffer.from(text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;'));
  if (to !== AV_CODEC_ID_MOV_TEXT) return Buffer.from(text);
  const bytes = Buffer.from(text).subarray(0, 0xffff);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** What a track of timed text says of itself: at the bottom, centred, white of 18 pixels, by the name of a font that players choose. */
export const timedTextHead = (): Buffer =>
  Buffer.concat([
    Buffer.from([0, 0, 0, 0, 1, 0xff, 0, 0, 0, 0]), // flags, centred, at the bottom, background
    Buffer.alloc(8), // box
    Buffer.from([0, 0, 0, 0, 0, 1, 0, 18, 255, 255, 255, 255]), // style: font 1, size, colour
    Buffer.from([0, 0, 0, 18]),
    Buffer.from('ftab'),
    Buffer.from([0, 1, 0, 1, 5]),
    Buffer.from('Serif'),
  ]);

const withoutTags = (text: string): string => text.replace(/<\/?[a-zA-Z][^<>]*>/g, '').replace(/\{\\[^{}]*\}/g, '');

const unescaped = (text: string): string =>
  text.replace(/&(amp|lt|gt|nbsp|lrm|rlm);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>', nbsp: '\u00a0' })[name] ?? '');

/** Eight fields and the words, as Matroska has it: number, layer, style, name, three margins, effect. */
function assText(data: Buffer): string {
  const words = data.toString('utf8').split(',').slice(8).join(',');
  return words
    .replace(/\{[^{}]*\}/g, '')
    .replace(/\\[Nn]/g, '\n')
    .replace(/\\h/g, '\u00a0');
}
