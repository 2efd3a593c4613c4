/**
 * Names for parameters. A scope is a place in the tree of names of a checkpoint ("decoder/res0/conv1") and hands out the variables
 * of that place; all scopes of one network share a register, so that a name always means the same variable.
 */
import { type Shape, ShapeError, sameShape, shapeText } from '../base/index.ts';
import { input, type Value } from '../graph/index.ts';
import type { Lowering } from './conv.ts';

export type Initial = 'glorot' | 'zeros';

/** A parameter: `value` is the graph input of its name. */
export interface Variable {
  readonly name: string;
  readonly shape: Shape;
  readonly initial: Initial;
  readonly value: Value;
}

export interface ScopeOptions {
  readonly lowering: Lowering;
  /** x·cos(x) in place of every leaky ReLU made by activation(). */
  readonly cosine?: boolean;
}

interface Register extends Required<ScopeOptions> {
  readonly variables: Map<string, Variable>;
  readonly replaced: ReadonlyMap<string, Value>;
}

export class Scope {
  readonly #path: string;
  readonly #register: Register;

  private constructor(path: string, register: Register) {
    this.#path = path;
    this.#register = register;
  }

  /** The root of a tree of names, with no variables yet. */
  static root({ lowering, cosine = false }: ScopeOptions): Scope {
    return new Scope('', { lowering, cosine, variables: new Map(), replaced: new Map() });
  }

  get lowering(): Lowering {
    return this.#register.lowering;
  }

  get cosine(): boolean {
    return this.#register.cosine;
  }

  /** All variables asked for so far, in any scope of the tree, in the order of their first use. */
  get variables(): readonly Variable[] {
    return [...this.#register.variables.values()];
  }

  /** The place called `name` below this one. */
  in(name: string): Scope {
    return new Scope(`${this.#path}${name}/`, this.#register);
  }

  /** The same tree, in which some variables have other values: their updated ones, in a second forward pass. */
  replacing(values: ReadonlyMap<string, Value>): Scope {
    return new Scope(this.#path, { ...this.#register, replaced: values });
  }

  /**
   * The variable called `name` here. Asked for again, it is the same one, which is how networks are shared.
   *
   * @throws ShapeError if it was made with another shape.
   */
  variable(name: string, shape: Shape, initial: Initial): Value {
    const full = `${this.#path}${name}`;
    const { variables, replaced } = this.#register;
    const known = variables.get(full);
    if (known !== undefined && !sameShape(known.shape, shape)) {
      throw new ShapeError(`${full} is used with two shapes`, { found: `${shapeText(known.shape)} and ${shapeText(shape)}` });
    }
    const variable = known ?? { name: full, shape, initial, value: input(full, shape) };
    if (known === undefined) variables.set(full, variable);
    return replaced.get(full) ?? variable.value;
  }
}
