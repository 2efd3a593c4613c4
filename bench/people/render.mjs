// Software renderer: deferred shading of a Person at 2×2 samples per pixel, soft shadow map, static ambient occlusion.
// Everything is a function of its arguments: the same input gives the same bytes.
import { browHeight, depthMap, GROUP, noise, smooth } from './head.mjs';

/** Labels of a segmentation frame. */
export const LABEL = { background: 0, skin: 1, lashes: 2, hair: 3, eye: 4, mouth: 5, cloth: 6, neck: 7 };
const PIVOT = [0, -0.85, -1.05]; // where the head turns: between the ears, relative to the middle between the eyes
const SS = 2;
const DITHER = [0.125, 0.625, 0.875, 0.375];

/** Rotation R = Rz(roll)·Rx(pitch)·Ry(yaw), radians. Yaw > 0 turns the nose to image right, pitch > 0 down, roll > 0 counter-clockwise. */
export function rotation(yaw, pitch, roll) {
  const cy = Math.cos(yaw);
  const sy = Math.sin(yaw);
  const cp = Math.cos(pitch);
  const sp = Math.sin(pitch);
  const cr = Math.cos(roll);
  const sr = Math.sin(roll);
  return [
    cr * cy - sr * sp * sy,
    -sr * cp,
    cr * sy + sr * sp * cy,
    sr * cy + cr * sp * sy,
    cr * cp,
    sr * sy - cr * sp * cy,
    -cp * sy,
    sp,
    cp * cy,
  ];
}

/** Blurred room behind the head, linear RGB, `width`·`height`·3. */
export function makeBackground(width, height, { seed = 1, tint = [0.3, 0.33, 0.36], lamp = [0.8, 0.25], panes = 3 } = {}) {
  const out = new Float32Array(3 * width * height);
  const s = seed * 17.3;
  const bars = [];
  for (let i = 0; i < panes; i++)
    bars.push({
      x: noise(s + i * 7.1, 1.5, 0.5) * 1.2 - 0.1,
      w: 0.05 + 0.12 * noise(s + i * 3.3, 9.5, 2.5),
      y: 0.1 + 0.5 * noise(s, i * 5.7, 4.5),
      h: 0.2 + 0.5 * noise(s, i * 2.9, 8.5),
      k: 0.45 + 1.3 * noise(s + i, 3.7, i * 1.9),
      c: [0.8 + 0.5 * noise(s, 0.3, i * 4.1), 1, 0.8 + 0.5 * noise(s, 7.3, i * 4.1)],
    });
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const u = x / width;
      const v = y / height;
      const big = noise(u * 2.2 + s, v * 2.2, s) - 0.5;
      const mid = noise(u * 6 + s, v * 5, s + 9) - 0.5;
      const glow = Math.exp(-(((u - lamp[0]) / 0.24) ** 2) - ((v - lamp[1]) / 0.3) ** 2);
      const base = 0.8 + 0.5 * big + 0.16 * mid - 0.3 * v + 0.9 * glow;
      const c = [base, base, base];
      for (const b of bars) {
        const e = 0.035;
        const a = smooth(-e, e, b.w - Math.abs(u - b.x)) * smooth(-e, e, b.h / 2 - Math.abs(v - b.y));
        for (let k = 0; k < 3; k++) c[k] *= 1 + a * (b.k * b.c[k] - 1);
      }
      for (let k = 0; k < 3; k++)
        out[3 * (y * width + x) + k] = Math.max(0.004, tint[k] * c[k] * (k === 0 ? 1 + 0.2 * glow : k === 2 ? 1 - 0.15 * glow : 1));
    }
  return out;
}

