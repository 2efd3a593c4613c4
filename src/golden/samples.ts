/** Golden cases samples: whole samples from a face, its landmarks and masks, driven by stored maps, matrices and draws. */
import { faceTypeFromName } from '../face/index.ts';
import { type ByteImage, type ColourMode, colourTarget, labTable, resize } from '../image/index.ts';
import { facePreparer, type HsvDraws, sampleMaker, sideBuffers, transposeSquare } from '../sample/index.ts';
import type { CaseRunner, Check, GoldenCase } from './case.ts';
import { affineOf, arrayOf, check, hasArray, itemsOf, numberOf, numbersOf, pictureOf, textOf } from './pictures.ts';

const plain = { abs: 2e-6 };
const coloured = { abs: 0.012, mean: 0.0015 };
/** That of op_colour, where the reference's own float32 shows. */
const mkl = { abs: 1e-5 };

export const samples: CaseRunner = async (golden) => {
  const res = numberOf(golden.index, 'res');
  const table = labTable();
  const makeSample = sampleMaker(res, table);
  const checks: Check[] = [];
  for (const item of itemsOf(golden)) {
    const i = numberOf(item, 'i');
    const name = `${golden.name}/${i}`;
    const face = {
      name,
      image: bytesOf(golden, `${i}/image_u8`),
      landmarks: numbersOf(golden, `${i}/landmarks`),
      faceType: faceTypeFromName(textOf(item, 'sample_type'), name),
      mask: hasArray(golden, `${i}/xseg_u8`) ? bytesOf(golden, `${i}/xseg_u8`) : undefined,
      eyebrowsExpandMod: typeof item.eyebrows_expand_mod === 'number' ? item.eyebrows_expand_mod : 1,
    };
    const mode = item.ct === undefined ? undefined : (textOf(item, 'ct') as ColourMode);
    const like = mode === undefined ? undefined : resize(pictureOf(golden, `${i}/ct_u8`), res, res, 'linear');
    const x = Float32Array.from(numbersOf(golden, `${i}/mapx`));
    const draws = {
      targetFromSource: affineOf(golden, `${i}/rmat`),
      mirrored: item.flip === true,
      maps: item.warp === false ? undefined : { x, y: transposeSquare(x, res) },
      hsv: hsvOf(item),
      colour: new Float64Array(0),
    };
    const out = sideBuffers(res, 1);
    const target = mode === undefined || like === undefined ? undefined : colourTarget(mode, like, table);
    makeSample(facePreparer(res, faceTypeFromName(textOf(item, 'face_type'), name))(face), draws, target, out, { index: 0, of: 1 });
    const tolerance = mode === 'rct' || draws.hsv !== undefined ? coloured : mode === 'mkl' ? mkl : plain;
    for (const key of ['warped', 'target', 'mask', 'em'] as const) {
      checks.push(check(golden, `${i}/${key}_q32`, out[key], key === 'mask' || key === 'em' ? plain : tolerance));
    }
  }
  return checks;
};

function hsvOf(item: Readonly<Record<string, unknown>>): HsvDraws | undefined {
  if (item.hsv_draws === undefined) return undefined;
  const draws = item.hsv_draws as Readonly<Record<string, unknown>>;
  const [hueDeg, saturation, value] = [numberOf(draws, 'h'), numberOf(draws, 's_uniform'), numberOf(draws, 'v_uniform')];
  return { hueDeg, saturation, value, power: numberOf(item, 'hsv') };
}

function bytesOf(golden: GoldenCase, name: string): ByteImage {
  const { shape, data } = arrayOf(golden, name);
  const [height = 0, width = 0, channels = 0] = shape;
  return { width, height, channels, data: Uint8Array.from(data, Number) };
}
