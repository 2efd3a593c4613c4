/** merge.json as the page reads and writes it: the same file, with the same reader and writer, as the command line's --session. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { LiaeError } from '../../base/index.ts';
import {
  findMergeSetting,
  type MergeSession,
  type MergeSettingSpec,
  mergeDefaults,
  mergeSettingTable,
  parseSession,
  resolveMergeSettings,
  type Shot,
  sessionText,
  settingsRanges,
} from '../../merge/index.ts';
import { replaceFile } from '../../platform/node/files.ts';
import { openInput } from '../../platform/node/openInput.ts';
import type { ClipInfo } from '../../video/index.ts';
import type { MergeSessionInfo, MergeSettingInfo, MergeShot, MergeValues } from '../protocol.ts';
import { stampOf } from './clips.ts';
import type { Places } from './places.ts';

/** The settings in the order of the table. */
export const mergeSettings = (): readonly MergeSettingInfo[] =>
  (mergeSettingTable as readonly MergeSettingSpec[]).map((spec) => ({
    ...{ name: spec.name, kind: spec.kind, help: spec.help, default: spec.default, ours: spec.ours === true },
    ...(spec.kind === 'int' ? { min: spec.min, max: spec.max } : {}),
    ...(spec.kind === 'choice' ? { values: spec.values } : {}),
  }));

type ClipId = Pick<ClipInfo, 'name' | 'hash'>;
const known = new Map<string, ClipId>();

async function clipId(path: string): Promise<ClipId> {
  const key = `${path}\0${await stampOf(path)}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  await using source = await openInput(path);
  const { name, hash } = source.info;
  known.set(key, { name, hash });
  return { name, hash };
}

interface Found {
  readonly path: string;
  readonly text: string | undefined;
  readonly session: MergeSession | undefined;
}

/**
 * The file for a clip: merge.json beside it, or, where that is of another clip, one with the clip's name.
 *
 * @throws FormatError if what is there is no such file.
 */
async function sessionFile(clip: string, id: ClipId): Promise<Found> {
  const folder = dirname(clip);
  const own = join(folder, `${basename(clip, extname(clip))}.merge.json`);
  for (const path of [own, join(folder, 'merge.json')]) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const session = parseSession(text, basename(path));
    if (session.clip === undefined || session.clip.hash === id.hash) return { path, text, session };
  }
  const common = join(folder, 'merge.json');
  const isTaken = (await readFile(common, 'utf8').catch(() => undefined)) !== undefined;
  return { path: isTaken ? own : common, text: undefined, session: undefined };
}

const stampText = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 24);

/** Settings and shots of a clip, without gaps between shots; those of the start if nothing is kept yet. */
export async function readMergeSession(places: Places, place: string): Promise<MergeSessionInfo> {
  const clip = await places.at(place);
  return infoOf(places, await sessionFile(clip, await clipId(clip)));
}

function infoOf(places: Places, { path, text, session }: Found): MergeSessionInfo {
  const { settings, shots } = session ?? { settings: mergeDefaults, shots: [] };
  return {
    path: places.nameOf(path),
    stamp: text === undefined ? null : stampText(text),
    settings: { ...settings },
    shots: withoutGaps(settings, shots),
  };
}

function withoutGaps(settings: MergeSession['settings'], shots: readonly Shot[]): MergeShot[] {
  return settingsRanges({ settings, shots }).map(({ from, to }) => {
    const own = shots.find((shot) => shot.from === from)?.settings ?? {};
    const named = Object.entries(own).map(([key, value]) => [findMergeSetting(key).name, value] as const);
    const all: Readonly<Record<string, unknown>> = resolveMergeSettings(own, settings);
    return {
      ...{ from, to: Number.isFinite(to) ? to : null },
      settings: Object.fromEntries(named.map(([name]) => [name, all[name]])) as MergeValues,
    };
  });
}

/** One writing at a time. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * @param stamp  of the file that was changed on the page.
 * @throws StaleSession if the file is another by now; OptionError or FormatError if a setting or a shot is impossible.
 */
export async function writeMergeSession(
  places: Places,
  place: string,
  { stamp, settings, shots }: { readonly stamp: string | null; readonly settings: MergeValues; readonly shots: readonly MergeShot[] },
): Promise<MergeSessionInfo> {
  const clip = await places.at(place);
  const id = await clipId(clip);
  const mine = turn.then(async () => {
    const before = await sessionFile(clip, id);
    if ((before.text === undefined ? null : stampText(before.text)) !== stamp) {
      throw new StaleSession(`${basename(before.path)}: changed meanwhile`, {
        found: 'another page, or the command line, has written it',
        next: 'it is read anew; make the change again',
      });
    }
    const session: MergeSession = {
      clip: id,
      settings: resolveMergeSettings(settings),
      shots: shots.map(({ from, to, settings: own }) => ({ from, ...(to === null ? {} : { to }), settings: own })),
    };
    const text = sessionText(session);
    parseSession(text, basename(before.path)); // it can be read again, or is not written
    await replaceFile(before.path, [new TextEncoder().encode(text)]);
    return infoOf(places, { path: before.path, text, session });
  });
  turn = mine.catch(() => undefined);
  return await mine;
}

/** The file was changed by someone else. */
export class StaleSession extends LiaeError {}
