/** Structural dissimilarity of images. */
import { sameShape } from '../../base/index.ts';
import { misfit, reshape, type Value } from '../../graph/index.ts';
import { windowMean } from './blur.ts';
import { mapMean } from './terms.ts';

/**
 * Structural dissimilarity, (1 − SSIM) / 2: 0 for equal images.
 *
 * @param x, y (h, w, n, c) images in 0…1.
 * @param filterSize side of the Gaussian window in pixels; at most min(h, w).
 * @returns (n, c): the mean over the h − filterSize + 1 by w − filterSize + 1 full windows.
 * @throws ShapeError if x and y differ in shape or the window does not fit.
 * Source: Wang et al. 2004, eq. 13; K1 = 0.01, K2 = 0.03, σ = 1.5.
 */
export function dssim(x: Value, y: Value, filterSize: number): Value {
  if (!sameShape(x.shape, y.shape)) throw misfit('dssim: images of one shape are needed', { x, y });
  const mean = (v: Value): Value => windowMean(v, filterSize, 1.5);
  const [c1, c2] = [0.01 ** 2, 0.03 ** 2];
  const [mx, my] = [mean(x), mean(y)]; // μx, μy
  const mxy2 = mx.mul(my).mul(2); // 2μxμy
  const mm = mx.square().add(my.square()); // μx² + μy²
  const sxy2 = mean(x.mul(y)).mul(2).sub(mxy2); // 2σxy
  const ss = mean(x.square().add(y.square())).sub(mm); // σx² + σy²
  const luminance = mxy2.add(c1).div(mm.add(c1));
  const structure = sxy2.add(c2).div(ss.add(c2));
  const similarity = mapMean(luminance.mul(structure));
  return reshape(similarity.rsub(1).mul(0.5), x.shape.slice(2));
}
