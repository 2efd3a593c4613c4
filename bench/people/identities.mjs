// Two people for development. Colours are linear RGB, lengths decimetres.
const symmetric = (name, w) => ({ [`eyes/l-${name}`]: w, [`eyes/r-${name}`]: w });

export const IDENTITIES = {
  A: {
    skin: [0.5, 0.285, 0.19],
    lips: [0.4, 0.155, 0.13],
    brow: [0.075, 0.042, 0.026],
    hair: [0.075, 0.042, 0.024],
    iris: [0.07, 0.12, 0.17],
    cloth: [0.018, 0.03, 0.055],
    stubble: 0.5,
    blush: 0.5,
    hairline: { front: 0.68, temple: 0.1, side: 0.5, nape: 0.85 },
    hairThickness: 0.085,
    hairTop: 1.1,
    neckline: -1.86,
    browShape: { lift: 0, arch: 0.9, thick: 1.15 },
    shape: {
      'caucasian-male-young': 1,
      'head/head-square': 0.5,
      'chin/chin-width-incr': 0.4,
      'nose/nose-hump-incr': 0.4,
      'nose/nose-scale-vert-incr': 0.2,
    },
  },
  B: {
    skin: [0.33, 0.17, 0.1],
    lips: [0.36, 0.11, 0.115],
    brow: [0.022, 0.014, 0.011],
    hair: [0.017, 0.012, 0.01],
    iris: [0.12, 0.06, 0.028],
    cloth: [0.16, 0.05, 0.035],
    stubble: 0,
    blush: 0.35,
    hairline: { front: 0.72, temple: 0.2, side: 0.5, nape: 0.8 },
    hairThickness: 0.11,
    hairTop: 0.9,
    neckline: -1.82,
    browShape: { lift: 0.01, arch: 1.15, thick: 0.85 },
    shape: {
      'african-female-young': 0.6,
      'asian-female-young': 0.4,
      'head/head-oval': 0.6,
      ...symmetric('eye-scale-incr', 0.2),
    },
  },
};
