/** A run of extraction: clips and pictures, one behind the other, into one folder of faces; and faces made again from alignments that are there. */
import { mkdir, readdir } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import { FormatError, LiaeError, OptionError, ResourceError } from '../../base/index.ts';
import {
  type AlignmentsHeader,
  type AnalysisOptions,
  type Persons,
  type Rule,
  readOptions,
  type Stages,
  type WriteOptions,
} from '../../extract/index.ts';
import type { ClipInfo, FrameSource } from '../../video/index.ts';
import { type FaceModels, type FaceNetworkName, landmarks68, regionOfDetection, regionOfMesh } from '../../vision/index.ts';
import {
  type AnalysisSum,
  analyseClip,
  type ClipFiles,
  clipFiles,
  forgetFaces,
  noAnalysis,
  type Report,
  STRETCH,
  startOf,
  type WriteSum,
  writeClip,
} from './extractClip.ts';
import { type Crew, hereHand, Stopped, threadCrew } from './extractCrew.ts';
import { ClipFeed } from './extractFeed.ts';
import { readJournal, removeFile, storedAlignments } from './extractFiles.ts';
import { type ClipStart, Hand, type HandTools } from './extractHand.ts';
import type { NetworkAddresses } from './faceModels.ts';
import { explained } from './files.ts';
import { regionsIn } from './keptRegions.ts';
import { lockFaces } from './modelLock.ts';

/** A place in a clip: a frame, or seconds. */
export type Place = { readonly frame: number } | { readonly seconds: number };

export interface ExtractJob extends Omit<WriteOptions, 'choose'> {
  readonly inputs: readonly string[];
  readonly out: string;
  readonly from?: Place | undefined;
  readonly to?: Place | undefined;
  readonly every?: number | undefined;
  readonly rate?: number | undefined;
  readonly tiles: number;
  readonly turned: boolean;
  readonly threshold?: number | undefined;
  readonly choose: Omit<WriteOptions['choose'], 'persons'>;
  readonly persons?: { readonly keep: readonly string[]; readonly drop: readonly string[]; readonly distance: number } | undefined;
  readonly debug: boolean;
  /** Makes everything anew. */
  readonly again: boolean;
  /** Threads; 0 works where it is called. */
  readonly workers?: number | undefined;
  readonly tool: string;
}

/** What the run stands on; tests put their own in. */
export interface ExtractTools extends HandTools {
  /** Networks of `models` for threads to share; held until the run has ended. Threads open their own if left out. */
  readonly networks?: (names: readonly FaceNetworkName[]) => Promise<NetworkAddresses>;
  /** The script of a worker. */
  readonly workerUrl?: URL | undefined;
}

export interface ClipSum extends WriteSum {
  readonly clip: string;
  readonly trouble: readonly string[];
}

export interface ExtractSum {
  readonly clips: readonly ClipSum[];
  /** Inputs of which nothing could be read. */
  readonly unreadable: readonly string[];
  readonly analysis: { readonly stages: Stages; readonly decodeMs: number; readonly frames: number };
  readonly stopped: boolean;
}

/** What one worker holds: networks and a few frames. */
const WORKER_BYTES = 1.2 * 2 ** 30;
const MOST_WORKERS = 8;
/** Of frames that wait for a worker. */
const HELD_BYTES = 192 * 2 ** 20;
/** Frames of the next stretch that are read ahead. */
const AHEAD = 16;

/** Networks of every analysis. */
const SEEING = ['fullRange', 'shortRange', 'coarseMesh', 'attentionMesh'] as const;

const defaultWorkers = (): number => Math.max(1, Math.min(MOST_WORKERS, availableParallelism(), Math.floor(totalmem() / WORKER_BYTES)));

/**
 * Extracts the faces of all inputs into one folder.
 *
 * @returns what was done, also if `signal` ended it: the same call goes on then.
 * @throws FormatError if there is one input only and it cannot be read; OptionError, ResourceError.
 */
