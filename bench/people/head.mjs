// The head model: loads head.bin.gz, shapes an identity, applies expressions, refines the mesh by one Catmull-Clark step.
import fs from 'node:fs';
import zlib from 'node:zlib';
import { JAW_OUTLINE, LANDMARKS_68 } from './landmarks.mjs';

/** Kinds of surface, also the labels of a segmentation frame. */
export const GROUP = { body: 0, eyeLeft: 1, eyeRight: 2, teethUpper: 3, teethLower: 4, tongue: 5, lashes: 6 };

/** Table-driven value noise in three dimensions, 0…1. */
const LATTICE = new Float32Array(4096);
{
  let s = 12345;
  for (let i = 0; i < 4096; i++) {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    LATTICE[i] = s / 4294967296;
  }
}
const at = (i, j, k) => LATTICE[(Math.imul(i, 73856093) ^ Math.imul(j, 19349663) ^ Math.imul(k, 83492791)) & 4095];
export function noise(x, y, z) {
  const i = Math.floor(x);
  const j = Math.floor(y);
  const k = Math.floor(z);
  let a = x - i;
  let b = y - j;
  let c = z - k;
  a = a * a * (3 - 2 * a);
  b = b * b * (3 - 2 * b);
  c = c * c * (3 - 2 * c);
  const p = at(i, j, k) * (1 - a) + at(i + 1, j, k) * a;
  const q = at(i, j + 1, k) * (1 - a) + at(i + 1, j + 1, k) * a;
  const r = at(i, j, k + 1) * (1 - a) + at(i + 1, j, k + 1) * a;
  const s = at(i, j + 1, k + 1) * (1 - a) + at(i + 1, j + 1, k + 1) * a;
  return (p * (1 - b) + q * b) * (1 - c) + (r * (1 - b) + s * b) * c;
}
export const smooth = (lo, hi, x) => {
  const t = Math.min(1, Math.max(0, (x - lo) / (hi - lo)));
  return t * t * (3 - 2 * t);
};

export class HeadModel {
  /** @param {string|URL} file head.bin.gz, as written by extract_asset.mjs */
  constructor(file = new URL('./head.bin.gz', import.meta.url)) {
    const raw = zlib.gunzipSync(fs.readFileSync(file));
    const jsonLength = raw.readUInt32LE(0);
    const h = JSON.parse(raw.toString('utf8', 4, 4 + jsonLength));
    const types = { Int16Array, Uint16Array, Uint8Array };
    const blob = (e) => {
      const o = raw.byteOffset + 4 + jsonLength + e.offset;
      return new types[e.type](raw.buffer.slice(o, o + e.length * types[e.type].BYTES_PER_ELEMENT));
    };
    this.base = Float32Array.from(blob(h.base), (v) => v / h.step);
    this.vertexCount = this.base.length / 3;
    this.maskBox = h.maskBox;
    this.maskSize = h.maskSize;
    this.masks = Object.fromEntries(Object.entries(h.masks).map(([k, e]) => [k, blob(e)]));
    const index = blob(h.index);
    const delta = blob(h.delta);
    this.targets = new Map();
    for (const t of h.targets) {
      const at = new Uint16Array(t.count);
      let last = 0;
      for (let i = 0; i < t.count; i++) at[i] = last += index[t.first + i];
      const d = new Float32Array(3 * t.count);
      for (let k = 0; k < 3; k++) for (let i = 0; i < t.count; i++) d[3 * i + k] = delta[3 * t.first + k * t.count + i] / h.step;
      this.targets.set((t.kind === 'unit' ? 'unit/' : '') + t.name, { at, d });
    }
    this.#refineTopology(blob(h.count), blob(h.group), blob(h.corners), blob(h.uv), blob(h.cornerUv));
  }

  /** Adds weighted targets to base vertices. */
  morph(vertices, weights) {
    const out = Float32Array.from(vertices);
    for (const [name, w] of Object.entries(weights)) {
      if (!w) continue;
      const t = this.targets.get(name);
      if (!t) throw new Error(`unknown target ${name}`);
      for (let i = 0; i < t.at.length; i++) {
        const o = 3 * t.at[i];
        out[o] += w * t.d[3 * i];
        out[o + 1] += w * t.d[3 * i + 1];
        out[o + 2] += w * t.d[3 * i + 2];
      }
    }
    return out;
  }

