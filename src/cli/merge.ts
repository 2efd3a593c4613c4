/** `liae merge`: the faces that a model predicts, back into the frames of a clip. */
import { basename, extname, resolve } from 'node:path';
import { OptionError } from '../base/index.ts';
import { faceTypeFromLetter } from '../face/index.ts';
import { drawLabel, readFont, visibleLabel } from '../image/index.ts';
import { flicker } from '../merge/index.ts';
import { openFaceModels } from '../platform/node/faceModels.ts';
import { programVersion } from '../platform/node/machine.ts';
import { type MergeAsk, type MergingModel, mergingWeights } from '../platform/node/mergeAsk.ts';
import { defaultMergeWorkers, hereCrew, threadCrew } from '../platform/node/mergeCrew.ts';
import { type PreparedMerge, prepareMerge } from '../platform/node/mergePrepare.ts';
import { type MergeSum, merge as runMerge } from '../platform/node/mergeRun.ts';
import { openInput } from '../platform/node/openInput.ts';
import { openModel } from '../platform/node/openModel.ts';
import { ingredientOf, signFile, signPicture } from '../platform/node/provenance/index.ts';
import type { SinkPicture } from '../video/index.ts';
import { type Args, optional, required } from './args.ts';
import type { Command, Terminal } from './command.ts';
import { numberIn, placeOf } from './extractFlags.ts';
import { interruptible } from './interrupts.ts';
import { type ModelFacts, markingFlags, modelHash, openMarking } from './marking.ts';
import { askedSettings, networkFlags, networksOf, settingFlags, writingFlags, writingOptions } from './mergeFlags.ts';
import { mergeReporter, mergeSummary } from './mergeProgress.ts';
import { INTERRUPTED } from './orders.ts';

