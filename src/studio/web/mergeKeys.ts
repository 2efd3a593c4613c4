/** Keys of merging: those of the reference's interactive merger, as far as they mean the same here, and a few of ours. */
import type { MergeValue } from '../protocol.ts';
import { view } from './mergePicture.ts';
import {
  carry,
  carryOn,
  copySettings,
  edited,
  frame,
  frames,
  goTo,
  pasteSettings,
  playing,
  setValue,
  shotAt,
  shots,
  specs,
  undo,
} from './mergeState.ts';
import { zoomBy, zoomFit } from './parts/mergeStage.tsx';
import { readOnly } from './readOnly.ts';
import { notify } from './store.ts';
import { t } from './words.ts';

/** One key takes more, the one below it less. */
export const pairs: Readonly<Record<string, readonly [more: string, less: string]>> = {
  hist_match_threshold: ['q', 'a'],
  erode_mask_modifier: ['w', 's'],
  blur_mask_modifier: ['e', 'd'],
  motion_blur_power: ['r', 'f'],
  super_resolution_power: ['t', 'g'],
  blursharpen_amount: ['y', 'h'],
  output_face_scale: ['u', 'j'],
  image_denoise_power: ['i', 'k'],
  bicubic_degrade_power: ['o', 'l'],
  color_degrade_power: ['p', ';'],
};
/** The key takes the next value. */
export const cycles: Readonly<Record<string, string>> = { mask_mode: 'x', color_transfer_mode: 'c', sharpen_mode: 'n' };
export const switches: Readonly<Record<string, string>> = { masked_hist_match: 'z' };
const modeKeys = ['`', '1', '2', '3', '4', '5', '6', '7'];

/** With Shift, so many at once. */
const BIG = 5;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLSelectElement ||
  target instanceof HTMLTextAreaElement ||
  (target instanceof HTMLInputElement && target.type !== 'range' && target.type !== 'checkbox' && target.type !== 'radio');

/** @returns whether the key means something here. */
export function mergeKey(event: KeyboardEvent): boolean {
  if (isTyping(event.target) || (event.target instanceof Element && event.target.closest('dialog') !== null)) return false;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) return withControl(key, event.shiftKey);
  if (event.altKey) return key === '/' && !readOnly.value && pasteOn();
  const isPressable = event.target instanceof HTMLButtonElement || event.target instanceof HTMLInputElement;
  if (key === ' ' && !isPressable) return done(() => (playing.value = !playing.value));
  const mode = modeKeys.indexOf(key);
  const modes = specs.value.find(({ name }) => name === 'mode')?.values ?? [];
  if (mode >= 0 && modes[mode] !== undefined) return done(() => setValue('mode', modes[mode]!));
  for (const [name, [more, less]] of Object.entries(pairs)) {
    const step = event.shiftKey ? BIG : 1;
    if (key === more) return done(() => add(name, step));
    if (key === less || (less === ';' && key === ':')) return done(() => add(name, -step));
  }
  for (const [name, own] of Object.entries(cycles)) if (key === own) return done(() => takeNext(name));
  for (const [name, own] of Object.entries(switches)) if (key === own) return done(() => setValue(name, edited.value[name] !== true));
  return moves(key);
}

function moves(key: string): boolean {
  switch (key) {
    case ',':
    case 'arrowleft':
      return done(() => goTo(frame.value - 1));
    case '.':
    case 'arrowright':
      return done(() => goTo(frame.value + 1));
    case '<':
    case 'home':
      return done(() => goTo(0));
    case '>':
    case 'end':
      return done(() => goTo(frames.value - 1));
    case '[':
      return done(() => goToShot(-1));
    case ']':
      return done(() => goToShot(1));
    case 'm':
      return done(() => carry(-1));
    case '/':
      return done(() => carry(1));
    case 'v':
      return done(() => (view.value = view.value === 'checker' ? 'wipe' : 'checker'));
    case '\\':
      return done(() => (view.value = view.value === 'before' ? 'after' : 'before'));
    case '-':
      return done(() => zoomBy(1 / 1.25));
    case '=':
    case '+':
      return done(() => zoomBy(1.25));
    case '0':
      return done(zoomFit);
    default:
      return false;
  }
}

function withControl(key: string, shift: boolean): boolean {
  if (key === 'c' && (getSelection()?.toString() ?? '') === '') return done(copySettings);
  if (key === 'v') return done(() => pasteSettings());
  if (key === 'z' && !shift) return done(undo);
  return false;
}

function pasteOn(): boolean {
  const count = carryOn();
  notify('done', { message: t('pastedFollowing', count) });
  return true;
}

export function goToShot(step: 1 | -1): void {
  const at = shots.value[shotAt.value];
  const isInside = step === -1 && at !== undefined && frame.value > at.from;
  goTo(isInside ? at.from : (shots.value[shotAt.value + step]?.from ?? (step === 1 ? frames.value - 1 : 0)));
}

function done(act: () => void): true {
  act();
  return true;
}

function add(name: string, step: number): void {
  const spec = specs.value.find((one) => one.name === name);
  const value = edited.value[name];
  if (spec === undefined || typeof value !== 'number') return;
  setValue(name, Math.min(spec.max ?? value, Math.max(spec.min ?? value, value + step)));
}

function takeNext(name: string): void {
  const values: readonly MergeValue[] = specs.value.find((one) => one.name === name)?.values ?? [];
  const next = values[(values.indexOf(edited.value[name] ?? '') + 1) % Math.max(1, values.length)];
  if (next !== undefined) setValue(name, next);
}

/** In words, for the help of a setting; empty where it has none. */
export function keysOf(name: string): string {
  const pair = pairs[name];
  if (pair !== undefined) return t('keysMoreLess', pair[0].toUpperCase(), pair[1].toUpperCase());
  if (cycles[name] !== undefined) return t('keysNext', cycles[name].toUpperCase());
  if (switches[name] !== undefined) return t('keysSwitch', switches[name].toUpperCase());
  return name === 'mode' ? t('keysModes') : '';
}
