/** The table of a model's options that DeepFaceLab writes beside it for people; no program reads it. */
import type { PyDict } from '../faceset/index.ts';
import { pythonText } from './options.ts';

/** @param model its name with the class, e.g. "new_SAEHD".  @param device what it is trained on. */
export function summaryText(model: string, iteration: number, options: PyDict, device: string): string {
  const rows = [...options].map(([key, value]) => [String(key), pythonText(value)] as const);
  const all = [...rows, ['Model name', model], ['Current iteration', String(iteration)], ['Using device', device]] as const;
  const nameWidth = Math.max(17, ...rows.map(([key]) => key.length)) + 1;
  const valueWidth = Math.max(...all.map(([, value]) => value.length)) + 1;
  const width = nameWidth + 2 + valueWidth;
  const row = ([key, value]: readonly [string, string]): string => `==${key.padStart(nameWidth)}: ${value.padEnd(valueWidth)}==`;
  const centred = (text: string, fill: string, across: number): string => {
    const left = Math.floor((across - text.length) / 2);
    return text.padStart(text.length + left, fill).padEnd(across, fill);
  };
  const blank = `==${' '.repeat(width)}==`;
  return [
    centred(' Model Summary ', '=', width + 4),
    blank,
    row(['Model name', model]),
    blank,
    row(['Current iteration', String(iteration)]),
    blank,
    `==${centred(' Model Options ', '-', width)}==`,
    blank,
    ...rows.map(row),
    blank,
    `==${centred(' Running On ', '-', width)}==`,
    blank,
    row(['Using device', device]),
    blank,
    '='.repeat(width + 4),
  ].join('\n');
}
