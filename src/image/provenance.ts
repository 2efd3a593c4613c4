/**
 * A JPEG or PNG that says what it is: an XMP packet with the IPTC digital source type. Readers that know nothing of it pass it over. What an
 * older packet says stays, but for that one property. Sources: PNG specification (chunks, CRC), XMP part 3 (where packets lie), IPTC
 * NewsCodes "digitalsourcetype".
 */
import { FormatError } from '../base/index.ts';

/** The swapped face is made by a model trained on pictures of people and stands for a part of a picture of another. */
const SOURCE_TYPE = 'http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia';
const PNG_KEYWORD = 'XML:com.adobe.xmp';
const JPEG_KEYWORD = 'http://ns.adobe.com/xap/1.0/\0';
const HEADER_END = 8 + 25; // signature and IHDR
const maxSegment = 65533;

/** Bytes of a file that hold an XMP packet, with what stands around it, or the empty place where they belong. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly packet: string | undefined;
  readonly wrap: (packet: string) => Uint8Array;
}

/**
 * @param file  a whole JPEG or PNG file. @param tool  name and version of the program that made it.
 * @returns the same picture with the packet before its pixels.
 * @throws FormatError if it is neither, or an older packet leaves no room in a JPEG.
 */
export function withProvenance(file: Uint8Array, tool: string): Uint8Array {
  const place = placeOf(file);
  if (place === undefined) throw new FormatError('a picture to be marked is neither JPEG nor PNG');
  const segment = place.wrap(marked(place.packet, tool));
  const out = new Uint8Array(file.length - (place.end - place.start) + segment.length);
  out.set(file.subarray(0, place.start));
  out.set(segment, place.start);
  out.set(file.subarray(place.end), place.start + segment.length);
  return out;
}

/** The IPTC digital source type that a JPEG or PNG carries: the last part of its address; undefined if there is none. */
export function readProvenance(file: Uint8Array): string | undefined {
  const packet = placeOf(file)?.packet ?? '';
  const found = /Iptc4xmpExt:DigitalSourceType(?:="|>)([^"<]{1,200})/.exec(packet)?.[1];
  return found?.slice(found.lastIndexOf('/') + 1);
}

function marked(packet: string | undefined, tool: string): string {
  const safe = tool.replace(/[<>&"]/g, '');
  const description = `<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" Iptc4xmpExt:DigitalSourceType="${SOURCE_TYPE}" xmp:CreatorTool="${safe}"/>`;
  const old = packet?.lastIndexOf('</rdf:RDF>') ?? -1;
  if (packet === undefined || old < 0) {
    return `<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${description}</rdf:RDF></x:xmpmeta><?xpacket end="r"?>`;
  }
  const without = (text: string, name: string): string =>
    text.replaceAll(new RegExp(`\\s${name}="[^"]*"`, 'g'), '').replaceAll(new RegExp(`<${name}>[^<]*</${name}>`, 'g'), '');
  const rest = ['Iptc4xmpExt:DigitalSourceType', 'xmp:CreatorTool'].reduce(without, packet.slice(0, old));
  const before = rest.replaceAll(/<rdf:Description rdf:about=""(?: xmlns:\w+="[^"]*")*\/>/g, ''); // ours, from before
  return `${before}${description}${packet.slice(old)}`;
}

function placeOf(file: Uint8Array): Place | undefined {
  if (file[0] === 0xff && file[1] === 0xd8) return jpegPlace(file);
  return file[0] === 0x89 && file[1] === 0x50 ? pngPlace(file) : undefined;
}

function jpegPlace(file: Uint8Array): Place {
  let end = 2;
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff; ) {
    const marker = file[at + 1]!;
    const next = at + 2 + ((file[at + 2]! << 8) | file[at + 3]!);
    if (marker < 0xe0 || marker > 0xef || next > file.length) break; // application segments come first
    const body = file.subarray(at + 4, next);
    if (marker === 0xe1 && latin(body.subarray(0, JPEG_KEYWORD.length)) === JPEG_KEYWORD) {
      return { start: at, end: next, packet: new TextDecoder().decode(body.subarray(JPEG_KEYWORD.length)), wrap: jpegSegment };
    }
    if (marker === 0xe0 || marker === 0xe1) end = next; // behind JFIF and Exif
    at = next;
  }
  return { start: end, end, packet: undefined, wrap: jpegSegment };
}

function jpegSegment(packet: string): Uint8Array {
  const text = new TextEncoder().encode(JPEG_KEYWORD + packet);
  if (text.length > maxSegment)
    throw new FormatError('the XMP packet of a picture leaves no room', {
      found: `${text.length} bytes`,
      expected: `at most ${maxSegment}`,
    });
  const segment = new Uint8Array(4 + text.length);
  segment.set([0xff, 0xe1, (text.length + 2) >> 8, (text.length + 2) & 255]);
  segment.set(text, 4);
  return segment;
}

function pngPlace(file: Uint8Array): Place {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 8; at + 12 <= file.length; ) {
    const end = at + 12 + view.getUint32(at);
    if (end > file.length) break;
    const body = file.subarray(at + 8, end - 4);
    // Keyword, a zero, not compressed (0), a method (0), then language and translation, each with a zero.
    if (latin(file.subarray(at + 4, at + 8)) === 'iTXt' && latin(body.subarray(0, PNG_KEYWORD.length + 2)) === `${PNG_KEYWORD}\0\0`) {
      const language = body.indexOf(0, PNG_KEYWORD.length + 3);
      const text = language < 0 ? -1 : body.indexOf(0, language + 1);
      if (text >= 0) return { start: at, end, packet: new TextDecoder().decode(body.subarray(text + 1)), wrap: pngChunk };
    }
    at = end;
  }
  return { start: HEADER_END, end: HEADER_END, packet: undefined, wrap: pngChunk };
}

function pngChunk(packet: string): Uint8Array {
  const text = new TextEncoder().encode(`iTXt${PNG_KEYWORD}\0\0\0\0\0${packet}`); // keyword, not compressed, no language, no translation
  const chunk = new Uint8Array(4 + text.length + 4);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, text.length - 4);
  chunk.set(text, 4);
  view.setUint32(4 + text.length, crc32(text));
  return chunk;
}

const latin = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
