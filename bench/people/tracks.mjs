// Motion: head pose, gaze, blinks, speech and expression as smooth functions of a seed. 25 frames per second by default.
import { generator } from './render.mjs';

/** Sum of sines with random phases, RMS near 0.7 of `size`. */
function wander(random, size, slow, fast, terms = 4) {
  const s = Array.from({ length: terms }, (_, i) => ({
    f: slow * (fast / slow) ** ((i + random()) / terms),
    p: 2 * Math.PI * random(),
    a: (size * (0.7 + 0.6 * random())) / Math.sqrt(terms),
  }));
  return (t) => s.reduce((v, k) => v + k.a * Math.sin(2 * Math.PI * k.f * t + k.p), 0);
}
const bump = (x) => (Math.abs(x) >= 1 ? 0 : (1 + Math.cos(Math.PI * x)) / 2);

/** Mouth shapes of speech, as ARKit weights, with the first two formants in Hz. */
const VISEMES = {
  aa: { w: { jawOpen: 0.5, mouthLowerDownLeft: 0.2, mouthLowerDownRight: 0.2 }, f: [760, 1250] },
  eh: {
    w: { jawOpen: 0.26, mouthStretchLeft: 0.35, mouthStretchRight: 0.35, mouthUpperUpLeft: 0.2, mouthUpperUpRight: 0.2 },
    f: [560, 1800],
  },
  ee: {
    w: {
      jawOpen: 0.12,
      mouthSmileLeft: 0.35,
      mouthSmileRight: 0.35,
      mouthStretchLeft: 0.3,
      mouthStretchRight: 0.3,
      mouthUpperUpLeft: 0.2,
      mouthUpperUpRight: 0.2,
    },
    f: [300, 2300],
  },
  oh: { w: { jawOpen: 0.34, mouthFunnel: 0.6 }, f: [480, 880] },
  oo: { w: { jawOpen: 0.12, mouthPucker: 0.75, mouthFunnel: 0.2 }, f: [320, 780] },
  ff: { w: { jawOpen: 0.06, mouthRollLower: 0.5, mouthUpperUpLeft: 0.25, mouthUpperUpRight: 0.25 }, f: [400, 1500] },
  mm: { w: { mouthPressLeft: 0.5, mouthPressRight: 0.5, mouthRollLower: 0.2, mouthRollUpper: 0.2 }, f: [250, 1100] },
  ll: { w: { jawOpen: 0.24, mouthShrugUpper: 0.15 }, f: [380, 1200] },
};
const OPEN = ['aa', 'eh', 'ee', 'oh', 'oo', 'aa', 'eh', 'll'];
const SHUT = ['mm', 'ff', 'll', 'mm'];

/**
 * @param {{seed: number, seconds: number, yaw?: number, pitch?: number, roll?: number}} options amplitudes in degrees
 * @returns {{state(t): object, syllables: {t: number, length: number, viseme: string, loud: number}[]}}
 */
