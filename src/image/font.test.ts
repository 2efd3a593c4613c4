/** The font: every character it draws is whole, distinct and where it should be. */
import { expect, test } from 'vitest';
import { Canvas } from './canvas.ts';
import { drawText, readFont, textWidth } from './font.ts';

test('every glyph is nine rows of five, not empty, and no two are alike', () => {
  const glyphs = readFont();
  for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:-+/()%#?_°=×') {
    expect(glyphs.has(character), character).toBe(true);
  }
  for (const rows of glyphs.values()) {
    expect(rows).toHaveLength(9);
    for (const row of rows) expect(row).toMatch(/^[.#]{5}$/);
    expect(rows.join('')).toContain('#');
  }
  expect(new Set([...glyphs.values()].map((rows) => rows.join())).size).toBe(glyphs.size);
});

test('text stands on its base line, aligned as asked, and what is unknown is a question mark', () => {
  const columnsOf = (text: string, align: 'left' | 'centre' | 'right'): [number, number] => {
    const canvas = new Canvas(60, 20, [255, 255, 255]);
    drawText(canvas, readFont(), text, { x: 30, y: 10 }, { colour: [0, 0, 0], scale: 1, align });
    const inked = Array.from({ length: 1200 }, (_, i) => i).filter((i) => canvas.data[i * 3] === 0);
    expect(Math.max(...inked.map((i) => Math.floor(i / 60)))).toBe(9);
    return [Math.min(...inked.map((i) => i % 60)), Math.max(...inked.map((i) => i % 60))];
  };
  expect(textWidth('HH', 1)).toBe(11);
  expect(columnsOf('HH', 'left')).toEqual([30, 40]);
  expect(columnsOf('HH', 'right')).toEqual([19, 29]);
  expect(columnsOf('H', 'centre')).toEqual([28, 32]);
  expect(columnsOf('\u{1f600}', 'left')).toEqual(columnsOf('?', 'left'));
});

test('a line covers its pixels once and stays inside its box', () => {
  const canvas = new Canvas(20, 10, [255, 255, 255]);
  canvas.line([0, 5.5, 10, 5.5, 20, 5.5], { width: 1, colour: [0, 0, 0], clip: { left: 2, top: 0, right: 17, bottom: 9 } });
  const row = (y: number): number[] => Array.from({ length: 20 }, (_, x) => canvas.data[(y * 20 + x) * 3]!);
  expect(row(5)).toEqual([255, 255, ...Array.from({ length: 16 }, () => 0), 255, 255]);
  expect(row(4).every((value) => value === 255)).toBe(true);
});

test('discs and rings are round and symmetric, and a paste is cut at the borders', () => {
  const canvas = new Canvas(9, 9, [0, 0, 0]);
  canvas.disc(4.5, 4.5, 2.5, [255, 255, 255]);
  const at = (x: number, y: number): number => canvas.data[(y * 9 + x) * 3]!;
  expect([at(4, 4), at(2, 4), at(6, 4), at(4, 2), at(4, 6)]).toEqual([255, 255, 255, 255, 255]);
  expect([at(1, 4), at(7, 4), at(2, 2)]).toEqual([0, 0, at(6, 6)]);
  const total = canvas.data.reduce((sum, v) => sum + v, 0) / 3 / 255;
  expect(Math.abs(total - Math.PI * 2.5 ** 2)).toBeLessThan(0.8);
  const ringed = new Canvas(9, 9, [0, 0, 0]);
  ringed.ring(4.5, 4.5, 3, { width: 1, colour: [255, 255, 255] });
  expect([ringed.data[(4 * 9 + 1) * 3], ringed.data[(4 * 9 + 4) * 3]]).toEqual([255, 0]);
  const small = new Canvas(2, 2, [9, 9, 9]);
  small.paste({ width: 2, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4) }, 1, -1);
  expect([...small.data]).toEqual([9, 9, 9, 3, 3, 3, 9, 9, 9, 9, 9, 9]);
});
