/**
 * The kinds of jobs: each request becomes a command line, and each line of events that comes back becomes progress. To add a kind, write its
 * shape in protocol.ts, its words here, and its progress if it tells any.
 */
import { OptionError } from '../../base/index.ts';
import { findOption, flagOf } from '../../train/index.ts';
import type { JobInfo, JobRequest, MergeJobRequest } from '../protocol.ts';
import { facesWords } from './faceJobs.ts';
import { numbersFile } from './faceTable.ts';
import type { Places } from './places.ts';

/** @returns what follows `liae`. @throws OptionError if a place or an option is not to be had. */
export async function wordsOf(request: JobRequest, places: Places): Promise<readonly string[]> {
  switch (request.kind) {
    case 'extract': {
      const { faceType, size, every, maxFaces, again } = request;
      const given = [`--face-type=${faceType}`, `--size=${size}`, `--max-faces=${maxFaces}`];
      return [
        ...['extract', await places.at(request.input), `--out=${await places.at(request.out)}`, ...given, '--json'],
        ...(every > 1 ? [`--every=${every}`] : []),
        ...(again ? ['--again'] : []),
      ];
    }
    case 'measure':
      return ['faces', 'measure', await places.at(request.faces), `--out=${numbersFile(places, request.faces)}`, '--json'];
    case 'faces':
      return await facesWords(request, places);
    case 'train': {
      const words = ['train', `--model=${await places.at(request.model)}`, '--json'];
      for (const [name, value] of Object.entries(request.options)) words.push(await optionWord(name, value, places));
      return words;
    }
    case 'export':
      return ['export', `--model=${await places.at(request.model)}`, `--format=${request.format}`, `--out=${await places.at(request.out)}`];
    case 'merge':
      return await mergeWords(request, places);
    case 'import': {
      const from = await places.at(request.from);
      const target = await places.at(request.model);
      return ['import', from, `--name=${request.name}`, `--model=${target}`, ...(request.weightsOnly ? ['--weights-only'] : [])];
    }
  }
}

async function mergeWords(request: MergeJobRequest, places: Places): Promise<readonly string[]> {
  const { codec, quality, depth, mask, alpha, sound, smooth, fill, copyMissing, only, xseg, enhancer, from, to, again } = request;
  const networks: string[] = [];
  if (xseg !== undefined) networks.push(`--xseg-model=${await places.at(xseg.path)}`, `--xseg-pixels=${xseg.pixels}`);
  if (enhancer !== undefined) networks.push(`--enhancer=${await places.at(enhancer.path)}`, `--enhancer-pixels=${enhancer.pixels}`);
  return [
    ...['merge', `--model=${await places.at(request.model)}`, `--input=${await places.at(request.input)}`],
    ...[
      `--faces=${await places.at(request.faces)}`,
      `--output=${await places.at(request.out)}`,
      `--session=${await places.at(request.session)}`,
    ],
    ...(mask === undefined ? [] : [`--mask=${await places.at(mask)}`]),
    ...(codec === undefined ? [] : [`--codec=${codec}`]),
    ...[`--quality=${quality}`, `--depth=${depth}`],
    ...(alpha ? ['--alpha'] : []),
    ...(sound ? [] : ['--no-sound']),
    ...(smooth ? ['--smooth'] : []),
    ...(fill ? ['--fill'] : []),
    ...(copyMissing ? ['--missing=copy'] : []),
    ...(only === undefined ? [] : [`--only=${only}`]),
    ...networks,
    ...(from === undefined ? [] : [`--from=${from}`]),
    ...(to === undefined ? [] : [`--to=${to}`]),
    ...(again ? ['--again'] : []),
    '--json',
  ];
}

async function optionWord(name: string, value: string | number | boolean, places: Places): Promise<string> {
  const spec = findOption(name);
  if (spec.kind === 'path') return `${flagOf(spec.name)}=${value === '' ? '' : await places.at(String(value))}`;
  if (spec.kind === 'bool' && typeof value !== 'boolean')
    throw new OptionError(`${name}: not a yes or no`, { found: String(value).slice(0, 80), expected: 'true or false' });
  return `${flagOf(spec.name)}=${typeof value === 'boolean' ? (value ? 'y' : 'n') : value}`;
}

export type Progress = NonNullable<JobInfo['progress']>;
export type Training = NonNullable<JobInfo['training']>;

/** What is known of a running job from its events. */
export interface Told {
  readonly progress: Progress | null;
  readonly training: Training | null;
  readonly note: string | null;
  /** Where the present phase began, for its rate: how far it was, and when. */
  readonly from: { readonly phase: string; readonly done: number; readonly at: number } | null;
  /** Why a training ended. */
  readonly reason: string | null;
  /** Frames of an extraction or a render that made all of them itself, so that its time is that of the work. */
  readonly made: number | null;
}

export const nothingTold: Told = { progress: null, training: null, note: null, from: null, reason: null, made: null };

type Line = Readonly<Record<string, unknown>>;

/**
 * @param line  an event of a command's --json, of any kind; what is not known changes nothing.
 * @param at  milliseconds on any clock.
 * @param target  of training, where it will end; 0 if it will not.
 */
