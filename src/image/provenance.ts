/**
 * A PNG that says what it is: an XMP packet with the IPTC digital source type, in an iTXt chunk before the pixels. Readers that know nothing of it pass
 * it over. Sources: PNG specification (chunks, CRC), XMP part 3 (keyword), IPTC NewsCodes "digitalsourcetype".
 */

/** The swapped face is made by a model trained on pictures of people and stands for a part of a picture of another. */
const SOURCE_TYPE = 'http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia';
const KEYWORD = 'XML:com.adobe.xmp';
const HEADER_END = 8 + 25; // signature and IHDR

/**
 * @param png  a whole PNG file. @param tool  name and version of the program that made it.
 * @returns the same picture with the packet after its header.
 */
export function withProvenance(png: Uint8Array, tool: string): Uint8Array {
  const safe = tool.replace(/[<>&"]/g, '');
  const packet = `<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" Iptc4xmpExt:DigitalSourceType="${SOURCE_TYPE}" xmp:CreatorTool="${safe}"/></rdf:RDF></x:xmpmeta><?xpacket end="r"?>`;
  const text = new TextEncoder().encode(`iTXt${KEYWORD}\0\0\0\0\0${packet}`); // keyword, not compressed, no language, no translation
  const chunk = new Uint8Array(4 + text.length + 4);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, text.length - 4);
  chunk.set(text, 4);
  view.setUint32(4 + text.length, crc32(text));
  const out = new Uint8Array(png.length + chunk.length);
  out.set(png.subarray(0, HEADER_END));
  out.set(chunk, HEADER_END);
  out.set(png.subarray(HEADER_END), HEADER_END + chunk.length);
  return out;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
