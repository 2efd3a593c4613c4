/**
 * Several steps in one call: the step becomes the body of an ONNX Loop. Data arrive stacked on a leading axis, state passes from one
 * iteration to the next inside the runtime, and results come back stacked. The number of iterations is an input.
 */
import type { Value } from '../op.ts';
import { attributeTypes, dataTypes, type GraphMessage, type NodeMessage } from './schema.ts';
import { inputsOf, OnnxWriter, valueInfo } from './writer.ts';

export interface LoopStep {
  /** Inputs that differ from iteration to iteration. */
  readonly data: readonly Value[];
  /** Inputs that carry over, each with its next value. */
  readonly state: readonly (readonly [now: Value, next: Value])[];
  readonly results: Readonly<Record<string, Value>>;
  /** Inputs that stay as they are. */
  readonly fixed?: readonly Value[];
}

/** Name of the int64 scalar input that says how many iterations to run. */
export const LOOP_COUNT = 'iterations';

/** Name of the output that holds the last value of a state. */
export const nextName = (name: string): string => `${name}.next`;

/**
 * @returns a graph with an input per datum `[iterations, …]`, an input per state and per fixed value, LOOP_COUNT, an output `<state>.next` per state
 * and an output `[iterations, …]` per result.
 */
export function lowerLoop({ data, state, results, fixed = [] }: LoopStep): GraphMessage {
  const outputs = [...state.map(([, next]) => next), ...Object.values(results)];
  const known = new Set([...data, ...fixed, ...state.map(([now]) => now)]);
  for (const value of inputsOf(outputs)) if (!known.has(value)) throw new Error(`${value.describe()} is not fed`);

  const body = new OnnxWriter();
  const pick = (v: Value): NodeMessage => ({
    opType: 'Gather',
    domain: '',
    input: [stacked(inputName(v)), 'index'],
    output: [inputName(v)],
    attribute: [{ name: 'axis', type: attributeTypes.int, i: 0 }],
  });
  body.nodes.push(...data.map(pick), { opType: 'Identity', domain: '', input: ['go'], output: ['go.next'], attribute: [] });
  body.write(outputs);
  body.alias([...state.map(([now, next]) => [nextName(inputName(now)), next] as const), ...Object.entries(results)]);

  const bool = (name: string): { name: string; elemType: number; dims: number[] } => ({ name, elemType: dataTypes.bool, dims: [] });
  const int = (name: string): { name: string; elemType: number; dims: number[] } => ({ name, elemType: dataTypes.int64, dims: [] });
  const bodyGraph: GraphMessage = {
    name: 'step',
    node: body.nodes,
    initializer: [],
    input: [int('index'), bool('go'), ...state.map(([now]) => valueInfo(inputName(now), now))],
    output: [
      bool('go.next'),
      ...state.map(([now, next]) => valueInfo(nextName(inputName(now)), next)),
      ...Object.entries(results).map(([name, value]) => valueInfo(name, value)),
    ],
  };
  const outer = (name: string): string => `outer.${name}`;
  const loop: NodeMessage = {
    opType: 'Loop',
    domain: '',
    input: [LOOP_COUNT, '', ...state.map(([now]) => outer(inputName(now)))],
    output: [...state.map(([now]) => outer(nextName(inputName(now)))), ...Object.keys(results).map(outer)],
    attribute: [{ name: 'body', type: attributeTypes.graph, g: bodyGraph }],
  };
  return {
    name: 'liae-loop',
    node: [loop],
    initializer: body.initializers, // seen from the body, which may use the names of the graph around it
    input: [
      int(LOOP_COUNT),
      ...data.map((v) => valueInfo(stacked(inputName(v)), v, ['iterations'])),
      ...state.map(([now]) => valueInfo(outer(inputName(now)), now)),
      ...fixed.map((v) => valueInfo(inputName(v), v)), // seen from the body under the same name
    ],
    output: [
      ...state.map(([now, next]) => valueInfo(outer(nextName(inputName(now))), next)),
      ...Object.entries(results).map(([name, value]) => valueInfo(outer(name), value, ['iterations'])),
    ],
  };
}

/** Names of the loop's own inputs and outputs. */
export const loopNames = {
  datum: (name: string): string => stacked(name),
  state: (name: string): string => `outer.${name}`,
  next: (name: string): string => `outer.${nextName(name)}`,
  result: (name: string): string => `outer.${name}`,
};

const stacked = (name: string): string => `all.${name}`;

function inputName(value: Value): string {
  if (value.source.kind !== 'input') throw new Error(`${value.describe()} is not an input`);
  return value.source.name;
}
