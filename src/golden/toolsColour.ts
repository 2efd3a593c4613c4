/**
 * Golden cases of tools/color: every measure that faces are sorted by, the choice of the best faces, and the colour functions as pictures
 * with their means and deviations.
 */
import {
  absoluteDifference,
  bestFaces,
  channelDistance,
  measureArray,
  measurerOf,
  preparedHistograms,
  totalDistances,
} from '../curate/index.ts';
import type { FaceMetadata } from '../faceset/index.ts';
import type { ImageCodec } from '../image/index.ts';
import { type CaseRunner, type Check, compare, same } from './case.ts';

interface SortMeasures {
  readonly cases: readonly {
    readonly landmarks: readonly (readonly number[])[];
    readonly sharpness_cpbd: number;
    readonly motion_blur_measure: number;
    readonly brightness: number;
    readonly hue: number;
    readonly black_count: number;
    readonly pitch: number;
    readonly yaw: number;
  }[];
  readonly hist_similarity_pairwise: readonly (readonly number[])[];
  readonly hist_dissimilarity_total: readonly number[];
  readonly absdiff_pairwise: readonly (readonly number[])[];
}

const exact = { abs: 0, rel: 0 };
const float64 = { abs: 1e-12, rel: 1e-12 };
/** Histogram distances near 0 have half the digits of what is under their root. */
const rooted = { abs: 1e-7, rel: 1e-9 };

const wanted = ['sharpness', 'motion', 'brightness', 'hue', 'black', 'pose', 'bgr', 'maskedGrey', 'picture'] as const;

export const sortMeasures =
  (codec: ImageCodec): CaseRunner =>
  async (golden) => {
    const given = golden.index as unknown as SortMeasures;
    const measurer = measurerOf(codec);
    const faces = await Promise.all(
      given.cases.map(async ({ landmarks }, i) => {
        const name = `sort_face_${i}.png`;
        const bytes = await golden.read(name);
        const { width, height } = await codec.decode(bytes, name);
        return measurer.measure({ name, bytes, metadata: metadataOf(landmarks), size: [width, height], wanted });
      }),
    );
    const checks: Check[] = [];
    for (const [i, face] of given.cases.entries()) {
      const values = faces[i]!;
      const one = (name: 'sharpness' | 'motion' | 'brightness' | 'hue' | 'black', expected: number, tolerance = float64): void => {
        checks.push(compare(`${i}/${name}`, values[name]!, [expected], tolerance));
      };
      one('sharpness', face.sharpness_cpbd);
      one('motion', face.motion_blur_measure);
      one('brightness', face.brightness);
      one('hue', face.hue);
      one('black', face.black_count, exact);
      checks.push(compare(`${i}/pitch, yaw`, values.pose!.subarray(0, 2), [face.pitch, face.yaw], { abs: 2e-3, rel: 0 }));
    }
    const all = (name: (typeof wanted)[number]): Float64Array => {
      const width = faces[0]![name]!.length;
      const joined = new Float64Array(width * faces.length);
      for (const [i, values] of faces.entries()) joined.set(values[name]!, i * width);
      return joined;
    };
    const indices = faces.map((_, i) => i);
    const bgr = preparedHistograms(all('bgr'), indices, 768);
    const pairs = indices.flatMap((i) => indices.map((j) => (i === j ? 0 : channelDistance(bgr, i * 768, j * 768, 256))));
    checks.push(compare('histogram distances', pairs, given.hist_similarity_pairwise.flat(), rooted));
    const totals = totalDistances(preparedHistograms(all('maskedGrey'), indices, 256), faces.length, undefined);
    checks.push(compare('histogram dissimilarity', totals, given.hist_dissimilarity_total, rooted));
    const pictures = Uint8Array.from(all('picture'));
    const bytes = pictures.length / faces.length;
    const differences = indices.flatMap((i) => indices.map((j) => absoluteDifference(pictures, i * bytes, j * bytes, bytes)));
    checks.push(compare('absolute differences', differences, given.absdiff_pairwise.flat(), exact));
    return checks;
  };

const metadataOf = (landmarks: readonly (readonly number[])[]): FaceMetadata => ({
  faceType: 'full_face',
  landmarks: Float64Array.from(landmarks.flat()),
  eyebrowsExpandMod: 1,
  polygons: [],
});

interface BestFaces {
  readonly sharpness: readonly number[];
  readonly yaw: readonly number[];
  readonly pitch: readonly number[];
  readonly hist: readonly Readonly<Record<string, number>>[];
  readonly cases: readonly { readonly target: number; readonly selected: readonly string[]; readonly trash: readonly string[] }[];
}

/** The choice of the reference, its quirk for small targets included; and that without the quirk some faces are chosen, all of them once. */
export const bestFacesCase: CaseRunner = async (golden) => {
  const { sharpness, yaw, pitch, hist, cases } = golden.index as unknown as BestFaces;
  const faces = sharpness.map((_, i) => i);
  const grey = measureArray('grey', faces.length * 256);
  for (const [i, counts] of hist.entries()) for (const [bin, count] of Object.entries(counts)) grey[i * 256 + Number(bin)] = count;
  const input = { faces, quality: (i: number) => sharpness[i]!, yaw: (i: number) => yaw[i]!, pitch: (i: number) => pitch[i]!, grey };
  const numbers = (names: readonly string[]): number[] => names.map((name) => Number.parseInt(name, 10));
  return cases.flatMap(({ target, selected, trash }) => {
    const reference = bestFaces(input, target, { referenceTarget: true });
    const ours = bestFaces(input, target);
    return [
      compare(`target ${target}: chosen`, reference.order, numbers(selected), exact),
      compare(`target ${target}: set aside`, reference.trash, numbers(trash), exact),
      same(
        `target ${target}: without the quirk`,
        ours.order.length > 0 && new Set([...ours.order, ...ours.trash]).size === faces.length,
        `${ours.order.length} chosen of ${faces.length}`,
      ),
    ];
  });
};
