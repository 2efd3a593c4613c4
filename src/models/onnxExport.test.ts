import { expect, test } from 'vitest';
import { Rng, type Tensor } from '../base/index.ts';
import { initialValue } from '../nn/index.ts';
import { ortBackend } from '../platform/node/ortBackend.ts';
import { type ModelConfig, parseArchi } from './config.ts';
import { exportOnnx, type OnnxFlavour } from './onnxExport.ts';
import { createSwapper } from './swapper.ts';
import { generatorVariables } from './variables.ts';

const sides = { liae: 'liae-ud', t: 'liae-udtc', df: 'df-u' };

for (const archi of Object.values(sides)) {
  for (const flavour of ['onnx', 'dfm'] as OnnxFlavour[]) {
    test(`${flavour} of ${archi}: any batch, and the numbers of the swapper`, async () => {
      const config: ModelConfig = { ...parseArchi(archi), resolution: 64, aeDims: 7, eDims: 4, dDims: 4, dMaskDims: 2 };
      const weights = new Map(
        generatorVariables(config).map((v): [string, Tensor] => [v.name, { shape: v.shape, data: initialValue(v, 5) }]),
      );
      const program = await ortBackend().compile(exportOnnx(config, weights, flavour));
      const rng = new Rng(1);
      for (const n of [1, 3]) {
        const nhwc = Float32Array.from({ length: n * 64 * 64 * 3 }, () => rng.uniform());
        const results = await program.run({ [flavour === 'dfm' ? 'in_face:0' : 'dst']: { shape: [n, 64, 64, 3], data: nhwc } });
        await using swapper = await createSwapper(ortBackend(), { config, weights, batch: n, lowering: 'direct' });
        const swapped = await swapper.swap(permuted(nhwc, n, 3));
        const names =
          flavour === 'dfm' ? ['out_face_mask:0', 'out_celeb_face:0', 'out_celeb_face_mask:0'] : ['dst_mask', 'face', 'face_mask'];
        expect(Object.keys(results)).toEqual(names);
        const expected = [
          permuted(swapped.dstMask, n, 1, true),
          permuted(swapped.face, n, 3, true),
          permuted(swapped.faceMask, n, 1, true),
        ];
        for (const [i, name] of names.entries()) {
          const { shape, data } = results[name]!;
          expect(shape).toEqual([n, 64, 64, i === 1 ? 3 : 1]);
          const worst = (data as Float32Array).reduce((m, x, j) => Math.max(m, Math.abs(x - expected[i]![j]!)), 0);
          expect(worst).toBeLessThan(2e-6);
        }
      }
    });
  }
}

/** NHWC to HWNC, or back. */
function permuted(from: Float32Array, n: number, channels: number, back = false): Float32Array {
  const to = new Float32Array(from.length);
  for (let k = 0; k < n; k++) {
    for (let p = 0; p < 64 * 64; p++) {
      for (let c = 0; c < channels; c++) {
        const [a, b] = [(k * 64 * 64 + p) * channels + c, (p * n + k) * channels + c];
        if (back) to[a] = from[b]!;
        else to[b] = from[a]!;
      }
    }
  }
  return to;
}
