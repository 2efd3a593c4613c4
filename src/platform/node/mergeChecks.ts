/** Whether faces, settings and networks of a merge fit together: found out before a frame is made, and told with what to do. */
import { resolve } from 'node:path';
import { FormatError, OptionError } from '../../base/index.ts';
import { type FrameFace, framesWithout, type SettingsRange } from '../../merge/index.ts';
import type { ClipInfo } from '../../video/index.ts';
import type { MergeAsk } from './mergeAsk.ts';
import type { KnownClip } from './mergeFaces.ts';
import { checkNetworks, type NetworkFile, openEnhancer, openMasker, readNetwork } from './mergeNetworks.ts';

/** The networks that the settings ask for, tried once each. @throws LiaeError if one is missing or does not fit; OptionError for settings that do not mix. */
export async function networksFor(
  { xsegModel, enhancer: finer }: MergeAsk,
  ranges: readonly SettingsRange[],
  side: number,
): Promise<{ masker?: NetworkFile; enhancer?: NetworkFile }> {
  for (const { settings } of ranges) checkNetworks(settings, { masker: xsegModel !== undefined, enhancer: finer !== undefined });
  const squares = ranges.filter(({ settings }) => settings.mode === 'raw-predict').length;
  if (squares > 0 && squares < ranges.length)
    throw new OptionError('mode: raw-predict gives pictures of another size and cannot be mixed with other modes', {
      next: 'use it for all shots or for none',
    });
  const wanted = {
    masker: ranges.some(({ settings }) => settings.mask_mode.includes('xseg')),
    enhancer: ranges.some(({ settings }) => settings.super_resolution_power !== 0),
  };
  const masker =
    !wanted.masker || xsegModel === undefined ? undefined : await readNetwork(resolve(xsegModel.path), xsegModel.pixels, '--xseg-model');
  if (masker !== undefined) await (await openMasker(masker))[Symbol.asyncDispose]();
  const enhancer = !wanted.enhancer || finer === undefined ? undefined : await readNetwork(resolve(finer.path), finer.pixels, '--enhancer');
  if (enhancer !== undefined) await (await openEnhancer(enhancer, side))[Symbol.asyncDispose]();
  return { ...(masker && { masker }), ...(enhancer && { enhancer }) };
}

/** @throws FormatError if settings ask for XSeg masks of faces that bring none. */
export function checkMasks(
  frames: ReadonlyMap<number, readonly FrameFace[]>,
  ranges: readonly SettingsRange[],
  { from, to = Number.POSITIVE_INFINITY }: { from: number; to: number | undefined },
): void {
  let [without, all]: [string[], number] = [[], 0];
  for (const { from: first, to: last, settings } of ranges) {
    if (!settings.mask_mode.includes('xseg-dst')) continue;
    for (const [frame, faces] of frames) {
      if (frame < Math.max(from, first) || frame >= Math.min(to, last)) continue;
      all += faces.length;
      without = [
        ...without,
        ...faces.filter(({ mask }) => mask === undefined).map(({ name }) => name ?? `one filled in at frame ${frame}`),
      ];
    }
  }
  if (without.length === 0) return;
  throw new FormatError('mask_mode: xseg-dst needs a mask in every face, or a network that makes them', {
    found: `${without.length} of ${all} faces have none; the first is ${without[0]}`,
    next: 'give a network with --xseg-model FILE.onnx, or store masks with liae faces mask',
  });
}

/** What is said of frames without a face. @throws FormatError unless extraction has looked at them, or the user says that they are to be copied. */
export function missingFaces(
  frames: ReadonlyMap<number, readonly FrameFace[]>,
  {
    from,
    to,
    info,
    known,
    missing,
  }: { from: number; to: number | undefined; info: ClipInfo; known: KnownClip | undefined; missing: MergeAsk['missing'] },
): string[] {
  const last = Math.max(...frames.keys());
  const end = Math.min(to ?? Number.POSITIVE_INFINITY, info.frames ?? last + 1);
  const runs = framesWithout(frames, from, end);
  const count = runs.reduce((sum, [a, b]) => sum + b - a + 1, 0);
  if (count === 0) return [];
  const words = runs.slice(0, 6).map(([a, b]) => (a === b ? `${a}` : `${a}–${b}`));
  const sentence = `${count} of ${end - from} frames have no face`;
  const which = `frames ${words.join(', ')}${runs.length > 6 ? ` and ${runs.length - 6} more runs` : ''}`;
  const seen =
    known !== undefined &&
    runs.every(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i).every((frame) => known.seen.has(frame)));
  if (count === end - from || (missing ?? (seen ? 'copy' : 'error')) === 'error') {
    throw new FormatError(sentence, {
      found: which,
      expected: 'a face in every frame, or alignments beside the faces that show that there is none',
      next:
        count === end - from
          ? 'check --faces, --from and --to'
          : '--missing copy takes these frames over as they are; --fill closes short gaps',
    });
  }
  return [`${sentence} and are copied: ${which}`];
}