export async function extract(job: ExtractJob, tools: ExtractTools, report: Report, signal: AbortSignal): Promise<ExtractSum> {
  const out = resolve(job.out);
  await usable(out);
  await using _lock = await lockFaces(out);
  const identity = await identityOf(job, tools, report);
  const persons = await personsOf(job, tools);
  const [clips, unreadable]: [ClipSum[], string[]] = [[], []];
  const analysis = noAnalysis();
  const names = new Set<string>();
  try {
    for (const input of job.inputs) {
      let header: AlignmentsHeader;
      let files: ClipFiles;
      try {
        ({ header, files } = await opened(input, { job, out, identity, tools, names, signal }));
      } catch (error) {
        if (!(error instanceof FormatError) || job.inputs.length === 1) throw error;
        unreadable.push(input);
        report({ event: 'trouble', clip: basename(input), message: error.report() });
        continue;
      }
      if (job.again) {
        await forgetFaces(out, { ...files, clip: header.clip.hash });
        await removeFile(files.alignments);
      }
      report({ event: 'clip', clip: header.clip.name, info: header.clip });
      const choose = { ...job.choose, persons };
      clips.push(
        await one(header, files, { ...job, out, choose, debug: job.debug ? `${out}_debug` : undefined }, tools, report, analysis, signal),
      );
    }
  } catch (error) {
    if (!(error instanceof Stopped) && !signal.aborted) throw error;
    return { clips, unreadable, analysis, stopped: true };
  }
  return { clips, unreadable, analysis, stopped: false };
}

type OneJob = WriteOptions & {
  readonly out: string;
  readonly debug?: string | undefined;
  readonly again: boolean;
  readonly workers?: number | undefined;
};

async function one(
  header: AlignmentsHeader,
  files: ClipFiles,
  job: OneJob,
  tools: ExtractTools,
  report: Report,
  analysis: AnalysisSum,
  signal: AbortSignal,
): Promise<ClipSum> {
  await using crew = crewFor(startOf(header), header.clip, job.workers, tools, signal);
  const stored = await analyseClip({ file: files.alignments, header }, crew.hands, report, analysis);
  for (const message of stored.trouble) report({ event: 'trouble', clip: header.clip.name, message });
  const { make, choose, smooth, fill, out, debug } = job;
  const written = await writeClip(stored, { make, choose, smooth, fill, files, out, debug, again: false }, crew.hands, report);
  return { ...written, clip: header.clip.name, trouble: stored.trouble };
}

/**
 * Threads, or for none of them a hand right here. A clip is read once for all threads if about half a stretch of frames can be held for each but
 * the first, which keeps all of them at work.
 */
function crewFor(
  clip: ClipStart,
  { kind, width, height }: ClipInfo,
  workers: number | undefined,
  tools: ExtractTools,
  signal: AbortSignal,
): Crew {
  const count = workers ?? defaultWorkers();
  if (count === 0) {
    const hand = new Hand(clip, tools);
    return { hands: [hereHand(hand, signal)], [Symbol.asyncDispose]: () => hand[Symbol.asyncDispose]() };
  }
  const url = tools.workerUrl ?? new URL('./extractWorker.js', import.meta.url);
  const held = Math.floor((HELD_BYTES * count) / (width * height * 3));
  const isShared = kind === 'video' && count > 1 && held >= (STRETCH / 2) * (count - 1);
  const feed = isShared ? new ClipFeed((stop) => tools.open(clip.path, stop), clip.range, true) : undefined;
  // While one works through its last frames, the stretches of the others can be whole at theirs.
  const names: readonly FaceNetworkName[] = [...SEEING, ...(clip.analysis.identity ? (['identity'] as const) : [])];
  const networks = tools.networks && (() => tools.networks!(names));
  return threadCrew(clip, { count, url, signal, feed, held: Math.min(held, STRETCH * (count - 1) + AHEAD), networks });
}

