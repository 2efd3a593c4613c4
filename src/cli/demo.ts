/**
 * `liae demo`: a film from nothing, in minutes: clips of two rendered people, their faces extracted, a small model trained before one's eyes, the
 * faces merged into the clip with its sound, and how near they come to the truth.
 */
import { access, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OptionError } from '../base/index.ts';
import { nodeCodec } from '../platform/node/codec.ts';
import { replaceFile } from '../platform/node/files.ts';
import { programVersion } from '../platform/node/machine.ts';
import { lockModel } from '../platform/node/modelLock.ts';
import { openModel } from '../platform/node/openModel.ts';
import { startTrainer } from '../platform/node/trainer.ts';
import { demoOptions } from '../studio/index.ts';
import { chartImage, chartSvg, lossChart, readHistory } from '../train/index.ts';
import { optional, parseArgs } from './args.ts';
import type { Command, Terminal } from './command.ts';
import { filmSheet, swapSheet } from './demoSheets.ts';
import { writeTruth } from './demoTruth.ts';
import { extract } from './extract.ts';
import { merge } from './merge.ts';
import { textReporter } from './progress.ts';
import { scoreFolder } from './score.ts';
import { swapFolder } from './swap.ts';
import type { ScoredFace } from './truthScore.ts';
import { scoreText } from './truthScore.ts';

const assets = fileURLToPath(new URL('../../assets/demo/', import.meta.url));

/** Neither of the two people is among those that the first weights were learned from. */
const recipe = { ...demoOptions, from: join(assets, 'base.safetensors.gz') };

/** The small model's faces are soft beside the clip. */
const filmFlags = ['--sharpen-prediction', '4'] as const;

/** The last part of the time is trained with smaller steps: at full ones, the score moves by a tenth from one moment to the next. */
const settling = { after: 0.7, learning_rate: 6e-5 } as const;

export const demo: Command = {
  name: 'demo',
  summary: 'from two bundled clips to a finished film, in about four minutes',
  usage: '[--out DIR] [--seconds N] [--seed N]',
  about:
    'Extracts the faces of two rendered people (CC0) from their clips, trains a small LIAE model for --seconds, merges the faces into the clip with its sound, and compares them with the truth: the source person rendered in the place of the destination. The model starts from weights that know faces in general, learned from other rendered people.',
  flags: [
    { name: 'out', kind: 'value', shape: 'DIR', help: 'the workspace; it must not exist yet', default: 'workspace/demo, demo-2, …' },
    { name: 'seconds', kind: 'value', shape: 'N', help: 'how long to train', default: '170' },
    { name: 'seed', kind: 'value', shape: 'N', help: 'of weights and samples', default: '1' },
  ],
  async run(args, terminal) {
    const { note, out } = terminal;
    const seconds = numberOf(optional(args, 'seconds') ?? '170', 'seconds', 5, 86400);
    const seed = numberOf(optional(args, 'seed') ?? '1', 'seed', 0, 2 ** 32 - 1);
    const workspace = await freshWorkspace(optional(args, 'out'));
    const at = (name: string): string => join(workspace, name);
    const [src, dst, truth, modelFolder] = [at('src'), at('dst'), at('truth'), at('model')];
    note(`workspace ${workspace}: clips of two rendered people (CC0), ${assets}`);
    for (const [clip, faces] of [
      ['src.mp4', src],
      ['dst.mp4', dst],
    ] as const) {
      note(`\nliae extract ${clip} --out ${faces} --size 256`);
      const code = await extract.run(parseArgs([join(assets, clip), '--out', faces, '--size', '256'], extract.flags), terminal);
      if (code !== 0) return code;
    }
    await writeTruth(
      dst,
      { truth: join(assets, 'truth.mp4'), masks: [join(assets, 'dst_mask.mkv'), join(assets, 'truth_mask.mkv')] },
      truth,
    );
    note(
      `\ntraining ${recipe.archi} at ${recipe.resolution} pixels for ${seconds} s, from weights that know other rendered people; Ctrl-C saves`,
    );
    note('and goes on with what there is');
    await mkdir(modelFolder, { recursive: true });
    await trainFor(modelFolder, { ...recipe, src, dst, seed }, seconds, terminal);

    const model = await openModel(modelFolder, note);
    const chart = lossChart(...historyOf(await readHistory(model.files)));
    const files = {
      chart: join(workspace, 'loss.png'),
      svg: join(workspace, 'loss.svg'),
      sheet: join(workspace, 'swap.png'),
      film: join(workspace, 'film.mp4'),
      frames: join(workspace, 'film.png'),
      preview: join(modelFolder, 'previews', 'latest.png'),
      swapped: join(workspace, 'swapped'),
    };
    await replaceFile(files.chart, [await nodeCodec().encodePng(chartImage(chart))]);
    await replaceFile(files.svg, [new TextEncoder().encode(chartSvg(chart))]);
    const command = ['--model', modelFolder, '--input', join(assets, 'dst.mp4'), '--faces', dst, '--output', files.film, ...filmFlags];
    note(`\nliae merge ${command.join(' ')}`);
    const merged = await merge.run(parseArgs(command, merge.flags), { ...terminal, out: note });
    if (merged !== 0) return merged;
    await replaceFile(files.frames, [
      await nodeCodec().encodePng(await filmSheet([join(assets, 'dst.mp4'), files.film, join(assets, 'truth.mp4')])),
    ]);
    await swapFolder({ model, faces: dst, target: files.swapped, lowering: 'fast', note });
    const shown: ScoredFace[] = [];
    const { swap, untouched, count } = await scoreFolder(model, dst, truth, (face) => shown.push(face));
    await replaceFile(files.sheet, [await nodeCodec().encodePng(swapSheet(shown))]);
    out(
      [
        '',
        `film            ${files.film}   (with sound)`,
        `frames of it    ${files.frames}   (destination, film, truth)`,
        `loss chart      ${files.chart}`,
        `preview sheet   ${files.preview}`,
        `swap sheet      ${files.sheet}   (destination, swap, truth)`,
        `swapped faces   ${files.swapped}`,
        '',
        `against the truth, ${count} faces, iteration ${model.iteration}:`,
        `  swapped       ${scoreText(swap)}`,
        `  untouched     ${scoreText(untouched)}`,
        '',
        `go on training: liae train --model ${modelFolder}`,
        '',
      ].join('\n'),
    );
    return 0;
  },
};