  /** Catmull-Clark stencils, once: refined vertex = Σ weight · base vertex. The first vertexCount rows are the base vertices. */
  #refineTopology(count, group, corners, uv, cornerUv) {
    const n = this.vertexCount;
    const edges = new Map();
    const faces = [];
    const touch = Array.from({ length: n }, () => ({ faces: [], edges: [] }));
    for (let f = 0, c = 0; f < count.length; c += count[f++]) {
      const v = corners.subarray(c, c + count[f]);
      const e = [];
      for (let k = 0; k < v.length; k++) {
        const a = v[k];
        const b = v[(k + 1) % v.length];
        const key = a < b ? a * 65536 + b : b * 65536 + a;
        let edge = edges.get(key);
        if (!edge) {
          edges.set(key, (edge = { id: edges.size, a, b, faces: [] }));
          touch[a].edges.push(edge);
          touch[b].edges.push(edge);
        }
        edge.faces.push(f);
        e.push(edge);
        touch[a].faces.push(f);
      }
      faces.push({ v, e, uv: cornerUv.subarray(c, c + count[f]), group: group[f] });
    }
    const start = [0];
    const who = [];
    const weight = [];
    const row = (m) => {
      for (const [v, w] of m) {
        who.push(v);
        weight.push(w);
      }
      start.push(who.length);
    };
    const add = (m, v, w) => m.set(v, (m.get(v) ?? 0) + w);
    const addFace = (m, f, w) => {
      for (const v of faces[f].v) add(m, v, w / faces[f].v.length);
    };
    for (let v = 0; v < n; v++) {
      const t = touch[v];
      const m = new Map();
      const rim = t.edges.filter((e) => e.faces.length === 1);
      if (rim.length) {
        add(m, v, 0.75);
        for (const e of rim.slice(0, 2)) add(m, e.a === v ? e.b : e.a, 0.25 / Math.min(2, rim.length));
      } else {
        const k = t.edges.length;
        for (const f of t.faces) addFace(m, f, 1 / (k * t.faces.length));
        for (const e of t.edges) {
          add(m, e.a, 1 / (k * k));
          add(m, e.b, 1 / (k * k));
        }
        add(m, v, (k - 3) / k);
      }
      row(m);
    }
    for (let f = 0; f < faces.length; f++) {
      const m = new Map();
      addFace(m, f, 1);
      row(m);
    }
    for (const e of edges.values()) {
      const m = new Map();
      const inner = e.faces.length === 2;
      add(m, e.a, inner ? 0.25 : 0.5);
      add(m, e.b, inner ? 0.25 : 0.5);
      if (inner) for (const f of e.faces) addFace(m, f, 0.25);
      row(m);
    }
    this.stencil = { start: Uint32Array.from(start), who: Uint16Array.from(who), weight: Float32Array.from(weight) };
    this.refinedCount = start.length - 1;
    const triangles = [];
    const triangleUv = [];
    const triangleGroup = [];
    const U = (t, k) => uv[2 * t + k] / 65535;
    for (let f = 0; f < faces.length; f++) {
      const { v, e, uv: t, group: g } = faces[f];
      const k = v.length;
      let cu = 0;
      let cv = 0;
      for (const i of t) {
        cu += U(i, 0) / k;
        cv += U(i, 1) / k;
      }
      for (let i = 0; i < k; i++) {
        const p = (i + k - 1) % k;
        const q = (i + 1) % k;
        const quad = [v[i], n + faces.length + e[i].id, n + f, n + faces.length + e[p].id];
        const quv = [
          [U(t[i], 0), U(t[i], 1)],
          [(U(t[i], 0) + U(t[q], 0)) / 2, (U(t[i], 1) + U(t[q], 1)) / 2],
          [cu, cv],
          [(U(t[i], 0) + U(t[p], 0)) / 2, (U(t[i], 1) + U(t[p], 1)) / 2],
        ];
        for (const tri of [
          [0, 1, 2],
          [0, 2, 3],
        ]) {
          for (const j of tri) {
            triangles.push(quad[j]);
            triangleUv.push(...quv[j]);
          }
          triangleGroup.push(g);
        }
      }
    }
    this.triangles = Uint32Array.from(triangles);
    this.triangleUv = Float32Array.from(triangleUv);
    this.triangleGroup = Uint8Array.from(triangleGroup);
    this.vertexGroup = new Uint8Array(this.refinedCount);
    this.vertexUv = new Float32Array(2 * this.refinedCount);
    for (let i = 0; i < this.triangles.length; i++) {
      const v = this.triangles[i];
      this.vertexGroup[v] = this.triangleGroup[(i / 3) | 0];
      this.vertexUv[2 * v] = this.triangleUv[2 * i];
      this.vertexUv[2 * v + 1] = this.triangleUv[2 * i + 1];
    }
  }

  refine(base) {
    const { start, who, weight } = this.stencil;
    const out = new Float32Array(3 * this.refinedCount);
    for (let i = 0; i < this.refinedCount; i++) {
      let x = 0;
      let y = 0;
      let z = 0;
      for (let k = start[i]; k < start[i + 1]; k++) {
        const o = 3 * who[k];
        const w = weight[k];
        x += w * base[o];
        y += w * base[o + 1];
        z += w * base[o + 2];
      }
      out[3 * i] = x;
      out[3 * i + 1] = y;
      out[3 * i + 2] = z;
    }
    return out;
  }

  /** Area-weighted vertex normals. */
  normals(v) {
    const { triangles } = this;
    const n = new Float32Array(v.length);
    for (let t = 0; t < triangles.length; t += 3) {
      const a = 3 * triangles[t];
      const b = 3 * triangles[t + 1];
      const c = 3 * triangles[t + 2];
      const ux = v[b] - v[a];
      const uy = v[b + 1] - v[a + 1];
      const uz = v[b + 2] - v[a + 2];
      const wx = v[c] - v[a];
      const wy = v[c + 1] - v[a + 1];
      const wz = v[c + 2] - v[a + 2];
      const x = uy * wz - uz * wy;
      const y = uz * wx - ux * wz;
      const z = ux * wy - uy * wx;
      for (const i of [a, b, c]) {
        n[i] += x;
        n[i + 1] += y;
        n[i + 2] += z;
      }
    }
    for (let i = 0; i < n.length; i += 3) {
      const l = Math.hypot(n[i], n[i + 1], n[i + 2]) || 1;
      n[i] /= l;
      n[i + 1] /= l;
      n[i + 2] /= l;
    }
    return n;
  }

  /** Texture mask at (u, v), 0…1. */
  mask(name, u, v) {
    const [u0, v0, u1, v1] = this.maskBox;
    const s = this.maskSize;
    const x = ((u - u0) / (u1 - u0)) * s - 0.5;
    const y = ((v1 - v) / (v1 - v0)) * s - 0.5;
    if (x < 0 || y < 0 || x >= s - 1 || y >= s - 1) return 0;
    const m = this.masks[name];
    const i = x | 0;
    const j = y | 0;
    const a = x - i;
    const b = y - j;
    const o = j * s + i;
    return ((m[o] * (1 - a) + m[o + 1] * a) * (1 - b) + (m[o + s] * (1 - a) + m[o + s + 1] * a) * b) / 255;
  }
}

