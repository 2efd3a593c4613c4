/** The session's file: written and read again, shots over the clip's settings, and every way in which it can be wrong. */
import { expect, test } from 'vitest';
import { parseSession, sessionText, settingsRanges } from './mergeSession.ts';
import { mergeDefaults, resolveMergeSettings } from './settings.ts';

const settings = resolveMergeSettings({ mode: 'seamless', erode: 12, blur: 0 });
const shots = [
  { from: 0, to: 10, settings: {} },
  { from: 20, to: 30, settings: { blur_mask_modifier: 40 } },
  { from: 30, settings: { mode: 'overlay' } },
];

test('what is written is read again, a line for each shot', () => {
  const session = { clip: { name: 'a "b".mp4', hash: 'aa' }, settings, shots };
  const text = sessionText(session);
  expect(parseSession(text, 'merge.json')).toEqual(session);
  expect(text.split('\n')).toContain('    {"from":30,"settings":{"mode":"overlay"}}');
  expect(parseSession('{"liae":"merge","version":1}', 'x')).toEqual({ settings: mergeDefaults, shots: [] });
});

test("shots hold their own settings over the clip's, gaps those of the clip, without end", () => {
  expect(
    settingsRanges({ settings, shots }).map(({ from, to, settings: own }) => [
      from,
      to,
      own.mode,
      own.erode_mask_modifier,
      own.blur_mask_modifier,
    ]),
  ).toEqual([
    [0, 10, 'seamless', 12, 0],
    [10, 20, 'seamless', 12, 0],
    [20, 30, 'seamless', 12, 40],
    [30, Number.POSITIVE_INFINITY, 'overlay', 12, 0],
  ]);
  expect(settingsRanges({ settings, shots: [] })).toEqual([{ from: 0, to: Number.POSITIVE_INFINITY, settings }]);
});

test.each([
  ['[1]', 'the file: [1]'],
  ['{"liae":"merge"', 'JSON'],
  ['{"liae":"train","version":1}', 'liae: "train"'],
  ['{"liae":"merge","version":1,"shot":[]}', 'has a key "shot"'],
  ['{"liae":"merge","version":1,"shots":{}}', 'shots is no list'],
  ['{"liae":"merge","version":1,"shots":[{"from":-1}]}', 'shot 1, from is -1'],
  ['{"liae":"merge","version":1,"shots":[{"from":5,"to":5}]}', 'shot 1 goes from frame 5 to 5'],
  ['{"liae":"merge","version":1,"shots":[{"from":0},{"from":5}]}', 'shots 1 and 2 overlap'],
  ['{"liae":"merge","version":1,"shots":[{"from":9,"to":12},{"from":5,"to":6}]}', 'shots 1 and 2 overlap'],
])('%s is refused', (text, found) => {
  expect(() => parseSession(text, 'merge.json')).toThrow(
    expect.objectContaining({
      message: 'merge.json: not a merge file',
      details: expect.objectContaining({ found: expect.stringContaining(found) }),
    }),
  );
});

test('a file of a later version, and settings that do not exist, are told as such', () => {
  expect(() => parseSession('{"liae":"merge","version":2}', 'm.json')).toThrow('m.json: a merge file of another version');
  expect(() => parseSession('{"liae":"merge","version":1,"settings":{"blur":-1}}', 'm.json')).toThrow(
    'm.json, settings: blur_mask_modifier: -1 is not allowed',
  );
  expect(() => parseSession('{"liae":"merge","version":1,"shots":[{"from":0,"settings":{"mode":"best"}}]}', 'm.json')).toThrow(
    'm.json, shot 1: mode: "best"',
  );
});
