/**
 * A trained generator as a file that any ONNX runtime opens: any number of faces, NHWC, BGR in 0…1, weights inside. `dfm` has the tensor
 * names, the order of outputs and the opset that real-time tools for DeepFaceLab's exports expect.
 */
import { sizeOf, type Tensor } from '../base/index.ts';
import { encodeModel, type GraphMessage, input, inputsOf, OnnxWriter, transpose, valueInfo } from '../graph/index.ts';
import { OPSET } from '../runtime/index.ts';
import type { ModelConfig } from './config.ts';
import { type Swapped, swapOutputs } from './swapper.ts';

export type OnnxFlavour = 'onnx' | 'dfm';

interface Flavour {
  readonly opset: number;
  readonly input: string;
  /** In the order of the file. */
  readonly outputs: readonly (readonly [name: string, what: keyof Swapped])[];
}

/** Source of the dfm's names, order and opset: the format description of DeepFaceLab's export. */
const flavours: Readonly<Record<OnnxFlavour, Flavour>> = {
  onnx: {
    opset: OPSET,
    input: 'dst',
    outputs: [
      ['dst_mask', 'dstMask'],
      ['face', 'face'],
      ['face_mask', 'faceMask'],
    ],
  },
  dfm: {
    opset: 12,
    input: 'in_face:0',
    outputs: [
      ['out_face_mask:0', 'dstMask'],
      ['out_celeb_face:0', 'face'],
      ['out_celeb_face_mask:0', 'faceMask'],
    ],
  },
};

/** Stands for any batch while the graph is built. A prime above every width and resolution that a model may have. */
const ANY_BATCH = 8191;

/**
 * @param weights  the generator's, by name.
 * @returns the bytes of an ONNX file with one input [N, res, res, 3] and three outputs [N, res, res, 1 or 3].
 * @throws Error if a weight is missing.
 */
export function exportOnnx(
  config: ModelConfig,
  weights: ReadonlyMap<string, Tensor>,
  flavour: OnnxFlavour,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { opset, input: inputName, outputs } = flavours[flavour];
  const { resolution } = config;
  const nhwc = input(inputName, [ANY_BATCH, resolution, resolution, 3]);
  const results = swapOutputs(config, 'direct', transpose(nhwc, [1, 2, 0, 3]));
  const named = outputs.map(([name, what]) => [name, transpose(results[what], [2, 0, 1, 3])] as const);
  const values = named.map(([, value]) => value);
  const writer = new OnnxWriter({ anyBatch: ANY_BATCH, opset });
  for (const value of inputsOf(values)) {
    if (value.source.kind !== 'input' || value === nhwc) continue;
    const found = weights.get(value.source.name);
    if (found === undefined || found.data.length !== sizeOf(value.shape)) throw new Error(`${value.source.name} is missing`);
    writer.parameter(value, value.source.name, found.data);
  }
  writer.write(values);
  writer.alias(named);
  const graph: GraphMessage = {
    name: 'liae',
    node: writer.nodes,
    initializer: writer.initializers,
    input: [valueInfo(inputName, nhwc)],
    output: named.map(([name, value]) => valueInfo(name, value)),
  };
  const free = (side: number | string): number | string => (side === ANY_BATCH ? 'N' : side);
  const open = (infos: GraphMessage['input']): GraphMessage['input'] => infos.map((info) => ({ ...info, dims: info.dims.map(free) }));
  return encodeModel({ ...graph, input: open(graph.input), output: open(graph.output) }, opset, metadata);
}