/**
 * One person: rest shape, surface attributes and what shading needs. All lengths are decimetres, relative to the middle
 * between the eyes of this person.
 */
export class Person {
  /** @param {HeadModel} model @param {object} look see identities.mjs */
  constructor(model, look) {
    this.model = model;
    this.look = look;
    const base = model.morph(model.base, look.shape);
    const eye = [GROUP.eyeLeft, GROUP.eyeRight].map((g) => {
      const c = [0, 0, 0];
      let k = 0;
      for (let i = 0; i < model.vertexCount; i++) {
        if (model.vertexGroup[i] !== g) continue;
        for (let d = 0; d < 3; d++) c[d] += base[3 * i + d];
        k++;
      }
      return c.map((x) => x / k);
    });
    const mid = [0, 1, 2].map((d) => (eye[0][d] + eye[1][d]) / 2);
    for (let i = 0; i < base.length; i++) base[i] -= mid[i % 3];
    // the stock teeth hide behind the lips and the tongue fills the mouth: move them to where speech shows them
    const place = { [GROUP.teethUpper]: [-0.06, 0.012], [GROUP.teethLower]: [0.01, 0], [GROUP.tongue]: [-0.06, -0.05] };
    for (let i = 0; i < model.vertexCount; i++) {
      const [dy, dz] = place[model.vertexGroup[i]] ?? [0, 0];
      base[3 * i + 1] += dy;
      base[3 * i + 2] += dz;
    }
    this.base = base;
    this.eyes = eye.map((e) => e.map((x, d) => x - mid[d]));
    const rest = model.refine(base);
    this.rest = rest;
    this.#grow(rest);
    this.occlusion = this.#ambientOcclusion();
    this.jawLine = this.#outline();
    this.landmarks = LANDMARKS_68.map((v, k) => (k < 17 || k > 26 ? [[v, 1]] : this.#onBrow(k)));
  }

  /** The painted brow's middle line, as weights of the three vertices around it. */
  #onBrow(k) {
    const left = k < 22; // of the image
    const t = BROW_STEPS[left ? k - 17 : 26 - k];
    const eye = this.eyes[left ? 1 : 0];
    const x = eye[0] + (left ? -1 : 1) * browReach(t);
    const y = eye[1] + browHeight(this.look, t);
    const { triangles, triangleGroup } = this.model;
    const r = this.rest;
    let best = null;
    for (let i = 0; i < triangleGroup.length; i++) {
      if (triangleGroup[i] !== GROUP.body) continue;
      const [a, b, c] = triangles.subarray(3 * i, 3 * i + 3);
      const area = (r[3 * b] - r[3 * a]) * (r[3 * c + 1] - r[3 * a + 1]) - (r[3 * c] - r[3 * a]) * (r[3 * b + 1] - r[3 * a + 1]);
      if (area <= 0) continue;
      const w0 = ((r[3 * b] - x) * (r[3 * c + 1] - y) - (r[3 * c] - x) * (r[3 * b + 1] - y)) / area;
      const w1 = ((r[3 * c] - x) * (r[3 * a + 1] - y) - (r[3 * a] - x) * (r[3 * c + 1] - y)) / area;
      const w2 = 1 - w0 - w1;
      if (w0 < 0 || w1 < 0 || w2 < 0) continue;
      const z = w0 * r[3 * a + 2] + w1 * r[3 * b + 2] + w2 * r[3 * c + 2];
      if (!best || z > best.z)
        best = {
          z,
          w: [
            [a, w0],
            [b, w1],
            [c, w2],
          ],
        };
    }
    return best.w;
  }

  /** Is a rest point inside the face: in front of the ears and above the jaw, as drawn by JAW_OUTLINE? */
  #outline() {
    const axis = -0.85;
    const at = JAW_OUTLINE.map((v) => {
      const [x, y, z] = this.rest.subarray(3 * v, 3 * v + 3);
      return { angle: Math.atan2(x, z - axis), y, r: Math.hypot(x, z - axis) };
    });
    return (x, y, z) => {
      const angle = Math.atan2(x, z - axis);
      if (angle < at[0].angle || angle > at[16].angle) return false;
      let k = 0;
      while (k < 15 && at[k + 1].angle < angle) k++;
      const t = (angle - at[k].angle) / (at[k + 1].angle - at[k].angle || 1);
      const jaw = at[k].y + t * (at[k + 1].y - at[k].y);
      const r = at[k].r + t * (at[k + 1].r - at[k].r);
      return y > jaw - 0.03 - 0.06 * Math.exp(-((angle / 0.6) ** 2)) && (y > jaw + 0.2 || Math.hypot(x, z - axis) > 0.82 * r);
    };
  }