async function opened(
  input: string,
  {
    job,
    out,
    identity,
    tools,
    names,
    signal,
  }: { job: ExtractJob; out: string; identity: boolean; tools: ExtractTools; names: Set<string>; signal: AbortSignal },
): Promise<{ header: AlignmentsHeader; files: ClipFiles }> {
  const path = resolve(input);
  await using source: FrameSource = await tools.open(path, signal);
  const { info } = source;
  if (info.kind === 'pictures' && job.rate !== undefined) {
    throw new OptionError(`${input}: pictures have no frame rate`, { found: `--fps ${job.rate}`, next: 'use --every N' });
  }
  let name = info.name;
  for (let i = 2; names.has(name.toLowerCase()); i++) name = `${info.name}-${i}`;
  names.add(name.toLowerCase());
  const files = clipFiles(out, name);
  const at = (place: Place | undefined): number | undefined => {
    if (place === undefined || 'frame' in place) return place?.frame;
    if (info.rate === undefined)
      throw new OptionError(`${input}: its pictures have no times`, { next: 'give --from and --to as numbers of frames' });
    return Math.round(place.seconds * info.rate);
  };
  const options: AnalysisOptions = {
    from: at(job.from) ?? 0,
    to: at(job.to),
    every: job.every,
    rate: job.rate,
    tiles: job.tiles,
    turned: job.turned,
    threshold: job.threshold,
    identity,
  };
  const before = job.again ? undefined : await storedAlignments(files.alignments);
  const prefix = before?.header.prefix ?? (await prefixFor(out, name, files, job.inputs.length));
  const known = before?.header.options.identity;
  const header = {
    clip: info,
    path,
    prefix,
    tool: job.tool,
    options: { ...options, identity: job.persons === undefined ? (known ?? identity) : identity },
  };
  return { header, files };
}

/** The only clip of a folder needs no prefix; of several each has its own. */
async function prefixFor(out: string, name: string, files: ClipFiles, inputs: number): Promise<string> {
  const others = (await readdir(out).catch(() => [])).filter(
    (file) => file.endsWith('.alignments.ndjson') && join(out, file) !== files.alignments,
  );
  if (inputs === 1 && others.length === 0) return '';
  const extension = extname(name);
  return `${extension === '' ? name : name.slice(0, -extension.length)}${/-\d+$/.exec(name.slice(name.lastIndexOf('.')))?.[0] ?? ''}-`.replaceAll(
    '_',
    '-',
  );
}

/** Whether the network of identities is there. It is optional, and without it a clip's faces have no identity. */
async function identityOf(job: ExtractJob, tools: ExtractTools, report: Report): Promise<boolean> {
  const models = await tools.models();
  const square = { width: 64, height: 64, channels: 3, data: new Uint8Array(64 * 64 * 3) };
  const anywhere = Float64Array.from({ length: 136 }, (_, i) => (i % 2 === 0 ? 20 + (i % 5) * 5 : 20 + i / 6));
  try {
    await models.identity(square, anywhere);
    return true;
  } catch (error) {
    if (!(error instanceof ResourceError) || job.persons !== undefined) throw error;
    report({
      event: 'warning',
      message: `faces are stored without identity: ${error.brief()}${error.details.next === undefined ? '' : `; ${error.details.next}`}`,
    });
    return false;
  }
}

async function personsOf({ persons }: ExtractJob, tools: ExtractTools): Promise<Persons | undefined> {
  if (persons === undefined) return undefined;
  const models = await tools.models();
  const all = async (paths: readonly string[]): Promise<Float32Array[]> =>
    (await Promise.all(paths.map((path) => identitiesIn(path, models, tools)))).flat();
  return { keep: await all(persons.keep), drop: await all(persons.drop), distance: persons.distance };
}

/** Identity of the largest face of each picture. */
async function identitiesIn(path: string, models: FaceModels, tools: ExtractTools): Promise<Float32Array[]> {
  await using source = await tools.open(resolve(path));
  const found: Float32Array[] = [];
  for await (const { image } of source.frames({ to: 64 })) {
    const detection = (await models.detect(image))[0];
    if (detection === undefined) continue;
    const first = await models.glance(image, regionOfDetection(detection));
    const second = await models.mesh(image, regionOfMesh(first.points));
    if (second.presence > 0.5)
      found.push(Float32Array.from(await models.identity(image, landmarks68(second.points)), (v) => Math.round(v * 1e4) / 1e4));
  }
  if (found.length > 0) return found;
  throw new FormatError(`${path}: no face in this picture`, { next: 'name a picture that shows the person from the front' });
}

/** @throws ResourceError if the folder cannot be made. */
async function usable(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw explained(error, folder, 'folder');
  }
}

export interface RealignJob {
  readonly faceType?: WriteOptions['make']['faceType'] | undefined;
  readonly size?: number | undefined;
  readonly quality?: number | undefined;
  /** A folder with alignments. */
  readonly faces: string;
  /** Where the new faces go; may be the same folder with `again`. */
  readonly out: string;
  /** The clip or pictures, if they are not where they were; for a folder with one clip only. */
  readonly input?: string | undefined;
  readonly smooth?: boolean | undefined;
  readonly fill?: boolean | undefined;
  readonly debug: boolean;
  readonly again: boolean;
  readonly workers?: number | undefined;
}

