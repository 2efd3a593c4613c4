/** The font: every character it draws is whole, distinct and where it should be. */
import { expect, test } from 'vitest';
import { Canvas } from './canvas.ts';
import { drawText, readFont, textWidth } from './font.ts';

test('every glyph is nine rows of five, not empty, and no two are alike', () => {
  const glyphs = readFont();
  for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:-+/()%#?') {
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