  /** Hair field: positive where hair grows, in decimetres from the hairline. */
  hairField(x, y, z) {
    const h = this.look.hairline;
    const back = -z;
    const wobble = 0.09 * (noise(x * 5 + 9, y * 5, z * 5) - 0.5) + 0.05 * (noise(x * 17, y * 17, z * 17) - 0.5);
    const front = y + 0.6 * back - h.front + (h.temple ?? 0.15) * Math.abs(x) - (h.peak ?? 0) * Math.exp(-((x / 0.2) ** 2));
    const side = Math.max(back - h.side + 0.25 * Math.min(0, y + 0.1), (y - 0.55) * 1.4);
    const nape = y + h.nape + 0.25 * (1.9 - back);
    const crown = h.bald ? Math.hypot(x, (back - 1.0) * 0.8) - h.bald * smooth(0.4, 0.9, y) : 9;
    return Math.min(front, side, nape, crown) + wobble;
  }

  /** Cloth field: positive below the neckline. */
  clothField(x, y, z) {
    return this.look.neckline - y + 0.75 * (Math.hypot(x, z + 1.2) - 0.7);
  }

  #grow(rest) {
    const { model, look } = this;
    const shift = (this.shift = new Float32Array(rest.length));
    const drape = this.#drape(rest);
    const normal = model.normals(drape);
    this.ear = new Float32Array(model.refinedCount);
    this.follow = new Float32Array(model.refinedCount);
    for (let i = 0; i < model.refinedCount; i++) {
      const [x, y, z] = [rest[3 * i], rest[3 * i + 1], rest[3 * i + 2]];
      this.follow[i] = model.vertexGroup[i] === GROUP.body ? smooth(-2.75, -1.55, y + 0.55 * z) : 1;
      if (model.vertexGroup[i] !== GROUP.body) continue;
      this.ear[i] = model.mask('ears', model.vertexUv[2 * i], model.vertexUv[2 * i + 1]);
      const hair = this.hairField(x, y, z);
      let d = 0;
      if (hair > 0) {
        const top = smooth(0.5, 1.2, y);
        d =
          look.hairThickness *
          (1 + (look.hairTop ?? 0.6) * top) *
          smooth(0, 0.3, hair) *
          (0.8 + 0.35 * noise(x * 4 + 3, y * 4, z * 4) + 0.12 * noise(x * 16, y * 6, z * 16)) *
          (1 - smooth(0.02, 0.3, this.ear[i]));
      }
      const cloth = this.clothField(x, y, z);
      if (cloth > -0.05) d = 0.075 * smooth(-0.05, 0.25, cloth) + 0.09 * smooth(0.2, 1, cloth) * noise(x * 1.6, y * 1.6, z * 1.6);
      for (let k = 0; k < 3; k++) shift[3 * i + k] = d * normal[3 * i + k] + drape[3 * i + k] - rest[3 * i + k];
    }
  }

  /** Cloth hangs: the body below the neckline, smoothed until its anatomy is gone. */
  #drape(rest) {
    const { model } = this;
    const { triangles } = model;
    let v = Float32Array.from(rest);
    const w = new Float32Array(model.refinedCount);
    for (let i = 0; i < w.length; i++)
      if (model.vertexGroup[i] === GROUP.body) w[i] = smooth(0.05, 0.5, this.clothField(rest[3 * i], rest[3 * i + 1], rest[3 * i + 2]));
    const sum = new Float32Array(v.length);
    const degree = new Float32Array(w.length);
    for (let round = 0; round < 24; round++) {
      sum.fill(0);
      degree.fill(0);
      for (let t = 0; t < triangles.length; t += 3)
        for (let e = 0; e < 3; e++) {
          const a = triangles[t + e];
          const b = triangles[t + ((e + 1) % 3)];
          for (const [i, j] of [
            [a, b],
            [b, a],
          ]) {
            degree[i]++;
            for (let k = 0; k < 3; k++) sum[3 * i + k] += v[3 * j + k];
          }
        }
      const next = Float32Array.from(v);
      for (let i = 0; i < w.length; i++)
        if (w[i] && degree[i] > 5) for (let k = 0; k < 3; k++) next[3 * i + k] += w[i] * 0.6 * (sum[3 * i + k] / degree[i] - v[3 * i + k]);
      v = next;
    }
    return v;
  }

  /** Refined rest-space vertices of an expression: unit weights as in ARKit's 52 blend shapes, 0…1. */
  pose(expression) {
    const units = {};
    for (const [k, w] of Object.entries(expression)) units[`unit/${k}`] = w;
    const morphed = this.model.morph(this.base, units);
    const drop = 0.11 * (expression.jawOpen ?? 0) * (1 - (expression.tongueOut ?? 0));
    if (drop) for (let i = 0; i < this.model.vertexCount; i++) if (this.model.vertexGroup[i] === GROUP.tongue) morphed[3 * i + 1] -= drop;
    const v = this.model.refine(morphed);
    for (let i = 0; i < v.length; i++) v[i] += this.shift[i];
    return v;
  }

  /** Share of the sky each rest vertex sees, from orthographic depth maps along 72 directions. */
  #ambientOcclusion() {
    const { model } = this;
    const v = this.pose({});
    const n = model.normals(v);
    const size = 320;
    const half = 2.9;
    const centre = [0, -0.9, -0.9];
    const depth = new Float32Array(size * size);
    const seen = new Float32Array(model.refinedCount);
    const total = new Float32Array(model.refinedCount);
    const COUNT = 72;
    for (let s = 0; s < COUNT; s++) {
      const dy = 1 - (2 * (s + 0.5)) / COUNT;
      const r = Math.sqrt(1 - dy * dy);
      const a = s * 2.399963;
      const map = depthMap(v, model.triangles, model.triangleGroup, [r * Math.cos(a), dy, r * Math.sin(a)], size, half, centre, depth);
      for (let i = 0; i < model.refinedCount; i++) {
        const c = n[3 * i] * map.dir[0] + n[3 * i + 1] * map.dir[1] + n[3 * i + 2] * map.dir[2];
        if (c <= 0.02) continue;
        total[i] += c;
        seen[i] += c * map.lit(v[3 * i] + 0.02 * n[3 * i], v[3 * i + 1] + 0.02 * n[3 * i + 1], v[3 * i + 2] + 0.02 * n[3 * i + 2], 0.03);
      }
    }
    return seen.map((x, i) => (total[i] ? x / total[i] : 0));
  }
}

