/** The exported dfm of a reference model: its outputs for given faces, run as any consumer would run it. */
import { readDflData, readDflState } from '../dfl/index.ts';
import { exportOnnx, generatorVariables } from '../models/index.ts';
import { nodeFolder } from '../platform/node/files.ts';
import { ortBackend } from '../platform/node/ortBackend.ts';
import { type CaseRunner, type Check, compare, same } from './case.ts';
import { configOf } from './modelCase.ts';
import { textOf } from './pictures.ts';

const outputs = ['out_face_mask', 'out_celeb_face', 'out_celeb_face_mask'];

export const dfm: CaseRunner = async (golden) => {
  const name = textOf(golden.index, 'name');
  const arrays = (await golden.open(`${name}_dfm_io.safetensors`)).tensors;
  const folder = nodeFolder(golden.folder);
  const config = configOf((await readDflData(folder, name)).options);
  const { tensors } = await readDflState(folder, name, generatorVariables(config));
  const program = await ortBackend().compile(exportOnnx(config, tensors, 'dfm'));
  const faces = arrays.get('in_face_u8');
  if (faces === undefined) return [same('in_face_u8', false, `${name}_dfm_io.safetensors lacks it`)];
  const pixels = Float32Array.from(faces.data as Uint8Array, (x) => Math.fround(x) / 255);
  const results = await program.run({ 'in_face:0': { shape: faces.shape, data: pixels } });
  const checks: Check[] = [
    same('order of outputs', Object.keys(results).join() === outputs.map((o) => `${o}:0`).join(), Object.keys(results).join()),
  ];
  for (const output of outputs) {
    const expected = arrays.get(output);
    if (expected === undefined) checks.push(same(output, false, 'no reference'));
    else checks.push(compare(output, results[`${output}:0`]!.data as Float32Array, expected.data as Float32Array, { abs: 1e-5, rel: 0 }));
  }
  await program[Symbol.asyncDispose]();
  return checks;
};
