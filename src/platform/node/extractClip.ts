/**
 * Extraction of one clip: analysed into its alignments file, settled as a whole, and its faces written. Each step goes on where a run before it
 * stopped, and finds what it would have found without the stop.
 */
import { basename, join } from 'node:path';
import { OptionError } from '../../base/index.ts';
import { runMoves, trashMoves } from '../../curate/index.ts';
import {
  type AlignmentsHeader,
  type AnalysisOptions,
  Chooser,
  chunkLine,
  completeLine,
  type Edit,
  type FacePlan,
  type FrameRecord,
  headerLine,
  markOf,
  noTime,
  optionsText,
  planFace,
  type RegionsEdit,
  type Rule,
  regionsOfFrame,
  type Settled,
  type Stages,
  settle,
  type WriteOptions,
  windowOf,
} from '../../extract/index.ts';
import { liaeFields } from '../../faceset/index.ts';
import type { Window } from '../../image/index.ts';
import type { ClipInfo } from '../../video/index.ts';
import { inOrder, type Worked } from './extractCrew.ts';
import { type Span, wholeFrame } from './extractFeed.ts';
import {
  alignmentChunks,
  exists,
  GrowingFile,
  type Journal,
  journalHeader,
  journalLine,
  readJournal,
  removeFile,
  type StoredAlignments,
  storedAlignments,
} from './extractFiles.ts';
import { type ClipStart, type FrameWork, storedFace, type WriteTask, type Written } from './extractHand.ts';
import { nodeFaceArea } from './faceArea.ts';
import { editsIn, keepRegions } from './keptRegions.ts';

/** What is told while a clip is worked on. */
export type ExtractEvent =
  | { readonly event: 'clip'; readonly clip: string; readonly info: ClipInfo }
  | { readonly event: 'resumed'; readonly clip: string; readonly frames: number; readonly complete: boolean }
  | { readonly event: 'analysed'; readonly clip: string; readonly frames: number; readonly of: number | undefined; readonly faces: number }
  | {
      readonly event: 'settled';
      readonly clip: string;
      readonly frames: number;
      readonly tracks: number;
      readonly filled: number;
      readonly cuts: number;
      readonly edited: number;
      readonly jitter: Settled['jitter'];
    }
  | { readonly event: 'written'; readonly clip: string; readonly frames: number; readonly of: number; readonly faces: number }
  | { readonly event: 'trouble'; readonly clip: string; readonly message: string }
  | { readonly event: 'warning'; readonly message: string };

export type Report = (event: ExtractEvent) => void;

/** Stretches of a clip that are analysed by themselves: their faces are followed within, and joined when the clip is settled. */
export const STRETCH = 64;
const STRETCH_OF_PICTURES = 8;

/** Frames of the clip in one stretch; depends on the clip and the options only. */
export function stretchOf(info: ClipInfo, { every = 1, rate }: Pick<AnalysisOptions, 'every' | 'rate'>): number {
  if (info.kind === 'pictures') return STRETCH_OF_PICTURES * every;
  return STRETCH * (rate === undefined ? every : Math.max(1, Math.round((info.rate ?? rate) / rate)));
}

/** The files of a clip in the folder of faces. */
export interface ClipFiles {
  readonly alignments: string;
  readonly journal: string;
  readonly edits: string;
}

/** @param name  of the clip in the folder, unique there. */
export const clipFiles = (folder: string, name: string): ClipFiles => ({
  alignments: join(folder, `${name}.alignments.ndjson`),
  journal: join(folder, `${name}.faces.ndjson`),
  edits: join(folder, `${name}.edits.json`),
});

export interface AnalysisSum {
  readonly stages: Stages;
  decodeMs: number;
  /** Frames analysed in this run. */
  frames: number;
}

export const noAnalysis = (): AnalysisSum => ({ stages: noTime(), decodeMs: 0, frames: 0 });

/**
 * Brings the alignments file to its end.
 *
 * @throws OptionError if the file was begun with other options or for another clip.
 */
