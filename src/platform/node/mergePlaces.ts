/** Where a merge goes: a film or a folder, tried before a frame is made, with the times that its frames get. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { LiaeError, OptionError } from '../../base/index.ts';
import type { ClipInfo, FrameSource } from '../../video/index.ts';
import { explained } from './files.ts';
import type { MergeAsk, PrepareTools } from './mergeAsk.ts';
import { folderOutput, type MergeOutput } from './mergeOutput.ts';
import { clipWriting } from './video.ts';
import { codecForName, type PictureShape } from './videoCodecs.ts';
import type { ClipPlan } from './videoEncoder.ts';

/** Whether frames go there one by one. */
export const isFolder = async (path: string): Promise<boolean> =>
  extname(path) === '' || (await stat(path).catch(() => undefined))?.isDirectory() === true;

interface Placing {
  readonly ask: MergeAsk;
  readonly tag: string;
  readonly info: ClipInfo;
  readonly input: string;
  readonly parts: string;
  readonly from: number;
  readonly to: number | undefined;
  readonly squares: boolean;
  readonly deep: boolean;
  readonly size: { readonly width: number; readonly height: number };
  readonly tools: PrepareTools;
  readonly source: FrameSource;
  readonly timeAt: ((frame: number) => number) | undefined;
}

export async function outputFor(
  path: string,
  { ask, tag, info, input, parts, from, to, squares, deep, size, tools, source, timeAt }: Placing,
): Promise<{ output: MergeOutput; plan?: ClipPlan; trouble: readonly string[] }> {
  if (await isFolder(path)) return { output: await folderOutput(path, tools.seal), trouble: [] };
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw explained(error, dirname(path), 'folder');
  });
  const isMask = tag === 'mask';
  const like = info.kind === 'video' ? input : ask.like === undefined ? undefined : resolve(ask.like);
  // The time of the first frame becomes the film's beginning only where the clip is cut.
  const seconds = async (frame: number): Promise<number | undefined> => timeAt?.(frame) ?? (await timeOf(source, frame));
  const start = from === 0 ? undefined : await seconds(from);
  const end = to === undefined || (info.frames !== undefined && to >= info.frames) ? undefined : await seconds(to);
  const lossless = /\.mkv$/i.test(path) ? ({ codec: 'ffv1', quality: 'high' } as const) : ({ codec: 'h264', quality: 'lossless' } as const);
  const plan: ClipPlan = {
    ...(isMask ? lossless : { codec: ask.codec ?? codecForName(path), quality: ask.quality, options: ask.encoder }),
    depth: isMask || ask.depth === 8 ? 8 : 10,
    ...{ like, rate: ask.rate, start, end, silent: isMask || ask.silent, plain: isMask },
  };
  const shape: PictureShape = { ...size, channels: isMask ? 1 : ask.covered ? 4 : 3, deep };
  if (squares && ask.covered) throw new OptionError('--alpha: mode raw-predict has its mask of its own', { next: 'use --mask' });
  const { tryClip, filmOf, filmOutput } = await clipWriting();
  const trouble = await tryClip(path, plan, shape);
  return { output: filmOutput(await filmOf(path, plan, shape), parts, tag), plan, trouble };
}

/** Times of frames that are pictures: those of the clip that the film is to be like, or even ones. */
export async function timesFor(ask: MergeAsk, info: ClipInfo, { open }: PrepareTools): Promise<(frame: number) => number> {
  if (ask.like === undefined) return (frame) => frame / (ask.rate ?? 25);
  await using like = await open(resolve(ask.like));
  const times: number[] = [];
  for await (const { time } of like.frames()) times.push(time);
  if (times.length < (info.frames ?? 0)) {
    throw new OptionError(`${info.name}: more pictures than ${like.info.name} has frames`, {
      found: `${info.frames} pictures, ${times.length} frames`,
      next: 'give --rate in place of --like',
    });
  }
  return (frame) => times[frame]!;
}

/** Seconds of a frame; of one behind the last, as far as the clip says. */
async function timeOf(source: FrameSource, frame: number): Promise<number | undefined> {
  if (source.info.kind === 'pictures') return undefined;
  for await (const { time } of source.frames({ from: frame, to: frame + 1 })) return time;
  const { trouble } = source;
  throw new LiaeError(`frame ${frame} cannot be read`, { found: trouble[0], next: 'check --from and --to' });
}
