/** Every rule of the options: names, kinds, ranges, rounding, and what a resumed model allows. */
import { describe, expect, test } from 'vitest';
import { LiaeError, OptionError } from '../base/index.ts';
import { canonicalKeys, modelConfig, previewPeriod, resolveOptions } from './options.ts';
import { defaultText, flagOf, type OptionSpec, optionTable, rangeText } from './optionTable.ts';

const specs: readonly OptionSpec[] = optionTable;

/** A valid value that is not the default. */
function otherValue(spec: OptionSpec): unknown {
  switch (spec.kind) {
    case 'bool':
      return !spec.default;
    case 'choice':
      return spec.values[1];
    case 'archi':
      return 'df-ud';
    case 'path':
      return '/faces';
    case 'int':
    case 'float': {
      if (spec.max === spec.default) return spec.min;
      const usual = typeof spec.default === 'object' ? 16 : spec.default;
      return Math.min(spec.max, usual + (spec.kind === 'int' ? 64 : 1));
    }
  }
}

function failure(run: () => unknown): LiaeError {
  try {
    run();
  } catch (error) {
    if (error instanceof LiaeError) return error;
    throw error;
  }
  throw new Error('expected an error');
}

test('a new model takes the defaults of the reference', () => {
  const { options, rounded, changed } = resolveOptions({});
  expect(options).toMatchObject({
    ...{ resolution: 128, archi: 'liae-ud', ae_dims: 256, e_dims: 64, d_dims: 64, d_mask_dims: 22, face_type: 'f' },
    ...{ random_src_flip: false, random_dst_flip: true, random_warp: true, random_hsv_power: 0, uniform_yaw: false, ct_mode: 'none' },
    ...{ masked_training: true, eyes_mouth_prio: false, blur_out_mask: false, adabelief: true, lr_dropout: 'n', clipgrad: false },
    ...{ gan_power: 0, gan_patch_size: 16, gan_dims: 16, true_face_power: 0, face_style_power: 0, bg_style_power: 0, pretrain: false },
    ...{ target: 0, batch_size: 4, backup_every: 0, write_preview_history: false, models_opt_on_gpu: true, learning_rate: 5e-5 },
  });
  expect(Object.keys(options)).toHaveLength(specs.length);
  expect(rounded).toEqual([]);
  expect(changed).toEqual([]);
});

test('names and aliases are distinct, and a default is a valid value', () => {
  const names = specs.flatMap((spec) => [spec.name, ...(spec.aliases ?? [])]);
  expect(new Set(names).size).toBe(names.length);
  for (const spec of specs) {
    if (spec.kind !== 'path' && typeof spec.default !== 'object') resolveOptions({ [spec.name]: spec.default });
    expect(rangeText(spec)).not.toBe('');
    expect(defaultText(spec)).not.toContain('undefined');
    expect(flagOf(spec.name)).toMatch(/^--[a-z-]+$/);
  }
});

test('dashes, underscores and aliases name the same option, once', () => {
  expect(canonicalKeys({ 'ae-dims': 64, target_iter: 3, '--autobackup-hour': 1 })).toEqual({ ae_dims: 64, target: 3, backup_every: 1 });
  expect(failure(() => canonicalKeys({ target: 1, target_iter: 2 })).message).toBe('target_iter: target already gives this option');
});

test('an unknown option suggests its neighbour', () => {
  const error = failure(() => resolveOptions({ batchsize: 4 }));
  expect(error).toBeInstanceOf(OptionError);
  expect(error.report()).toBe('batchsize: unknown option\n  next     did you mean batch_size (--batch-size)?');
  expect(failure(() => resolveOptions({ xqzwvkpj: 4 })).details.next).toBe('liae train --help lists all options');
});