export const merge: Command = {
  name: 'merge',
  summary: 'put the faces that a model predicts into a clip',
  usage: '--model DIR --input CLIP|FRAMES --faces DIR --output FILE|DIR [settings]',
  about: [
    'The output is a film if its name has an ending (mp4, mov, mkv, webm), with timestamps, colour tags, sound, subtitles and chapters of the clip; else a folder of PNGs. Sound is copied; where a kind of file does not hold its codec it is encoded anew (as Opus for webm), subtitles of text are kept without styles, and both are said. Faces belong to frames by what extraction kept with them, or by the names of their frames, as DeepFaceLab has it; what they are called does not matter. A run that was interrupted goes on with the same command, and makes only the parts whose settings or faces have changed since; one that is whole does nothing again, unless --again is given (.liae-NAME.json beside the film, or .liae-merge.json among the pictures, says what it was made of).',
    'Networks of yours for masks and finer faces are ONNX files: --xseg-model, used by the xseg mask modes, takes a face of three channels at its own size and gives one channel, 0 to 1; --enhancer gives a face of any size, of which super_resolution_power is mixed in at four times the size of the model. None comes with liae. Clips of high dynamic range keep it with --depth 10: networks see the mapped picture that faces were extracted from, colours are transferred as they look on a display of standard range, in the wide primaries of the clip, and the result is taken back to its signal. A network knows BT.709 only: colours beyond it come from the transfer, and with --color-transfer-mode none they do not come.',
    'Things before the face: the learned masks, the hull and liae faces mask --from person paint over a hand, hair or a microphone. What leaves them in place is --mask-mode xseg-dst, with masks that leave them out: either a network (--xseg-model), or masks drawn where something comes before the face: liae faces mask DIR --from hull for all faces, then regions in the studio that include the face and exclude the thing (or regions of another XSeg editor), then liae faces mask DIR --from polygons, which changes only the faces that have some.',
    '--session keeps the settings in a small JSON file. If it does not exist it is made, with a shot for each stretch between cuts, which may get settings of their own; if it does, its settings hold, and those given as flags go into it.',
  ].join('\n'),
  flags: [
    { name: 'model', kind: 'value', shape: 'DIR', help: 'folder of the model' },
    { name: 'input', kind: 'value', shape: 'PATH', help: 'the clip, or a folder or pattern of pictures' },
    { name: 'faces', kind: 'value', shape: 'DIR', help: 'aligned faces of the clip, loose or packed' },
    { name: 'output', kind: 'value', shape: 'PATH', help: 'the film, or a folder for PNGs', aliases: ['out'] },
    { name: 'mask', kind: 'value', shape: 'PATH', help: 'where the mask goes too: a film (lossless), or a folder' },
    { name: 'alpha', kind: 'switch', help: 'the mask as fourth channel: of PNG, ProRes and FFV1', default: 'no' },
    { name: 'session', kind: 'value', shape: 'FILE', help: 'settings and shots, such as merge.json' },
    { name: 'from', kind: 'value', shape: 'PLACE', help: 'first frame, from 0, or a time such as 12.5s or 1:02', default: '0' },
    { name: 'to', kind: 'value', shape: 'PLACE', help: 'frame or time behind the last', default: 'the end' },
    { name: 'only', kind: 'value', shape: 'WHAT', help: "of several faces: a number from 0, a person's folder, or a person's picture" },
    { name: 'person-distance', kind: 'value', shape: 'N', help: 'up to which two faces are one person', default: '0.6' },
    {
      name: 'missing',
      kind: 'value',
      shape: 'error|copy',
      help: 'frames without a face: an error, or taken over as they are',
      default: 'copy where alignments show that there is none',
    },
    { name: 'smooth', kind: 'switch', help: 'smooth landmarks over time, without lag', default: 'no' },
    { name: 'fill', kind: 'switch', help: 'fill gaps of up to a third of a second', default: 'no' },
    ...settingFlags,
    ...networkFlags,
    ...writingFlags,
    { name: 'rate', kind: 'value', shape: 'N', help: 'frames a second of a film made of pictures', default: '25' },
    { name: 'like', kind: 'value', shape: 'CLIP', help: 'whose times, colour tags and sound a film made of pictures gets' },
    { name: 'sound', kind: 'switch', help: 'copy sound and subtitles', default: 'yes' },
    { name: 'label', kind: 'value', shape: 'TEXT', help: 'a line of text in the lower left corner of every frame' },
    { name: 'seed', kind: 'value', shape: 'N', help: 'for colour transfers that draw', default: '1' },
    { name: 'batch', kind: 'value', shape: 'N', help: 'faces that are predicted together', default: '8' },
    { name: 'workers', kind: 'value', shape: 'N', help: 'threads that compose frames; 0 for none', default: 'processors, 8 at most' },
    { name: 'part', kind: 'value', shape: 'N', help: 'frames between two places from which a run can go on', default: '120' },
    { name: 'again', kind: 'switch', help: 'make all parts anew, and a film that is there already', default: 'no' },
    { name: 'json', kind: 'switch', help: 'print one JSON object a line' },
    ...markingFlags,
  ],
  async run(args, terminal) {
    const { note } = terminal;
    const [input, output] = [required(args, 'input', 'the clip or its frames'), required(args, 'output', 'the film, or a folder')];
    const faces = resolve(required(args, 'faces', 'a folder of aligned faces'));
    const ask: MergeAsk = {
      missing: missingOf(optional(args, 'missing')),
      ...{ input, output, faces, mask: optional(args, 'mask'), covered: args.values.alpha === true },
      ...{ session: optional(args, 'session'), settings: askedSettings(args), from: placeOf(args, 'from'), to: placeOf(args, 'to') },
      only: optional(args, 'only'),
      personDistance: numberIn(args, 'person-distance', 0.6, [0.05, 2], false),
      ...networksOf(args),
      smooth: args.values.smooth === true,
      fill: args.values.fill === true,
      ...writingOptions(args),
      rate: numberIn(args, 'rate', undefined, [0.01, 1000], false),
      like: optional(args, 'like'),
      silent: args.values.sound === false,
      seed: numberIn(args, 'seed', 1, [0, 2 ** 31]),
      batch: numberIn(args, 'batch', 8, [1, 256]),
      partLength: numberIn(args, 'part', 120, [1, 100_000]),
      again: args.values.again === true,
    };
    const workers = numberIn(args, 'workers', defaultMergeWorkers(), [0, 64]);
    const { model, facts } = await loadModel(resolve(required(args, 'model', 'the folder of the model')), note);
    const marking = await openMarking(args, facts, note);
    const asFolder = extname(output) === '';
    const parent = await ingredientOf(extname(input) === '' ? undefined : resolve(input), basename(resolve(input)));
    const claim = marking.claim(parent);
    const { signer } = marking;
    let models: ReturnType<typeof openFaceModels> | undefined;
    const tools = {
      open: openInput,
      models: () => {
        models ??= openFaceModels({ note });
        return models;
      },
      tool: `liae ${programVersion()}`,
      finishing: signer === undefined ? 'unmarked' : `signed ${optional(args, 'certificate') ?? 'by a local key'}`,
      seal: signer === undefined ? undefined : (png: Uint8Array, name: string) => signPicture(png, name, claim, signer),
    };
    using stop = interruptible(note);
    try {
      await using prepared = await prepareMerge(ask, model, tools, stop.signal);
      const sign = async (): Promise<void> => {
        if (!asFolder && signer !== undefined) await signFile(resolve(output), claim, signer);
      };
      const sum = await mergePrepared(prepared, args, { terminal, workers, signal: stop.signal, sign });
      return sum.stopped ? INTERRUPTED : 0;
    } finally {
      await (await models?.catch(() => undefined))?.[Symbol.asyncDispose]();
    }
  },
};