export function makeTrack({ seed, seconds, yaw = 50, pitch = 20, roll = 12 }) {
  const random = generator(seed);
  const yawPath = wander(random, 1, 0.07, 0.33, 3);
  const pitchPath = wander(random, 1, 0.09, 0.45, 4);
  const rollPath = wander(random, 1, 0.06, 0.4, 3);
  const nod = wander(random, 1, 0.8, 2.2, 3);
  const move = [wander(random, 0.16, 0.05, 0.3), wander(random, 0.08, 0.06, 0.4), wander(random, 0.35, 0.05, 0.2)];
  const mood = Object.fromEntries(
    ['smile', 'frown', 'browUp', 'browDown', 'squint', 'wide', 'sneer', 'puff', 'tilt', 'jawSide', 'shrug'].map((k) => [
      k,
      wander(random, 1, 0.07, 0.5, 4),
    ]),
  );
  // the largest excursion of each pose angle over the clip is the amplitude asked for
  const peak = (f) => {
    let m = 1e-6;
    for (let t = 0; t <= seconds; t += 0.04) m = Math.max(m, Math.abs(f(t)));
    return m;
  };
  const ky = yaw / peak(yawPath);
  const kp = (pitch - 2) / peak(pitchPath);
  const kr = roll / peak(rollPath);
  // speech: phrases of syllables at 3.5–5.5 a second, with pauses
  const syllables = [];
  for (let t = 0.25 + 0.4 * random(); t < seconds; ) {
    const end = t + 1.2 + 2 * random();
    for (let k = 0; t < end && t < seconds; k++) {
      const length = 0.17 + 0.13 * random();
      const name = k % 2 ? SHUT[Math.floor(random() * SHUT.length)] : OPEN[Math.floor(random() * OPEN.length)];
      const shut = k % 2 === 1;
      syllables.push({ t: t + length / 2, length: shut ? length * 0.6 : length, viseme: name, loud: shut ? 0.25 : 0.6 + 0.4 * random() });
      t += shut ? length * 0.45 : length * 0.85;
    }
    t += 0.25 + 0.8 * random();
  }
  const blinks = [];
  for (let t = 0.5 + 1.5 * random(); t < seconds; t += 1.2 + 2.6 * random()) blinks.push(t);
  const looks = [];
  for (let t = 0; t < seconds + 1; t += 0.5 + 1.4 * random()) looks.push({ t, x: (random() - 0.5) * 0.75, y: (random() - 0.55) * 0.4 });

  const state = (t) => {
    const e = {};
    const add = (k, w) => {
      if (w > 0) e[k] = Math.min(1, (e[k] ?? 0) + w);
    };
    const both = (k, w, skew = 0) => {
      add(`${k}Left`, w * (1 + skew));
      add(`${k}Right`, w * (1 - skew));
    };
    for (const s of syllables) {
      const x = (t - s.t) / (s.length * 0.85);
      const w = bump(x) * (0.55 + 0.45 * s.loud);
      if (w > 0) for (const [k, a] of Object.entries(VISEMES[s.viseme].w)) add(k, a * w);
    }
    const m = (k, from = 0.1) => Math.max(0, mood[k](t) - from);
    const skew = 0.25 * mood.tilt(t);
    both('mouthSmile', 0.9 * m('smile'), skew);
    both('cheekSquint', 0.5 * m('smile'), skew);
    both('mouthFrown', 0.6 * m('frown', 0.3), skew);
    add('browInnerUp', 0.7 * m('browUp'));
    both('browOuterUp', 0.6 * m('browUp'), skew);
    both('browDown', 0.8 * m('browDown', 0.2));
    both('eyeSquint', 0.6 * m('squint', 0.2));
    both('eyeWide', 0.6 * m('wide', 0.3));
    both('noseSneer', 0.6 * m('sneer', 0.5));
    add('cheekPuff', 0.6 * m('puff', 0.7));
    add('jawLeft', 0.35 * m('jawSide', 0.3));
    add('jawRight', 0.35 * Math.max(0, -mood.jawSide(t) - 0.3));
    add('mouthShrugLower', 0.5 * m('shrug', 0.4));
    let k = 0;
    while (k + 1 < looks.length && looks[k + 1].t <= t) k++;
    const from = looks[Math.max(0, k - 1)];
    const to = looks[k];
    const u = Math.min(1, (t - to.t) / 0.07);
    const q = u * u * (3 - 2 * u);
    const tremor = 0.01 * Math.sin(37 * t);
    const gaze = [from.x + (to.x - from.x) * q + tremor, from.y + (to.y - from.y) * q];
    both('eyeLookUp', Math.max(0, gaze[1]) * 1.6);
    both('eyeLookDown', Math.max(0, -gaze[1]) * 1.9);
    add('eyeLookOutLeft', Math.max(0, gaze[0]));
    add('eyeLookInRight', Math.max(0, gaze[0]));
    add('eyeLookOutRight', Math.max(0, -gaze[0]));
    add('eyeLookInLeft', Math.max(0, -gaze[0]));
    for (const b of blinks) both('eyeBlink', 0.95 * bump((t - b) / 0.15));
    return {
      yaw: ky * yawPath(t),
      pitch: kp * pitchPath(t) + 2 * Math.max(-1, Math.min(1, nod(t) * 0.6)),
      roll: kr * rollPath(t),
      move: move.map((f) => f(t)),
      gaze,
      expression: e,
    };
  };
  return { state, syllables };
}