/** Orthographic depth map seen from direction `dir`; `lit(x, y, z, bias)` is 1 where nothing lies in front. */
export function depthMap(v, triangles, group, dir, size, half, centre, depth = new Float32Array(size * size)) {
  const l = Math.hypot(...dir);
  const d = dir.map((x) => x / l);
  const up = Math.abs(d[1]) > 0.9 ? [1, 0, 0] : [0, 1, 0];
  let r = [up[1] * d[2] - up[2] * d[1], up[2] * d[0] - up[0] * d[2], up[0] * d[1] - up[1] * d[0]];
  const rl = Math.hypot(...r);
  r = r.map((x) => x / rl);
  const u = [d[1] * r[2] - d[2] * r[1], d[2] * r[0] - d[0] * r[2], d[0] * r[1] - d[1] * r[0]];
  const k = size / (2 * half);
  depth.fill(-1e9);
  const count = v.length / 3;
  const p = new Float32Array(v.length);
  for (let i = 0; i < count; i++) {
    const x = v[3 * i] - centre[0];
    const y = v[3 * i + 1] - centre[1];
    const z = v[3 * i + 2] - centre[2];
    p[3 * i] = (x * r[0] + y * r[1] + z * r[2] + half) * k;
    p[3 * i + 1] = (x * u[0] + y * u[1] + z * u[2] + half) * k;
    p[3 * i + 2] = x * d[0] + y * d[1] + z * d[2];
  }
  for (let t = 0; t < group.length; t++) {
    if (group[t] === GROUP.lashes) continue;
    const a = 3 * triangles[3 * t];
    const b = 3 * triangles[3 * t + 1];
    const c = 3 * triangles[3 * t + 2];
    const area = (p[b] - p[a]) * (p[c + 1] - p[a + 1]) - (p[c] - p[a]) * (p[b + 1] - p[a + 1]);
    if (!area) continue;
    const x0 = Math.max(0, Math.ceil(Math.min(p[a], p[b], p[c]) - 0.5));
    const x1 = Math.min(size - 1, Math.floor(Math.max(p[a], p[b], p[c]) - 0.5));
    const y0 = Math.max(0, Math.ceil(Math.min(p[a + 1], p[b + 1], p[c + 1]) - 0.5));
    const y1 = Math.min(size - 1, Math.floor(Math.max(p[a + 1], p[b + 1], p[c + 1]) - 0.5));
    for (let y = y0; y <= y1; y++)
      for (let x = x0; x <= x1; x++) {
        const px = x + 0.5;
        const py = y + 0.5;
        const w0 = ((p[b] - px) * (p[c + 1] - py) - (p[c] - px) * (p[b + 1] - py)) / area;
        const w1 = ((p[c] - px) * (p[a + 1] - py) - (p[a] - px) * (p[c + 1] - py)) / area;
        if (w0 < 0 || w1 < 0 || w0 + w1 > 1) continue;
        const z = w0 * p[a + 2] + w1 * p[b + 2] + (1 - w0 - w1) * p[c + 2];
        if (z > depth[y * size + x]) depth[y * size + x] = z;
      }
  }
  const lit = (X, Y, Z, bias) => {
    const x = X - centre[0];
    const y = Y - centre[1];
    const z = Z - centre[2];
    const i = ((x * r[0] + y * r[1] + z * r[2] + half) * k) | 0;
    const j = ((x * u[0] + y * u[1] + z * u[2] + half) * k) | 0;
    if (i < 0 || j < 0 || i >= size || j >= size) return 1;
    return depth[j * size + i] > x * d[0] + y * d[1] + z * d[2] + bias ? 0 : 1;
  };
  /** Share of 12 taps in a disc of `radius` dm that are lit: a soft shadow. */
  const soft = (X, Y, Z, bias, radius) => {
    const x = X - centre[0];
    const y = Y - centre[1];
    const z = Z - centre[2];
    const fx = (x * r[0] + y * r[1] + z * r[2] + half) * k;
    const fy = (x * u[0] + y * u[1] + z * u[2] + half) * k;
    const here = x * d[0] + y * d[1] + z * d[2] + bias;
    let s = 0;
    for (let q = 0; q < 12; q++) {
      const i = (fx + DISC[2 * q] * radius * k) | 0;
      const j = (fy + DISC[2 * q + 1] * radius * k) | 0;
      if (i < 0 || j < 0 || i >= size || j >= size) s++;
      else {
        const over = depth[j * size + i] - here;
        s += over <= 0 ? 1 : over < 0.02 ? 1 - over / 0.02 : 0;
      }
    }
    return s / 12;
  };
  return { dir: d, lit, soft };
}
const DISC = new Float32Array(24);
for (let q = 0; q < 12; q++) {
  DISC[2 * q] = Math.sqrt((q + 0.5) / 12) * Math.cos(q * 2.399963);
  DISC[2 * q + 1] = Math.sqrt((q + 0.5) / 12) * Math.sin(q * 2.399963);
}

const BROW_STEPS = [0.95, 0.5, 0.04, -0.45, -0.92];
/** Middle line of a brow: height above the eye's centre at t = −1 (inner end) … 1 (outer end), decimetres. */
export function browHeight(look, t) {
  const { lift = 0, arch = 1 } = look.browShape ?? {};
  return 0.155 + lift + 0.075 * arch * (1 - ((t - 0.3) / 1.55) ** 2) - 0.05 * Math.max(0, t - 0.4) ** 2;
}
/** Outward distance from the eye's centre at t, decimetres. */
export const browReach = (t) => 0.045 + 0.25 * t;
