/**
 * What the merge screen knows: the scene, the frame and its shot, settings as merge.json keeps them, and the changes on their way there. Every change
 * is written within a moment and can be taken back; the file is the truth, so what others wrote meanwhile is read anew.
 */
import type {
  MergeSessionInfo,
  MergeSettingInfo,
  MergeShot,
  MergeValue,
  MergeValues,
  Problem,
  SceneInfo,
  SceneRequest,
} from '../protocol.ts';
import { json, query, Refused } from './api.ts';
import { readOnly } from './readOnly.ts';
import { attempt, notify, studio, workspace } from './store.ts';
import { computed, effect, signal } from './ui.ts';

export type Network = NonNullable<SceneRequest['xseg']>;

export interface Choice {
  readonly clip: string;
  readonly faces: string;
  readonly model: string;
  readonly smooth: boolean;
  readonly fill: boolean;
  /** Of several faces, which; empty: all. */
  readonly only: string;
  readonly xseg: Network | undefined;
  readonly enhancer: Network | undefined;
}

export const choice = signal<Choice | undefined>(undefined);
export const specs = signal<readonly MergeSettingInfo[]>([]);
export const scene = signal<SceneInfo | undefined>(undefined);
/** Whether another one is on its way: no pictures of this one any more. */
export const sceneOpening = signal(false);
/** Why the scene could not be opened. */
export const sceneProblem = signal<Problem | undefined>(undefined);
export const session = signal<MergeSessionInfo | undefined>(undefined);
/** Whether something is still to be written. */
export const unsaved = signal(false);
export const frame = signal(0);
export const scope = signal<'shot' | 'clip'>('shot');
export const playing = signal(false);

export const frames = computed(() => scene.value?.clip.frames ?? 0);
export const shots = computed<readonly MergeShot[]>(() => session.value?.shots ?? []);
export const shotAt = computed(() => {
  const at = shots.value.findLastIndex(({ from }) => from <= frame.value);
  return Math.max(0, at);
});
/** Those of the frame that is shown. */
export const settings = computed<MergeValues>(() => ({ ...session.value?.settings, ...shots.value[shotAt.value]?.settings }));
/** Those that controls show: of the shot, or of the clip. */
export const edited = computed<MergeValues>(() => (scope.value === 'shot' ? settings.value : (session.value?.settings ?? {})));

export const lastOf = ({ to }: MergeShot): number => Math.min(to ?? frames.value, frames.value) - 1;

export const hasFace = (at: number): boolean => scene.value?.withFace.some(({ from, to }) => at >= from && at < to) ?? false;

export function goTo(to: number): void {
  frame.value = Math.max(0, Math.min(frames.value - 1, Math.round(to)));
}

// The choice: kept for the workspace, guessed from names the first time.

const keptKey = (): string => `merge ${studio.value?.workspace?.key ?? ''}`;

/** The names of a destination, and of what tools have made. */
const isDst = (path: string): boolean => /(^|[/_.-])(dst|target)/i.test(path);
const isSrc = (path: string): boolean => /(^|[/_.-])(src|source)/i.test(path);
const isMade = (path: string): boolean => /(^|\/)(result|merged|film)[^/]*(\/|$)/i.test(path) || /_mask\.[^/]*$/.test(path);

/** @returns undefined while something is missing. */
export function guess(): Choice | undefined {
  const found = workspace.value;
  if (found === undefined) return undefined;
  const clips = found.clips.filter(({ problem }) => problem === null).map(({ path }) => path);
  const sets = found.facesets.map(({ path }) => path);
  const models = found.models.filter(({ problem }) => problem === null).sort((a, b) => (a.saved < b.saved ? 1 : -1));
  const kept = keptChoice();
  const among = (path: string | undefined, all: readonly string[]): string | undefined => all.find((one) => one === path);
  const clip =
    among(kept?.clip, clips) ??
    clips.find((path) => isDst(path) && !isMade(path)) ??
    clips.find((path) => !isSrc(path) && !isMade(path)) ??
    clips[0];
  const stem = clip?.replace(/\.[^./]*$/, '');
  const faces =
    among(kept?.clip === clip ? kept?.faces : undefined, sets) ??
    sets.find((path) => path.startsWith(`${stem}/`)) ??
    sets.find((path) => isDst(path)) ??
    sets.find((path) => !isSrc(path)) ??
    sets[0];
  const model =
    among(
      kept?.model,
      models.map(({ path }) => path),
    ) ?? models[0]?.path;
  if (clip === undefined || faces === undefined || model === undefined) return undefined;
  const { smooth = false, fill = false, only = '', xseg, enhancer } = kept ?? {};
  return { clip, faces, model, smooth, fill, only, xseg, enhancer };
}

