/** Texts of the help and the first tour, in Chinese. */
import type { helpEn } from './help.en.ts';

export const helpZh: Readonly<Record<keyof typeof helpEn, string>> = {};
