/**
 * Chapters put into a film that FFmpeg has written, as node-av cannot have it write them: a box chpl and a track of text in MP4 and MOV, an element
 * Chapters in Matroska and WebM. No picture moves: what is new goes to the file's end, where its index is.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { box, boxes, chapterSamples, utf8, withChapterTrack } from './chapterTrack.ts';
import type { Chapter } from './videoChapters.ts';

/** Most bytes of an index that is read. */
const MOST = 2 ** 28;
/** A chpl counts its chapters, and the bytes of a title, with one byte. */
const MOST_CHPL = 255;

/** @returns false if this file has no place for them, which leaves it as it was. */
export async function writeChapters(path: string, chapters: readonly Chapter[]): Promise<boolean> {
  await using file = await open(path, 'r+');
  const head = await bytesAt(file, 0, 12);
  if (head.length < 12) return false;
  if (head.subarray(4, 8).toString('latin1') === 'ftyp') return await intoMovie(file, chapters);
  return head.readUInt32BE(0) === ID.ebml && (await intoMatroska(file, chapters));
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, at);
  return bytes.subarray(0, bytesRead);
}

/** Source: ISO/IEC 14496-12, 8.2.1 and 8.10.1; chpl as Nero and FFmpeg (movenc.c) have it. */
async function intoMovie(file: FileHandle, chapters: readonly Chapter[]): Promise<boolean> {
  const { size } = await file.stat();
  let at = 0;
  for (;;) {
    const head = await bytesAt(file, at, 16);
    if (head.length < 16) return false;
    const short = head.readUInt32BE(0);
    const length = short === 1 ? Number(head.readBigUInt64BE(8)) : short;
    if (length < 8) return false;
    if (head.toString('latin1', 4, 8) === 'moov') {
      if (at + length !== size || short === 1 || length > MOST) return false; // what is behind it would have to move
      const moov = await bytesAt(file, at, length);
      const samples = chapterSamples(chapters);
      const media = box('mdat', ...samples);
      const isQuickTime = (await bytesAt(file, 8, 4)).toString('latin1') === 'qt  ';
      const place = { at: at + 8, sizes: samples.map((sample) => sample.length) };
      const tracked = withChapterTrack(moov, chapters, place, isQuickTime);
      if (tracked === undefined) return false;
      const added = Buffer.concat([media, withChpl(tracked, chplBox(chapters))]);
      await file.write(added, 0, added.length, at);
      return true;
    }
    at += length;
  }
}

function withChpl(moov: Buffer, chpl: Buffer): Buffer {
  const udta = [...boxes(moov, 8)].find(({ type }) => type === 'udta');
  const grown =
    udta === undefined
      ? Buffer.concat([moov, box('udta', chpl)])
      : Buffer.concat([moov.subarray(0, udta.at + udta.length), chpl, moov.subarray(udta.at + udta.length)]);
  if (udta !== undefined) grown.writeUInt32BE(udta.length + chpl.length, udta.at);
  grown.writeUInt32BE(grown.length, 0);
  return grown;
}

function chplBox(chapters: readonly Chapter[]): Buffer {
  const rows = chapters.slice(0, MOST_CHPL).map(({ start, title }) => {
    const text = utf8(title, MOST_CHPL);
    const head = Buffer.alloc(9);
    head.writeBigUInt64BE(BigInt(Math.max(0, Math.round(start * 1e7))), 0); // units of 100 ns
    head[8] = text.length;
    return Buffer.concat([head, text]);
  });
  return box('chpl', Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, rows.length]), ...rows]));
}

/** Source: RFC 9559 (Matroska), 5.1. */
const ID = {
  ...{
    ebml: 0x1a45dfa3,
    segment: 0x18538067,
    seekHead: 0x114d9b74,
    seek: 0x4dbb,
    seekId: 0x53ab,
    seekPosition: 0x53ac,
    void: 0xec,
    crc: 0xbf,
  },
  ...{
    chapters: 0x1043a770,
    edition: 0x45b9,
    atom: 0xb6,
    uid: 0x73c4,
    start: 0x91,
    end: 0x92,
    display: 0x80,
    text: 0x85,
    language: 0x437c,
  },
} as const;