export class Renderer {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    const n = width * height * SS * SS;
    this.depth = new Float32Array(n);
    this.who = new Int32Array(n);
    this.color = new Float32Array(3 * n);
    this.label = new Uint8Array(n);
    this.face = new Uint8Array(n);
    this.shadow = new Float32Array(448 * 448);
  }

  /**
   * @param person a Person
   * @param state {yaw, pitch, roll: degrees; move: [x, y, z] dm; gaze: [x, y] radians; expression}
   * @param scene {camera: {scale: pixels per dm at the head, distance: dm, x, y: pixels}, light: {from, color, fill, sky},
   *   background: linear RGB, labelsOnly: skip the colours, grain: standard deviation in 8-bit steps, seed}
   * @returns {{rgb: Uint8Array, mask: Uint8Array, label: Uint8Array, landmarks: number[][], project: (i: number) => number[]}}
   *   mask: coverage of the visible face, 0…255; project: refined vertex → [x, y, z] with pixel centres at integers
   */
  render(person, state, scene) {
    const { model, look } = person;
    const W = this.width * SS;
    const Hh = this.height * SS;
    const { camera, light } = scene;
    const rest = person.rest;
    const v = person.pose(state.expression ?? {});
    const count = model.refinedCount;
    const rad = Math.PI / 180;
    const [yaw, pitch, roll] = [state.yaw, state.pitch, state.roll].map((a) => a * rad);
    const move = state.move ?? [0, 0, 0];
    // ---- head turns, shoulders follow a little; the neck blends
    const STEPS = 64;
    const rots = [];
    for (let i = 0; i <= STEPS; i++) {
      const w = i / STEPS;
      rots.push(rotation(yaw * (0.12 + 0.88 * w), pitch * (0.04 + 0.96 * w), roll * (0.1 + 0.9 * w)));
    }
    for (let i = 0; i < count; i++) {
      const R = rots[Math.round(person.follow[i] * STEPS)];
      const x = v[3 * i] - PIVOT[0];
      const y = v[3 * i + 1] - PIVOT[1];
      const z = v[3 * i + 2] - PIVOT[2];
      v[3 * i] = R[0] * x + R[1] * y + R[2] * z + move[0];
      v[3 * i + 1] = R[3] * x + R[4] * y + R[5] * z + move[1];
      v[3 * i + 2] = R[6] * x + R[7] * y + R[8] * z + move[2];
    }
    const head = rots[STEPS];
    const turn = (p, isDirection) => {
      const [x, y, z] = isDirection ? p : p.map((q, k) => q - PIVOT[k]);
      const o = isDirection ? [0, 0, 0] : move;
      return [
        head[0] * x + head[1] * y + head[2] * z + o[0],
        head[3] * x + head[4] * y + head[5] * z + o[1],
        head[6] * x + head[7] * y + head[8] * z + o[2],
      ];
    };
    const normal = model.normals(v);
    const focal = camera.scale * camera.distance * SS;
    const p = new Float32Array(3 * count);
    for (let i = 0; i < count; i++) {
      const iz = 1 / (camera.distance - v[3 * i + 2]);
      p[3 * i] = camera.x * SS + v[3 * i] * focal * iz;
      p[3 * i + 1] = camera.y * SS - v[3 * i + 1] * focal * iz;
      p[3 * i + 2] = iz;
    }
    // ---- visibility
    const { triangles: T, triangleGroup: G, triangleUv: U } = model;
    const { depth, who } = this;
    depth.fill(0);
    who.fill(-1);
    for (let t = 0; t < G.length; t++) {
      const a = 3 * T[3 * t];
      const b = 3 * T[3 * t + 1];
      const c = 3 * T[3 * t + 2];
      const x0 = p[a];
      const y0 = p[a + 1];
      const x1 = p[b];
      const y1 = p[b + 1];
      const x2 = p[c];
      const y2 = p[c + 1];
      const area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
      const lash = G[t] === GROUP.lashes;
      if (area === 0 || (area > 0 && !lash)) continue;
      const xl = Math.max(0, Math.ceil(Math.min(x0, x1, x2) - 0.5));
      const xh = Math.min(W - 1, Math.floor(Math.max(x0, x1, x2) - 0.5));
      const yl = Math.max(0, Math.ceil(Math.min(y0, y1, y2) - 0.5));
      const yh = Math.min(Hh - 1, Math.floor(Math.max(y0, y1, y2) - 0.5));
      const k = 1 / area;
      for (let y = yl; y <= yh; y++)
        for (let x = xl; x <= xh; x++) {
          const px = x + 0.5;
          const py = y + 0.5;
          const w0 = ((x1 - px) * (y2 - py) - (x2 - px) * (y1 - py)) * k;
          const w1 = ((x2 - px) * (y0 - py) - (x0 - px) * (y2 - py)) * k;
          if (w0 < 0 || w1 < 0 || w0 + w1 > 1) continue;
          const iz = w0 * p[a + 2] + w1 * p[b + 2] + (1 - w0 - w1) * p[c + 2];
          const o = y * W + x;
          if (iz <= depth[o]) continue;
          if (lash) {
            // lashes are half transparent: dithered over the samples of a pixel, denser where hairs stand together
            const rx = w0 * rest[a] + w1 * rest[b] + (1 - w0 - w1) * rest[c];
            const ry = w0 * rest[a + 1] + w1 * rest[b + 1] + (1 - w0 - w1) * rest[c + 1];
            const dense = (ry < 0 ? 0.3 : 0.72) * (0.55 + 0.6 * noise(rx * 80, ry * 8, 5));
            if (dense < DITHER[(x & 1) + 2 * (y & 1)]) continue;
          }
          depth[o] = iz;
          who[o] = t;
        }
    }
    // ---- light
    const labelsOnly = scene.labelsOnly;
    const key = labelsOnly ? { dir: [0, 0, 1] } : depthMap(v, T, G, light.from, 448, 3.1, [move[0], move[1] - 0.4, move[2]], this.shadow);
    const L = key.dir;
    const hl = Math.hypot(L[0], L[1], L[2] + 1);
    const HX = L[0] / hl;
    const HY = L[1] / hl;
    const HZ = (L[2] + 1) / hl;
    const [kr, kg, kb] = light.color;
    const fill = light.fill ?? 0.12; // from the other side, cool
    const sky = light.sky ?? 0.32;
    const FX = -0.75 * Math.sign(L[0] || 1);
    const FZ = 0.62;
    const eyes = person.eyes.map((e) => turn(e, false));
    const gaze = state.gaze ?? [0, 0];
    const look3 = turn([Math.sin(gaze[0]), Math.sin(gaze[1]), Math.cos(gaze[0]) * Math.cos(gaze[1])], true);
    const { color, label, face } = this;
    const occ = person.occlusion;
    const jaw = person.jawLine;
    const al = [0, 0, 0];
    for (let o = 0; o < who.length; o++) {
      const t = who[o];
      if (t < 0) {
        label[o] = 0;
        face[o] = 0;
        continue;
      }
      const ia = T[3 * t];
      const ib = T[3 * t + 1];
      const ic = T[3 * t + 2];
      const a = 3 * ia;
      const b = 3 * ib;
      const c = 3 * ic;
      const px = (o % W) + 0.5;
      const py = ((o / W) | 0) + 0.5;
      const k = 1 / ((p[b] - p[a]) * (p[c + 1] - p[a + 1]) - (p[c] - p[a]) * (p[b + 1] - p[a + 1]));
      const w0 = ((p[b] - px) * (p[c + 1] - py) - (p[c] - px) * (p[b + 1] - py)) * k;
      const w1 = ((p[c] - px) * (p[a + 1] - py) - (p[a] - px) * (p[c + 1] - py)) * k;
      const iz = 1 / depth[o];
      const q0 = w0 * p[a + 2] * iz;
      const q1 = w1 * p[b + 2] * iz;
      const q2 = 1 - q0 - q1;
      const x = q0 * v[a] + q1 * v[b] + q2 * v[c];
      const y = q0 * v[a + 1] + q1 * v[b + 1] + q2 * v[c + 1];
      const z = q0 * v[a + 2] + q1 * v[b + 2] + q2 * v[c + 2];
      let nx = q0 * normal[a] + q1 * normal[b] + q2 * normal[c];
      let ny = q0 * normal[a + 1] + q1 * normal[b + 1] + q2 * normal[c + 1];
      let nz = q0 * normal[a + 2] + q1 * normal[b + 2] + q2 * normal[c + 2];
      const rx = q0 * rest[a] + q1 * rest[b] + q2 * rest[c];
      const ry = q0 * rest[a + 1] + q1 * rest[b + 1] + q2 * rest[c + 1];
      const rz = q0 * rest[a + 2] + q1 * rest[b + 2] + q2 * rest[c + 2];
      let ao = q0 * occ[ia] + q1 * occ[ib] + q2 * occ[ic];
      const g = G[t];
      let kind = LABEL.skin;
      let gloss = 0.1;
      let power = 22;
      let wr = 0.3;
      let wg = 0.16;
      let wb = 0.11;
      let inFace = 1;
      if (g === GROUP.eyeLeft || g === GROUP.eyeRight) {
        const e = eyes[g - GROUP.eyeLeft];
        const dl = Math.hypot(x - e[0], y - e[1], z - e[2]);
        const cs = ((x - e[0]) * look3[0] + (y - e[1]) * look3[1] + (z - e[2]) * look3[2]) / dl;
        const ang = Math.acos(Math.min(1, cs));
        const white = smooth(0.4, 0.45, ang);
        const pupil = 1 - smooth(0.14, 0.175, ang);
        const spoke = 0.6 + 0.7 * noise(Math.atan2(ry - person.eyes[g - 1][1], rx - person.eyes[g - 1][0]) * 9, ang * 12, g);
        const ring = smooth(0.33, 0.4, ang);
        for (let q = 0; q < 3; q++) {
          const iris = look.iris[q] * 1.3 * spoke * (1 - 0.65 * ring) * (1 - 0.97 * pupil);
          al[q] = iris * (1 - white) + white * [0.5, 0.46, 0.44][q] * (1 - (q ? 0.12 : 0) * noise(rx * 20, ry * 20, rz * 20));
        }
        gloss = ang < 0.5 ? 1.1 : 0.35;
        power = ang < 0.5 ? 160 : 60;
        ao = Math.min(1, ao * 1.5) * (0.45 + 0.55 * smooth(-0.02, 0.1, 0.06 - (ry - person.eyes[g - 1][1])));
        wr = wg = wb = 0.25;
        kind = LABEL.eye;
      } else if (g === GROUP.teethUpper || g === GROUP.teethLower) {
        const gap = 0.8 + 0.2 * smooth(0.0, 0.25, Math.abs(Math.sin(rx * 42)));
        const deep = smooth(-0.75, -0.2, rz);
        al[0] = 0.55 * gap * deep;
        al[1] = 0.5 * gap * deep;
        al[2] = 0.42 * gap * deep;
        gloss = 0.25 * deep;
        power = 40;
        ao = 0.55;
        kind = LABEL.mouth;
      } else if (g === GROUP.tongue) {
        const deep = smooth(-0.9, -0.1, rz);
        al[0] = 0.4 * deep;
        al[1] = 0.12 * deep;
        al[2] = 0.11 * deep;
        gloss = 0.2 * deep;
        ao = 0.5;
        kind = LABEL.mouth;
      } else if (g === GROUP.lashes) {
        al[0] = al[1] = al[2] = 0.012;
        gloss = 0;
        kind = LABEL.lashes;
      } else {
        const u0 = q0 * U[6 * t] + q1 * U[6 * t + 2] + q2 * U[6 * t + 4];
        const u1 = q0 * U[6 * t + 1] + q1 * U[6 * t + 3] + q2 * U[6 * t + 5];
        const cloth = person.clothField(rx, ry, rz);
        const ear = q0 * person.ear[ia] + q1 * person.ear[ib] + q2 * person.ear[ic];
        const hair = ry > -1.6 ? person.hairField(rx, ry, rz) : -1;
        if (cloth > 0) {
          const knit =
            0.86 + 0.22 * noise(rx * 22, ry * 10, rz * 22) + 0.12 * Math.sin(Math.atan2(rx, rz + 1.2) * 90) * smooth(0.19, 0.15, cloth);
          const edge = smooth(0, 0.04, cloth) * (1 - 0.35 * smooth(0.03, 0, Math.abs(cloth - 0.17)));
          for (let q = 0; q < 3; q++) al[q] = look.cloth[q] * knit * edge;
          gloss = 0.01;
          power = 6;
          wr = wg = wb = 0.2;
          kind = LABEL.cloth;
          inFace = 0;
        } else {
          const fine = noise(rx * 30, ry * 30, rz * 30);
          const mottle = 0.4 * noise(rx * 2.2, ry * 2.2, rz * 2.2) + 0.35 * noise(rx * 7, ry * 7, rz * 7) + 0.25 * fine;
          const m = 0.86 + 0.26 * mottle;
          al[0] = look.skin[0] * (m * 0.5 + 0.5);
          al[1] = look.skin[1] * m;
          al[2] = look.skin[2] * m;
          const front = smooth(-0.75, -0.2, rz);
          const side = Math.abs(rx);
          // warmer cheeks, nose tip and ears; cooler, darker eye sockets
          const cheek = Math.exp(-(((side - 0.42) / 0.2) ** 2) - ((ry + 0.5) / 0.17) ** 2) * front;
          const tip = Math.exp(-((rx / 0.13) ** 2) - ((ry + 0.52) / 0.14) ** 2) * smooth(0.1, 0.35, rz);
          const red = look.blush * (0.6 * cheek + 0.7 * tip + 0.6 * ear);
          al[0] *= 1 + 0.14 * red;
          al[1] *= 1 - 0.2 * red;
          al[2] *= 1 - 0.2 * red;
          const socket = Math.exp(-(((side - 0.3) / 0.22) ** 2) - ((ry + 0.1) / 0.14) ** 2) * front * (look.tired ?? 0.35);
          al[0] *= 1 - 0.2 * socket;
          al[1] *= 1 - 0.25 * socket;
          al[2] *= 1 - 0.16 * socket;
          if (look.freckles) {
            const f = smooth(0.62, 0.8, noise(rx * 52 + 5, ry * 52, rz * 52)) * look.freckles * (0.3 + 0.7 * Math.max(cheek, tip)) * front;
            al[0] *= 1 - 0.2 * f;
            al[1] *= 1 - 0.32 * f;
            al[2] *= 1 - 0.38 * f;
          }
          if (look.wrinkles) {
            const brow = smooth(0.3, 0.4, ry) * smooth(0.85, 0.65, ry) * smooth(0.55, 0.3, side);
            const line = Math.sin((ry + 0.03 * Math.cos(rx * 6) + 0.03 * noise(rx * 5, ry * 3, 1)) * 52);
            const crow = Math.exp(-(((side - 0.56) / 0.07) ** 2) - ((ry + 0.02) / 0.13) ** 2);
            const foot = Math.sin((Math.atan2(ry + 0.02, side - 0.4) + 0.1 * noise(rx * 9, ry * 9, 0)) * 18);
            const d =
              look.wrinkles *
              (brow * smooth(0.4, 1, line) * smooth(0.25, 0.75, noise(rx * 4, ry * 9, 7)) * 0.7 + 0.6 * crow * smooth(0.5, 1, foot));
            al[0] *= 1 - 0.2 * d;
            al[1] *= 1 - 0.25 * d;
            al[2] *= 1 - 0.26 * d;
          }
          if (look.stubble) {
            const beard =
              look.stubble *
              smooth(-0.5, -0.95, ry + 0.3 * smooth(0.25, 0.7, side)) *
              smooth(-1.35, -1.05, ry) *
              smooth(-0.95, -0.8, rz + 0.1) *
              (0.55 + 0.6 * noise(rx * 40, ry * 40, rz * 40));
            const c0 = look.beard ?? look.hair;
            const w = Math.min(0.8, 0.42 * beard);
            for (let q = 0; q < 3; q++) al[q] = al[q] * (1 - w) + w * (c0[q] * 1.5 + 0.03);
          }
          const lips = ry < -0.6 ? model.mask('lips', u0, u1) : 0;
          if (lips > 0.02) {
            const crease = 0.85 + 0.3 * noise(rx * 45, ry * 6, 2);
            for (let q = 0; q < 3; q++) al[q] = al[q] * (1 - lips) + lips * look.lips[q] * crease;
            gloss = 0.1 + 0.16 * lips;
            power = 22 + 20 * lips;
          }
          const lids = model.mask('eyelids', u0, u1);
          if (lids > 0.02) for (let q = 0; q < 3; q++) al[q] *= 1 - (look.lids ?? 0.2) * lids * (q ? 1 : 0.8);
          // lash line: dark rim of the upper lid, where the lid turns in
          const inner = model.mask('inside-mouth', u0, u1);
          if (inner > 0.25) {
            const deep = smooth(-0.7, 0.05, rz);
            const k2 = smooth(0.25, 0.5, inner);
            al[0] = al[0] * (1 - k2) + k2 * 0.22 * (0.25 + 0.75 * deep);
            al[1] = al[1] * (1 - k2) + k2 * 0.055 * (0.25 + 0.75 * deep);
            al[2] = al[2] * (1 - k2) + k2 * 0.055 * (0.25 + 0.75 * deep);
            gloss *= 1 - 0.8 * k2;
            if (k2 > 0.5) kind = LABEL.mouth;
          }
          // brows
          if (rz > -0.35 && ry > 0 && ry < 0.55) {
            const s = rx > 0 ? 0 : 1;
            const w = browCover(
              look,
              Math.abs(rx - person.eyes[s][0]) * (Math.abs(rx) > Math.abs(person.eyes[s][0]) ? 1 : -1),
              ry - person.eyes[s][1],
            );
            if (w > 0) {
              const strand = noise(rx * 60 + ry * 34 * (rx > 0 ? -1 : 1), ry * 22, 3);
              const cover = Math.min(0.93, w * (0.45 + 0.85 * strand));
              for (let q = 0; q < 3; q++) al[q] = al[q] * (1 - cover) + cover * look.brow[q];
              gloss *= 1 - 0.7 * cover;
            }
          }
          if (hair > -0.05 && ear < 0.35) {
            const strand = noise(rx * 34, ry * 7 + rz * 5, rz * 34) * 0.65 + noise(rx * 75, ry * 12 + rz * 8, rz * 75) * 0.35;
            const cover = smooth(-0.05, 0.09, hair + 0.16 * (strand - 0.5)) * (1 - smooth(0.1, 0.35, ear));
            const tone = 0.45 + 1.1 * strand;
            for (let q = 0; q < 3; q++) al[q] = al[q] * (1 - cover) + cover * look.hair[q] * tone;
            if (cover > 0.5) {
              kind = LABEL.hair;
              gloss = 0.05 * (0.4 + strand) + (look.sheen ?? 0);
              power = 14;
              wr = wg = wb = 0.15;
              inFace = 0;
              nx += 0.5 * (strand - 0.5);
              nz += 0.4 * (noise(rz * 30, ry * 9, rx * 30) - 0.5);
            }
          }
          if (inFace && kind !== LABEL.mouth && !jaw(rx, ry, rz)) {
            inFace = 0;
            if (kind === LABEL.skin) kind = LABEL.neck;
          }
        }
      }
      label[o] = kind;
      face[o] = inFace;
      if (labelsOnly) continue;
      const nl = 1 / (Math.hypot(nx, ny, nz) || 1);
      nx *= nl;
      ny *= nl;
      nz *= nl;
      const nd = nx * L[0] + ny * L[1] + nz * L[2];
      const lit = nd > -0.35 ? key.soft(x + 0.03 * nx, y + 0.03 * ny, z + 0.03 * nz, 0.035, 0.075) : 0;
      // light that bleeds through skin keeps shadows warm
      const dr =
        lit * Math.max(0, (nd + wr) / (1 + wr)) + (kind === LABEL.skin || kind === LABEL.neck ? 0.05 * (1 - lit) * Math.max(0, nd) : 0);
      const dg = lit * Math.max(0, (nd + wg) / (1 + wg));
      const db = lit * Math.max(0, (nd + wb) / (1 + wb));
      if (kind === LABEL.mouth) ao = Math.max(ao, 0.4);
      const open = ao ** 1.35;
      const amb = sky * (0.55 + 0.45 * ny) * open;
      const fl = fill * Math.max(0, nx * FX + nz * FZ + 0.15) * open;
      const bounce = 0.06 * Math.max(0, -ny) * open;
      const crevice = 0.55 + 0.45 * smooth(0.1, 0.5, ao);
      const rim = (1 - Math.max(0, Math.min(1, nz))) ** 3;
      let r = al[0] * (0.96 * kr * dr * crevice + amb * 0.97 + fl * 0.9 + bounce * 1.3);
      let gg = al[1] * (0.96 * kg * dg * crevice + amb + fl + bounce);
      let bb = al[2] * (0.96 * kb * db * crevice + amb * 1.06 + fl * 1.15 + bounce * 0.8);
      if (gloss > 0) {
        const nh = Math.max(0, nx * HX + ny * HY + nz * HZ);
        const s = gloss * lit * (nd > 0 ? nh ** power : 0) * (0.8 + 1.5 * rim) + gloss * 0.25 * rim * amb;
        r += s * kr;
        gg += s * kg;
        bb += s * kb;
      }
      color[3 * o] = r;
      color[3 * o + 1] = gg;
      color[3 * o + 2] = bb;
    }
    return this.#resolve(person, scene, v, p);
  }

  #resolve(person, scene, v, p) {
    const { width, height, color, label, face, who } = this;
    const W = width * SS;
    const bg = scene.background;
    const exposure = scene.light.exposure ?? 1;
    const rgb = new Uint8Array(3 * width * height);
    const mask = new Uint8Array(width * height);
    const labels = new Uint8Array(width * height);
    const grain = scene.grain ?? 0;
    const random = generator((scene.seed ?? 1) >>> 0);
    const votes = new Uint8Array(8);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        let r = 0;
        let g = 0;
        let b = 0;
        let m = 0;
        votes.fill(0);
        const q = 3 * (y * width + x);
        for (let j = 0; j < SS; j++)
          for (let i = 0; i < SS; i++) {
            const o = (y * SS + j) * W + x * SS + i;
            if (who[o] < 0) {
              r += bg[q];
              g += bg[q + 1];
              b += bg[q + 2];
            } else {
              r += color[3 * o];
              g += color[3 * o + 1];
              b += color[3 * o + 2];
            }
            m += face[o];
            votes[label[o]]++;
          }
        const n = SS * SS;
        const dx = (x - width / 2) / width;
        const dy = (y - height / 2) / height;
        const e = (exposure * (1 - 0.35 * (dx * dx + dy * dy))) / n;
        const film = grain ? grain * gauss(random) : 0;
        const tint = grain ? 0.35 * grain * gauss(random) : 0;
        rgb[q] = tone(r * e, film + tint);
        rgb[q + 1] = tone(g * e, film);
        rgb[q + 2] = tone(b * e, film - tint);
        mask[y * width + x] = Math.round((255 * m) / n);
        let best = 0;
        for (let k = 1; k < 8; k++) if (votes[k] > votes[best]) best = k;
        labels[y * width + x] = best;
      }
    const project = (i) => [p[3 * i] / SS - 0.5, p[3 * i + 1] / SS - 0.5, v[3 * i + 2]];
    const points = person.landmarks.map((mix) => {
      const q = [0, 0];
      for (const [i, w] of mix) {
        const s = project(i);
        q[0] += w * s[0];
        q[1] += w * s[1];
      }
      return q;
    });
    // shut lids overlap a little: there the two rims are one line
    const down = [points[8][0] - points[27][0], points[8][1] - points[27][1]];
    for (const [u, l] of [
      [37, 41],
      [38, 40],
      [43, 47],
      [44, 46],
    ])
      if ((points[l][0] - points[u][0]) * down[0] + (points[l][1] - points[u][1]) * down[1] < 0)
        for (let k = 0; k < 2; k++) points[u][k] = points[l][k] = (points[u][k] + points[l][k]) / 2;
    return {
      rgb,
      landmarks: points,
      mask,
      label: labels,
      project,
    };
  }
}

function browCover(look, outward, up) {
  const t = (outward - 0.045) / 0.25;
  if (t < -1.15 || t > 1.12) return 0;
  const thick = 0.043 * (look.browShape?.thick ?? 1) * (1 - 0.6 * smooth(0.1, 1.1, t)) * smooth(-1.2, -0.7, t);
  if (thick <= 0) return 0;
  const q = Math.abs(up - browHeight(look, t)) / thick;
  return q >= 1.3 ? 0 : smooth(1.3, 0.25, q) * smooth(1.12, 0.85, t);
}
function tone(x, film) {
  const v = 255 * (Math.max(0, x) / (1 + 0.16 * Math.max(0, x))) ** (1 / 2.2) + film;
  return v <= 0 ? 0 : v >= 255 ? 255 : Math.round(v);
}
/** Small fast random numbers in 0…1 (mulberry32). */
export function generator(seed) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const gauss = (r) => (r() + r() + r() + r() - 2) * 1.732;