/** Makes the faces of all clips of a folder again from their alignments and edits. What is not given stays as it was. */
export async function realign(job: RealignJob, tools: ExtractTools, report: Report, signal: AbortSignal): Promise<ExtractSum> {
  const [faces, out] = [resolve(job.faces), resolve(job.out)];
  const found = (
    await readdir(faces).catch((error: unknown) => {
      throw explained(error, faces, 'folder');
    })
  )
    .filter((file) => file.endsWith('.alignments.ndjson'))
    .sort();
  if (found.length === 0) {
    throw new FormatError(`${faces}: no alignments`, {
      found: 'no file NAME.alignments.ndjson',
      next: 'name the folder that liae extract made; faces of other programs are cropped anew by liae faces resize',
    });
  }
  if (job.input !== undefined && found.length > 1)
    throw new OptionError('--input names one clip, and this folder has several', { found: found.join(', ') });
  await usable(out);
  await using _lock = await lockFaces(out);
  const clips: ClipSum[] = [];
  try {
    for (const file of found)
      clips.push(await realignClip(file.slice(0, -'.alignments.ndjson'.length), { job, faces, out }, tools, report, signal));
  } catch (error) {
    if (!(error instanceof Stopped) && !signal.aborted) throw error;
    return { clips, unreadable: [], analysis: noAnalysis(), stopped: true };
  }
  return { clips, unreadable: [], analysis: noAnalysis(), stopped: false };
}

async function realignClip(
  name: string,
  { job, faces, out }: { job: RealignJob; faces: string; out: string },
  tools: ExtractTools,
  report: Report,
  signal: AbortSignal,
): Promise<ClipSum> {
  const files = clipFiles(faces, name);
  const stored = await storedAlignments(files.alignments);
  if (stored?.complete !== true) {
    throw new FormatError(`${files.alignments}: not complete`, { next: 'let liae extract finish it: the same command as before goes on' });
  }
  const journal = await readJournal(files.journal);
  if (journal === undefined)
    throw new FormatError(`${files.journal}: there is no such file`, { next: 'let liae extract finish the folder first' });
  const before = readOptions(journal.options, files.journal);
  const path = job.input === undefined ? stored.header.path : resolve(job.input);
  await using source = await tools.open(path, signal).catch((error: unknown) => {
    if (!(error instanceof LiaeError)) throw error;
    throw new FormatError(error.message, { ...error.details, next: 'name the clip with --input if it was moved' });
  });
  if (source.info.hash !== stored.header.clip.hash) {
    throw new FormatError(`${path}: not the clip that was analysed`, {
      found: 'another length or content',
      next: 'name the clip with --input',
    });
  }
  const header = { ...stored.header, path };
  report({ event: 'clip', clip: header.clip.name, info: header.clip });
  const { faceType = before.make.faceType, quality = before.make.quality } = job;
  const make = { faceType, quality, size: job.size ?? before.make.size };
  const options = { make, choose: before.choose, smooth: job.smooth ?? before.smooth, fill: job.fill ?? before.fill };
  await using crew = crewFor(startOf(header), header.clip, job.workers, tools, signal);
  const there = clipFiles(out, name);
  const target = { ...files, journal: there.journal };
  const debug = job.debug ? `${out}_debug` : undefined;
  // Into another folder go the regions that the faces of this one have now; those drawn there count more.
  const regions = out === faces ? [] : (await regionsIn(faces, header.clip.hash)).map(({ edit }) => edit);
  const write = { ...options, files: target, regions, ownEdits: there.edits, out, debug, again: job.again };
  const written = await writeClip({ ...stored, header }, write, crew.hands, report);
  return { ...written, clip: header.clip.name, trouble: stored.trouble };
}

/** Sums of the rules over clips. */
export function rejectedIn(clips: readonly ClipSum[]): Partial<Record<Rule, number>> {
  const sum: Partial<Record<Rule, number>> = {};
  for (const { rejected } of clips)
    for (const [rule, count] of Object.entries(rejected) as [Rule, number][]) sum[rule] = (sum[rule] ?? 0) + count;
  return sum;
}
