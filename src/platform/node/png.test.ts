/** PNGs of every kind of sample and filter, written here, against fast-png; and damaged ones, which must be named and never crash. */
import { deflateSync } from 'node:zlib';
import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { FormatError, streamFor } from '../../base/index.ts';
import { readPng } from './png.ts';

const [WIDTH, HEIGHT] = [13, 11];
const anySize = (): void => {};

function chunk(type: string, content: Uint8Array): Uint8Array {
  const out = Buffer.alloc(12 + content.length);
  out.writeUInt32BE(content.length);
  out.write(type, 4, 'latin1');
  out.set(content, 8);
  return out;
}

/** Rows of noise, each behind the number of a filter: any bytes are a picture. */
function pngOf(
  colours: number,
  channels: number,
  depth: number,
  filterOf: (row: number) => number,
): { file: Uint8Array; rows: Uint8Array } {
  const rng = streamFor(colours * 100 + depth, 'png');
  const rowBytes = (WIDTH * channels * depth) / 8 + 1;
  const rows = Uint8Array.from({ length: rowBytes * HEIGHT }, () => rng.integer(0, 256));
  for (let y = 0; y < HEIGHT; y++) rows[y * rowBytes] = filterOf(y);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(WIDTH, 0);
  head.writeUInt32BE(HEIGHT, 4);
  head.set([depth, colours, 0, 0, 0], 8);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const file = Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', new Uint8Array(0))]);
  return { file, rows };
}

const kinds = [
  ['gray', 0, 1],
  ['RGB', 2, 3],
  ['gray with alpha', 4, 2],
  ['RGB with alpha', 6, 4],
] as const;

test.each(kinds.flatMap(([name, colours, channels]) => ([8, 16] as const).map((depth) => [name, depth, colours, channels] as const)))(
  '%s of %i bits: rows of every filter, first and later, are what fast-png reads',
  (_, depth, colours, channels) => {
    for (const filterOf of [...[0, 1, 2, 3, 4].map((filter) => () => filter), (row: number) => (row * 7 + 4) % 5]) {
      const { file } = pngOf(colours, channels, depth, filterOf);
      const image = readPng(file, 'noise.png', anySize);
      const expected = decode(file); // checks no sums unless it is asked to
      expect([image.width, image.height, image.depth, image.channels]).toEqual([WIDTH, HEIGHT, depth, channels]);
      expect([...image.data]).toEqual([...expected.data]);
    }
  },
);

test('a filter that does not exist is named', () => {
  const { file } = pngOf(2, 3, 8, (row) => (row === 5 ? 5 : 1));
  expect(() => readPng(file, 'odd.png', anySize)).toThrow(FormatError);
  expect(() => readPng(file, 'odd.png', anySize)).toThrow('odd.png: this PNG is damaged');
});

test('files that were cut or changed anywhere give a picture or say that they are damaged', () => {
  const rng = streamFor(3, 'damage');
  for (const [, colours, channels] of kinds) {
    const { file } = pngOf(colours, channels, 8, (row) => row % 5);
    for (let k = 0; k < 300; k++) {
      const bytes = Uint8Array.from(k % 2 === 0 ? file : file.subarray(0, rng.integer(0, file.length)));
      for (let c = 0; c < 3 && bytes.length > 0; c++) bytes[rng.integer(0, bytes.length)] = rng.integer(0, 256);
      try {
        const {
          width,
          height,
          data,
          channels: found,
        } = readPng(bytes, 'x.png', ([w, h]) => {
          if (w * h > 1e6 || w * h === 0) throw new FormatError('x.png: too large');
        });
        expect(data.length).toBeLessThanOrEqual(width * height * found);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }
  }
});
