/** The mask of one face, from what the networks and the landmarks say of it to the mask in the frame. */
import {
  blurMask,
  clip,
  dilateMask,
  erodeMask,
  type FloatImage,
  floatImage,
  type Pane,
  resize,
  resizeCubic,
  type Simd,
  warpWindow,
  wholePane,
} from '../image/index.ts';
import { type FaceCrop, MASK_SCALE } from './faceCrop.ts';
import type { Prediction } from './prediction.ts';
import type { MergeSettings } from './settings.ts';

/** Anything below the least visible step counts as outside. */
const LEAST = 1 / 255;

/**
 * The mask at MASK_SCALE times the model's side, worked as the settings ask.
 *
 * @param masks  learned masks at the crop's size, in 0…1.
 * @param worked  false for raw modes, which take it as it is.
 * Source: mask modes, thresholds, ellipse, fade and blur of the reference.
 */
export function faceMask(
  crop: FaceCrop,
  masks: { readonly prd: FloatImage; readonly dst: FloatImage },
  xseg: Pick<Prediction, 'xsegPrd' | 'xsegDst'>,
  settings: MergeSettings,
  worked: boolean,
  simd: Simd,
): FloatImage {
  const chosen = chooseMask(crop, masks, xseg, settings);
  for (let i = 0; i < chosen.data.length; i++) if (chosen.data[i]! < LEAST) chosen.data[i] = 0;
  const side = crop.resolution * MASK_SCALE;
  const { erode_mask_modifier: erode, blur_mask_modifier: blur } = settings;
  // What overshoots is cut in the end, or before extremes and zeros, which come to the same.
  const cut = worked && blur === 0;
  const mask = resizeCubic(chosen, side, side, simd, cut ? [0, 1] : undefined);
  if (cut && mask === chosen) clip(mask.data, 0, 1); // it had the size already
  if (!worked) return mask;
  const shaped = erode === 0 ? mask : erode > 0 ? erodeMask(mask, erode, simd) : dilateMask(mask, -erode, simd);
  fadeEdge(shaped, blur >> 1);
  if (blur === 0) return shaped;
  const soft = blurMask(shaped, blur | 1, simd);
  clip(soft.data, 0, 1);
  return soft;
}

/** A fresh image at the crop's size. */
function chooseMask(
  { size, hull }: FaceCrop,
  { prd, dst }: { readonly prd: FloatImage; readonly dst: FloatImage },
  { xsegPrd, xsegDst }: Pick<Prediction, 'xsegPrd' | 'xsegDst'>,
  { mask_mode: mode }: MergeSettings,
): FloatImage {
  const out = floatImage(size, size, 1);
  if (mode === 'learned-prd+learned-dst') {
    for (let i = 0; i < out.data.length; i++) out.data[i] = Math.min(prd.data[i]! + dst.data[i]!, 1);
    return out;
  }
  out.data.fill(1);
  for (const part of mode.split('*')) {
    if (part === 'full') continue;
    const factor =
      part === 'dst'
        ? hull
        : part === 'learned-prd'
          ? prd
          : part === 'learned-dst'
            ? dst
            : xsegMask(part === 'xseg-prd' ? xsegPrd : xsegDst, size);
    if (factor === undefined) throw new Error(`mask mode ${mode}: the crop was made for another mask mode`);
    for (let i = 0; i < out.data.length; i++) out.data[i]! *= factor.data[i]!;
  }
  return out;
}

/** What XSeg says, at the crop's size; one half everywhere where there is no such network. */
function xsegMask(given: FloatImage | undefined, size: number): FloatImage {
  if (given !== undefined) return resize(given, size, size, 'cubic');
  const even = floatImage(size, size, 1);
  even.data.fill(0.5);
  return even;
}

/** Zeros along the edge, so that a blur of twice that width fades out inside. */
function fadeEdge({ width, height, data }: FloatImage, margin: number): void {
  if (margin === 0) return;
  for (let y = 0; y < height; y++) {
    if (y < margin || y >= height - margin) data.fill(0, y * width, (y + 1) * width);
    else {
      data.fill(0, y * width, y * width + Math.min(margin, width));
      data.fill(0, (y + 1) * width - Math.min(margin, width), (y + 1) * width);
    }
  }
}

/** The mask in the frame, over the crop's pane: 0…1, with nothing too faint to see. */
export function maskInFrame({ maskFromFrame }: FaceCrop, pane: Pane, mask: FloatImage, simd: Simd): FloatImage {
  const out = floatImage(pane.image.width, pane.image.height, 1);
  warpWindow(wholePane(mask), maskFromFrame, { x: pane.x, y: pane.y, image: out }, simd, { range: [0, 1] });
  for (let i = 0; i < out.data.length; i++) if (out.data[i]! < LEAST) out.data[i] = 0;
  return out;
}

/** Whether the visible part of a frame mask is large enough to merge at all. Source: at least 4 pixels between its first and last. */
export function isVisible({ width, height, data }: FloatImage): boolean {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      if (data[p]! < 0.1) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return Math.min(right - left, bottom - top) >= 4;
}

/** The mask as all or nothing: above the first tenth that anything is above. Source: the reference, for its seamless modes. */
export function binaryMask(mask: FloatImage): FloatImage {
  let greatest = 0;
  for (let i = 0; i < mask.data.length; i++) if (mask.data[i]! > greatest) greatest = mask.data[i]!;
  const step = [1, 2, 3, 4, 5, 6, 7, 8, 9].find((i) => greatest > i / 10);
  const out = floatImage(mask.width, mask.height, 1);
  if (step === undefined) return out;
  const threshold = step / 10;
  for (let i = 0; i < out.data.length; i++) out.data[i] = mask.data[i]! > threshold ? 1 : 0;
  return out;
}
