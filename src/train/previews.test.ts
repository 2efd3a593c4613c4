/** The sheet, tile by tile, and the faces kept for it. */
import { expect, test } from 'vitest';
import { MemoryFileStore } from '../../test/support/memoryFileStore.ts';
import type { ByteImage } from '../image/index.ts';
import type { Batch, Predictions } from './engine.ts';
import { resolveOptions } from './options.ts';
import { facesOf, keepFaces, keepPreview, loadFaces, type PreviewFaces, paintPreview, previewRows, sheet } from './previews.ts';

const res = 64;
const n = 2;
/** An image whose blue, green and red are given for every sample. */
const faces = (value: (sample: number, channel: number) => number, samples = n): Float32Array =>
  new Float32Array(res * res * samples * 3).map((_, i) => value(Math.floor(i / 3) % samples, i % 3));
const mask = (value: (sample: number) => number, samples = n): Float32Array =>
  new Float32Array(res * res * samples).map((_, i) => value(i % samples));

const shown: PreviewFaces = {
  ...{ resolution: res, n, src: faces((s, k) => (s === 0 ? [0, 0.2, 1][k]! : 0.5)), dst: faces(() => 0.8) },
  ...{ srcMask: mask((s) => s), dstMask: mask(() => 0.25) },
};
const predictions: Predictions = {
  ...{ srcSrc: faces(() => 0.1), dstDst: faces(() => 2), srcDst: faces(() => 0.6) },
  ...{ dstDstMask: mask(() => 0.5), srcDstMask: mask(() => 0.5) },
};

/** The colour in the middle of a tile; group 0 is plain, 1 masked. */
function middle({ data, width, height }: ByteImage, group: number, column: number, row: number): number[] {
  const step = res + 4;
  const line = 14;
  expect([width, height]).toEqual([5 * step + 4, line + 2 * (line + n * step) + 4]);
  const [x, y] = [4 + column * step + res / 2, line + group * (line + n * step) + line + row * step + res / 2];
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

test('columns are S, SS, D, DD, SD in RGB, then the same through their masks', () => {
  const image = sheet(shown, predictions, { iteration: 3, head: false });
  const gray = (value: number): number[] => [value, value, value];
  expect([0, 1, 2, 3, 4].map((column) => middle(image, 0, column, 0))).toEqual([[255, 51, 0], gray(26), gray(204), gray(255), gray(153)]);
  expect([0, 1, 2, 3, 4].map((column) => middle(image, 1, column, 0))).toEqual([[0, 0, 0], gray(26), gray(51), gray(255), gray(38)]);
  expect(middle(image, 0, 0, 1)).toEqual(gray(128));
  expect(middle(image, 1, 0, 1)).toEqual(gray(128));
});

test('for heads the swap has its own mask alone', () => {
  expect(middle(sheet(shown, predictions, { iteration: 3, head: true }), 1, 4, 0)).toEqual([77, 77, 77]);
});

test('rows are those of the reference: at most 4, at most a batch, at most 800 pixels', () => {
  const rows = (options: Record<string, unknown>): number => previewRows(resolveOptions({ archi: 'liae', ...options }).options);
  expect([rows({}), rows({ batch_size: 2 }), rows({ resolution: 256 }), rows({ resolution: 512 })]).toEqual([4, 2, 3, 1]);
});

test('faces are the unwarped first samples of a batch', () => {
  const side = (offset: number) => ({
    ...{
      warped: faces(() => -1, 3),
      target: faces((s, k) => offset + s * 10 + k, 3),
      mask: mask((s) => offset + s, 3),
      em: mask(() => -1, 3),
    },
  });
  const batch: Batch = { src: side(100), dst: side(200) };
  const { src, dst, srcMask, dstMask } = facesOf(batch, res, n);
  expect(src).toEqual(faces((s, k) => 100 + s * 10 + k));
  expect(dst).toEqual(faces((s, k) => 200 + s * 10 + k));
  expect([srcMask, dstMask]).toEqual([mask((s) => 100 + s), mask((s) => 200 + s)]);
});

test('kept faces come back, and others of another size or damaged do not', async () => {
  const { options } = resolveOptions({ resolution: res, batch_size: n });
  const files = new MemoryFileStore();
  expect(await loadFaces(files, options)).toBeUndefined();
  await keepFaces(files, shown);
  expect(await loadFaces(files, options)).toEqual(shown);
  expect(await loadFaces(files, { ...options, batch_size: 1 })).toBeUndefined();
  await files.truncate('previews/sample.safetensors', 100);
  expect(await loadFaces(files, options)).toBeUndefined();
});

test('a preview is written twice: under its iteration and as the latest', async () => {
  const files = new MemoryFileStore();
  const { options } = resolveOptions({ resolution: res, batch_size: n });
  const engine = { predict: async () => predictions };
  const codec = { encodePng: async ({ data }: ByteImage) => data.slice(0, 4000) };
  const png = await paintPreview({ engine, codec }, shown, { iteration: 1200, options });
  expect(png).toEqual(sheet(shown, predictions, { iteration: 1200, head: false }).data.slice(0, 4000));
  expect(await keepPreview(files, png, 1200)).toBe('previews/0001200.png');
  expect(await files.list('previews')).toEqual(['0001200.png', 'latest.png']);
  expect(files.bytesOf('previews/latest.png')).toEqual(png);
});