interface Element {
  readonly id: number;
  /** Of the element, of its content, and of what follows. */
  readonly at: number;
  readonly content: number;
  readonly end: number;
}

/** The element at a place; undefined if there is none, or its length is not known. Source: RFC 8794 (EBML), 4 to 6. */
async function elementAt(file: FileHandle, at: number): Promise<Element | undefined> {
  const head = await bytesAt(file, at, 12);
  const idLength = head.length < 2 ? 9 : Math.clz32(head[0]!) - 23;
  if (idLength > 4 || head.length < idLength + 1) return undefined;
  const sizeLength = Math.clz32(head[idLength]!) - 23;
  if (sizeLength > 8 || head.length < idLength + sizeLength) return undefined;
  let size = BigInt(head[idLength]! & (0xff >> sizeLength));
  for (let i = 1; i < sizeLength; i++) size = (size << 8n) | BigInt(head[idLength + i]!);
  if (size === (1n << BigInt(7 * sizeLength)) - 1n || size > 2n ** 50n) return undefined;
  const content = at + idLength + sizeLength;
  return { id: head.readUIntBE(0, idLength), at, content, end: content + Number(size) };
}

async function intoMatroska(file: FileHandle, chapters: readonly Chapter[]): Promise<boolean> {
  const { size } = await file.stat();
  const header = await elementAt(file, 0);
  const segment = header && (await elementAt(file, header.end));
  if (segment?.id !== ID.segment || segment.end !== size || segment.content - segment.at !== 12) return false; // 4 of its name, 8 of its length
  const seekHead = await elementAt(file, segment.content);
  const gap = seekHead && (await elementAt(file, seekHead.end));
  if (seekHead?.id !== ID.seekHead || gap?.id !== ID.void || seekHead.end - seekHead.at > MOST) return false;
  const position = Buffer.alloc(8);
  position.writeBigUInt64BE(BigInt(size - segment.content));
  const entry = element(ID.seek, element(ID.seekId, idBytes(ID.chapters)), element(ID.seekPosition, position));
  const list = await withoutCrc(file, seekHead);
  const head = element(ID.seekHead, list, entry);
  const room = gap.end - seekHead.at - head.length;
  if (room < 9) return false;
  const rest = element(ID.void, Buffer.alloc(room - 9));
  const grown = Buffer.alloc(8);
  const added = element(ID.chapters, element(ID.edition, ...chapters.map(atom)));
  grown.writeBigUInt64BE((1n << 56n) | BigInt(size + added.length - segment.content));
  await file.write(added, 0, added.length, size);
  await file.write(Buffer.concat([head, rest]), 0, head.length + rest.length, seekHead.at);
  await file.write(grown, 0, 8, segment.at + 4);
  return true;
}

/** What a list holds, but for its checksum, which would no longer hold. */
async function withoutCrc(file: FileHandle, list: Element): Promise<Buffer> {
  const first = await elementAt(file, list.content);
  const from = first?.id === ID.crc ? first.end : list.content;
  return await bytesAt(file, from, list.end - from);
}

function atom({ start, end, title }: Chapter, i: number): Buffer {
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(Math.max(0, Math.round(value))));
    return bytes;
  };
  return element(
    ID.atom,
    element(ID.uid, number(i + 1)),
    element(ID.start, number(start * 1e9)),
    element(ID.end, number(end * 1e9)),
    element(ID.display, element(ID.text, Buffer.from(title, 'utf8')), element(ID.language, Buffer.from('und'))),
  );
}

/** With a length of eight bytes. */
function element(id: number, ...content: readonly Buffer[]): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE((1n << 56n) | BigInt(content.reduce((sum, part) => sum + part.length, 0)));
  return Buffer.concat([idBytes(id), length, ...content]);
}

function idBytes(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(id);
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}
