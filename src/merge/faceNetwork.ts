/**
 * Networks that users bring as ONNX files: one that says where the face is (XSeg and its like), one that makes a face finer. Each takes a picture of
 * three channels, NHWC or NCHW, and gives a picture of the same layout's kind; sides are its own. What a file does not say is found out by a run.
 */
import { FormatError, OptionError } from '../base/index.ts';
import { clip, type FloatImage, floatImage, resize } from '../image/index.ts';
import type { Port, Program } from '../runtime/index.ts';
import { XSEG_SIDE } from './faceCrop.ts';

/** What the numbers of a network's pictures are: blue first in 0…1, as all of DeepFaceLab; red first; or red first in −1…1. */
const pixelForms = ['bgr', 'rgb', 'signed-rgb'] as const;
export type PixelForm = (typeof pixelForms)[number];

export interface FaceNetwork extends AsyncDisposable {
  /** @param face  square, BGR in 0…1, of any side.  @returns at the side that the network gives. */
  run(face: FloatImage): Promise<FloatImage>;
}

interface NetworkAsk {
  /** Of the file, for errors. */
  readonly name: string;
  readonly pixels: PixelForm;
  /** Side of what it takes, where it takes any. */
  readonly side: number;
}

/** Most pixels along a side of what a network takes or gives. */
const MOST = 4096;
/** Values this far out of 0…1 are no mask. */
const SLACK = 0.05;

/**
 * A network of masks: one channel in 0…1.
 *
 * @param program  is disposed of with the network; also if it is refused.
 * @returns its masks are at XSEG_SIDE, held in 0…1, below a tenth made 0. Source: the reference's XSeg.
 * @throws FormatError if it takes or gives something else.
 */
export function maskNetwork(program: Program, ask: Omit<NetworkAsk, 'side'>): Promise<FaceNetwork> {
  return opened(program, { ...ask, side: XSEG_SIDE }, 1, 'a mask: one channel', (image) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const v of image.data) [low, high] = [Math.min(low, v), Math.max(high, v)];
    if (!(low >= -SLACK && high <= 1 + SLACK)) {
      throw new FormatError(`${ask.name}: its output is no mask`, {
        found: `values from ${low.toPrecision(3)} to ${high.toPrecision(3)}`,
        expected: '0 outside of the face to 1 inside; a network that gives logits needs a sigmoid at its end',
      });
    }
    const mask = resize(image, XSEG_SIDE, XSEG_SIDE, 'cubic');
    const out: FloatImage = { ...mask, data: mask.data.slice() };
    clip(out.data, 0, 1);
    for (let i = 0; i < out.data.length; i++) if (out.data[i]! < 0.1) out.data[i] = 0;
    return out;
  });
}

/**
 * A network that gives a finer picture of a face.
 *
 * @param ask.side  of the model that predicts faces, for a network that takes any side.
 * @throws FormatError if it takes or gives something else.
 */
export function enhancerNetwork(program: Program, ask: NetworkAsk): Promise<FaceNetwork> {
  return opened(program, ask, 3, 'a picture: three channels', (image) => {
    if (ask.pixels !== 'bgr') swapEnds(image.data);
    if (ask.pixels === 'signed-rgb') for (let i = 0; i < image.data.length; i++) image.data[i] = (image.data[i]! + 1) / 2;
    clip(image.data, 0, 1);
    return image;
  });
}

