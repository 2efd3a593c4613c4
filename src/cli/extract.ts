/** `liae extract`: faces out of clips and pictures, aligned, into a folder that DeepFaceLab reads too. */
import { resolve } from 'node:path';
import { FormatError, OptionError } from '../base/index.ts';
import type { ExtractEvent } from '../platform/node/extractClip.ts';
import { type ExtractJob, type ExtractSum, type ExtractTools, extract as extractFaces } from '../platform/node/extractRun.ts';
import { openFaceModels } from '../platform/node/faceModels.ts';
import { programVersion } from '../platform/node/machine.ts';
import { openInput } from '../platform/node/openInput.ts';
import { type Args, type Flag, optional, required } from './args.ts';
import type { Command, Terminal } from './command.ts';
import { degreesOf, numberIn, placeOf, sizeFor, sizeRange, typeOf } from './extractFlags.ts';
import { extractReporter, summaryText } from './extractProgress.ts';
import { interruptible } from './interrupts.ts';
import { INTERRUPTED } from './orders.ts';

export const makeFlags: readonly Flag[] = [
  {
    name: 'face-type',
    kind: 'value',
    shape: 'NAME',
    help: 'crop: h, mf, f, wf, head; full_face_no_align, head_no_align, mark_only',
    default: 'wf',
  },
  { name: 'size', kind: 'value', shape: 'N', help: 'side of the pictures, 256 to 2048', default: '512, head 768' },
  { name: 'quality', kind: 'value', shape: 'N', help: 'of JPEG, 1 to 100', default: '90' },
  { name: 'smooth', kind: 'switch', help: 'smooth the alignment over time, without lag', default: 'yes for clips' },
  { name: 'fill', kind: 'switch', help: 'fill in faces that are gone for a third of a second at most', default: 'yes for clips' },
  { name: 'debug', kind: 'switch', help: 'draw what was found into DIR_debug, a picture for each frame' },
  { name: 'again', kind: 'switch', help: 'make everything anew' },
  { name: 'workers', kind: 'value', shape: 'N', help: 'threads; 0 works in one', default: 'as many as the machine has cores, 8 at most' },
  { name: 'json', kind: 'switch', help: 'print one JSON object for each event on stdout' },
];

export const extract: Command = {
  name: 'extract',
  summary: 'aligned faces out of clips and pictures',
  usage: 'INPUT… --out DIR [options]',
  about: [
    'INPUT is a clip, a folder or pattern of pictures, or a picture. Faces are detected, followed, aligned and written to DIR as JPEG files with the face data of DeepFaceLab and more.',
    'DIR also keeps NAME.alignments.ndjson, the truth about each frame of a clip, from which liae faces realign makes faces of other sizes and types. Edits by hand live in NAME.edits.json beside it and are kept when a clip is analysed anew.',
    'A run that was stopped, by Ctrl-C or by force, goes on with the same command; one that is done does nothing again.',
  ].join('\n'),
  words: 10_000,
  flags: [
    { name: 'out', kind: 'value', shape: 'DIR', help: 'folder of the faces; it is made if it does not exist' },
    ...makeFlags.slice(0, 5),
    { name: 'from', kind: 'value', shape: 'PLACE', help: 'first frame, from 0, or a time such as 12.5s or 1:02', default: '0' },
    { name: 'to', kind: 'value', shape: 'PLACE', help: 'frame or time behind the last', default: 'the end' },
    { name: 'every', kind: 'value', shape: 'N', help: 'only every Nth frame' },
    { name: 'fps', kind: 'value', shape: 'N', help: 'only so many frames a second' },
    { name: 'max-faces', kind: 'value', shape: 'N', help: 'of a frame, only the largest; 0 for all', default: '0' },
    { name: 'min-size', kind: 'value', shape: 'N', help: 'leave out faces with fewer pixels along their longer side', default: '40' },
    { name: 'min-score', kind: 'value', shape: 'N', help: 'leave out tracks whose mean score is lower, 0 to 1', default: '0' },
    { name: 'threshold', kind: 'value', shape: 'N', help: 'score from which the detectors believe, 0.05 to 0.95', default: '0.45 and 0.5' },
    { name: 'yaw', kind: 'value', shape: 'A:B', help: 'only faces turned so far, in degrees' },
    { name: 'pitch', kind: 'value', shape: 'A:B', help: 'only faces raised so far, in degrees' },
    { name: 'person', kind: 'value', shape: 'PICTURE', help: 'only the person of this picture, or of the pictures of this folder' },
    { name: 'drop-person', kind: 'value', shape: 'PICTURE', help: 'everybody but this person' },
    { name: 'person-distance', kind: 'value', shape: 'N', help: 'up to which two faces are one person', default: '0.6' },
    { name: 'tiles', kind: 'value', shape: 'N', help: 'look for small faces too: in 2 or 3 tiles across', default: '1' },
    { name: 'turned', kind: 'switch', help: 'look for faces that lie on their side too' },
    ...makeFlags.slice(5),
  ],
  async run(args, terminal) {
    if (args.rest.length === 0)
      throw new OptionError('nothing to extract from', { next: 'liae extract CLIP --out DIR; --help tells more' });
    const job = jobOf(args);
    return await runExtraction(args, terminal, job.out, (tools, report, signal) => extractFaces(job, tools, report, signal));
  },
};

