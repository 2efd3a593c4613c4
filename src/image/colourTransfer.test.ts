/** What colour transfer must achieve, whatever the method: the target's colours, and no change towards the same picture. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { streamFor } from '../base/index.ts';
import { type ColourMode, colourDraws, colourTarget, transferColours } from './colourTransfer.ts';
import { type FloatImage, floatImage } from './image.ts';
import { labTable } from './lab.ts';

const table = labTable();
const SIDE = 40;

/** Normal noise with correlated channels, well inside 0…1. */
function picture(seed: number, mean: readonly number[], spread: number): FloatImage {
  const rng = streamFor(seed, 'picture');
  const image = floatImage(SIDE, SIDE, 3);
  for (let p = 0; p < image.data.length; p += 3) {
    const common = rng.normal();
    for (let c = 0; c < 3; c++) image.data[p + c] = mean[c]! + spread * (common + 0.3 * rng.normal());
  }
  return image;
}

const meansOf = ({ data }: FloatImage): number[] =>
  [0, 1, 2].map((c) => data.reduce((sum, v, i) => sum + (i % 3 === c ? v : 0), 0) / (data.length / 3));

const dark = picture(1, [0.3, 0.35, 0.4], 0.03);
const light = picture(2, [0.6, 0.5, 0.45], 0.05);
const modes: readonly ColourMode[] = ['rct', 'lct', 'mkl', 'idt', 'sot'];

test.each(modes)('%s moves the mean colour to the target', (mode) => {
  const out = transferColours(dark, colourTarget(mode, light, table), colourDraws(mode, streamFor(3, mode)), table);
  // rct works in another space; idt takes twenty steps of a twentieth and gets part of the way
  expectClose(meansOf(out), meansOf(light), { abs: mode === 'idt' ? 0.12 : 0.02 });
});

test.each(modes)('%s leaves a picture that has the colours already', (mode) => {
  const out = transferColours(dark, colourTarget(mode, dark, table), colourDraws(mode, streamFor(4, mode)), table);
  // idt throws the few values of the outermost bins about, as the reference does
  expectClose(out.data, dark.data, mode === 'idt' ? { abs: 1, mean: 1e-3 } : { abs: mode === 'rct' ? 5e-3 : 2e-5 });
});

test('one colour only is no obstacle', () => {
  const flat = floatImage(SIDE, SIDE, 3);
  flat.data.fill(0.5);
  for (const mode of modes) {
    const out = transferColours(flat, colourTarget(mode, light, table), colourDraws(mode, streamFor(5, mode)), table);
    expect(
      out.data.every((v) => v >= 0 && v <= 1),
      mode,
    ).toBe(true);
  }
});