function keptChoice(): Partial<Choice> | undefined {
  try {
    return JSON.parse(localStorage.getItem(keptKey()) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

export function choose(changes: Partial<Choice>): void {
  const before = choice.value ?? guess();
  if (before === undefined) return;
  const next = { ...before, ...changes };
  // Another clip has other faces.
  if (changes.clip !== undefined && changes.faces === undefined) {
    localStorage.removeItem(keptKey());
    const stem = next.clip.replace(/\.[^./]*$/, '');
    const own = workspace.value?.facesets.find(({ path }) => path.startsWith(`${stem}/`))?.path;
    choice.value = { ...next, faces: own ?? next.faces };
  } else choice.value = next;
  localStorage.setItem(keptKey(), JSON.stringify(choice.value));
}

// The scene and its session.

let opening = 0;
const LOOK_MS = 1500;

/** What scenes and renders are told besides clip, faces and model. */
export const partsOf = ({
  smooth,
  fill,
  only,
  xseg,
  enhancer,
}: Choice): Pick<SceneRequest, 'smooth' | 'fill' | 'only' | 'xseg' | 'enhancer'> => ({
  ...{ smooth, fill },
  ...(only === '' ? {} : { only }),
  ...(xseg && { xseg }),
  ...(enhancer && { enhancer }),
});

const requestOf = (chosen: Choice): SceneRequest => ({ clip: chosen.clip, faces: chosen.faces, model: chosen.model, ...partsOf(chosen) });

/**
 * Opens what is chosen. While cuts are looked for, it is asked again now and then.
 *
 * @param fresh  whether settings and shots are to be read anew.  @param again  asks for more of the scene that is open.
 */
export async function openScene(fresh = true, again = false): Promise<void> {
  const chosen = choice.value;
  if (chosen === undefined) return;
  const turn = ++opening;
  if (!again) sceneOpening.value = true;
  if (fresh) {
    scene.value = undefined;
    session.value = undefined;
    past.length = 0;
    undoable.value = false;
  }
  sceneProblem.value = undefined;
  try {
    if (specs.value.length === 0) specs.value = await json('GET', '/merge/settings');
    const [opened, kept] = await Promise.all([
      json<SceneInfo>('POST', '/merge/scene', requestOf(chosen)),
      session.value === undefined ? json<MergeSessionInfo>('GET', `/merge/session?${query({ clip: chosen.clip })}`) : undefined,
    ]);
    if (turn !== opening) return;
    if (kept !== undefined) session.value = kept;
    scene.value = opened;
    frame.value = Math.min(frame.value, opened.clip.frames - 1);
    if (opened.cuts === null) setTimeout(() => turn === opening && choice.value !== undefined && void openScene(false, true), LOOK_MS);
    else divideOnce(opened);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (turn !== opening) return;
    scene.value = undefined;
    sceneProblem.value = error.problem;
  } finally {
    if (turn === opening) sceneOpening.value = false;
  }
}

/** Lets go of the scene: the screen was left. */
export function leaveScene(): void {
  opening++;
  sceneOpening.value = false;
  playing.value = false;
  void save();
}

/** Where nothing is kept yet, shots begin as the command line would make them. */
function divideOnce({ cuts }: SceneInfo): void {
  const now = session.value;
  if (now?.stamp !== null || cuts === null || cuts.length === 0 || now.shots.length > 1) return;
  session.value = { ...now, shots: shotsOf(cuts) };
}

const shotsOf = (cuts: readonly number[]): MergeShot[] =>
  [0, ...cuts].map((from, i): MergeShot => ({ from, to: cuts[i] ?? null, settings: {} }));

/** Reads the file anew, if nothing of ours is on its way there. */
export async function rereadSession(): Promise<void> {
  const chosen = choice.value;
  const now = session.value;
  if (chosen === undefined || now === undefined || unsaved.value) return;
  const read = await attempt(() => json<MergeSessionInfo>('GET', `/merge/session?${query({ clip: chosen.clip })}`));
  if (read !== undefined && !unsaved.value && choice.value?.clip === chosen.clip && read.stamp !== session.value?.stamp)
    session.value = read;
}

// Changes.

type State = Pick<MergeSessionInfo, 'settings' | 'shots'>;
const past: State[] = [];
const MOST_PAST = 200;
/** Changes of one control within this time are taken back together. */
const TOGETHER_MS = 700;
const SAVE_MS = 350;
let lastChange = { what: '', at: 0 };
let timer: ReturnType<typeof setTimeout> | undefined;

export const undoable = signal(false);
export const copied = signal<MergeValues | undefined>(undefined);

function change(what: string, to: State): void {
  const now = session.value;
  if (now === undefined || readOnly.value) return;
  const at = performance.now();
  if (what !== lastChange.what || at - lastChange.at > TOGETHER_MS) {
    past.push({ settings: now.settings, shots: now.shots });
    if (past.length > MOST_PAST) past.shift();
    undoable.value = true;
  }
  lastChange = { what, at };
  session.value = { ...now, ...to };
  saveSoon();
}

export function undo(): void {
  if (readOnly.value) return;
  const before = past.pop();
  undoable.value = past.length > 0;
  if (before === undefined || session.value === undefined) return;
  lastChange = { what: '', at: 0 };
  session.value = { ...session.value, ...before };
  saveSoon();
}

function saveSoon(): void {
  unsaved.value = true;
  clearTimeout(timer);
  timer = setTimeout(() => void save(), SAVE_MS);
}

let saving: Promise<void> | undefined;

/** Writes what is to be written, one after the other; returns when merge.json holds it. */
export async function save(): Promise<void> {
  clearTimeout(timer);
  while (saving !== undefined) await saving;
  const chosen = choice.value;
  const now = session.value;
  if (chosen === undefined || now === undefined || !unsaved.value) return;
  saving = write(chosen.clip, now).finally(() => (saving = undefined));
  await saving;
}

async function write(clip: string, now: MergeSessionInfo): Promise<void> {
  const { stamp, settings: own, shots: all } = now;
  try {
    const kept = await json<MergeSessionInfo>('PUT', `/merge/session?${query({ clip })}`, { stamp, settings: own, shots: all });
    if (choice.value?.clip !== clip || session.value === undefined) return;
    const isSame = session.value.settings === own && session.value.shots === all;
    session.value = { ...session.value, path: kept.path, stamp: kept.stamp };
    unsaved.value = !isSame;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    notify('problem', error.problem);
    unsaved.value = false;
    past.length = 0;
    undoable.value = false;
    await rereadSession();
  }
}

/** Writes what is kept of a clip nowhere yet: a render reads the file. */
export async function ensureSaved(): Promise<void> {
  if (session.value?.stamp === null) unsaved.value = true;
  await save();
}

/** Of the shot, or of the clip, as chosen. In a shot, what is as in the clip is not kept twice. */
export function setValue(name: string, value: MergeValue): void {
  const now = session.value;
  if (now === undefined) return;
  if (scope.value === 'clip') change(`clip ${name}`, { settings: { ...now.settings, [name]: value }, shots: now.shots });
  else {
    const own = { ...now.shots[shotAt.value]?.settings, [name]: value };
    change(`${shotAt.value} ${name}`, { settings: now.settings, shots: withShot(shotAt.value, own) });
  }
}

/** The shot takes this from the clip again; the clip, what it began with. */
export function resetValue(name: string): void {
  const now = session.value;
  if (now === undefined) return;
  if (scope.value === 'clip') {
    const spec = specs.value.find((one) => one.name === name);
    if (spec !== undefined) setValue(name, spec.default);
    return;
  }
  const { [name]: _, ...rest } = now.shots[shotAt.value]?.settings ?? {};
  change(`reset ${name}`, { settings: now.settings, shots: withShot(shotAt.value, rest) });
}

/** What a value goes back to. */
export const resetTo = (name: string): MergeValue | undefined =>
  scope.value === 'clip' ? specs.value.find((one) => one.name === name)?.default : session.value?.settings[name];

function withShot(at: number, own: MergeValues): readonly MergeShot[] {
  const all = session.value?.settings ?? {};
  const differing = Object.fromEntries(Object.entries(own).filter(([name, value]) => all[name] !== value));
  return shots.value.map((shot, i) => (i === at ? { ...shot, settings: differing } : shot));
}

export function copySettings(): void {
  copied.value = edited.value;
}

export function pasteSettings(at = shotAt.value): void {
  const now = session.value;
  if (now === undefined || copied.value === undefined) return;
  if (scope.value === 'clip') change('paste', { settings: { ...copied.value }, shots: now.shots });
  else change('paste', { settings: now.settings, shots: withShot(at, copied.value) });
}

export function resetSettings(): void {
  const now = session.value;
  if (now === undefined) return;
  const first = Object.fromEntries(specs.value.map((spec) => [spec.name, spec.default]));
  change(
    'reset',
    scope.value === 'clip' ? { settings: first, shots: now.shots } : { settings: now.settings, shots: withShot(shotAt.value, {}) },
  );
}

/** The shot's settings go to its neighbour, which is then shown: as the reference's M and / do. */
export function carry(step: 1 | -1): void {
  const now = session.value;
  const to = shots.value[shotAt.value + step];
  if (now === undefined || to === undefined) return;
  change('carry', { settings: now.settings, shots: withShot(shotAt.value + step, settings.value) });
  goTo(to.from);
}

/** Into all shots behind this one. @returns how many. */
export function carryOn(): number {
  const now = session.value;
  if (now === undefined) return 0;
  const at = shotAt.value;
  const own = settings.value;
  const differing = Object.fromEntries(Object.entries(own).filter(([name, value]) => now.settings[name] !== value));
  change('carry on', { settings: now.settings, shots: now.shots.map((shot, i) => (i > at ? { ...shot, settings: differing } : shot)) });
  return now.shots.length - 1 - at;
}

/** A shot begins at the frame that is shown, with the settings that it had. */
export function splitHere(): void {
  const now = session.value;
  const shot = now?.shots[shotAt.value];
  if (now === undefined || shot === undefined || shot.from === frame.value) return;
  const parts: MergeShot[] = [
    { ...shot, to: frame.value },
    { ...shot, from: frame.value },
  ];
  change('split', { settings: now.settings, shots: now.shots.toSpliced(shotAt.value, 1, ...parts) });
}

export function joinBefore(): void {
  const now = session.value;
  const at = shotAt.value;
  const [before, shot] = [now?.shots[at - 1], now?.shots[at]];
  if (now === undefined || before === undefined || shot === undefined) return;
  change('join', { settings: now.settings, shots: now.shots.toSpliced(at - 1, 2, { ...before, to: shot.to }) });
}

/** Shots by cuts, in the place of those there are: each takes the settings of the one that held at its first frame. */
export function divideByCuts(): void {
  const [now, cuts] = [session.value, scene.value?.cuts];
  if (now === undefined || cuts == null) return;
  const settingsAt = (at: number): MergeValues => now.shots.findLast(({ from }) => from <= at)?.settings ?? {};
  change('divide', { settings: now.settings, shots: shotsOf(cuts).map((shot) => ({ ...shot, settings: settingsAt(shot.from) })) });
}

// A file that the command line, or another page, has written.
addEventListener('focus', () => void rereadSession());
effect(() => {
  if (workspace.value !== undefined) void rereadSession();
});
