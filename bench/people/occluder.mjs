// Things that pass in front of a face: a dark stick, then a hand with its forearm. Drawn over a finished frame; the mask loses what
// they cover.
import { noise, smooth } from './head.mjs';

/** @param frame {rgb, mask} changed in place @param u 0…1 over the clip @param options {x, y, unit}: face centre, pixels per dm */
export function occlude({ rgb, mask }, width, height, u, { x, y, unit, skin = [205, 160, 130] }) {
  const parts = [];
  if (u < 0.5) {
    const s = u / 0.5;
    const cx = x + unit * (1.7 - 3.4 * s);
    const a = -0.5 + 0.9 * s;
    const d = [Math.sin(a), -Math.cos(a)];
    parts.push({
      a: [cx - 2.6 * unit * d[0], y - 2.6 * unit * d[1]],
      b: [cx + 0.9 * unit * d[0], y + 0.9 * unit * d[1]],
      r0: 0.11 * unit,
      r1: 0.09 * unit,
      c: [48, 42, 40],
      o: 1,
    });
  } else {
    const s = (u - 0.5) / 0.5;
    const cx = x + unit * (-1.9 + 3.6 * s);
    const cy = y + unit * (0.75 - 0.9 * Math.sin(Math.PI * s));
    const lean = 0.55 - 0.9 * s;
    const dir = (t) => [Math.sin(lean + t), -Math.cos(lean + t)];
    const at = (p, t, l) => [p[0] + dir(t)[0] * l * unit, p[1] + dir(t)[1] * l * unit];
    const palm = [cx, cy];
    parts.push({ a: at(palm, Math.PI, 3), b: at(palm, Math.PI, 0.35), r0: 0.4 * unit, r1: 0.27 * unit, c: skin, o: 1 });
    parts.push({ a: at(palm, Math.PI, 0.2), b: at(palm, 0, 0.3), r0: 0.33 * unit, r1: 0.4 * unit, c: skin, o: 2 });
    for (let f = 0; f < 4; f++) {
      const spread = (f - 1.5) * (0.13 + 0.05 * Math.sin(6 * s));
      const root = at(at(palm, 0, 0.42), Math.PI / 2, (f - 1.5) * 0.2);
      parts.push({ a: root, b: at(root, spread, [0.68, 0.8, 0.76, 0.58][f]), r0: 0.1 * unit, r1: 0.075 * unit, c: skin, o: 3 + f });
    }
    const thumb = at(at(palm, 0, -0.1), -Math.PI / 2, 0.3);
    parts.push({ a: thumb, b: at(thumb, -0.75, 0.6), r0: 0.13 * unit, r1: 0.09 * unit, c: skin, o: 8 });
  }
  for (let py = 0; py < height; py++)
    for (let px = 0; px < width; px++) {
      let alpha = 0;
      let shade = null;
      let top = -1e9;
      for (const p of parts) {
        const dx = p.b[0] - p.a[0];
        const dy = p.b[1] - p.a[1];
        const t = Math.min(1, Math.max(0, ((px - p.a[0]) * dx + (py - p.a[1]) * dy) / (dx * dx + dy * dy)));
        const r = p.r0 + t * (p.r1 - p.r0);
        const ex = px - p.a[0] - t * dx;
        const ey = py - p.a[1] - t * dy;
        const d = Math.hypot(ex, ey);
        if (d > r + 0.5) continue;
        alpha = Math.max(alpha, Math.min(1, r + 0.5 - d));
        const h = Math.sqrt(Math.max(0, r * r - d * d));
        if (h > top) {
          top = h;
          const light = 0.62 + 0.42 * ((0.45 * ex - 0.5 * ey) / r + 0.6 * (h / r));
          const grain = 0.95 + 0.1 * noise(px * 0.31 + p.o * 9, py * 0.31, u * 3);
          const crease = p.o >= 3 && p.o < 8 ? 1 - 0.14 * smooth(0.03, 0, Math.abs(((t * 2.6) % 1) - 0.85)) : 1;
          shade = p.c.map((c) => c * Math.max(0.25, light) * grain * crease);
        }
      }
      if (!alpha) continue;
      const o = py * width + px;
      for (let k = 0; k < 3; k++) rgb[3 * o + k] = Math.max(0, Math.min(255, Math.round(rgb[3 * o + k] * (1 - alpha) + alpha * shade[k])));
      mask[o] = Math.round(mask[o] * (1 - alpha));
    }
}