/** What merging needs of a model; the rest of its save may be forgotten. */
async function loadModel(folder: string, note: (line: string) => void): Promise<{ model: MergingModel; facts: ModelFacts }> {
  const { config, options, state, iteration } = await openModel(folder, note);
  const hash = modelHash(state.tensors);
  const weights = mergingWeights(config, state.tensors);
  const faceType = faceTypeFromLetter(options.face_type)!;
  return { model: { config, hash, faceType, lowering: options.lowering, weights }, facts: { name: options.archi, iteration, hash } };
}

function missingOf(text: string | undefined): MergeAsk['missing'] {
  if (text === undefined || text === 'error' || text === 'copy') return text;
  throw new OptionError(`--missing ${text}: neither`, { expected: 'error or copy' });
}

async function mergePrepared(
  { job, predictor, model, info, notes, jitter, filled }: PreparedMerge,
  args: Args,
  { terminal, workers, signal, sign }: { terminal: Terminal; workers: number; signal: AbortSignal; sign: () => Promise<void> },
): Promise<MergeSum> {
  const asJson = args.values.json === true;
  const write = (text: string): void => void process.stdout.write(text);
  const columns = process.stdout.isTTY && !asJson ? process.stdout.columns : undefined;
  const told = mergeReporter({ write, note: terminal.note, columns, now: () => performance.now() });
  if (asJson) write(`${JSON.stringify({ event: 'begin', clip: info, notes, jitter, filled })}\n`);
  else for (const line of notes) terminal.note(line);
  const settings = job.settings[0]!.settings;
  const size = settings.mode === 'raw-predict' ? { width: predictor.config.resolution, height: predictor.config.resolution } : info;
  const text = optional(args, 'label');
  const label = text === undefined ? undefined : visibleLabel(readFont(), text, size);
  if (label !== undefined && job.covered)
    throw new OptionError('--label and --alpha: a label is not part of the mask', { next: 'use --mask' });
  const finishPicture = label === undefined ? undefined : (image: SinkPicture) => drawLabel(label, image);
  await using crew =
    workers === 0
      ? hereCrew(model, predictor)
      : threadCrew(model, predictor, workers, new URL('../platform/node/mergeWorker.js', import.meta.url));
  const identity = `${job.identity}${text ?? ''}`;
  const report = asJson ? (event: object): void => write(`${JSON.stringify(event)}\n`) : told.report;
  const sum = await runMerge({ ...job, identity, finishPicture, finishWhole: sign }, crew, report, signal);
  told.end();
  if (sum.complete) {
    if (asJson) write(`${JSON.stringify({ event: 'done', ...withoutLight(sum) })}\n`);
    return sum;
  }
  const unsteady = { before: flicker(sum.light.map((pair) => pair?.[0])), after: flicker(sum.light.map((pair) => pair?.[1])) };
  if (asJson) write(`${JSON.stringify({ event: 'done', ...withoutLight(sum), jitter, flicker: unsteady })}\n`);
  else terminal.out(`${mergeSummary(sum, { jitter, filled, flicker: unsteady, output: job.output.path })}\n`);
  return sum;
}

function withoutLight({ light: _, ...short }: MergeSum): Omit<MergeSum, 'light'> {
  return short;
}
