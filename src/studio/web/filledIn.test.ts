/** Messages filled in: one of a thing is said as one, in every message that counts. */
import { expect, test } from 'vitest';
import { filledIn } from './filledIn.ts';
import { en } from './messages/en.ts';
import { zh } from './messages/zh.ts';

test('values stand where their numbers are, and one of a thing is said as one', () => {
  expect(filledIn('{1} of {0}', ['b', 3])).toBe('3 of b');
  expect(filledIn(en.iterations, ['1'])).toBe('1 iteration');
  expect(filledIn(en.iterations, ['1\u202f600'])).toBe('1\u202f600 iterations');
  expect(filledIn(en.phase_iterations, ['1 of 500'])).toBe('1 of 500 iterations');
  expect(filledIn(en.checksHold, [1, 1])).toBe('1 of 1 check holds');
  expect(filledIn(en.facesCount, ['0'])).toBe('0 faces');
});

/** Verbs and units that follow a value and are the same for one. */
const notCounted = /^(as|becomes|has|is|lacks|less|ms|of|switches|takes|was)$/;
/** Always several: a region has three points at least. */
const several = /^regionN$/;

test('a message that counts something says one of it right', () => {
  for (const [key, message] of Object.entries(en)) {
    const counted = [...message.matchAll(/\{\d\} (?:\w+ )?(\w+s)\b(?!\/)/g)]
      .map(([, word]) => word!)
      .filter((word) => !notCounted.test(word));
    if (!several.test(key)) expect(counted, key).toEqual([]);
  }
});

test('both languages fill in the same values', () => {
  const places = (message: string): string[] => [...new Set([...message.matchAll(/\{(\d)/g)].map(([, i]) => i!))].sort();
  for (const key of Object.keys(en) as (keyof typeof en)[]) expect(places(zh[key]), key).toEqual(places(en[key]));
});
