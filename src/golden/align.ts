/** Golden cases op_align: crop matrices of every face type, pose, an aligned image, and resizing. */
import { faceFromImage, faceTypeFromName, poseOf } from '../face/index.ts';
import { resize, warpAffine } from '../image/index.ts';
import type { CaseRunner, Check } from './case.ts';
import { affineOf, arrayOf, check, hasArray, itemsOf, numberOf, numbersOf, pictureOf } from './pictures.ts';

const images = { abs: 2e-6 };

export const align: CaseRunner = async (golden) => {
  const checks: Check[] = [];
  const image = pictureOf(golden, 'image_u8');
  const side = numberOf(golden.index, 'sample_size');
  for (const item of itemsOf(golden)) {
    const i = numberOf(item, 'i');
    const size = numberOf(item, 'size');
    const landmarks = numbersOf(golden, `${i}/landmarks`);
    for (const name of golden.arrays.tensors.keys()) {
      if (!name.startsWith(`${i}/mat/`)) continue;
      const type = faceTypeFromName(name.slice(`${i}/mat/`.length), golden.name);
      checks.push(check(golden, name, faceFromImage(landmarks, size, type), { abs: 1e-4, rel: 1e-4 }));
    }
    const { pitch, yaw, roll } = poseOf(landmarks, side);
    checks.push(check(golden, `${i}/pitch_yaw_roll`, [pitch, yaw, roll], { abs: 2e-3 }));
    const aligned = `${i}/full_cubic_q32`;
    if (!hasArray(golden, aligned)) continue;
    const to = { width: size, height: size, filter: 'cubic', border: 'replicate' } as const;
    checks.push(check(golden, aligned, warpAffine(image, affineOf(golden, `${i}/mat/full_face`), to).data, images));
  }
  for (const filter of ['cubic', 'linear'] as const) {
    if (!hasArray(golden, `resize_${filter}`)) continue;
    const [height = 0, width = 0] = arrayOf(golden, `resize_${filter}`).shape;
    checks.push(check(golden, `resize_${filter}`, resize(image, width, height, filter).data, images));
  }
  return checks;
};
