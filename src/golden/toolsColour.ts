/**
 * Golden cases of tools/color: every measure that faces are sorted by, the choice of the best faces, and the colour functions as pictures
 * with their means and deviations.
 */

import { Rng } from '../base/index.ts';
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
import {
  type ByteImage,
  blurSharpen,
  type ColourMode,
  colourDraws,
  colourTarget,
  type FloatImage,
  floatFromBytes,
  histogramMatch,
  type ImageCodec,
  type LabTable,
  labTable,
  linearMotionBlur,
  mixColours,
  reduceColours,
  Simd,
  transferColours,
} from '../image/index.ts';
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

/** What the functions of the reference were given. */
interface Pictures {
  /** BGR, 0…1. */
  readonly src: FloatImage;
  readonly like: FloatImage;
  /** One channel. */
  readonly mask: FloatImage;
  readonly table: LabTable;
  readonly simd: Simd;
}

interface Result {
  readonly image: FloatImage;
  /** Functions that draw random numbers are held to their statistics alone. */
  readonly random?: boolean;
  /** Palettes are many and equally good: what counts is the distance from the source. */
  readonly palette?: boolean;
}

const transferred = ({ src, like, table }: Pictures, mode: ColourMode, directions?: number): FloatImage =>
  transferColours(src, colourTarget(mode, like, table), colourDraws(mode, new Rng(1), directions), table);

/** By the start of the case's name; what follows are its numbers. */
const functions: readonly (readonly [pattern: RegExp, run: (given: Pictures, ...numbers: readonly number[]) => Result])[] = [
  [/^rct$/, (given) => ({ image: transferred(given, 'rct') })],
  [
    /^rct_masked$/,
    ({ src, like, mask, table }) => ({
      image: transferColours(src, colourTarget('rct', like, table, mask), new Float64Array(0), table, mask),
    }),
  ],
  [/^lct$/, (given) => ({ image: transferred(given, 'lct') })],
  [/^mkl$/, (given) => ({ image: transferred(given, 'mkl') })],
  [/^hist_thr(\d+)$/, ({ src, like, simd }, threshold) => ({ image: histogramMatch(src, like, threshold!, simd) })],
  [/^random_idt$/, (given) => ({ image: transferred(given, 'idt'), random: true })],
  [/^random_sot_steps10_batch(\d+)$/, (given, directions) => ({ image: transferred(given, 'sot', directions), random: true })],
  [/^random_mix$/, ({ src, like, table }) => ({ image: mixColours(src, like, colourDraws('sot', new Rng(1), 5), table), random: true })],
  [/^motion_size(\d+)_angle(-?\d+)$/, ({ src }, size, angle) => ({ image: linearMotionBlur(src, size!, angle!) })],
  [/^sharpen_box_(\d+)$/, ({ src, simd }, amount) => ({ image: blurSharpen(src, 'box', amount!, simd) })],
  [/^sharpen_gauss_(\d+)$/, ({ src, simd }, amount) => ({ image: blurSharpen(src, 'gaussian', amount!, simd) })],
  [/^blur_(-\d+)$/, ({ src, simd }, amount) => ({ image: blurSharpen(src, 'box', amount!, simd) })],
  [/^reduce_colors_(\d+)$/, ({ src }, count) => ({ image: floatFromBytes(reduceColours(truncated(src), count!)), palette: true })],
];

/** Two levels on all but one pixel in 200; statistics within one level, of random functions within two. */
const [LEVELS, SHARE, LEVEL] = [2, 0.005, 1 / 255];

/** The colour functions: each as the picture that the reference wrote, and its channels' means and deviations. */
export const colourFunctions =
  (codec: ImageCodec): CaseRunner =>
  async (golden) => {
    const read = async (name: string): Promise<FloatImage> => bgrOf(await codec.decode(await golden.read(name), name));
    const mask = await codec.decode(await golden.read('mask.png'), 'mask.png');
    const given: Pictures = {
      src: await read('src.png'),
      like: await read('like.png'),
      mask: floatFromBytes({ ...mask, channels: 1, data: mask.data.filter((_, i) => i % mask.channels === 0) }),
      table: labTable(),
      simd: new Simd(),
    };
    const checks: Check[] = [];
    for (const [name, expected] of Object.entries(golden.index as unknown as Record<string, Statistics>)) {
      const [pattern, run] = functions.find(([pattern]) => pattern.test(name)) ?? [];
      if (pattern === undefined || run === undefined) {
        checks.push(same(name, false, 'no function of this name'));
        continue;
      }
      const { image, random = false, palette = false } = run(given, ...pattern.exec(name)!.slice(1).map(Number));
      const { mean, std } = statisticsOf(image);
      const near = { abs: (random ? 2 : 1) * LEVEL, rel: 0 };
      checks.push(compare(`${name}: means`, mean, expected.mean, near), compare(`${name}: deviations`, std, expected.std, near));
      if (random) continue;
      const reference = await read(`${name}.png`);
      const shown = truncated(image).data;
      const expectedBytes = reference.data.map((v) => Math.round(v * 255));
      if (palette) {
        const [ours, theirs] = [shown, expectedBytes].map((data) => meanDifference(data, truncated(given.src).data));
        const found = `${ours!.toFixed(3)} levels from the source, the reference ${theirs!.toFixed(3)}`;
        checks.push(same(`${name}: as near to the source`, ours! <= theirs! * 1.05, found));
        continue;
      }
      const out = shown.reduce((n, v, i) => n + (Math.abs(v - expectedBytes[i]!) > LEVELS ? 1 : 0), 0);
      const picture = compare(`${name}: picture`, shown, expectedBytes, { abs: LEVELS, rel: 0 });
      checks.push({ ...picture, ok: out <= SHARE * shown.length, tolerance: `${LEVELS} abs on all but ${SHARE * 100} %` });
    }
    return checks;
  };

const meanDifference = (a: ArrayLike<number>, b: Uint8Array): number => b.reduce((sum, v, i) => sum + Math.abs(v - a[i]!), 0) / b.length;

interface Statistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Of the channels B, G, R. */
function statisticsOf({ data }: FloatImage): Statistics {
  const channels = [0, 1, 2].map((c) => data.filter((_, i) => i % 3 === c));
  const mean = channels.map((values) => values.reduce((a, b) => a + b, 0) / values.length);
  const std = channels.map((values, c) => Math.sqrt(values.reduce((a, v) => a + (v - mean[c]!) ** 2, 0) / values.length));
  return { mean, std };
}

/** RGB bytes as BGR in 0…1. */
const bgrOf = ({ width, height, data }: ByteImage): FloatImage =>
  floatFromBytes({ width, height, channels: 3, data: data.map((_, i) => data[i - (i % 3) + 2 - (i % 3)]!) });

const truncated = ({ width, height, channels, data }: FloatImage): ByteImage => ({
  width,
  height,
  channels,
  data: Uint8Array.from(data, (v) => Math.trunc(Math.min(255, Math.max(0, v * 255)))),
});