/** Key light that circles slowly around `from`; all values stay positive. */
export function makeLight({
  seed,
  from = [0.55, 0.6, 0.8],
  color = [1.05, 1, 0.94],
  swing = 0.45,
  dim = 0.18,
  sky = 0.32,
  fill = 0.14,
  exposure = 1.12,
}) {
  const random = generator(seed ^ 0x51ed);
  const x = wander(random, swing, 0.04, 0.14, 2);
  const y = wander(random, swing * 0.4, 0.04, 0.16, 2);
  const power = wander(random, dim, 0.05, 0.3, 3);
  const warm = wander(random, 0.04, 0.04, 0.12, 2);
  return (t) => ({
    from: [from[0] + x(t), from[1] + y(t), from[2]],
    color: [color[0] * (1 + power(t)) * (1 + warm(t)), color[1] * (1 + power(t)), color[2] * (1 + power(t)) * (1 - warm(t))],
    sky: sky * (1 + 0.4 * power(t)),
    fill,
    exposure,
  });
}

/** 48 kHz stereo: a buzz through two formants that follows the syllables, and a 1 kHz click of 5 ms at every whole second. */
export function makeSound(track, seconds, { pitch = 120, clicks = true } = {}) {
  const rate = 48000;
  const n = Math.round(seconds * rate);
  const out = new Float32Array(n);
  let phase = 0;
  let y1 = 0;
  let y2 = 0;
  let z1 = 0;
  let z2 = 0;
  let from = 0;
  for (let i = 0; i < n; i++) {
    const t = i / rate;
    let loud = 0;
    let f1 = 500;
    let f2 = 1300;
    while (from < track.syllables.length && track.syllables[from].t + 0.4 < t) from++;
    let best = 0;
    for (let k = from; k < track.syllables.length && track.syllables[k].t - 0.4 < t; k++) {
      const s = track.syllables[k];
      const w = bump((t - s.t) / (s.length * 0.8));
      loud += w * s.loud;
      if (w > best) {
        best = w;
        [f1, f2] = VISEMES[s.viseme].f;
      }
    }
    phase += (pitch * (1 + 0.06 * Math.sin(2 * Math.PI * 0.7 * t) + 0.02 * Math.sin(2 * Math.PI * 5.1 * t))) / rate;
    phase -= Math.floor(phase);
    const pulse = (phase < 0.1 ? Math.sin((Math.PI * phase) / 0.1) : 0) * Math.min(1, loud);
    const step = (f, band, x, a, b) => {
      const r = Math.exp((-Math.PI * band) / rate);
      return (1 - r) * x * 2 + 2 * r * Math.cos((2 * Math.PI * f) / rate) * a - r * r * b;
    };
    const p = step(f1, 90, pulse, y1, y2);
    y2 = y1;
    y1 = p;
    const q = step(f2, 120, pulse, z1, z2);
    z2 = z1;
    z1 = q;
    out[i] = 0.16 * Math.tanh(0.35 * p + 0.25 * q); // far below the clicks
    const since = t - Math.floor(t);
    if (clicks && t >= 0.999 && since < 0.005) out[i] = 0.8 * Math.sin(2 * Math.PI * 1000 * since) * (1 - since / 0.005);
  }
  const pcm = Buffer.alloc(4 * n);
  for (let i = 0; i < n; i++) {
    const v = Math.round(32767 * Math.max(-1, Math.min(1, out[i])));
    pcm.writeInt16LE(v, 4 * i);
    pcm.writeInt16LE(v, 4 * i + 2);
  }
  return pcm;
}
