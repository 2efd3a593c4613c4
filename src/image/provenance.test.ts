/** The digital source type in XMP: found again in JPEG and PNG, said once, and beside what an older packet says. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readProvenance, withProvenance } from './provenance.ts';

const read = (name: string): Uint8Array =>
  Uint8Array.from(readFileSync(new URL(`../../test/credentials/foreign.${name}`, import.meta.url)));
const composite = 'compositeWithTrainedAlgorithmicMedia';

test.each(['jpg', 'png'])('%s: marked once, the same again if marked twice, and every other byte as it was', (ending) => {
  const plain = read(ending);
  expect(readProvenance(plain)).toBeUndefined();
  const marked = withProvenance(plain, 'liae <1>');
  expect(readProvenance(marked)).toBe(composite);
  expect(withProvenance(marked, 'liae <1>')).toEqual(marked);
  const start = plain.findIndex((byte, i) => byte !== marked[i]);
  const tail = plain.subarray(start);
  expect(Buffer.from(marked.subarray(marked.length - tail.length)).equals(tail)).toBe(true);
  const text = new TextDecoder('latin1').decode(marked);
  expect(text.split('DigitalSourceType=').length).toBe(2);
  expect(text).toContain('xmp:CreatorTool="liae 1"');
});

test('an older packet keeps what it says, but for the source type and the tool', () => {
  const before = new TextEncoder().encode(
    'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" dc:rights="mine" xmp:CreatorTool="camera"><Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture</Iptc4xmpExt:DigitalSourceType></rdf:Description></rdf:RDF></x:xmpmeta>',
  );
  const plain = read('jpg');
  const size = before.length + 2;
  const camera = Uint8Array.of(0xff, 0xd8, 0xff, 0xe1, size >> 8, size & 255, ...before, ...plain.subarray(2));
  expect(readProvenance(camera)).toBe('digitalCapture');
  const marked = withProvenance(camera, 'liae 1');
  expect(readProvenance(marked)).toBe(composite);
  const text = new TextDecoder('latin1').decode(marked);
  expect(text).toContain('dc:rights="mine"');
  expect(text).not.toContain('digitalCapture</');
  expect(text).not.toContain('CreatorTool="camera"');
});

test('neither JPEG nor PNG is refused', () => {
  expect(() => withProvenance(new Uint8Array(20), 'liae 1')).toThrow('neither JPEG nor PNG');
});