function numberOf(text: string, name: string, low: number, high: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new OptionError(`--${name} ${text}: not allowed`, { expected: `a whole number, ${low} to ${high}` });
}

/** A folder that does not exist yet: nobody's work is overwritten. */
async function freshWorkspace(asked: string | undefined): Promise<string> {
  const exists = async (folder: string): Promise<boolean> =>
    access(folder).then(
      () => true,
      () => false,
    );
  if (asked !== undefined) {
    if (await exists(resolve(asked)))
      throw new OptionError(`${resolve(asked)}: exists already`, { next: 'give a new folder, or leave --out away' });
    return resolve(asked);
  }
  for (let i = 1; ; i++) {
    const folder = resolve('workspace', i === 1 ? 'demo' : `demo-${i}`);
    if (!(await exists(folder))) return folder;
  }
}

/** Trains until the time is over; an interrupt ends it earlier. */
async function trainFor(model: string, asked: Readonly<Record<string, unknown>>, seconds: number, { note }: Terminal): Promise<void> {
  const write = (text: string): void => void process.stderr.write(text);
  const columns = process.stderr.isTTY ? process.stderr.columns : undefined;
  const report = textReporter({ write: columns === undefined ? everyFiftieth(write) : write, note, columns, now: () => new Date() });
  await using _lock = await lockModel(model);
  const trainer = startTrainer({ model, asked, tool: programVersion() }, report);
  const stop = (): void => {
    trainer.send('preview');
    trainer.send('stop');
  };
  const timer = setTimeout(stop, seconds * 1000);
  const settle = setTimeout(
    () => {
      note(`learning rate ${settling.learning_rate} for the rest`);
      trainer.send({ set: { learning_rate: settling.learning_rate } });
    },
    settling.after * seconds * 1000,
  );
  process.once('SIGINT', stop);
  try {
    await trainer.end;
  } finally {
    clearTimeout(timer);
    clearTimeout(settle);
    process.off('SIGINT', stop);
  }
}

/** In a pipe a line an iteration would be too many. */
function everyFiftieth(write: (text: string) => void): (text: string) => void {
  let lines = 0;
  return (text) => {
    if (!/\]\[[\d.]+m?s\]/.test(text) || lines++ % 50 === 0) write(text);
  };
}

const historyOf = ({ first, losses }: { first: number; losses: Float32Array }): [number, Float32Array] => [first, losses];
