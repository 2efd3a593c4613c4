/** BGR ↔ HSV on float pixels: H in 0…360 degrees, S and V in 0…1. Source: OpenCV 4, RGB2HSV_f and HSV2RGB_f. */

const EPSILON = 2 ** -23;

/** @param from, to  interleaved pixels of three values; may be the same array. */
export function hsvFromBgr(from: Float32Array, to: Float32Array): void {
  for (let p = 0; p < from.length; p += 3) {
    const [b, g, r] = [from[p]!, from[p + 1]!, from[p + 2]!];
    const v = Math.max(b, g, r);
    const range = v - Math.min(b, g, r);
    const scale = 60 / (range + EPSILON);
    const h = v === r ? (g - b) * scale : v === g ? (b - r) * scale + 120 : (r - g) * scale + 240;
    to[p] = h < 0 ? h + 360 : h;
    to[p + 1] = range / (Math.abs(v) + EPSILON);
    to[p + 2] = v;
  }
}

/** H is taken on the circle. */
export function bgrFromHsv(from: Float32Array, to: Float32Array): void {
  for (let p = 0; p < from.length; p += 3) {
    const [h, s, v] = [from[p]! / 60, from[p + 1]!, from[p + 2]!];
    const sector = Math.floor(h);
    const t = h - sector;
    const [none, falling, rising] = [v * (1 - s), v * (1 - s * t), v * (1 - s * (1 - t))];
    let [b, g, r] = [none, rising, v];
    switch (((sector % 6) + 6) % 6) {
      case 1:
        [b, g, r] = [none, v, falling];
        break;
      case 2:
        [b, g, r] = [rising, v, none];
        break;
      case 3:
        [b, g, r] = [v, falling, none];
        break;
      case 4:
        [b, g, r] = [v, none, rising];
        break;
      case 5:
        [b, g, r] = [falling, none, v];
        break;
    }
    to[p] = b;
    to[p + 1] = g;
    to[p + 2] = r;
  }
}
