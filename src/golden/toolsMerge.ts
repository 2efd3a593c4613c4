/**
 * Golden cases of tools/merge: one frame and fixed predictions under some sixty settings, the crops handed to the predictor, and motion
 * along a track. Random colour transfers are held to their statistics, seamless modes to their mean.
 */
import { FormatError } from '../base/index.ts';
import { type FaceType, faceTypeFromName, type Landmarks } from '../face/index.ts';
import { type ByteImage, type FloatImage, floatFromBytes } from '../image/index.ts';
import {
  cropFace,
  type FaceCrop,
  type MergeSettings,
  mergeFrame,
  mergeTools,
  motionOf,
  type Prediction,
  resolveMergeSettings,
} from '../merge/index.ts';
import { type CaseRunner, type Check, compare, same } from './case.ts';
import { rgbaPng } from './rgbaPng.ts';

type Point = readonly number[];

interface MergeCases {
  readonly frame: string;
  readonly predictor_input_size: number;
  readonly landmarks: readonly Point[];
  readonly landmarks_second_face: readonly Point[];
  readonly motion: { readonly motion_power: number; readonly motion_deg: number };
  readonly base_config: Readonly<Record<string, unknown>>;
  readonly face_type_default: string;
  readonly cases: Readonly<Record<string, { readonly changes: Readonly<Record<string, unknown>>; readonly file: string }>>;
}

interface MotionTrack {
  readonly landmark_track: readonly (readonly Point[] | null)[];
  readonly power_and_degrees: readonly (readonly [number, number])[];
}

type Decode = (bytes: Uint8Array, name: string) => Promise<ByteImage>;

const landmarksOf = (points: readonly Point[]): Landmarks => Float64Array.from(points.flat());

/** tools/merge/motion.json. */
export const toolsMotion: CaseRunner = async (golden) => {
  const { landmark_track: track, power_and_degrees: expected } = golden.index as unknown as MotionTrack;
  const motions = motionOf(track.map((points) => (points === null ? undefined : landmarksOf(points))));
  const tolerance = { abs: 1e-3, rel: 1e-4 };
  return [
    compare('power', motions.map(({ power }) => power), expected.map(([power]) => power), tolerance),
    compare('degrees', motions.map(({ angleDeg }) => angleDeg), expected.map(([, degrees]) => degrees), tolerance),
  ]; // biome-ignore format: a table
};

/** tools/merge/cases.json. @param decode  reads PNG files without alpha. */
export const toolsMerge =
  (decode: Decode): CaseRunner =>
  async (golden) => {
    const given = golden.index as unknown as MergeCases;
    const picture = async (file: string): Promise<ByteImage> => decode(await golden.read(file), file);
    const gray = async (file: string): Promise<FloatImage> => floatFromBytes(await picture(file));
    const bgr = async (file: string): Promise<FloatImage> => floatFromBytes(swapped(await picture(file)));
    const frame = await picture(given.frame);
    const prediction: Prediction = {
      face: await bgr('input_pred_face.png'),
      mask: await gray('input_pred_mask_prd.png'),
      dstMask: await gray('input_pred_mask_dst.png'),
      enhanced: await bgr('input_enhanced_x4.png'),
      xsegPrd: await gray('input_xseg_for_prd.png'),
      xsegDst: await gray('input_xseg_for_dst.png'),
    };
    const tools = mergeTools();
    const first = landmarksOf(given.landmarks);
    const second = landmarksOf(given.landmarks_second_face);
    const crop = (landmarks: Landmarks, faceType: FaceType, settings: MergeSettings): FaceCrop =>
      cropFace(frame, landmarks, { resolution: given.predictor_input_size, faceType }, settings, tools.simd);
    const checks: Check[] = [];
    for (const [file, faceType] of [
      ['expected_predictor_input_full.png', 'full_face'],
      ['expected_predictor_input_wf.png', 'whole_face'],
    ] as const) {
      const { predictorInput } = crop(first, faceType, resolveMergeSettings({}));
      const expected = swapped(await picture(file)).data;
      checks.push(comparePixels(file, bytesOf(predictorInput), expected, 3, 1));
    }
    for (const [name, { changes, file }] of Object.entries(given.cases)) {
      const { face_type: type = given.face_type_default, ...asked } = { ...given.base_config, ...changes };
      const faceType = faceTypeFromName(String(type), golden.name);
      const settings = resolveMergeSettings(asked);
      const faces = (name.includes('two_faces') ? [first, second] : [first]).map((landmarks) => ({
        crop: crop(landmarks, faceType, settings),
        prediction,
      }));
      const motion = { power: given.motion.motion_power, angleDeg: given.motion.motion_deg };
      const { image, mask } = mergeFrame(frame, faces, settings, { motion, seed: 1, frame: 0, tools });
      const expected = rgbaPng(await golden.read(file), file);
      if (expected.width !== image.width || expected.height !== image.height) {
        checks.push(same(name, false, `${image.width}×${image.height} pixels, expected ${expected.width}×${expected.height}`));
        continue;
      }
      const actual = withAlpha(image.data, mask.data);
      checks.push(checkCase(name, settings, actual, expected.data));
    }
    if (Object.keys(given.cases).length === 0) throw new FormatError(`${golden.name}: no cases`);
    return checks;
  };

