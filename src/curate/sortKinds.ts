/**
 * Every way of sorting, as a table: those of DeepFaceLab's menu under their numbers, then our own. A command needs no more than this to
 * list them, to ask for their options, and to know what must be measured.
 */
import { OptionError } from '../base/index.ts';
import { bestFaces } from './bestFaces.ts';
import { differenceChain, farthestOrder, histogramChain } from './chains.ts';
import { distanceToMain } from './cluster.ts';
import { BINS, preparedHistograms, totalDistances } from './histograms.ts';
import type { MeasureName, Measures } from './measureTable.ts';
import { byNumber, type SortKind, type SortOptions, type SortResult } from './sorting.ts';
import { coarseThumbnails, NOVELTY_WIDTH } from './thumbnails.ts';

const TARGET = 2000;
/** Faces that `novelty` places exactly: time goes with this times the number of faces. */
const NOVEL = 2048;

type Result = Omit<SortResult, 'notes'> & Partial<SortResult>;

const first = (measures: Measures, name: MeasureName, at = 0): ((face: number) => number) => {
  const [values, width] = [measures.values(name), measures.width(name)];
  return (face) => values[face * width + at]!;
};

/** By one number of a measure. @param zeroIsTrash  faces with 0 are set aside. */
const by =
  (name: MeasureName, direction: 'ascending' | 'descending', { at = 0, zeroIsTrash = false } = {}): SortKind['arrange'] =>
  (measures, faces) => {
    const value = first(measures, name, at);
    const isTrash = (face: number): boolean => zeroIsTrash && value(face) === 0;
    return {
      order: byNumber(
        faces.filter((face) => !isTrash(face)),
        value,
        direction,
      ),
      trash: faces.filter(isTrash),
    };
  };

const best =
  (quality: MeasureName): SortKind['arrange'] =>
  (measures, faces, { target = TARGET, referenceTarget }) =>
    bestFaces(
      {
        faces,
        pitch: first(measures, 'pose', 0),
        yaw: first(measures, 'pose', 1),
        quality: first(measures, quality),
        grey: measures.values('grey'),
      },
      target,
      { referenceTarget },
    );

function dissimilar(measures: Measures, faces: readonly number[], { progress }: SortOptions): Result {
  const prepared = preparedHistograms(measures.values('maskedGrey'), faces, BINS);
  const totals = totalDistances(prepared, faces.length, progress);
  const places = byNumber(
    faces.map((_, k) => k),
    (k) => totals[k]!,
    'descending',
  );
  return { order: places.map((k) => faces[k]!), trash: [] };
}

/** By the name of the frame, as text; faces that do not name one come last. */
function originalNames(measures: Measures, faces: readonly number[]): Result {
  const name = (face: number): string => measures.metadata(face)?.sourceFilename ?? '\u{10ffff}';
  const order = [...faces].sort((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0));
  return { order, trash: [] };
}

/** Keeps the faces of frames with a single face. A file is named <frame>_<index of the face>; an index above 0 gives away that there are more. */
function oneFace(measures: Measures, faces: readonly number[]): Result {
  const parts = faces.map((face) => /^(\d+)_(\d+)\.[^.]+$/.exec(measures.name(face)));
  const shared = new Set(parts.filter((match) => match !== null && Number(match[2]) !== 0).map((match) => match![1]));
  const isShared = (_: number, k: number): boolean => parts[k] != null && shared.has(parts[k]![1]);
  if (shared.size > 0) return { order: faces.filter((face, k) => !isShared(face, k)), trash: faces.filter(isShared) };
  const note = parts.every((match) => match === null)
    ? 'no file is named <frame>_<index>: recover the original filenames first'
    : 'every frame has a single face';
  return { order: [...faces], trash: [], notes: [note] };
}

/** By the distance to the mean of the largest group of alike faces. */
function identities(measures: Measures, faces: readonly number[]): Result {
  if (faces.length === 0) {
    throw new OptionError('no face of this set has a vector of identity', {
      next: 'extract with identity, or install the optional package that holds the identity network',
    });
  }
  const distances = distanceToMain(measures.values('identity') as Float32Array, faces);
  const places = byNumber(
    faces.map((_, k) => k),
    (k) => distances[k]!,
    'ascending',
  );
  return { order: places.map((k) => faces[k]!), trash: [] };
}

