/** Golden cases op_dssim and op_blur_style: losses on given pictures, and their gradients. */
import { sizeOf, type Tensor } from '../base/index.ts';
import { constant, gradients, input, type Value } from '../graph/index.ts';
import { dssim as dssimLoss, gaussianBlur, styleLoss, totalVariation } from '../nn/index.ts';
import { ortBackend } from '../platform/node/ortBackend.ts';
import { evaluate } from '../runtime/index.ts';
import type { CaseRunner, Check, GoldenCase } from './case.ts';
import { hwncFromNhwc, nhwcFromHwnc, tensorOf } from './layout.ts';
import { arrayOf, check, itemsOf, numberOf } from './pictures.ts';

/** The two pictures of an item, as graph inputs and as arrays. */
function pair(golden: GoldenCase, i: number): { a: Value; b: Value; feeds: Record<string, Float32Array> } {
  const read = (name: string): Tensor => hwncFromNhwc(tensorOf(arrayOf(golden, `${i}/${name}`)));
  const [a, b] = [read('a'), read('b')];
  return { a: input('a', a.shape), b: input('b', b.shape), feeds: { a: a.data, b: b.data } };
}

/** Of the sum of all elements. */
const gradientOf = (loss: Value, of: Value): Value =>
  gradients([[loss, constant(new Float32Array(sizeOf(loss.shape)).fill(1), loss.shape)]], [of])[0]!;

const nhwc = (value: Value, data: Float32Array): Float32Array => nhwcFromHwnc({ shape: value.shape, data }).data;

export const dssim: CaseRunner = async (golden) => {
  const checks: Check[] = [];
  for (const item of itemsOf(golden)) {
    const i = numberOf(item, 'i');
    const { a, b, feeds } = pair(golden, i);
    const loss = dssimLoss(a, b, numberOf(item, 'filter_size'));
    const out = await evaluate(ortBackend(), { loss, slope: gradientOf(loss, b) }, feeds);
    checks.push(check(golden, `${i}/dssim`, out.loss!, { abs: 3e-6 }));
    checks.push(check(golden, `${i}/grad_b`, nhwc(b, out.slope!), { abs: 5e-6 }));
  }
  return checks;
};

export const blurStyle: CaseRunner = async (golden) => {
  const checks: Check[] = [];
  const near = { abs: 2e-6, rel: 1e-5 };
  const style = { abs: 1e-6, rel: 2e-3 };
  for (const item of itemsOf(golden)) {
    const i = numberOf(item, 'i');
    const [sigma, weight] = [numberOf(item, 'sigma'), numberOf(item, 'weight')];
    const { a, b, feeds } = pair(golden, i);
    const loss = styleLoss(a, b, { sigma, weight });
    const values = {
      blurred: gaussianBlur(a, sigma),
      loss,
      slope: gradientOf(loss, a),
      unblurred: styleLoss(a, b, { sigma: 0, weight }),
      rowsColumns: totalVariation(a, 'rows-columns'),
      channelsRows: totalVariation(a, 'channels-rows'),
    };
    const out = await evaluate(ortBackend(), values, feeds);
    checks.push(
      check(golden, `${i}/blur_a`, nhwc(a, out.blurred!), near),
      check(golden, `${i}/style`, out.loss!, style),
      check(golden, `${i}/style_grad_a`, nhwc(a, out.slope!), style),
      check(golden, `${i}/style_noblur`, out.unblurred!, style),
      check(golden, `${i}/tv_nhwc`, out.rowsColumns!, near),
      check(golden, `${i}/tv_nchw`, out.channelsRows!, near),
    );
  }
  return checks;
};
