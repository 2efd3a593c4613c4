/** Texts of workspaces: the choice of one, what arrives, how much room it takes, in Chinese. */
import type { workspaceEn } from './workspace.en.ts';

export const workspaceZh: Readonly<Record<keyof typeof workspaceEn, string>> = {};
