/**
 * Golden cases of tools/align: the similarity fit, crops of all face types at three sizes, mirroring, brows, measures of pose, 98-point
 * sets, and masks as PNG files.
 */
import {
  averagedYaw,
  expandBrows,
  eyesMask,
  faceFromImage,
  faceTypeFromName,
  hullMask,
  landmarksFrom98,
  mirrorLandmarks,
  mouthMask,
  pitchMeasure,
  poseOf,
  rectFromLandmarks,
  unitFromImage,
} from '../face/index.ts';
import { type ByteImage, mapPoints } from '../image/index.ts';
import { type CaseRunner, type Check, compare, same } from './case.ts';

const matrices = { abs: 1e-6, rel: 1e-4 };
const pixels = { abs: 1e-9, rel: 1e-9 };

interface AlignCase {
  readonly landmarks: readonly Point[];
  readonly umeyama_33pt: readonly Point[];
  readonly transform_mats: Readonly<Record<string, Readonly<Record<string, readonly Point[]>>>>;
  readonly rect_from_landmarks: readonly number[];
  readonly mirrored_in_width_640: readonly Point[];
  readonly expanded_eyebrows: Readonly<Record<string, readonly Point[]>>;
  readonly averaged_yaw_in_0_1_space: number;
  readonly face_pitch_measure: number;
  readonly aligned: Readonly<Record<string, { readonly landmarks_256: readonly Point[]; readonly pitch_yaw_roll: readonly number[] }>>;
}

interface AlignCases {
  readonly frame_wh: readonly [number, number];
  readonly cases: readonly AlignCase[];
  readonly convert_98_to_68: { readonly input: readonly Point[]; readonly output: readonly Point[] };
}

type Point = readonly number[];

/** @param decode  reads the PNG masks. */
export const toolsAlign =
  (decode: (bytes: Uint8Array, name: string) => Promise<ByteImage>): CaseRunner =>
  async (golden) => {
    const { cases, frame_wh: frame, convert_98_to_68: sets } = golden.index as unknown as AlignCases;
    const checks = cases.flatMap((given, i) => checkFace(given, i));
    checks.push(compare('98 to 68', landmarksFrom98(sets.input.flat()), sets.output.flat(), pixels));
    const checkMask = async (file: string, data: () => Float32Array): Promise<void> => {
      const bytes = await golden.read(file).catch(() => undefined);
      if (bytes === undefined) return;
      const expected = (await decode(bytes, file)).data;
      const actual = data();
      const out = expected.reduce((n, v, p) => n + (Math.abs(Math.round(actual[p]! * 255) - v) > 1 ? 1 : 0), 0);
      checks.push(
        same(file, actual.length === expected.length && out === 0, `${out} of ${expected.length} pixels differ by more than 1/255`),
      );
    };
    for (const [i, given] of cases.entries()) {
      const inFrame = Float64Array.from(given.landmarks.flat());
      const aligned = Float64Array.from(given.aligned.whole_face?.landmarks_256.flat() ?? []);
      await checkMask(`hull_${i}_frame${frame.join('x')}.png`, () => hullMask(inFrame, frame[0], frame[1], 1).data);
      for (const factor of Object.keys(given.expanded_eyebrows)) {
        await checkMask(`hull_${i}_wf256_mod${factor}.png`, () => hullMask(aligned, 256, 256, Number(factor)).data);
      }
      await checkMask(`eyes_${i}_wf256.png`, () => eyesMask(aligned, 256, 256).data);
      await checkMask(`mouth_${i}_wf256.png`, () => mouthMask(aligned, 256, 256).data);
    }
    return checks;
  };

function checkFace(given: AlignCase, i: number): Check[] {
  const landmarks = Float64Array.from(given.landmarks.flat());
  const checks = [compare(`${i}/umeyama`, unitFromImage(landmarks), given.umeyama_33pt.flat(), matrices)];
  for (const [type, bySize] of Object.entries(given.transform_mats)) {
    for (const [key, matrix] of Object.entries(bySize)) {
      const [, size = '', scale = '1'] = /^size(\d+)(?:_scale([\d.]+))?$/.exec(key) ?? [];
      const actual = faceFromImage(landmarks, Number(size), faceTypeFromName(type, 'align_cases.json'), Number(scale));
      checks.push(compare(`${i}/${type}/${key}`, actual, matrix.flat(), matrices));
    }
  }
  checks.push(compare(`${i}/rectangle`, rectFromLandmarks(landmarks), given.rect_from_landmarks, { abs: 1e-3, rel: 0 }));
  checks.push(compare(`${i}/mirrored`, mirrorLandmarks(landmarks, 640), given.mirrored_in_width_640.flat(), pixels));
  for (const [factor, points] of Object.entries(given.expanded_eyebrows)) {
    checks.push(compare(`${i}/brows ${factor}`, expandBrows(landmarks, Number(factor)).flat(), points.flat(), { abs: 0, rel: 0 }));
  }
  const yaw = averagedYaw(mapPoints(unitFromImage(landmarks), landmarks));
  checks.push(compare(`${i}/averaged yaw`, [yaw], [given.averaged_yaw_in_0_1_space], { abs: 1e-6, rel: 0 }));
  checks.push(compare(`${i}/pitch measure`, [pitchMeasure(landmarks)], [given.face_pitch_measure], pixels));
  for (const [type, { landmarks_256: aligned, pitch_yaw_roll: angles }] of Object.entries(given.aligned)) {
    const { pitch, yaw, roll } = poseOf(Float64Array.from(aligned.flat()), 256);
    checks.push(compare(`${i}/${type} pose`, [pitch, yaw, roll], angles, { abs: 2e-3, rel: 0 }));
  }
  return checks;
}