function jobOf(args: Args): ExtractJob {
  const faceType = typeOf(optional(args, 'face-type') ?? 'wf');
  const [every, rate] = [
    numberIn(args, 'every', undefined, [1, Number.MAX_SAFE_INTEGER]),
    numberIn(args, 'fps', undefined, [0.001, 1000], false),
  ];
  if (every !== undefined && rate !== undefined) throw new OptionError('--every and --fps both pick frames', { next: 'give one of them' });
  const [keep, drop] = [optional(args, 'person'), optional(args, 'drop-person')];
  const distance = numberIn(args, 'person-distance', 0.6, [0.05, 2], false);
  const threshold = numberIn(args, 'threshold', undefined, [0.05, 0.95], false);
  return {
    inputs: args.rest,
    out: resolve(required(args, 'out', 'a folder for the faces')),
    make: { faceType, size: numberIn(args, 'size', sizeFor(faceType), sizeRange), quality: numberIn(args, 'quality', 90, [1, 100]) },
    from: placeOf(args, 'from'),
    to: placeOf(args, 'to'),
    every: every === 1 ? undefined : every,
    rate,
    tiles: numberIn(args, 'tiles', 1, [1, 3]),
    turned: args.values.turned === true,
    threshold,
    choose: {
      maxFaces: numberIn(args, 'max-faces', 0, [0, 1000]),
      minSize: numberIn(args, 'min-size', 40, [0, 16384]),
      minScore: numberIn(args, 'min-score', 0, [0, 1], false),
      yaw: degreesOf(args, 'yaw'),
      pitch: degreesOf(args, 'pitch'),
    },
    persons:
      keep === undefined && drop === undefined
        ? undefined
        : { keep: keep === undefined ? [] : [keep], drop: drop === undefined ? [] : [drop], distance },
    smooth: args.values.smooth !== false,
    fill: args.values.fill !== false,
    debug: args.values.debug === true,
    again: args.values.again === true,
    workers: numberIn(args, 'workers', undefined, [0, 64]),
    tool: `liae ${programVersion()}`,
  };
}

/** Runs an extraction with its networks, its progress and its signals; says what came of it. @returns the exit code. */
export async function runExtraction(
  args: Args,
  { note }: Terminal,
  out: string,
  run: (tools: ExtractTools, report: (event: ExtractEvent) => void, signal: AbortSignal) => Promise<ExtractSum>,
): Promise<number> {
  const asJson = args.values.json === true;
  const write = (text: string): void => void process.stdout.write(text);
  const columns = process.stdout.isTTY && !asJson ? process.stdout.columns : undefined;
  const told = extractReporter({ write, note, columns, now: () => performance.now() });
  const report = asJson ? (event: ExtractEvent): void => write(`${JSON.stringify(event)}\n`) : told;
  using interrupt = interruptible((line) => note(`${columns === undefined ? '' : '\n'}${line}`));
  /** A reader that is gone, as in `liae extract --json | head`, is a reason to stop, not a fault. Its error may come after the end. */
  const brokenPipe = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    interrupt.stop();
  };
  process.stdout.on('error', brokenPipe);
  let models: ReturnType<typeof openFaceModels> | undefined;
  const held = (): ReturnType<typeof openFaceModels> => {
    models ??= openFaceModels({ note });
    return models;
  };
  const tools: ExtractTools = {
    open: openInput,
    models: held,
    networks: async (names) => (await held()).addresses(names),
    now: () => performance.now(),
  };
  try {
    const sum = await run(tools, report, interrupt.signal);
    if (!asJson) told.end();
    if (asJson) write(`${JSON.stringify({ event: 'done', ...sum })}\n`);
    else write(`${summaryText(sum, out)}\n`);
    if (sum.stopped) return INTERRUPTED;
    if (sum.clips.every((clip) => clip.faces === 0)) throw noFaces(sum);
    return 0;
  } finally {
    if (!asJson) told.end();
    await (await models?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

function noFaces({ clips, unreadable }: ExtractSum): FormatError {
  const frames = clips.reduce((sum, clip) => sum + clip.frames, 0);
  const found = clips.reduce((sum, clip) => sum + Object.values(clip.rejected).reduce((n, count) => n + count, 0), 0);
  return new FormatError('no faces', {
    found: `${frames} frames${found > 0 ? `; ${found} faces were left out by the rules above` : ''}${unreadable.length > 0 ? `; ${unreadable.length} inputs could not be read` : ''}`,
    next:
      found > 0
        ? 'loosen --min-size, --min-score, --yaw, --pitch or --person, with --again'
        : 'try --tiles 2 for small faces, --turned for lying ones, or --threshold 0.3, with --again',
  });
}