export async function analyseClip(
  clip: { readonly file: string; readonly header: AlignmentsHeader },
  hands: readonly Worked[],
  report: Report,
  sum: AnalysisSum,
): Promise<StoredAlignments> {
  const { file, header } = clip;
  const { name } = header.clip;
  const of = expectedFrames(header);
  const stored = await storedAlignments(file);
  if (stored !== undefined) {
    checkSame(stored.header, header, file);
    if (stored.frames.length > 0) report({ event: 'resumed', clip: name, frames: stored.frames.length, complete: stored.complete });
    if (stored.complete) return stored;
  }
  await using growing = await GrowingFile.open(file, stored?.end ?? 0);
  if (stored === undefined) await growing.append(headerLine(header), true);
  const { options } = header;
  const stretch = stretchOf(header.clip, options);
  const first = Math.floor(options.from / stretch);
  const spanOf = (chunk: number): Span => ({
    from: Math.max(options.from, (first + chunk) * stretch),
    to: Math.min(options.to ?? Number.MAX_SAFE_INTEGER, (first + chunk + 1) * stretch),
  });
  const begun = stored?.chunks ?? 0;
  let [ended, total] = [Number.POSITIVE_INFINITY, stored?.frames.length ?? 0];
  let faces = stored?.frames.reduce((n, frame) => n + frame.faces.length, 0) ?? 0;
  const trouble = new Set<string>();
  await inOrder(
    hands,
    async (number) => {
      const span = spanOf(begun + number);
      return number > ended || span.from >= span.to ? undefined : span;
    },
    (hand, span) => hand.analyse(span),
    async (result, number) => {
      for (const key of Object.keys(result.stages) as (keyof Stages)[]) sum.stages[key] += result.stages[key];
      sum.decodeMs += result.decodeMs;
      sum.frames += result.frames;
      if (number > ended) return;
      for (const message of result.trouble) trouble.add(message);
      if (result.ended) ended = number;
      // Stretches without frames are closed too, as long as the clip goes on: chunks are told by their number.
      if (result.frames > 0 || !result.ended)
        await growing.append(`${result.text}${chunkLine({ chunk: begun + number, frames: result.frames })}`, true);
      total += result.frames;
      faces += result.faces;
      report({ event: 'analysed', clip: name, frames: total, of, faces });
    },
  );
  await growing.append(completeLine(total, [...trouble]), true);
  return (await storedAlignments(file))!;
}

/** How many frames the range holds, as far as the file says. */
function expectedFrames({ clip, options: { from, to, every = 1, rate } }: AlignmentsHeader): number | undefined {
  if (clip.frames === undefined) return undefined;
  const frames = Math.max(0, Math.min(to ?? clip.frames, clip.frames) - from);
  return rate === undefined || clip.rate === undefined
    ? Math.ceil(frames / every)
    : Math.min(frames, Math.round((frames * rate) / clip.rate));
}

function checkSame(before: AlignmentsHeader, now: AlignmentsHeader, file: string): void {
  if (before.clip.hash !== now.clip.hash) {
    throw new OptionError(`${file}: made from another clip of this name, or the clip has changed since`, {
      found: `${before.path}`,
      next: 'choose another --out, or add --again to make its faces anew',
    });
  }
  const [a, b] = [before.options, now.options].map((options) => ({ ...options }) as Record<string, unknown>);
  const differ = [...new Set([...Object.keys(a!), ...Object.keys(b!)])].filter((key) => a![key] !== b![key]);
  if (differ.length === 0) return;
  const text = (options: Record<string, unknown>): string => differ.map((key) => `${key} ${options[key] ?? 'not given'}`).join(', ');
  throw new OptionError(`${file}: begun with other options`, {
    found: text(a!),
    expected: text(b!),
    next: 'give the same options to go on, choose another --out, or add --again to make its faces anew',
  });
}

export interface WriteJob extends WriteOptions {
  readonly files: ClipFiles;
  /** Regions that count more than those in the file of edits. */
  readonly regions?: readonly RegionsEdit[] | undefined;
  /** Where regions go that are drawn on faces made anew, if not to the edits that are read. */
  readonly ownEdits?: string | undefined;
  /** Where faces go. */
  readonly out: string;
  /** Where pictures of what was found go, if anywhere. */
  readonly debug?: string | undefined;
  /** Makes everything anew, even what is there. */
  readonly again: boolean;
}