/** Random transfers: statistics. Seams and palettes: the mean. All else: nearly every pixel. */
function checkCase(name: string, settings: MergeSettings, actual: Uint8Array, expected: Uint8Array): Check {
  if (['idt', 'idt-m', 'sot-m', 'mix-m'].includes(settings.color_transfer_mode)) {
    return compare(name, statistics(actual), statistics(expected), { abs: 2, rel: 0 });
  }
  if (settings.mode.startsWith('seamless') || settings.color_degrade_power !== 0) {
    const alphaOnly = (data: Uint8Array): Uint8Array => data.filter((_, i) => i % 4 === 3);
    const alpha = comparePixels(name, alphaOnly(actual), alphaOnly(expected), 1, 2);
    const colour = compare(name, actual, expected, { abs: 255, rel: 0, mean: 1.5 });
    return alpha.ok ? colour : alpha;
  }
  return comparePixels(name, actual, expected, 4, 2);
}

/** Pixels whose channels are all within `limit` levels must be 99.5 % of all. */
function comparePixels(name: string, actual: Uint8Array, expected: Uint8Array, channels: number, limit: number): Check {
  if (actual.length !== expected.length) return same(name, false, `${actual.length} bytes, expected ${expected.length}`);
  let [out, worst, sum] = [0, 0, 0];
  for (let p = 0; p < expected.length; p += channels) {
    let most = 0;
    for (let c = p; c < p + channels; c++) {
      const error = Math.abs(actual[c]! - expected[c]!);
      most = Math.max(most, error);
      sum += error;
    }
    worst = Math.max(worst, most);
    if (most > limit) out++;
  }
  const pixels = expected.length / channels;
  const ok = out <= 0.005 * pixels;
  const detail = ok ? '' : `${out} of ${pixels} pixels differ by more than ${limit}; mean ${(sum / expected.length).toFixed(3)}`;
  return { tensor: name, worstAbs: worst, worstRel: out / pixels, tolerance: `${limit} levels on 99.5 % of pixels`, ok, detail };
}

/** Mean and deviation of each channel. */
function statistics(rgba: Uint8Array): number[] {
  const n = rgba.length / 4;
  return [0, 1, 2, 3].flatMap((c) => {
    let sum = 0;
    for (let p = c; p < rgba.length; p += 4) sum += rgba[p]!;
    let square = 0;
    for (let p = c; p < rgba.length; p += 4) square += (rgba[p]! - sum / n) ** 2;
    return [sum / n, Math.sqrt(square / n)];
  });
}

function swapped({ width, height, channels, data }: ByteImage): ByteImage {
  const out = data.slice();
  for (let p = 0; p < out.length; p += 3) [out[p], out[p + 2]] = [data[p + 2]!, data[p]!];
  return { width, height, channels, data: out };
}

const bytesOf = ({ data }: FloatImage): Uint8Array => Uint8Array.from(data, (v) => Math.min(Math.max(v * 255, 0), 255));

function withAlpha(rgb: ArrayLike<number>, alpha: ArrayLike<number>): Uint8Array {
  const out = new Uint8Array(alpha.length * 4);
  for (let i = 0; i < alpha.length; i++) {
    for (let c = 0; c < 3; c++) out[i * 4 + c] = rgb[i * 3 + c]!;
    out[i * 4 + 3] = alpha[i]!;
  }
  return out;
}