/** Reads what goes in and out, and tries it once. */
async function opened(
  program: Program,
  ask: NetworkAsk,
  channels: 1 | 3,
  wanted: string,
  finish: (image: FloatImage) => FloatImage,
): Promise<FaceNetwork> {
  try {
    const { input, planar, side } = inputOf(program, ask);
    const run = async (face: FloatImage): Promise<FloatImage> => {
      const data = packed(resize(face, side, side, 'cubic'), planar, ask.pixels);
      const shape = planar ? [1, 3, side, side] : [1, side, side, 3];
      const output = program.outputs[0]!.name;
      const { [output]: result } = await program.run({ [input]: { shape, data } }, [output]);
      return finish(unpacked(result!, channels, ask, wanted));
    };
    const gray = floatImage(side, side, 3);
    gray.data.fill(0.5);
    await run(gray);
    return { run, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

function inputOf({ inputs, outputs }: Program, { name, side: usual }: NetworkAsk): { input: string; planar: boolean; side: number } {
  const expected = 'one input, float32[1, side, side, 3] or float32[1, 3, side, side], and an output';
  const [input] = inputs;
  const refused = (): FormatError => new FormatError(`${name}: not a network for faces`, { found: portsText(inputs, outputs), expected });
  if (input === undefined || inputs.length !== 1 || outputs.length === 0 || input.type !== 'float32' || input.shape.length !== 4)
    throw refused();
  const [n, a, b, c] = input.shape as [Port['shape'][0], Port['shape'][0], Port['shape'][0], Port['shape'][0]];
  const planar = a === 3 && c !== 3;
  if ((!planar && c !== 3) || (n !== undefined && n !== 1)) throw refused();
  const [height, width] = planar ? [b, c] : [a, b];
  const side = height ?? width ?? usual;
  if ((width ?? side) !== side || side > MOST) throw refused();
  return { input: input.name, planar, side };
}

const portsText = (inputs: readonly Port[], outputs: readonly Port[]): string =>
  [
    ['takes', inputs],
    ['gives', outputs],
  ]
    .map(([verb, ports]) => `${verb} ${(ports as readonly Port[]).slice(0, 6).map(portText).join(', ') || 'nothing'}`)
    .join('; ');

const portText = ({ name, type, shape }: Port): string => `${name.slice(0, 40)} ${type}[${shape.map((n) => n ?? '?').join(', ')}]`;

function packed({ width, height, data }: FloatImage, planar: boolean, pixels: PixelForm): Float32Array {
  const out = new Float32Array(data.length);
  const area = width * height;
  const [scale, offset] = pixels === 'signed-rgb' ? [2, -1] : [1, 0];
  for (let p = 0; p < area; p++) {
    for (let c = 0; c < 3; c++) {
      const value = Math.min(1, Math.max(0, data[p * 3 + (pixels === 'bgr' ? c : 2 - c)]!)) * scale + offset;
      out[planar ? c * area + p : p * 3 + c] = value;
    }
  }
  return out;
}

/** The result as a picture, whatever its layout; a batch of one, or none. */
function unpacked(
  { shape, data }: { readonly shape: readonly number[]; readonly data: unknown },
  channels: 1 | 3,
  { name }: NetworkAsk,
  wanted: string,
): FloatImage {
  const refused = (): FormatError =>
    new FormatError(`${name}: its output is not ${wanted}`, {
      found: `${data instanceof Float32Array ? 'float32' : 'other numbers'}[${shape.join(', ')}]`,
      expected: `float32[1, side, side, ${channels}] or float32[1, ${channels}, side, side]`,
    });
  const inner = shape.length === 4 && shape[0] === 1 ? shape.slice(1) : shape;
  const flat = channels === 1 && inner.length === 2;
  const planar = !flat && inner[0] === channels && inner[2] !== channels;
  const [height, width, depth] = flat ? [inner[0], inner[1], 1] : planar ? [inner[1], inner[2], inner[0]] : inner;
  if (
    !(data instanceof Float32Array) ||
    (!flat && inner.length !== 3) ||
    width !== height ||
    depth !== channels ||
    width === undefined ||
    width > MOST
  )
    throw refused();
  const image = floatImage(width, width, channels);
  const area = width * width;
  for (let p = 0; p < area; p++)
    for (let c = 0; c < channels; c++) image.data[p * channels + c] = data[planar ? c * area + p : p * channels + c]!;
  if (image.data.some((v) => !Number.isFinite(v)))
    throw new FormatError(`${name}: its output is not a number`, { found: `${shape.join('×')} values` });
  return image;
}

function swapEnds(data: Float32Array): void {
  for (let i = 0; i + 2 < data.length; i += 3) [data[i], data[i + 2]] = [data[i + 2]!, data[i]!];
}

/** @throws OptionError for a word that is none. */
export function pixelFormOf(text: string | undefined, flag: string): PixelForm {
  const found = pixelForms.find((name) => name === (text ?? 'bgr'));
  if (found !== undefined) return found;
  throw new OptionError(`${flag} ${text}: no such form of pixels`, { expected: pixelForms.join(', ') });
}
