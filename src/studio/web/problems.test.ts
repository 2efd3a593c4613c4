/** The catalogue of errors: every entry is still worded so somewhere in the sources, and what varies goes where it belongs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { en } from './messages/en.ts';
import type { problemOf as ProblemOf, translated as Translated } from './problems.ts';

let translated: typeof Translated;
let problemOf: typeof ProblemOf;
let problemsZh: readonly (readonly [string, string])[];
beforeAll(async () => {
  // What the page's language asks a browser for when it is loaded.
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
  vi.stubGlobal('document', { documentElement: { lang: '' } });
  if (!('navigator' in globalThis)) vi.stubGlobal('navigator', { language: 'en' });
  ({ translated, problemOf } = await import('./problems.ts'));
  ({ problemsZh } = await import('./messages/problems.zh.ts'));
});

describe('errors in Chinese', () => {
  test('what varies is kept, and what is not known stays as it is', () => {
    expect(translated('a.txt: not a clip by its name', problemsZh)).toBe('a.txt：从文件名看不是视频');
    expect(translated('12 of 34 bytes', problemsZh)).toBe('34 字节中的 12 字节');
    expect(translated('a+b (c).mp4: it broke off', problemsZh)).toBe('a+b (c).mp4：传输中断');
    expect(translated('nobody has written this', problemsZh)).toBe('nobody has written this');
    expect(translated('xx no faces', problemsZh)).toBe('xx no faces');
  });

  test('what liae writes into films of its own work is known word for word, to be said in Chinese', () => {
    expect(readFileSync(new URL('../../cli/marking.ts', import.meta.url), 'utf8')).toContain(`description: '${en.faceReplaced}'`);
  });

  test('every entry is worded so in the sources, and says all that varies', () => {
    const source = fileURLToPath(new URL('../../', import.meta.url));
    const texts = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('web'))
      .map((path) => readFileSync(join(source, path), 'utf8'));
    for (const [template, translation] of problemsZh) {
      const pieces = template.split(/\{\d\}/).filter((piece) => piece.trim().length > 1);
      expect(
        texts.some((text) => pieces.every((piece) => text.includes(piece))),
        template,
      ).toBe(true);
      const values = (text: string): string[] => (text.match(/\{\d\}/g) ?? []).sort();
      expect(values(translation), template).toEqual(values(template));
    }
  });
});

test('the report of a job that failed is taken apart as it was put together', () => {
  expect(problemOf('a.mp4: not a clip\n  found    nothing\n           at all\n  next     name another')).toEqual({
    message: 'a.mp4: not a clip',
    found: 'nothing\nat all',
    next: 'name another',
  });
  expect(problemOf('just this')).toEqual({ message: 'just this' });
  expect(problemOf('')).toEqual({ message: '' });
});