export function tell(told: Told, line: Line, at: number): Told {
  const number = (key: string): number | null => {
    const value = line[key];
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  };
  const text = (key: string): string | null => (typeof line[key] === 'string' ? line[key].slice(0, 4000) : null);
  switch (line.event) {
    case 'clip':
    case 'begin':
      return { ...told, from: { phase: line.event === 'clip' ? 'frames' : 'merged', done: 0, at } };
    case 'resumed':
      return told.from === null ? told : { ...told, from: { ...told.from, done: number('frames') ?? 0 } };
    case 'analysed':
      return counted(told, { phase: 'frames', done: number('frames') ?? 0, total: number('of') }, at);
    case 'written':
      return counted(told, { phase: 'faces', done: number('frames') ?? 0, total: number('of') }, at);
    case 'measuring':
      return counted(told, { phase: 'measured', done: number('done') ?? 0, total: number('of') }, at);
    case 'progress':
      return counted(told, { phase: 'merged', done: number('done') ?? 0, total: number('total') }, at);
    case 'working':
      return counted(told, { phase: 'worked', done: number('done') ?? 0, total: number('of') }, at);
    case 'trouble':
    case 'warning':
    case 'savefailed':
      return { ...told, note: text('message') };
    case 'started': {
      const options = line.options;
      const target = typeof options === 'object' && options !== null && 'target' in options ? Number(options.target) : 0;
      const iteration = number('iteration') ?? 0;
      const training: Training = { ...fresh, iteration };
      return {
        ...counted(told, { phase: 'iterations', done: iteration, total: target > 0 ? target : null }, at),
        training,
      };
    }
    case 'iteration': {
      const iteration = number('iteration') ?? 0;
      const loss = typeof line.loss === 'object' && line.loss !== null ? (line.loss as Line) : {};
      const side = (name: string): number | null => (typeof loss[name] === 'number' ? loss[name] : null);
      const ms = number('ms');
      const mean = told.training?.ms == null || ms === null ? ms : told.training.ms * 0.9 + ms * 0.1;
      const next = counted(told, { phase: 'iterations', done: iteration, total: told.progress?.total ?? null }, at);
      return { ...next, training: { ...(told.training ?? fresh), iteration, ms: mean, src: side('src'), dst: side('dst') } };
    }
    case 'measured':
      return { ...told, training: { ...(told.training ?? fresh), steadyMs: number('ms'), peakBytes: number('peakBytes') } };
    case 'backup':
      return told.training === null ? told : { ...told, training: { ...told.training, changes: told.training.changes + 1 } };
    case 'changed': {
      if (told.training === null || told.progress === null) return told; // before the start
      const training = { ...told.training, changes: told.training.changes + 1 };
      if (line.option !== 'target') return { ...told, training };
      const total = number('to');
      return { ...counted(told, { ...told.progress, total: total === 0 ? null : total }, at), training };
    }
    case 'saved':
      return { ...told, note: null, training: { ...(told.training ?? fresh), saved: number('iteration') } };
    case 'preview':
      return { ...told, training: { ...(told.training ?? fresh), preview: number('iteration') } };
    case 'nonfinite': {
      const training = told.training ?? fresh;
      const [failed, back] = [number('iteration') ?? 0, number('back') ?? 0];
      return { ...told, training: { ...training, iteration: back, restores: training.restores + 1, guard: { failed, back } } };
    }
    case 'done': {
      const reason = (['target', 'stopped', 'diverged'] as const).find((known) => known === line.reason) ?? null;
      const trouble = Array.isArray(line.trouble) ? line.trouble.filter((one) => typeof one === 'string') : []; // of a film: what could not be carried over
      const note = trouble.length === 0 ? told.note : trouble.join('\n').slice(0, 4000);
      return { ...told, reason, note, made: madeIn(line), training: told.training === null ? null : { ...told.training, reason } };
    }
    default:
      return told;
  }
}

/** What an earlier server heard was told at other times: the rate is that from now on. */
export const fromNow = (told: Told, at: number): Told =>
  told.progress === null
    ? told
    : { ...told, from: { ...told.progress, at }, progress: { ...told.progress, perSecond: null, secondsLeft: null } };

/** What the last event of a run that did all of its work says it made: `liae merge` with frames and made, `liae extract` with clips and analysis. */
function madeIn({ frames, made, clips, analysis }: Line): number | null {
  if (typeof frames === 'number') return made === frames ? frames : null;
  if (!Array.isArray(clips) || clips.length !== 1 || typeof analysis !== 'object' || analysis === null) return null;
  const [all, analysed] = [(clips[0] as Line).frames, (analysis as Line).frames];
  return typeof all === 'number' && all === analysed ? all : null;
}

const fresh: Training = {
  ...{ iteration: 0, ms: null, src: null, dst: null, saved: null, preview: null, restores: 0, guard: null, changes: 0, reason: null },
  ...{ steadyMs: null, peakBytes: null },
};

/** Progress with its rate since the phase began, and what is left at that rate. */
function counted(told: Told, { phase, done, total }: Pick<Progress, 'phase' | 'done' | 'total'>, at: number): Told {
  const from = told.from?.phase === phase && told.from.done <= done ? told.from : { phase, done, at };
  const seconds = (at - from.at) / 1000;
  const perSecond = seconds > 0.5 && done > from.done ? (done - from.done) / seconds : null;
  const secondsLeft = perSecond !== null && total !== null && total >= done ? (total - done) / perSecond : null;
  return { ...told, from, progress: { phase, done, total, perSecond, secondsLeft } };
}
