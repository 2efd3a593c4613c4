/**
 * Reverse-mode differentiation over the graph. Gradients are values of the same graph, so they can be simplified,
 * differentiated again, and written out together with the forward pass.
 */
import { type Value, zeros } from './op.ts';

/** Values in an order in which each comes after those it depends on. */
export function topological(outputs: readonly Value[]): readonly Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  const stack: { value: Value; next: number }[] = [];
  const visit = (value: Value): void => {
    if (seen.has(value)) return;
    seen.add(value);
    stack.push({ value, next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { source } = top.value;
      const inputs = source.kind === 'op' ? source.inputs : [];
      const child = inputs[top.next++];
      if (child === undefined) order.push(stack.pop()!.value);
      else visit(child);
    }
  }
  return order;
}

/**
 * Gradients of Σ ⟨seedᵢ, outputᵢ⟩ with respect to each of `wrt`, in the same order and shapes.
 *
 * @param seeds the gradient arriving at each output, of its shape.
 */
export function gradients(seeds: readonly (readonly [output: Value, seed: Value])[], wrt: readonly Value[]): readonly Value[] {
  const order = topological(seeds.map(([output]) => output));
  const reaching = new Set<Value>(wrt);
  for (const value of order) {
    if (value.source.kind !== 'op') continue;
    if (value.source.inputs.some((x) => reaching.has(x))) reaching.add(value);
  }
  const collected = new Map<Value, Value>();
  const collect = (value: Value, gradient: Value): void => {
    const before = collected.get(value);
    collected.set(value, before === undefined ? gradient : before.add(gradient));
  };
  for (const [output, seed] of seeds) collect(output, seed);
  for (const value of [...order].reverse()) {
    const dy = collected.get(value);
    if (dy === undefined || value.source.kind !== 'op' || !reaching.has(value)) continue;
    const { op, inputs } = value.source;
    const needs = inputs.map((x) => reaching.has(x));
    for (const [i, gradient] of op.grad(dy, value, needs).entries()) {
      if (needs[i] && gradient !== undefined) collect(inputs[i]!, gradient);
    }
    if (!wrt.includes(value)) collected.delete(value);
  }
  return wrt.map((value) => collected.get(value) ?? zeros(value.shape));
}
