/** Settings: every row refuses what is out of range and names the nearest valid value. */
import { expect, test } from 'vitest';
import { OptionError } from '../base/index.ts';
import { findMergeSetting, type MergeSettingSpec, mergeDefaults, mergeSettingTable, resolveMergeSettings } from './settings.ts';

function failure(work: () => unknown): OptionError {
  try {
    work();
  } catch (error) {
    if (error instanceof OptionError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test.each(mergeSettingTable.map((spec) => [spec.name, spec as MergeSettingSpec] as const))('%s refuses what it must', (name, spec) => {
  const flag = `--${name.replaceAll('_', '-')}`;
  if (spec.kind === 'int') {
    for (const [asked, valid] of [[spec.min - 1, spec.min], [spec.max + 7, spec.max], [spec.min + 0.4, spec.min]] as const) {
      expect(failure(() => resolveMergeSettings({ [name]: asked })).details.next).toBe(`the nearest valid value is ${flag} ${valid}`);
    } // biome-ignore format: a table
    expect(resolveMergeSettings({ [flag]: String(spec.max) })[name]).toBe(spec.max);
  }
  if (spec.kind === 'choice') {
    for (const [i, value] of spec.values.entries()) {
      expect(resolveMergeSettings({ [name]: value.toUpperCase() })[name]).toBe(value);
      expect(resolveMergeSettings({ [name]: i })[name]).toBe(value);
    }
    expect(failure(() => resolveMergeSettings({ [name]: spec.values.length })).details.next).toBe(
      `the nearest valid value is ${flag} ${spec.default}`,
    );
  }
  if (spec.kind === 'bool') expect(resolveMergeSettings({ [name]: 'n' })[name]).toBe(false);
  expect(failure(() => resolveMergeSettings({ [name]: {} })).message).toContain(name);
});

test('names may be aliases and misspelt ones are told', () => {
  expect(findMergeSetting('--erode-mask').name).toBe('erode_mask_modifier');
  expect(failure(() => findMergeSetting('mask_mod')).details.next).toBe('did you mean mask_mode (--mask-mode)?');
  expect(failure(() => resolveMergeSettings({ mode: 'seemless' })).details.next).toBe('the nearest valid value is --mode seamless');
  expect(failure(() => resolveMergeSettings({ erode: 1, erode_mask: 2 })).message).toBe('erode_mask: erode already gives this setting');
});

test('settings build on those before', () => {
  const first = resolveMergeSettings({ mode: 'seamless', blur: 20 });
  expect(resolveMergeSettings({ blur: 30 }, first)).toEqual({ ...mergeDefaults, mode: 'seamless', blur_mask_modifier: 30 });
});
