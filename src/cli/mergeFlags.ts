/** Flags of merging and of writing clips, and what their values mean. */
import { OptionError } from '../base/index.ts';
import { findMergeSetting, type MergeSettingSpec, mergeRangeText, mergeSettingTable, pixelFormOf } from '../merge/index.ts';
import type { MergeAsk, NetworkAsk } from '../platform/node/mergeAsk.ts';
import { type Quality, qualities, type VideoCodec, videoCodecs } from '../platform/node/videoCodecs.ts';
import { nearest } from '../train/index.ts';
import { type Args, type Flag, optional } from './args.ts';

/** A flag for every setting of the merger. */
export const settingFlags: readonly Flag[] = (mergeSettingTable as readonly MergeSettingSpec[]).map((spec): Flag => {
  const name = spec.name.replaceAll('_', '-');
  const aliases = (spec.aliases ?? []).map((alias) => alias.replaceAll('_', '-'));
  if (spec.kind === 'bool') return { name, kind: 'switch', help: spec.help, default: spec.default ? 'yes' : 'no', aliases };
  const help = spec.kind === 'int' ? `${spec.help}; ${spec.min} to ${spec.max}` : `${spec.help}: ${mergeRangeText(spec)}`;
  return { name, kind: 'value', shape: spec.kind === 'int' ? 'N' : 'NAME', help, default: String(spec.default), aliases };
});

const settingNames = new Set(settingFlags.map(({ name }) => name));

/** The settings among the flags, as they were given. */
export const askedSettings = ({ values }: Args): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => settingNames.has(name))
      .map(([name, value]) => [findMergeSetting(name).name, value]),
  );

const pixelsHelp = 'what its pictures are: bgr or rgb in 0…1, or signed-rgb in −1…1';

/** Networks that users bring. */
export const networkFlags: readonly Flag[] = [
  {
    name: 'xseg-model',
    kind: 'value',
    shape: 'FILE',
    help: 'ONNX network for the xseg mask modes: a face in, NHWC or NCHW, and its mask out, 0 to 1',
    default: 'masks stored in the faces, which xseg-dst alone can do with',
  },
  { name: 'xseg-pixels', kind: 'value', shape: 'NAME', help: pixelsHelp, default: "bgr, as DeepFaceLab's" },
  {
    name: 'enhancer',
    kind: 'value',
    shape: 'FILE',
    help: 'ONNX network for super_resolution_power: a face in, NHWC or NCHW, and a finer one out',
  },
  { name: 'enhancer-pixels', kind: 'value', shape: 'NAME', help: pixelsHelp, default: 'bgr' },
];

/** @throws OptionError for a form of pixels that there is not. */
export function networksOf(args: Args): Pick<MergeAsk, 'xsegModel' | 'enhancer'> {
  const asked = (flag: string, pixels: string): NetworkAsk | undefined => {
    const path = optional(args, flag);
    const form = pixelFormOf(optional(args, pixels), `--${pixels}`);
    return path === undefined ? undefined : { path, pixels: form };
  };
  return { xsegModel: asked('xseg-model', 'xseg-pixels'), enhancer: asked('enhancer', 'enhancer-pixels') };
}

export const writingFlags: readonly Flag[] = [
  {
    name: 'codec',
    kind: 'value',
    shape: 'NAME',
    help: `of a film: ${videoCodecs.join(', ')}`,
    default: 'h264; vp9 for webm',
  },
  {
    name: 'quality',
    kind: 'value',
    shape: 'NAME',
    help: "preview, high, master, or a number: the encoder's constant rate factor, smaller is better",
    default: 'high',
  },
  { name: 'depth', kind: 'value', shape: '8|10|16', help: 'bits of a channel; 16 for ffv1 and PNG', default: '8' },
  { name: 'encoder', kind: 'value', shape: 'A=B,…', help: "options of FFmpeg's encoder as they are: preset=slow,tune=film" },
];

export interface WritingOptions {
  readonly codec: VideoCodec | undefined;
  readonly quality: Quality | number;
  readonly depth: 8 | 10 | 16;
  readonly encoder: Readonly<Record<string, string>> | undefined;
}

export function writingOptions(args: Args): WritingOptions {
  const codec = optional(args, 'codec')?.toLowerCase();
  const depth = optional(args, 'depth') ?? '8';
  if (depth !== '8' && depth !== '10' && depth !== '16')
    throw new OptionError(`--depth ${depth}: no such depth`, { expected: '8, 10 or 16' });
  return {
    codec: codec === undefined ? undefined : codecOf(codec),
    quality: qualityOf(optional(args, 'quality') ?? 'high'),
    depth: Number(depth) as 8 | 10 | 16,
    encoder: encoderOf(optional(args, 'encoder')),
  };
}

function codecOf(text: string): VideoCodec {
  const alias = { hevc: 'h265', avc: 'h264', x264: 'h264', x265: 'h265' }[text] ?? text;
  const found = videoCodecs.find((name) => name === alias);
  if (found !== undefined) return found;
  const near = nearest(text, videoCodecs);
  throw new OptionError(`--codec ${text}: no such codec`, {
    expected: videoCodecs.join(', '),
    next: near === undefined ? undefined : `did you mean ${near}?`,
  });
}

function qualityOf(text: string): Quality | number {
  const named = qualities.find((name) => name === text);
  if (named !== undefined) return named;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new OptionError(`--quality ${text}: no such quality`, { expected: 'preview, high, master, or a constant rate factor' });
}

function encoderOf(text: string | undefined): Readonly<Record<string, string>> | undefined {
  if (text === undefined) return undefined;
  const pairs = text.split(',').map((part) => /^([A-Za-z0-9_:-]+)=(.+)$/.exec(part));
  const wrong = text.split(',')[pairs.indexOf(null)];
  if (wrong !== undefined) throw new OptionError(`--encoder ${wrong}: no pair of name and value`, { expected: 'preset=slow,tune=film' });
  return Object.fromEntries(pairs.map((pair) => [pair![1]!, pair![2]!]));
}
