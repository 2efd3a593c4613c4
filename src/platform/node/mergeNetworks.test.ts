/** Networks that users bring, written here as tiny ONNX files: layouts, sides and forms of pixels are found out, and what does not fit is told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { expectClose } from '../../../test/support.ts';
import { concat, encodeModel, input, lower, scalar, sigmoid, slice, transpose, type Value } from '../../graph/index.ts';
import { type FloatImage, floatImage, resize } from '../../image/index.ts';
import type { PixelForm } from '../../merge/index.ts';
import { OPSET } from '../../runtime/index.ts';
import { type NetworkFile, openEnhancer, openMasker, readNetwork } from './mergeNetworks.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae networks '));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function written(name: string, outputs: Readonly<Record<string, Value>>, pixels: PixelForm = 'bgr'): Promise<NetworkFile> {
  const path = join(scratch, name);
  writeFileSync(path, encodeModel(lower(outputs), OPSET));
  return readNetwork(path, pixels, '--xseg-model');
}

/** Blue grows to the right, green downwards, red is a quarter. */
function ramps(side: number): FloatImage {
  const image = floatImage(side, side, 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) image.data.set([x / (side - 1), y / (side - 1), 0.25], (y * side + x) * 3);
  }
  return image;
}

/** What a mask becomes: XSeg's side, and nothing below a tenth. */
const kept = (mask: FloatImage): Float32Array => resize(mask, 256, 256, 'cubic').data.map((v) => (v < 0.1 ? 0 : Math.min(1, v)));

const channelOf = ({ width, height, data }: FloatImage, channel: number): FloatImage => ({
  ...floatImage(width, height, 1),
  data: data.filter((_, i) => i % 3 === channel),
});

test('a mask is that of the channel the network looks at, whatever the layout', async () => {
  const nhwc = input('face', [1, 48, 48, 3]);
  const nchw = input('face', [1, 3, 48, 48]);
  const seen = resize(ramps(64), 48, 48, 'cubic');
  const cases: readonly (readonly [string, Value, PixelForm, number])[] = [
    ['nhwc.onnx', slice(nhwc, 3, 0, 1), 'bgr', 0],
    ['nchw.onnx', slice(nchw, 1, 1, 2), 'bgr', 1],
    ['rgb.onnx', slice(nchw, 1, 2, 3), 'rgb', 0],
    ['crossed.onnx', transpose(slice(nchw, 1, 0, 1), [0, 2, 3, 1]), 'bgr', 0],
  ];
  for (const [name, mask, pixels, channel] of cases) {
    await using network = await openMasker(await written(name, { mask }, pixels));
    const out = await network.run(ramps(64));
    expect([out.width, out.height, out.channels]).toEqual([256, 256, 1]);
    const expected = kept(channelOf(seen, channel));
    // Around a tenth a rounding decides between it and nothing.
    const near = expected.map((v, i) => (Math.abs(v - 0.1) < 1e-4 || Math.abs(out.data[i]! - 0.1) < 1e-4 ? out.data[i]! : v));
    expectClose(out.data, near, { abs: 1e-5 });
  }
});

test('an enhancer may want red first in −1…1 and give another side', async () => {
  const face = input('face', [1, 3, 32, 32]);
  const twice = concat([face, face], 2);
  await using same = await openEnhancer(await written('same.onnx', { finer: face.mul(0.5) }, 'signed-rgb'), 64);
  const given = resize(ramps(64), 32, 32, 'cubic');
  const out = await same.run(ramps(64));
  expectClose(
    out.data,
    Float32Array.from(given.data, (v) => (Math.min(1, Math.max(0, v)) * 2 - 1) * 0.25 + 0.5),
    { abs: 1e-5 },
  );
  await using large = await openEnhancer(await written('large.onnx', { finer: concat([twice, twice], 3) }), 64);
  const doubled = await large.run(ramps(64));
  expect([doubled.width, doubled.height]).toEqual([64, 64]);
});

test('a network that takes any side is given the side of what it is used for', async () => {
  const path = join(scratch, 'any.onnx');
  const graph = lower({ mask: slice(input('face', [1, 3, 8, 8]), 1, 0, 1) });
  const free = <T extends { readonly dims: readonly (number | string)[] }>(info: T): T => ({
    ...info,
    dims: ['n', info.dims[1]!, 'height', 'width'],
  });
  writeFileSync(path, encodeModel({ ...graph, input: graph.input.map(free), output: graph.output.map(free) }, OPSET));
  await using network = await openMasker(await readNetwork(path, 'bgr', '--xseg-model'));
  expectClose((await network.run(ramps(256))).data, kept(channelOf(ramps(256), 0)), { abs: 1e-6 });
});

test('what does not fit is told with what was found', async () => {
  const refused = async (
    words: RegExp,
    outputs: Readonly<Record<string, Value>>,
    open: typeof openEnhancer = openMasker,
  ): Promise<void> => {
    const error = await open(await written('bad.onnx', outputs), 64).then(
      () => new Error('taken'),
      (reason: unknown) => reason as Error & { report(): string },
    );
    expect('report' in error ? error.report() : error.message).toMatch(words);
  };
  const face = input('face', [1, 16, 16, 3]);
  await refused(/bad\.onnx: not a network for faces\n {2}found {4}takes gray float32\[1, 16, 16, 1\]; gives mask/, {
    mask: sigmoid(input('gray', [1, 16, 16, 1])),
  });
  await refused(/takes face float32\[1, 16, 16, 3\], other float32\[1, 16, 16, 3\]/, { mask: face.add(input('other', [1, 16, 16, 3])) });
  await refused(/takes face float32\[1, 16, 20, 3\]/, { mask: slice(input('face', [1, 16, 20, 3]), 3, 0, 1) });
  await refused(/its output is not a mask: one channel\n {2}found {4}float32\[1, 16, 16, 3\]/, { mask: face.mul(0.5) });
  await refused(/its output is no mask\n {2}found {4}values from -4\.50 to -4\.50/, { mask: slice(face, 3, 0, 1).add(scalar(-5)) });
  await refused(/its output is not a picture: three channels/, { finer: slice(face, 3, 0, 1) }, openEnhancer);
  const text = join(scratch, 'text.onnx');
  writeFileSync(text, 'no network');
  await expect(readNetwork(text, 'bgr', '--xseg-model').then(openMasker)).rejects.toThrow('text.onnx: ONNX Runtime does not take it');
  await expect(readNetwork(join(scratch, 'none.onnx'), 'bgr', '--enhancer')).rejects.toThrow(/--enhancer .*none\.onnx: cannot be read/);
});
