/**
 * Golden cases op_warp: the warp map from its noise, the affine from its numbers, and the images that both move. Images are read
 * through the stored map and matrix, as those of the case are rounded to float32 and a position may round to another 1/32 pixel.
 */
import {
  affinePositions,
  type FloatImage,
  floatImage,
  invertAffine,
  mapPositions,
  positions,
  sampleCubic,
  sampleLinear,
  sinkOf,
} from '../image/index.ts';
import { affineFromDraws, transposeSquare, warpMapX } from '../sample/index.ts';
import type { CaseRunner, Check } from './case.ts';
import { affineOf, check, hasArray, itemsOf, numberOf, numbersOf, pictureOf } from './pictures.ts';

const images = { abs: 2e-6 };

export const warp: CaseRunner = async (golden) => {
  const checks: Check[] = [];
  const image = pictureOf(golden, 'image_u8');
  const mask = pictureOf(golden, 'mask_u8');
  const res = numberOf(golden.index, 'res');
  for (const item of itemsOf(golden)) {
    const i = numberOf(item, 'i');
    const [rotation, scale, tx, ty] = ['rotation', 'scale', 'tx', 'ty'].map((key) => numberOf(item, key)) as [
      number,
      number,
      number,
      number,
    ];
    const grids = [numbersOf(golden, `${i}/r1`), numbersOf(golden, `${i}/r2`)] as const;
    const map = warpMapX(res, numberOf(item, 'cell'), ...grids);
    checks.push(check(golden, `${i}/mapx`, map, { abs: 1e-5 }));
    checks.push(check(golden, `${i}/rmat`, affineFromDraws(res, { rotationDeg: rotation, scale, tx, ty }), { abs: 1e-9, rel: 1e-9 }));

    const mapX = Float32Array.from(numbersOf(golden, `${i}/mapx`));
    const bent = positions(res, res);
    mapPositions(bent, mapX, transposeSquare(mapX, res));
    const moved = positions(res, res);
    affinePositions(moved, invertAffine(affineOf(golden, `${i}/rmat`)), item.flip === true);
    const remapped = floatImage(res, res, image.channels);
    sampleCubic(image, bent, 'zero', sinkOf(remapped));
    if (hasArray(golden, `${i}/remap_cubic_q32`)) checks.push(check(golden, `${i}/remap_cubic_q32`, remapped.data, images));
    const cubic = (from: FloatImage): Float32Array => {
      const out = floatImage(res, res, from.channels);
      sampleCubic(from, moved, 'replicate', sinkOf(out));
      return out.data;
    };
    checks.push(check(golden, `${i}/warped_q32`, cubic(remapped), images));
    checks.push(check(golden, `${i}/target_q32`, cubic(image), images));
    const moving = floatImage(res, res, 1);
    sampleLinear(mask, moved, 'zero', sinkOf(moving));
    checks.push(check(golden, `${i}/mask_q32`, moving.data, images));
  }
  return checks;
};
