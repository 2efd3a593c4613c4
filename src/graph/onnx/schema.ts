/**
 * The part of the ONNX protobuf schema that the writer uses, as data for protobufjs. Field numbers are those of onnx.proto (Apache-2.0).
 */
import protobuf from 'protobufjs/light.js';

const field = (id: number, type: string, rule?: 'repeated'): { id: number; type: string; rule?: string } =>
  rule === undefined ? { id, type } : { id, type, rule };
const many = (id: number, type: string): { id: number; type: string; rule?: string } => field(id, type, 'repeated');

const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: field(1, 'int64'),
        producerName: field(2, 'string'),
        producerVersion: field(3, 'string'),
        graph: field(7, 'GraphProto'),
        opsetImport: many(8, 'OperatorSetId'),
        metadataProps: many(14, 'StringEntry'),
      },
    },
    StringEntry: { fields: { key: field(1, 'string'), value: field(2, 'string') } },
    OperatorSetId: { fields: { domain: field(1, 'string'), version: field(2, 'int64') } },
    GraphProto: {
      fields: {
        node: many(1, 'NodeProto'),
        name: field(2, 'string'),
        initializer: many(5, 'TensorProto'),
        input: many(11, 'ValueInfo'),
        output: many(12, 'ValueInfo'),
      },
    },
    NodeProto: {
      fields: {
        input: many(1, 'string'),
        output: many(2, 'string'),
        name: field(3, 'string'),
        opType: field(4, 'string'),
        attribute: many(5, 'Attribute'),
        domain: field(7, 'string'),
      },
    },
    Attribute: {
      fields: {
        name: field(1, 'string'),
        f: field(2, 'float'),
        i: field(3, 'int64'),
        s: field(4, 'bytes'),
        t: field(5, 'TensorProto'),
        g: field(6, 'GraphProto'),
        ints: many(8, 'int64'),
        type: field(20, 'int32'),
      },
    },
    TensorProto: { fields: { dims: many(1, 'int64'), dataType: field(2, 'int32'), name: field(8, 'string'), rawData: field(9, 'bytes') } },
    ValueInfo: { fields: { name: field(1, 'string'), type: field(2, 'TypeProto') } },
    TypeProto: { fields: { tensorType: field(1, 'TensorType') } },
    TensorType: { fields: { elemType: field(1, 'int32'), shape: field(2, 'TensorShape') } },
    TensorShape: { fields: { dim: many(1, 'Dimension') } },
    Dimension: { fields: { dimValue: field(1, 'int64'), dimParam: field(2, 'string') } },
  },
});

const Model = root.lookupType('ModelProto');

/** Numbers of TensorProto.DataType. */
export const dataTypes = { float32: 1, uint8: 2, int64: 7, bool: 9 } as const;

/** Numbers of AttributeProto.AttributeType. */
export const attributeTypes = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const;

export interface AttributeMessage {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly ints?: readonly number[];
  readonly g?: GraphMessage;
}
export interface NodeMessage {
  readonly opType: string;
  readonly domain: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly AttributeMessage[];
}
export interface TensorMessage {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
}
/** A side given as text is free, under that name. */
export interface ValueInfo {
  readonly name: string;
  readonly elemType: number;
  readonly dims: readonly (number | string)[];
}
export interface GraphMessage {
  readonly name: string;
  readonly node: readonly NodeMessage[];
  readonly initializer: readonly TensorMessage[];
  readonly input: readonly ValueInfo[];
  readonly output: readonly ValueInfo[];
}

const info = ({ name, elemType, dims }: ValueInfo): object => ({
  name,
  type: {
    tensorType: { elemType, shape: { dim: dims.map((side) => (typeof side === 'number' ? { dimValue: side } : { dimParam: side })) } },
  },
});

const graphObject = (graph: GraphMessage): object => ({
  name: graph.name,
  node: graph.node.map((node) => ({
    ...node,
    attribute: node.attribute.map((a) => (a.g === undefined ? a : { ...a, g: graphObject(a.g) })),
  })),
  initializer: graph.initializer,
  input: graph.input.map(info),
  output: graph.output.map(info),
});

/** The bytes of an ONNX file. Old operator sets get an old IR version, for old readers. */
export function encodeModel(graph: GraphMessage, opset: number, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const microsoft = (g: GraphMessage): boolean =>
    g.node.some((n) => n.domain !== '' || n.attribute.some((a) => a.g !== undefined && microsoft(a.g)));
  const model = {
    irVersion: opset < 15 ? 7 : 8,
    producerName: 'liae',
    opsetImport: [{ domain: '', version: opset }, ...(microsoft(graph) ? [{ domain: 'com.microsoft', version: 1 }] : [])],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: graphObject(graph),
  };
  return Model.encode(Model.fromObject(model)).finish();
}
