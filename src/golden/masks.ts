/** Golden cases op_masks: brows moved up, hull, eyes and mouth. */
import { expandBrows, eyesMask, hullMask, mouthMask } from '../face/index.ts';
import type { CaseRunner } from './case.ts';
import { check, itemsOf, numberOf, numbersOf } from './pictures.ts';

export const masks: CaseRunner = async (golden) =>
  itemsOf(golden).flatMap((item) => {
    const i = numberOf(item, 'i');
    const size = numberOf(item, 'size');
    const brows = numberOf(item, 'eyebrows_expand_mod');
    const landmarks = numbersOf(golden, `${i}/landmarks`);
    return [
      check(golden, `${i}/expanded`, expandBrows(landmarks, brows).flat(), {}),
      check(golden, `${i}/hull_u8`, hullMask(landmarks, size, size, brows).data, {}),
      check(golden, `${i}/eyes`, eyesMask(landmarks, size, size).data, { abs: 1e-6 }),
      check(golden, `${i}/mouth`, mouthMask(landmarks, size, size).data, { abs: 1e-6 }),
    ];
  });