/** How far a face's expression is from the usual one of this set: each of its four numbers in robust deviations from the median, squared and added. */
function expressions(measures: Measures, faces: readonly number[]): Result {
  const strength = new Float64Array(measures.count);
  for (let at = 0; at < 4; at++) {
    const value = first(measures, 'expression', at);
    const middle = median(faces.map(value));
    const spread = 1.4826 * median(faces.map((face) => Math.abs(value(face) - middle))) || 1; // of a normal distribution: its deviation
    for (const face of faces) strength[face]! += ((value(face) - middle) / spread) ** 2;
  }
  return { order: byNumber(faces, (face) => strength[face]!, 'descending'), trash: [] };
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted.length === 0 ? 0 : (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

const kind = (
  name: string,
  label: string,
  needs: readonly MeasureName[],
  direction: SortKind['direction'],
  arrange: SortKind['arrange'],
  more: Partial<SortKind> = {},
): SortKind => ({ name, label, needs, direction, arrange, aliases: [], needsMetadata: true, options: [], ...more });

const pixelsOnly = { needsMetadata: false } as const;

/** DeepFaceLab's fifteen by their numbers, then our own. */
export const sortKinds: readonly SortKind[] = [
  kind('blur', 'sharpness, sharpest first', ['sharpness'], 'descending', by('sharpness', 'descending', { zeroIsTrash: true })),
  kind('motion-blur', 'motion blur, least blurred first', ['motion'], 'descending', by('motion', 'descending', { zeroIsTrash: true })),
  kind('face-yaw', 'yaw, nose to the left of the picture first', ['pose'], 'descending', by('pose', 'descending', { at: 1 })),
  kind('face-pitch', 'pitch, looking up first', ['pose'], 'descending', by('pose', 'descending', { at: 0 })),
  kind(
    'face-source-rect-size',
    'size of the face in its frame, largest first',
    ['sourceArea'],
    'descending',
    by('sourceArea', 'descending'),
  ),
  kind(
    'hist',
    'similarity of colours, each face next to its nearest',
    ['bgr'],
    'chain',
    (measures, faces, { progress }) => ({ order: histogramChain(measures.values('bgr'), faces, progress), trash: [] }),
    pixelsOnly,
  ),
  kind('hist-dissim', 'dissimilarity of brightness to all others', ['maskedGrey'], 'descending', dissimilar),
  kind('brightness', 'brightness, brightest first', ['brightness'], 'descending', by('brightness', 'descending'), pixelsOnly),
  kind('hue', 'hue', ['hue'], 'descending', by('hue', 'descending'), pixelsOnly),
  kind('black', 'black pixels, fewest first', ['black'], 'ascending', by('black', 'ascending'), pixelsOnly),
  kind('origname', 'name of the frame', [], 'ascending', originalNames),
  kind('oneface', 'frames with a single face; the others are set aside', [], 'selection', oneFace),
  kind(
    'absdiff',
    'difference of pixels, each face next to its nearest or farthest',
    ['picture'],
    'chain',
    (measures, faces, { similar = true, progress }) => ({
      order: differenceChain(measures.values('picture') as Uint8Array, measures.width('picture'), faces, { similar, progress }),
      trash: [],
    }),
    { ...pixelsOnly, options: ['similar'] },
  ),
  kind('final', 'best faces: every yaw and pitch, sharpest', ['pose', 'grey', 'sharpness'], 'selection', best('sharpness'), {
    aliases: ['final-by-blur'],
    options: ['target'],
  }),
  kind('final-fast', 'best faces faster: every yaw and pitch, largest', ['pose', 'grey', 'sourceArea'], 'selection', best('sourceArea'), {
    aliases: ['final-by-size'],
    options: ['target'],
  }),
]
  .map((entry, number): SortKind => ({ ...entry, number }))
  .concat([
    kind('identity', 'nearness to the main person of the set', ['identity'], 'ascending', identities),
    kind('expression', 'expression, strongest first', ['expression'], 'descending', expressions),
    kind(
      'novelty',
      'variety: any first faces cover the set as well as that many can',
      ['thumbnail'],
      'chain',
      (measures, faces, { progress }) => ({
        order: farthestOrder(coarseThumbnails(measures.values('thumbnail') as Uint8Array, faces), NOVELTY_WIDTH, faces, {
          exact: NOVEL,
          progress,
        }),
        trash: [],
      }),
      pixelsOnly,
    ),
    kind('exposure', 'exposure of the face, best first', ['exposure'], 'descending', by('exposure', 'descending')),
  ]);

/** The kind of this name, alias or number. @throws OptionError that lists the names. */
export function sortKindOf(text: string): SortKind {
  const found = sortKinds.find(({ name, aliases, number }) => name === text || aliases.includes(text) || String(number) === text);
  if (found !== undefined) return found;
  throw new OptionError(`there is no way of sorting called ${text}`, {
    expected: sortKinds.map(({ name, number }) => (number === undefined ? name : `${name} (${number})`)).join(', '),
  });
}
