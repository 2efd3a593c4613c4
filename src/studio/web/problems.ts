/**
 * Errors of the server and of its jobs in the page's language. They come in English, worded where they arise; what a catalogue knows by its wording is
 * translated, the rest stays English, with the labels around it translated.
 */
import type { Problem } from '../protocol.ts';
import { problemsZh } from './messages/problems.zh.ts';
import { language } from './words.ts';

export type Catalogue = readonly (readonly [template: string, translation: string])[];

interface Pattern {
  readonly match: RegExp;
  readonly translation: string;
}

const compiled = new Map<Catalogue, readonly Pattern[]>();

/** "{0}: not a clip" as an expression that gives what stands for {0}. */
const patternOf = (template: string): RegExp =>
  new RegExp(`^${template.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\d\}/g, '([\\s\\S]+?)')}$`);

/** @returns the text itself where the catalogue has no template for it. */
export function translated(text: string, catalogue: Catalogue): string {
  const patterns = compiled.get(catalogue) ?? catalogue.map(([template, translation]) => ({ match: patternOf(template), translation }));
  compiled.set(catalogue, patterns);
  for (const { match, translation } of patterns) {
    const found = match.exec(text);
    if (found !== null) return translation.replace(/\{(\d)\}/g, (_, i: string) => found[Number(i) + 1] ?? '');
  }
  return text;
}

export function inLanguage(problem: Problem): Problem {
  if (language.value !== 'zh') return problem;
  return Object.fromEntries(
    Object.entries(problem).map(([key, text]) => [key, text === undefined ? text : translated(text, problemsZh)]),
  ) as Problem;
}

/** The report of a job that failed, as the command line prints it: a message, and under it rows of what was found, expected and comes next. */
export function problemOf(report: string): Problem {
  const [message = '', ...rows] = report.split('\n');
  const details: { found?: string; expected?: string; next?: string } = {};
  let key: keyof typeof details | undefined;
  const rest: string[] = [];
  for (const row of rows) {
    const [, name, text] = /^ {2}(found|expected|next) +(.*)$/.exec(row) ?? [];
    if (name === 'found' || name === 'expected' || name === 'next') {
      key = name;
      details[key] = text ?? '';
    } else if (key !== undefined && /^ {4,}\S/.test(row)) details[key] += `\n${row.trim()}`;
    else if (row.trim() !== '') rest.push(row);
  }
  return { message: [message, ...rest].join('\n'), ...details };
}
