/** The page's language: messages by key, from one catalogue a language; a catalogue that lacks a key is a type error. */
import { filledIn } from './filledIn.ts';
import { en } from './messages/en.ts';
import { zh } from './messages/zh.ts';
import { signal } from './ui.ts';

export type Messages = { readonly [K in keyof typeof en]: string };
export type Key = keyof Messages;

const catalogues: Readonly<Record<string, Messages>> = { en, zh };
export const languages = [
  ['en', 'English'],
  ['zh', '简体中文'],
] as const;

const kept = (): string => {
  const chosen = localStorage.getItem('language') ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
  return chosen in catalogues ? chosen : 'en';
};

export const language = signal(kept());
document.documentElement.lang = language.value;

export function setLanguage(name: string): void {
  localStorage.setItem('language', name);
  document.documentElement.lang = name;
  language.value = name;
}

/** The message, filled in. Read inside a component, it follows the language. */
export function t(key: Key, ...values: readonly (string | number)[]): string {
  return filledIn((catalogues[language.value] ?? en)[key], values);
}

/** A number with the thousands set apart. */
export const count = (n: number): string => n.toLocaleString(language.value === 'zh' ? 'zh-CN' : 'en-GB').replaceAll(',', '\u202f');

export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const at = n < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(n) / 10));
  const value = n / 1024 ** at;
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}\u00a0${units[at]}`;
}

/** "1:02:03", "2:03". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A place in a clip to a hundredth of a second: "0:00.96". */
export function instant(seconds: number): string {
  const hundredths = Math.max(0, Math.floor(seconds * 100 + 1e-6));
  return `${duration(Math.floor(hundredths / 100))}.${String(hundredths % 100).padStart(2, '0')}`;
}

/** Of a moment: the time today, else the date and the time. */
export function moment(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '';
  const two = (n: number): string => String(n).padStart(2, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return new Date().toDateString() === date.toDateString() ? time : `${day} ${time}`;
}
