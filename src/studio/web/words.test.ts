/** Numbers as the page tells them. */
import { beforeAll, expect, test, vi } from 'vitest';
import type * as Words from './words.ts';

let words: typeof Words;
beforeAll(async () => {
  // What the page's language asks a browser for when it is loaded.
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
  vi.stubGlobal('document', { documentElement: { lang: '' } });
  if (!('navigator' in globalThis)) vi.stubGlobal('navigator', { language: 'en' });
  words = await import('./words.ts');
});

test('a place in a clip is told to a hundredth of a second, never rounded up', () => {
  const at = [0, 24 / 25, 1, 49 / 25, 59.999, 60, 3661.5, 29 / 100];
  expect(at.map(words.instant)).toEqual(['0:00.00', '0:00.96', '0:01.00', '0:01.96', '0:59.99', '1:00.00', '1:01:01.50', '0:00.29']);
});

test('a length of time is rounded to the second', () => {
  expect([0, 0.6, 59.6, 3723].map(words.duration)).toEqual(['0:00', '0:01', '1:00', '1:02:03']);
});