export interface WriteSum {
  readonly frames: number;
  /** Frames with a face. */
  readonly withFaces: number;
  /** Faces of the set, and those among them that this run wrote. */
  readonly faces: number;
  readonly written: number;
  /** Written before and no longer there: moved or removed by somebody. */
  readonly gone: number;
  readonly rejected: Readonly<Partial<Record<Rule, number>>>;
  readonly damaged: number;
  readonly settled: Omit<Settled, 'faces'>;
  readonly decodeMs: number;
  readonly makeMs: number;
}

interface MarkedTask extends WriteTask {
  /** Of each frame, its files with their marks. */
  readonly marks: ReadonlyMap<number, readonly (readonly [string, string])[]>;
}

/** Writes the faces of a clip that is analysed. */
export async function writeClip(stored: StoredAlignments, job: WriteJob, hands: readonly Worked[], report: Report): Promise<WriteSum> {
  const { header, frames } = stored;
  const { name } = header.clip;
  const stills = header.clip.kind === 'pictures';
  const options = optionsText(job);
  const journal = await earlier(job, options, header.clip.hash);
  const edits = await editsIn(job.files.edits);
  const there = job.ownEdits === undefined ? [] : await editsIn(job.ownEdits);
  const regions = regionsByFrame([...edits, ...(job.regions ?? []), ...there], header.clip.hash);
  const settled = settle(frames, edits, rateOf(frames), {
    stills,
    smooth: job.smooth && !stills,
    fill: job.fill,
    faceType: job.make.faceType,
  });
  const { tracks, filled, cuts, edited, jitter } = settled;
  report({ event: 'settled', clip: name, frames: frames.length, tracks, filled, cuts, edited, jitter });
  await using growing = await GrowingFile.open(job.files.journal, journal?.end ?? 0);
  if (journal === undefined) await growing.append(journalHeader(options), true);
  const chooser = new Chooser(frames, settled, { ...job.choose, faceType: job.make.faceType, stills: stills || paceOf(header) < SLOW });
  const stems = new StemMaker(header);
  let [faces, withFaces, written, gone, shown] = [0, 0, 0, 0, 0];
  let [decodeMs, makeMs] = [0, 0];
  const tasks = planned();

  async function* planned(): AsyncGenerator<MarkedTask, void, undefined> {
    let at = 0;
    for await (const records of alignmentChunks(job.files.alignments)) {
      const work: FrameWork[] = [];
      const replaceable: string[] = [];
      const marks = new Map<number, [string, string][]>();
      for (const record of records) {
        const chosen = chooser.choose(at++);
        const origin = { ...stems.next(record), hash: header.clip.hash };
        const kept = regionsOfFrame(
          regions.get(record.frame) ?? [],
          chosen.map(({ rect }) => rect),
        );
        const plans = chosen.map((face, index) => planFace(record, face, index, origin, kept[index]));
        const pairs = plans.map((plan): [string, string] => [plan.file, markOf(plan)]);
        const before = journal?.frames.get(record.frame) ?? [];
        const marked = new Map(before);
        const changed = plans.filter((plan, i) => marked.get(plan.file) !== pairs[i]![1]);
        faces += plans.length;
        if (plans.length > 0) withFaces++;
        for (const [file] of pairs)
          if (marked.has(file) && !changed.some((plan) => plan.file === file) && !(await exists(join(job.out, file)))) gone++;
        for (const [file] of before) {
          if (pairs.some(([kept]) => kept === file)) continue;
          if (await removeOwn(join(job.out, file), header.clip.hash)) await keepDrawn(job.out, [file]);
        }
        const drawn = drawing(origin.stem, chosen);
        const undrawn = drawn !== undefined && !(await exists(drawn.file));
        if (changed.length === 0 && before.length === pairs.length && !undrawn) {
          shown++;
          continue;
        }
        replaceable.push(...before.map(([file]) => file));
        marks.set(record.frame, pairs);
        if (changed.length === 0 && !undrawn) await growing.append(journalLine(record.frame, pairs), false);
        else work.push({ frame: record.frame, plans: changed, windows: windows(changed, drawn), drawn });
      }
      if (work.length === 0) {
        report({ event: 'written', clip: name, frames: shown, of: frames.length, faces: written });
        continue;
      }
      const span = { from: work[0]!.frame, to: work.at(-1)!.frame + 1 };
      yield { span, work, out: job.out, make: job.make, replaceable, marks };
    }
  }

  /** Pictures may each have a size of their own. */
  const windows = (plans: readonly FacePlan[], drawn: FrameWork['drawn']): readonly Window[] =>
    stills || drawn !== undefined || job.make.faceType === 'mark_only' ? wholeFrame : plans.map((plan) => windowOf(plan, job.make));

  const drawing = (stem: string, chosen: Settled['faces'][number]): FrameWork['drawn'] =>
    job.debug === undefined
      ? undefined
      : {
          file: join(job.debug, `${stem}.jpg`),
          faces: chosen.map(({ landmarks, rect, filled: isFilled }) => ({
            landmarks: Float64Array.from(landmarks),
            rect,
            filled: isFilled,
          })),
        };

  /** Lines of the journal, one behind another. */
  let telling: Promise<void> = Promise.resolve();
  await inOrder<MarkedTask, Written>(
    hands,
    async () => {
      const { done, value } = await tasks.next();
      return done === true ? undefined : value;
    },
    async (hand, { marks, ...task }) => {
      const plans = new Map(task.work.map((item) => [item.frame, item.plans.length]));
      try {
        return await hand.write(task, (frame) => {
          written += plans.get(frame) ?? 0;
          shown++;
          telling = telling.then(() => growing.append(journalLine(frame, marks.get(frame)!), false));
          telling.catch(() => undefined); // seen below
          report({ event: 'written', clip: name, frames: shown, of: frames.length, faces: written });
        });
      } finally {
        await telling;
      }
    },
    async (result) => {
      decodeMs += result.decodeMs;
      makeMs += result.makeMs;
    },
  );
  await telling;
  await growing.append('', true);
  const damaged = frames.filter((frame) => frame.damaged === true).length;
  const { faces: _, ...rest } = settled;
  const rejected = Object.fromEntries(chooser.rejected);
  return { frames: frames.length, withFaces, faces, written, gone, rejected, damaged, settled: rest, decodeMs, makeMs };
}

