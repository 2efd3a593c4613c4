/** Golden cases op_spatial: depth to space, and the flattening and norm of an encoder's answer. */
import { depthToSpace, input } from '../graph/index.ts';
import { flatten, pixelNorm } from '../nn/index.ts';
import { ortBackend } from '../platform/node/ortBackend.ts';
import { evaluate } from '../runtime/index.ts';
import type { CaseRunner, Check } from './case.ts';
import { hwncFromNchw, nchwFromHwnc, nhwcFromHwnc, tensorOf } from './layout.ts';
import { arrayOf, check, itemsOf, numberOf } from './pictures.ts';

export const spatial: CaseRunner = async (golden) => {
  const checks: Check[] = [];
  const exact = { abs: 1e-6, rel: 1e-6 };
  for (const item of itemsOf(golden)) {
    const i = numberOf(item, 'i');
    const { shape, data } = hwncFromNchw(tensorOf(arrayOf(golden, `d2s_${i}/x_nchw`)));
    const x = input('x', shape);
    const spread = depthToSpace(x, 2);
    const code = flatten(x);
    const out = await evaluate(ortBackend(), { spread, code, normed: pixelNorm(code) }, { x: data });
    const y = { shape: spread.shape, data: out.spread! };
    checks.push(
      check(golden, `d2s_${i}/y_nchw`, nchwFromHwnc(y).data, exact),
      check(golden, `d2s_${i}/y_nhwc`, nhwcFromHwnc(y).data, exact),
      check(golden, `flatten_${i}/y`, out.code!, exact),
      check(golden, `pixelnorm_${i}/y`, out.normed!, exact),
    );
  }
  return checks;
};
