/**
 * What is wrong with faces of a set, in classes that a person would go through one after another: broken files, repeated pictures, another
 * person, blurred pictures, closed eyes. Each finding says why, in numbers.
 */
import { cluster } from './cluster.ts';
import { dedupe, dedupeNeeds } from './dedupe.ts';
import { isMeasured, type MeasureName, type Measures } from './measureTable.ts';

export const faultClasses = ['broken', 'duplicate', 'person', 'blurred', 'closed-eyes'] as const;

export type FaultClass = (typeof faultClasses)[number];

export interface Fault {
  readonly face: number;
  readonly name: string;
  readonly why: string;
}

export interface CheckOptions {
  /** Pictures that are no usable faces, by name, and why. */
  readonly problems: ReadonlyMap<string, string>;
  /** Blurred is what has less than this share of the median sharpness of the set; 0.25 unless given. */
  readonly blurred?: number | undefined;
  /** Closed are eyes that are open less than this share of the median of the set; 0.55 unless given. */
  readonly closed?: number | undefined;
}

export const checkNeeds: readonly MeasureName[] = [...dedupeNeeds, 'detail'];

const [BLURRED, CLOSED] = [0.25, 0.55];
/** Eyes open less than this are closed in any set: height over width, mean of both eyes. Open ones have 0.2 to 0.4. */
const SURELY_CLOSED = 0.12;
const EXPRESSION = 4;
const EYES = 2;
const IDENTITY = 128;

/**
 * @param measures  holding `checkNeeds`.
 * @param identity  vectors of identity, where faces were measured for them.
 */
export function checkFaces(
  measures: Measures,
  { problems, blurred = BLURRED, closed = CLOSED }: CheckOptions,
  identity?: Measures,
): Readonly<Record<FaultClass, readonly Fault[]>> {
  const all = Array.from({ length: measures.count }, (_, i) => i);
  const causeOf = (i: number): string | undefined => problems.get(measures.name(i)) ?? measures.broken.get(i);
  const usable = all.filter((i) => causeOf(i) === undefined && measures.metadata(i) !== undefined);
  const fault = (face: number, why: string): Fault => ({ face, name: measures.name(face), why });
  const sharp = measures.values('detail');
  const expression = measures.values('expression');
  const eyes = (i: number): number => expression[i * EXPRESSION + EYES]!;
  const usualSharp = median(usable.filter((i) => isMeasured(measures, 'detail', i)).map((i) => sharp[i]!));
  const usualEyes = median(usable.map(eyes));
  const closedBelow = Math.max(SURELY_CLOSED, closed * usualEyes);
  return {
    broken: all.flatMap((i) => {
      const cause = causeOf(i);
      return cause === undefined ? [] : [fault(i, cause)];
    }),
    duplicate: dedupe(measures)
      .duplicates.filter(({ face, of }) => causeOf(face) === undefined && causeOf(of) === undefined)
      .map(({ face, of, distance }) => fault(face, `repeats ${measures.name(of)} (differs by ${distance.toFixed(1)} levels)`)),
    person: identity === undefined ? [] : strangers(identity, usable).map(({ face, why }) => fault(face, why)),
    blurred: usable
      .filter((i) => sharp[i]! < blurred * usualSharp)
      .map((i) => fault(i, `sharpness ${sharp[i]!.toFixed(1)}, median of the set ${usualSharp.toFixed(1)}`)),
    'closed-eyes': usable
      .filter((i) => eyes(i) < closedBelow)
      .map((i) => fault(i, `eyes open ${eyes(i).toFixed(2)}, median of the set ${usualEyes.toFixed(2)}`)),
  };
}

/** Faces outside the largest group of alike faces. */
function strangers(identity: Measures, usable: readonly number[]): { readonly face: number; readonly why: string }[] {
  const vectors = identity.values('identity') as Float32Array;
  const known = usable.filter((i) => isMeasured(identity, 'identity', i));
  const [main, ...others] = cluster(vectors, known);
  return others
    .flatMap(({ faces }) =>
      faces.map((face) => ({ face, why: `distance ${distanceTo(vectors, face, main!.mean).toFixed(2)} from the main person` })),
    )
    .sort((a, b) => a.face - b.face);
}

function distanceTo(vectors: Float32Array, face: number, mean: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < IDENTITY; i++) sum += (vectors[face * IDENTITY + i]! - mean[i]!) ** 2;
  return Math.sqrt(sum);
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted.length === 0 ? 0 : (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