/** The journal of an earlier run; undefined if there is none, or all is made anew. */
async function earlier(job: WriteJob, options: string, clip: string): Promise<Journal | undefined> {
  const journal = await readJournal(job.files.journal);
  if (journal === undefined) return undefined;
  if (journal.options === options && !job.again) return journal;
  if (!job.again) {
    throw new OptionError(`${job.out}: the faces of ${basename(job.files.journal, '.faces.ndjson')} were made with other options`, {
      found: differing(journal.options, options),
      expected: differing(options, journal.options),
      next: 'give the same options to go on; liae faces realign makes faces of another size or type in another folder; --again makes these anew',
    });
  }
  await forgetFaces(job.out, { journal: job.files.journal, edits: job.ownEdits ?? job.files.edits, clip });
  return undefined;
}

const regionsByFrame = (edits: readonly Edit[], clip: string): ReadonlyMap<number, readonly RegionsEdit[]> => {
  const out = new Map<number, RegionsEdit[]>();
  for (const edit of edits) {
    if (edit.kind !== 'regions' || edit.clip !== clip) continue;
    const list = out.get(edit.frame);
    if (list === undefined) out.set(edit.frame, [edit]);
    else list.push(edit);
  }
  return out;
};

/**
 * Removes the faces that a journal tells of, if they still are what was written, and then the journal. Regions drawn on them go to the edits.
 *
 * @param clip  whose faces are made next: regions on faces of another one of this name cannot be drawn on them.
 */
