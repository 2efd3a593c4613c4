/** What the map of poses says, worked out by hand, and that it and the contact sheet show it. */
import { expect, test } from 'vitest';
import type { ByteImage } from '../image/index.ts';
import { coverageImage, coverageOf, coverageSvg, coverageText, type Direction, directionText } from './coverageMap.ts';
import { ContactSheet, shrunk } from './sheet.ts';

const at = (yaw: number, pitch: number, count = 1): Direction[] => Array.from({ length: count }, () => ({ yaw, pitch }));

test('a face of dst is covered by three faces of src within eight degrees, seen as a distance', () => {
  const src = [...at(0, 0, 2), ...at(0, 7.9)];
  expect(coverageOf(src, at(0, 0)).covered).toBe(1);
  expect(coverageOf(src, at(0, -0.2)).covered).toBe(0);
  expect(coverageOf([...at(0, 0, 2), ...at(6, 6)], at(0, 0)).covered).toBe(0);
  expect(coverageOf(at(0, 0, 2), at(0, 0)).covered).toBe(0);
  expect(coverageOf(at(0, 0, 3), [...at(0, 0), ...at(Number.NaN, 0)])).toMatchObject({ covered: 1, dst: [{ yaw: 0, pitch: 0 }] });
});

test('what src lacks is told by cells, the most wanted first, left and right as in the picture', () => {
  const coverage = coverageOf(at(0, 0, 3), [...at(0, 0, 4), ...at(33, -12, 5), ...at(-58, 4, 2), ...at(95, 60)]);
  expect(coverage.lacking.map(({ yaw, pitch, uncovered }) => [yaw, pitch, uncovered])).toEqual([
    [35, -15, 5],
    [-55, 5, 2],
    [75, 45, 1],
  ]);
  expect(coverageText(coverage, 2)).toEqual([
    '33 % of 12 dst faces have at least 3 of 3 src faces within 8°',
    'src lacks 30-40° left, 10-20° down: 5 dst faces',
    'src lacks 50-60° right, 0-10° up: 2 dst faces',
    'and 1 more',
  ]);
  expect(directionText({ yaw: -5, pitch: -5 })).toBe('0-10° right, 0-10° down');
  expect(coverageText(coverageOf(at(0, 0, 3), at(1, 1)), 2)[1]).toBe('src lacks no pose of dst');
});

test('the map shows every face and every lacking cell, a face that looks left on the left', () => {
  const coverage = coverageOf(at(0, 0, 3), [...at(40, 20, 2), ...at(-30, 0)]);
  const svg = coverageSvg(coverage);
  const circles = [...svg.matchAll(/<circle cx="([\d.]+)"[^>]*stroke=/g)].map(([, x]) => Number(x)).slice(0, 3);
  expect(circles[0]).toBeLessThan(circles[2]!);
  expect(svg.match(/<circle/g)).toHaveLength(3 + 3 + 2);
  expect(svg.match(/<rect/g)).toHaveLength(1 + 2 + 1);
  const { width, height, data } = coverageImage(coverage);
  expect(svg).toContain(`viewBox="0 0 ${width} ${height}"`);
  const reddish = data.filter((v, i) => i % 3 === 0 && v > 230 && data[i + 1]! < 225 && data[i + 1] === data[i + 2]).length;
  expect(reddish).toBeGreaterThan(2 * 50 * 50);
});

test('tiles hold the means of what falls together, in their places, with captions below', () => {
  const stripes: ByteImage = { width: 8, height: 4, channels: 1, data: Uint8Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? 0 : 100)) };
  expect(shrunk(stripes, 4)).toEqual({ width: 4, height: 2, channels: 1, data: new Uint8Array(8).fill(50) });
  expect(shrunk(stripes, 9).data).toBe(stripes.data);
  const sheet = new ContactSheet({ title: 'set', count: 3, columns: 2, side: 64 });
  const white: ByteImage = { width: 128, height: 128, channels: 3, data: new Uint8Array(128 * 128 * 3).fill(255) };
  sheet.place(2, white, { name: 'a/very/long/name/of/a/face.jpg', left: '+1 / 0', right: '9' });
  const { width, data } = sheet.image;
  const lit = Array.from({ length: data.length / 3 }, (_, i) => i).filter((i) => data[i * 3] === 255);
  const [xs, ys] = [lit.map((i) => i % width), lit.map((i) => Math.floor(i / width))];
  expect([lit.length, Math.min(...xs), Math.min(...ys)]).toEqual([64 * 64, 10, 40 + 64 + 40]);
});
