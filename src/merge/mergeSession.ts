/**
 * What a merge is told, as a small JSON file that people and programs read and write: settings for the whole clip, and shots, ranges of frames
 * with settings of their own.
 *   { "liae": "merge", "version": 1, "clip": { "name", "hash" }, "settings": { "mode": "overlay", … },
 *     "shots": [ { "from": 0, "to": 120, "settings": { "mode": "seamless" } } ] }
 */
import { FormatError, LiaeError } from '../base/index.ts';
import { type MergeSettings, resolveMergeSettings } from './settings.ts';

export const mergeSessionVersion = 1;

export interface Shot {
  /** First frame, from 0. */
  readonly from: number;
  /** Frame behind the last; absent for the rest of the clip. */
  readonly to?: number | undefined;
  /** What differs from the settings of the clip, as it was written. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface MergeSession {
  /** The clip that frame numbers are of. */
  readonly clip?: { readonly name: string; readonly hash: string } | undefined;
  readonly settings: MergeSettings;
  /** In order, not overlapping. */
  readonly shots: readonly Shot[];
}

const MAX_BYTES = 2 ** 22;

export function sessionText({ clip, settings, shots }: MergeSession): string {
  const rows = shots.map((shot) => `    ${JSON.stringify(shot)}`);
  return [
    '{',
    `  "liae": "merge",`,
    `  "version": ${mergeSessionVersion},`,
    ...(clip === undefined ? [] : [`  "clip": ${JSON.stringify(clip)},`]),
    `  "settings": ${JSON.stringify(settings, null, 2).replaceAll('\n', '\n  ')},`,
    `  "shots": [${rows.length === 0 ? '' : `\n${rows.join(',\n')}\n  `}]`,
    '}',
    '',
  ].join('\n');
}

/**
 * @param name  what errors call the file.
 * @throws FormatError for what is no such file, an unknown key, an unknown or impossible setting, or shots that overlap.
 */
export function parseSession(text: string, name: string): MergeSession {
  const bad = (found: string): FormatError =>
    new FormatError(`${name}: not a merge file`, { found, expected: '{"liae": "merge", "version": 1, "settings": {…}, "shots": […]}' });
  if (text.length > MAX_BYTES) throw bad(`${text.length} characters`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw bad(cause instanceof Error ? cause.message : String(cause));
  }
  const file = fields(parsed, ['liae', 'version', 'clip', 'settings', 'shots'], 'the file', bad);
  if (file.liae !== 'merge') throw bad(`liae: ${JSON.stringify(file.liae)?.slice(0, 40)}`);
  if (file.version !== mergeSessionVersion) {
    throw new FormatError(`${name}: a merge file of another version`, {
      found: `version ${JSON.stringify(file.version)}`,
      expected: `version ${mergeSessionVersion}`,
    });
  }
  const settings = resolved(file.settings ?? {}, undefined, `${name}, settings`, bad);
  if (file.shots !== undefined && !Array.isArray(file.shots)) throw bad('shots is no list');
  const shots = ((file.shots ?? []) as unknown[]).map((value, i): Shot => {
    const where = `shot ${i + 1}`;
    const shot = fields(value, ['from', 'to', 'settings'], where, bad);
    const own = fields(shot.settings ?? {}, undefined, `${where}, settings`, bad);
    resolved(own, settings, `${name}, ${where}`, bad);
    return {
      from: frameNumber(shot.from, `${where}, from`, bad),
      ...(shot.to === undefined ? {} : { to: frameNumber(shot.to, `${where}, to`, bad) }),
      settings: own,
    };
  });
  for (const [i, { from, to }] of shots.entries()) {
    if (to !== undefined && to <= from) throw bad(`shot ${i + 1} goes from frame ${from} to ${to}`);
    const before = shots[i - 1];
    if (before !== undefined && (before.to === undefined || before.to > from))
      throw bad(`shots ${i} and ${i + 1} overlap or are not in order`);
  }
  const clip = file.clip === undefined ? undefined : fields(file.clip, ['name', 'hash'], 'clip', bad);
  return {
    ...(typeof clip?.name === 'string' && typeof clip.hash === 'string' ? { clip: { name: clip.name, hash: clip.hash } } : {}),
    settings,
    shots,
  };
}

/** A place in the clip from which on these settings hold. */
export interface SettingsRange {
  readonly from: number;
  readonly to: number;
  readonly settings: MergeSettings;
}

/** The settings of all frames in order, without a gap, from 0 to infinity. */
export function settingsRanges({ settings, shots }: Pick<MergeSession, 'settings' | 'shots'>): readonly SettingsRange[] {
  const ranges: SettingsRange[] = [];
  let at = 0;
  for (const shot of shots) {
    const to = shot.to ?? Number.POSITIVE_INFINITY;
    if (shot.from > at) ranges.push({ from: at, to: shot.from, settings });
    ranges.push({ from: shot.from, to, settings: resolveMergeSettings(shot.settings, settings) });
    at = to;
  }
  if (at < Number.POSITIVE_INFINITY) ranges.push({ from: at, to: Number.POSITIVE_INFINITY, settings });
  return ranges;
}

type Bad = (found: string) => FormatError;

function fields(value: unknown, known: readonly string[] | undefined, where: string, bad: Bad): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(`${where}: ${JSON.stringify(value)?.slice(0, 40)}`);
  const strange = known === undefined ? undefined : Object.keys(value).find((key) => !known.includes(key));
  if (strange !== undefined) throw bad(`${where} has a key ${JSON.stringify(strange.slice(0, 40))}`);
  return value as Readonly<Record<string, unknown>>;
}

function frameNumber(value: unknown, where: string, bad: Bad): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw bad(`${where} is ${JSON.stringify(value)?.slice(0, 40)}`);
  return value;
}

function resolved(value: unknown, before: MergeSettings | undefined, where: string, bad: Bad): MergeSettings {
  try {
    return resolveMergeSettings(fields(value, undefined, where, bad), before);
  } catch (error) {
    if (!(error instanceof LiaeError) || error instanceof FormatError) throw error;
    throw new FormatError(`${where}: ${error.message}`, error.details);
  }
}
