/** Golden cases op_optimizers: a few steps of each optimizer with given gradients. */
import { FormatError } from '../base/index.ts';
import { input } from '../graph/index.ts';
import { clipScale, globalNorm, learningRateAt, type OptimizerName, slotsOf, update } from '../nn/index.ts';
import { ortBackend } from '../platform/node/ortBackend.ts';
import { evaluate } from '../runtime/index.ts';
import { type CaseRunner, type Check, compare, type GoldenCase } from './case.ts';
import { arrayOf, check, hasArray, itemsOf, numberOf, numbersOf, textOf } from './pictures.ts';

export const optimizers: CaseRunner = async (golden) => {
  const checks: Check[] = [];
  for (const item of itemsOf(golden)) checks.push(...(await variant(golden, item)));
  return checks;
};

async function variant(golden: GoldenCase, item: Readonly<Record<string, unknown>>): Promise<Check[]> {
  const name = textOf(item, 'name');
  const optimizer = optimizerOf(textOf(item, 'cls'));
  const variables = namesOf(golden);
  const steps = numberOf(golden.index, 'steps');
  const start = numberOf(item, 'start_counter');
  const dropout = item.lr_dropout !== undefined;
  const close = { abs: 1e-6, rel: 1e-6 };

  const gradients = variables.map((v) => input(`g/${v}`, arrayOf(golden, `${name}/g1/${v}`).shape));
  const scale = item.clipnorm === undefined ? undefined : clipScale(globalNorm(gradients).mul(1 / numberOf(item, 'clipnorm')));
  const learningRate = input('lr', []);
  const outputs = Object.fromEntries(
    variables.flatMap((v, i) => {
      const { shape } = gradients[i]!;
      const slots = slotsOf(optimizer).map((slot) => input(`${slot}/${v}`, shape));
      const keep = dropout ? input(`keep/${v}`, shape, 'bool') : undefined;
      const after = update(optimizer, input(`w/${v}`, shape), gradients[i]!, slots, {
        learningRate,
        scale,
        keep,
      });
      return [[`w/${v}`, after.weight] as const, ...slotsOf(optimizer).map((slot, j) => [`${slot}/${v}`, after.slots[j]!] as const)];
    }),
  );
  const state = new Map<string, Float32Array>();
  for (const v of variables) {
    state.set(`w/${v}`, Float32Array.from(numbersOf(golden, `${name}/w0/${v}`)));
    for (const slot of slotsOf(optimizer)) state.set(`${slot}/${v}`, new Float32Array(arrayOf(golden, `${name}/w0/${v}`).data.length));
  }

  const checks: Check[] = [];
  for (let t = 1; t <= steps; t++) {
    const drawn = variables.flatMap((v) => [
      [`g/${v}`, Float32Array.from(numbersOf(golden, `${name}/g${t}/${v}`))] as const,
      ...(dropout ? [[`keep/${v}`, Uint8Array.from(numbersOf(golden, `${name}/mask${t}/${v}`))] as const] : []),
    ]);
    const lr = learningRateAt(numberOf(item, 'lr'), start + t - 1, item.lr_cos !== undefined);
    const out = await evaluate(ortBackend(), renamed(outputs), { ...Object.fromEntries([...state, ...drawn]), lr: Float32Array.of(lr) });
    for (const key of state.keys()) state.set(key, out[`${key}.next`]!);
    for (const v of variables) checks.push(check(golden, `${name}/w${t}/${v}`, state.get(`w/${v}`)!, close));
  }
  for (const v of variables) {
    for (const slot of slotsOf(optimizer)) {
      const stored = `${name}/state/o/${slot}_n/${v}_0:0`;
      if (hasArray(golden, stored)) checks.push(check(golden, stored, state.get(`${slot}/${v}`)!, close));
    }
  }
  checks.push(compare(`${name}/state/o/iters:0`, [start + steps], numbersOf(golden, `${name}/state/o/iters:0`), { abs: 0, rel: 0 }));
  return checks;
}

const renamed = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`${key}.next`, value]));

function optimizerOf(cls: string): OptimizerName {
  const name = cls.toLowerCase();
  if (name !== 'adabelief' && name !== 'rmsprop') throw new FormatError(`golden index: ${cls} is not a known optimizer`);
  return name;
}

function namesOf(golden: GoldenCase): readonly string[] {
  const { variables } = golden.index;
  if (!Array.isArray(variables)) throw new FormatError(`${golden.name}: no list of variables`);
  return variables.map(String);
}
