/** Golden cases op_colour: colour transfer given its random draws, L*a*b* and HSV. */
import { type ColourMode, colourTarget, hsvFromBgr, labFromBgr, labTable, transferColours } from '../image/index.ts';
import { type CaseRunner, type Check, compare, type Tolerance } from './case.ts';
import { check, hasArray, itemsOf, numberOf, numbersOf, pictureOf } from './pictures.ts';

const tolerances: Readonly<Record<ColourMode, Partial<Tolerance>>> = {
  rct: { abs: 0.012, mean: 0.0015 },
  lct: { abs: 2e-6 },
  mkl: { abs: 1e-5 },
  idt: { abs: 1e-6 },
  sot: { abs: 2e-6 },
};

export const colour: CaseRunner = async (golden) => {
  const table = labTable();
  const checks: Check[] = [];
  for (const item of itemsOf(golden)) {
    const i = numberOf(item, 'i');
    const source = pictureOf(golden, `${i}/src_u8`);
    const like = pictureOf(golden, `${i}/trg_u8`);
    for (const mode of Object.keys(tolerances) as ColourMode[]) {
      if (!hasArray(golden, `${i}/${mode}`)) continue;
      const drawn = mode === 'idt' ? `${i}/idt_rotations` : mode === 'sot' ? `${i}/sot_directions` : undefined;
      const draws = drawn === undefined ? new Float64Array(0) : numbersOf(golden, drawn);
      const out = transferColours(source, colourTarget(mode, like, table), draws, table);
      checks.push(check(golden, `${i}/${mode}`, out.data, tolerances[mode]));
    }
    const converted = new Float32Array(source.data.length);
    labFromBgr(source.data, converted, table);
    checks.push(check(golden, `${i}/src_lab`, converted, { abs: 0.4 }));
    hsvFromBgr(source.data, converted);
    checks.push(compareHsv(`${i}/src_hsv`, converted, numbersOf(golden, `${i}/src_hsv`)));
  }
  return checks;
};

/** H is an angle: it is moved by whole turns to lie nearest the reference. */
function compareHsv(name: string, actual: Float32Array, expected: Float64Array): Check {
  const near = Float64Array.from(actual, (v, p) => (p % 3 === 0 ? v - 360 * Math.round((v - expected[p]!) / 360) : v));
  return compare(name, near, expected, { abs: 1e-6, rel: 1e-4 });
}