describe('numbers', () => {
  test.each(specs.filter((spec) => spec.kind === 'int' || spec.kind === 'float'))('$name refuses what lies outside its range', (spec) => {
    if (spec.kind !== 'int' && spec.kind !== 'float') return;
    const below = failure(() => resolveOptions({ [spec.name]: spec.min - 1 }));
    expect(below.message).toBe(`${spec.name}: ${spec.min - 1} is not allowed`);
    expect(below.details.expected).toContain(rangeText(spec));
    expect(below.details.next).toBe(`the nearest valid value is ${flagOf(spec.name)} ${spec.min}`);
    if (spec.max < Number.MAX_SAFE_INTEGER) {
      expect(failure(() => resolveOptions({ [spec.name]: spec.max + 1 })).details.next).toBe(
        `the nearest valid value is ${flagOf(spec.name)} ${spec.max}`,
      );
    }
  });

  test('text is read as a number only if all of it is one', () => {
    expect(resolveOptions({ learning_rate: '1e-4', batch_size: ' 2 ' }).options).toMatchObject({ learning_rate: 1e-4, batch_size: 2 });
    for (const value of ['', '4x', '0x10', 'NaN', 'Infinity', null, true, [4], {}]) {
      expect(failure(() => resolveOptions({ batch_size: value })).details.next).toBe('the nearest valid value is --batch-size 4');
    }
  });

  test('a fraction is not a whole number', () => {
    expect(failure(() => resolveOptions({ batch_size: 2.6 })).details.next).toBe('the nearest valid value is --batch-size 3');
  });
});

test('booleans are y and n, and their usual spellings', () => {
  for (const value of [true, 'y', 'YES', 'true', 'on', '1', 1]) expect(resolveOptions({ clipgrad: value }).options.clipgrad).toBe(true);
  for (const value of [false, 'n', 'no', 'false', 'off', '0', 0])
    expect(resolveOptions({ adabelief: value }).options.adabelief).toBe(false);
  expect(failure(() => resolveOptions({ clipgrad: 'maybe' })).details.expected).toBe('y or n');
});

test('a choice suggests its neighbour', () => {
  const error = failure(() => resolveOptions({ ct_mode: 'rtc' }));
  expect(error.details).toMatchObject({ expected: 'none, rct, lct, mkl, idt or sot', next: 'the nearest valid value is --ct-mode rct' });
  expect(resolveOptions({ face_type: 'WF' }).options.face_type).toBe('wf');
});

test('lr_dropout is n, y or cpu, and takes booleans for y and n', () => {
  for (const [value, expected] of [
    [true, 'y'],
    [false, 'n'],
    ['cpu', 'cpu'],
    ['Y', 'y'],
  ]) {
    expect(resolveOptions({ lr_dropout: value }).options.lr_dropout).toBe(expected);
  }
});

test('what this version lacks is refused by name', () => {
  expect(failure(() => resolveOptions({ device: 'cuda' })).message).toBe('device: cuda is not available in this version');
  expect(failure(() => resolveOptions({ pretrain: 'y' })).message).toBe('pretrain: not available in this version');
  expect(resolveOptions({ pretrain: 'n' }).options.pretrain).toBe(false);
});

describe('rounding', () => {
  const rounded = (asked: Record<string, unknown>): unknown =>
    resolveOptions(asked).rounded.map(({ option, from, to }) => [option, from, to]);

  test('resolution is floored to 16, to 32 with d or t', () => {
    expect(rounded({ archi: 'liae-u', resolution: 95 })).toEqual([['resolution', 95, 80]]);
    expect(rounded({ archi: 'liae-u', resolution: 80 })).toEqual([]);
    expect(rounded({ archi: 'liae-d', resolution: 80 })).toEqual([['resolution', 80, 64]]);
    expect(rounded({ archi: 'liae-t', resolution: 80 })).toEqual([['resolution', 80, 64]]);
    expect(rounded({ archi: 'df-udt', resolution: 639 })).toEqual([['resolution', 639, 608]]);
    expect(resolveOptions({ archi: 'liae-dt', resolution: 80 }).rounded[0]?.why).toBe('a multiple of 32 with the letter d and t');
  });

  test('widths are made even, except ae_dims', () => {
    expect(rounded({ e_dims: 17, d_dims: 255, d_mask_dims: 21, ae_dims: 33 })).toEqual([
      ['e_dims', 17, 18],
      ['d_dims', 255, 256],
      ['d_mask_dims', 21, 22],
    ]);
  });

  test('the default of d_mask_dims does not follow d_dims, that of gan_patch_size follows the rounded resolution', () => {
    expect(resolveOptions({ d_dims: 128 }).options.d_mask_dims).toBe(22);
    expect(resolveOptions({ resolution: 255 }).options).toMatchObject({ resolution: 224, gan_patch_size: 28 });
  });

  test('true face is forced to 0 for liae, and said', () => {
    expect(resolveOptions({ true_face_power: 0.01 }).rounded).toEqual([
      { option: 'true_face_power', from: 0.01, to: 0, why: 'true face exists for df only' },
    ]);
    expect(resolveOptions({ true_face_power: 0.01, archi: 'df-ud' }).rounded).toEqual([]);
  });
});