export async function forgetFaces(
  out: string,
  { journal: journalFile, edits, clip }: Pick<ClipFiles, 'journal' | 'edits'> & { readonly clip: string },
): Promise<void> {
  const journal = await readJournal(journalFile);
  if (journal !== undefined) await keepRegions(out, clip, edits);
  const drawn: string[] = [];
  for (const [frame, files] of journal?.frames ?? []) {
    for (const [file] of files) if (await removeOwn(join(out, file), undefined, frame)) drawn.push(file);
  }
  await keepDrawn(out, drawn);
  await removeFile(journalFile);
}

/**
 * Removes a face that is of this clip and frame; whatever else has its name stays.
 *
 * @returns whether it stays because a hand drew regions on it.
 */
async function removeOwn(path: string, hash: string | undefined, frame?: number): Promise<boolean> {
  const found = await storedFace(path);
  if (found === undefined || found === 'foreign') return false;
  const fields = liaeFields(found.dict);
  if (fields.sourceHash === undefined || (hash !== undefined && fields.sourceHash !== hash)) return false;
  if (frame !== undefined && fields.frame !== frame) return false;
  if (found.metadata.polygons.length > 0) return true;
  await removeFile(path);
  return false;
}

/** Moves faces with the work of a hand to the trash: the edits hold its regions, but what a hand made is not deleted. */
async function keepDrawn(out: string, files: readonly string[]): Promise<void> {
  const area = nodeFaceArea(out);
  const what = `${files.length} ${files.length === 1 ? 'face' : 'faces'} with regions drawn by hand, to be made again`;
  await runMoves(area, { tool: 'extract', what, moves: await trashMoves(area, files) }, { now: () => new Date() });
}

/** What of one text of options is not in the other. */
function differing(text: string, other: string): string {
  const flat = (value: unknown, path: string): [string, string][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, item]) => flat(item, key))
      : [[path, JSON.stringify(value)?.slice(0, 60) ?? 'nothing']];
  const there = new Map(flat(JSON.parse(other), ''));
  return flat(JSON.parse(text), '')
    .filter(([key, value]) => there.get(key) !== value)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}

/** Frames a second that follow each other: the median, so that gaps do not count. */
export function rateOf(frames: readonly FrameRecord[]): number {
  const steps = frames
    .slice(1)
    .map((frame, i) => frame.time - frames[i]!.time)
    .filter((step) => step > 0)
    .sort((a, b) => a - b);
  const step = steps[steps.length >> 1];
  return step === undefined ? 25 : 1 / step;
}

/** Names of frames: of a clip by number from 1 as DeepFaceLab has them, of pictures their own. */
class StemMaker {
  readonly #header: AlignmentsHeader;
  readonly #taken = new Set<string>();

  constructor(header: AlignmentsHeader) {
    this.#header = header;
  }

  next({ frame, name }: FrameRecord): { readonly stem: string; readonly sourceFilename: string } {
    const { prefix } = this.#header;
    if (name === undefined) {
      const stem = `${prefix}${String(frame + 1).padStart(5, '0')}`;
      return { stem, sourceFilename: `${stem}.png` };
    }
    const dot = name.lastIndexOf('.');
    const own = `${prefix}${dot > 0 ? name.slice(0, dot) : name}`;
    let stem = own;
    for (let i = 2; this.#taken.has(stem.toLowerCase()); i++) stem = `${own}-${i}`;
    this.#taken.add(stem.toLowerCase());
    return { stem, sourceFilename: `${prefix}${name}` };
  }
}

/** Below so many frames a second a face is not followed from one to the next. */
const SLOW = 5;

const paceOf = ({ clip, options }: AlignmentsHeader): number => options.rate ?? (clip.rate ?? 25) / (options.every ?? 1);

/** What hands need to know of a clip. */
export const startOf = (header: AlignmentsHeader): ClipStart => {
  const { path, clip, options } = header;
  return {
    path,
    range: { from: options.from, to: options.to, every: options.every, rate: options.rate },
    analysis: {
      tiles: options.tiles,
      turned: options.turned,
      threshold: options.threshold,
      identity: options.identity,
      stills: clip.kind === 'pictures' || paceOf(header) < SLOW,
    },
  };
};
