/** The colours of the frame for a predicted face: the transfers of the image room, with the mask where a mode asks for it. */
import type { Rng } from '../base/index.ts';
import {
  clip,
  colourDraws,
  colourTarget,
  type FloatImage,
  floatImage,
  type LabTable,
  mixColours,
  transferColours,
} from '../image/index.ts';
import type { MergeColourTransfer } from './settings.ts';

/** Directions in each step of sliced transport. */
const SOT_BATCH = 30;
const MIX_BATCH = 5;

/**
 * @param face, like  BGR of one size.
 * @param area  1 where the face's mask is not 0, else 0; one channel of that size.
 * @param rng  for idt, sot and mix.
 * @returns the face itself for none.
 */
export function recolour(
  face: FloatImage,
  like: FloatImage,
  area: FloatImage,
  mode: MergeColourTransfer,
  rng: Rng,
  table: LabTable,
): FloatImage {
  const none = new Float64Array(0);
  switch (mode) {
    case 'none':
      return face;
    case 'rct':
      return transferColours(face, colourTarget('rct', like, table, area), none, table, area);
    case 'lct':
    case 'mkl':
      return transferColours(face, colourTarget(mode, like, table), none, table);
    case 'mkl-m':
      return transferColours(masked(face, area), colourTarget('mkl', masked(like, area), table), none, table);
    case 'idt':
      return transferColours(face, colourTarget('idt', like, table), colourDraws('idt', rng), table);
    case 'idt-m':
      return transferColours(masked(face, area), colourTarget('idt', masked(like, area), table), colourDraws('idt', rng), table);
    case 'sot-m': {
      const draws = colourDraws('sot', rng, SOT_BATCH);
      return transferColours(masked(face, area), colourTarget('sot', masked(like, area), table), draws, table);
    }
    case 'mix-m': {
      const out = mixColours(masked(face, area), masked(like, area), colourDraws('sot', rng, MIX_BATCH), table);
      clip(out.data, 0, 1);
      return out;
    }
  }
}

function masked(image: FloatImage, area: FloatImage): FloatImage {
  const out = floatImage(image.width, image.height, 3);
  for (let i = 0, p = 0; i < area.data.length; i++, p += 3) {
    if (area.data[i] === 0) continue;
    out.data[p] = image.data[p]!;
    out.data[p + 1] = image.data[p + 1]!;
    out.data[p + 2] = image.data[p + 2]!;
  }
  return out;
}