test('a discriminator whose layers cannot halve the picture is refused, with the nearest one that can', () => {
  const asked = { archi: 'liae', resolution: 80, gan_patch_size: 128 };
  expect(resolveOptions(asked).options.gan_patch_size).toBe(128); // it is not used
  const error = failure(() => resolveOptions({ ...asked, gan_power: 0.1 }));
  expect(error.message).toBe('gan_patch_size: 128 does not fit a resolution of 80');
  const nearest = Number(error.details.next?.match(/gan-patch-size (\d+)$/)?.[1]);
  expect(resolveOptions({ ...asked, gan_power: 0.1, gan_patch_size: nearest }).options.gan_patch_size).toBe(nearest);
  // The reference's default, resolution / 8, fits the usual sizes.
  for (const resolution of [64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512]) resolveOptions({ resolution, gan_power: 0.1 });
});

describe('resuming', () => {
  const stored = resolveOptions({ resolution: 64, archi: 'liae-ud', batch_size: 2, seed: 5 }).options;

  test('stored options are the defaults', () => {
    expect(resolveOptions({}, stored)).toEqual({ options: stored, rounded: [], changed: [] });
  });

  test('start options may change, and the change is listed', () => {
    const { options, changed } = resolveOptions({ random_warp: 'n', batch_size: 2, target: 9 }, stored);
    expect(options).toEqual({ ...stored, random_warp: false, target: 9 });
    expect(changed).toEqual([
      { option: 'target', from: 0, to: 9 },
      { option: 'random_warp', from: true, to: false },
    ]);
  });

  test('new options may be repeated, also unrounded, but not changed', () => {
    expect(resolveOptions({ resolution: 90, archi: 'LIAE-du' }, stored).options).toEqual(stored);
    const error = failure(() => resolveOptions({ resolution: 128, seed: 6, clipgrad: 'y' }, stored));
    expect(error.message).toBe('seed, resolution: fixed when the model was made');
    expect(error.details.found).toBe('seed: stored 5, asked 6\nresolution: stored 64, asked 128');
  });

  test('every option is fixed or free as the table says', () => {
    for (const spec of specs) {
      const other = otherValue(spec);
      if (spec.name === 'pretrain' || spec.name === 'device' || spec.name === 'true_face_power') continue;
      const run = (): unknown => resolveOptions({ [spec.name]: other }, resolveOptions({}).options).options[spec.name as 'seed'];
      if (spec.when === 'start') expect(run(), spec.name).toEqual(other);
      else expect(failure(run).message, spec.name).toContain('fixed when the model was made');
    }
  });

  test('an older save lacks newer options, and a newer one is refused', () => {
    const { tv_axes: _, ...older } = stored;
    expect(resolveOptions({}, older).options).toEqual(stored);
    expect(failure(() => resolveOptions({}, { ...stored, warp_speed: 9 })).message).toContain('warp_speed');
  });
});

test('the network takes its sizes from the options', () => {
  expect(modelConfig(resolveOptions({ archi: 'df-t', resolution: 96, ae_dims: 32 }).options)).toEqual({
    ...{ type: 'df', u: false, d: false, t: true, c: false, resolution: 96, aeDims: 32, eDims: 64, dDims: 64, dMaskDims: 22 },
  });
});

test('previews come every 500 iterations, densely with a preview history', () => {
  expect(previewPeriod(resolveOptions({}).options)).toBe(500);
  expect(previewPeriod(resolveOptions({ write_preview_history: 'y', resolution: 256 }).options)).toBe(40);
  expect(previewPeriod(resolveOptions({ write_preview_history: 'y', resolution: 64 }).options)).toBe(10);
  expect(previewPeriod(resolveOptions({ preview_every: 7 }).options)).toBe(7);
});
