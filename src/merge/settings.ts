/**
 * Every setting of the merger, as one table: the command line, sessions, help and manual read it. Names, ranges and first values are those
 * of the reference's interactive merger, but for the edge of the mask: with the reference's 0 and 0 the face ends in a line where its crop does, and
 * in a halo where the learned mask does, so it begins with four and eight of the model's pixels. Settings of ours are marked so. Sizes are in
 * pixels of the mask at four times the model's side.
 */
import { OptionError } from '../base/index.ts';
import { flagOf, nearest, valueText } from '../train/index.ts';

interface Common {
  /** The one name, as in the reference; the command line writes dashes for underscores. */
  readonly name: string;
  readonly help: string;
  /** Absent in the reference. */
  readonly ours?: boolean;
  readonly aliases?: readonly string[];
}

export type MergeSettingSpec = Common &
  (
    | { readonly kind: 'int'; readonly min: number; readonly max: number; readonly default: number }
    | { readonly kind: 'bool'; readonly default: boolean }
    | { readonly kind: 'choice'; readonly values: readonly string[]; readonly default: string }
  );

export const mergeSettingTable = [
  {
    name: 'mode',
    kind: 'choice',
    values: ['original', 'overlay', 'hist-match', 'seamless', 'seamless-hist-match', 'raw-rgb', 'raw-predict', 'multiband'],
    default: 'overlay',
    help: 'how the face enters the frame; multiband, blending each scale over its own width, is ours',
  },
  {
    name: 'mask_mode',
    kind: 'choice',
    values: [
      'full',
      'dst',
      'learned-prd',
      'learned-dst',
      'learned-prd*learned-dst',
      'learned-prd+learned-dst',
      'xseg-prd',
      'xseg-dst',
      'xseg-prd*xseg-dst',
      'learned-prd*learned-dst*xseg-prd*xseg-dst',
    ],
    default: 'learned-prd*learned-dst',
    help: 'where the face is: all of the crop, the hull of the landmarks, learned masks, XSeg masks, or products and sums of them; only XSeg masks leave out what comes before a face; 0 … 9 for short',
  },
  {
    name: 'masked_hist_match',
    kind: 'bool',
    default: true,
    help: 'match histograms inside the mask only; for hist-match',
  },
  {
    name: 'hist_match_threshold',
    kind: 'int',
    min: 0,
    max: 255,
    default: 238,
    help: 'how much of the target histogram is used; for hist-match and seamless-hist-match',
  },
  {
    name: 'erode_mask_modifier',
    kind: 'int',
    min: -400,
    max: 400,
    default: 16,
    aliases: ['erode_mask', 'erode'],
    help: 'take this much from the edge of the mask; negative grows it',
  },
  {
    name: 'blur_mask_modifier',
    kind: 'int',
    min: 0,
    max: 400,
    default: 32,
    aliases: ['blur_mask', 'blur'],
    help: 'soften the edge of the mask over this width',
  },
  {
    name: 'motion_blur_power',
    kind: 'int',
    min: 0,
    max: 100,
    default: 0,
    aliases: ['motion_blur'],
    help: 'blur the face along its way, in percent of the motion; off where a frame has several faces',
  },
  {
    name: 'super_resolution_power',
    kind: 'int',
    min: 0,
    max: 100,
    default: 0,
    aliases: ['super_resolution'],
    help: 'share of the face that --enhancer makes finer',
  },
  {
    name: 'blursharpen_amount',
    kind: 'int',
    min: -100,
    max: 100,
    default: 0,
    aliases: ['blur_sharpen'],
    help: 'sharpen the merged face by sharpen_mode, or smooth it below 0',
  },
  {
    name: 'sharpen_mode',
    kind: 'choice',
    values: ['none', 'box', 'gaussian'],
    default: 'none',
    help: 'what blursharpen_amount above 0 does',
  },
  {
    name: 'output_face_scale',
    kind: 'int',
    min: -50,
    max: 50,
    default: 0,
    aliases: ['face_scale'],
    help: 'percent by which the pasted face shrinks; negative makes it larger',
  },
  {
    name: 'color_transfer_mode',
    kind: 'choice',
    values: ['none', 'rct', 'lct', 'mkl', 'mkl-m', 'idt', 'idt-m', 'sot-m', 'mix-m'],
    default: 'rct',
    aliases: ['color_transfer'],
    help: "give the face the frame's colours; -m uses the pixels inside the mask only",
  },
  {
    name: 'image_denoise_power',
    kind: 'int',
    min: 0,
    max: 500,
    default: 0,
    aliases: ['denoise'],
    help: 'take grain from the frame around the face',
  },
  {
    name: 'bicubic_degrade_power',
    kind: 'int',
    min: 0,
    max: 100,
    default: 0,
    aliases: ['bicubic_degrade'],
    help: 'take sharpness from the frame around the face, by resizing',
  },
  {
    name: 'color_degrade_power',
    kind: 'int',
    min: 0,
    max: 100,
    default: 0,
    aliases: ['color_degrade'],
    help: 'share of a picture in 256 colours',
  },
  {
    name: 'sharpen_prediction',
    kind: 'int',
    min: 0,
    max: 100,
    default: 0,
    ours: true,
    help: 'sharpen the predicted face before it enters the frame; unlike blursharpen_amount it resamples nothing of the frame. 1 to 5 suit faces that are soft',
  },
  {
    name: 'linear_light',
    kind: 'bool',
    default: false,
    ours: true,
    help: 'mix face and frame, and bands, in linear light instead of encoded values',
  },
] as const satisfies readonly MergeSettingSpec[];

type Row = (typeof mergeSettingTable)[number];
type ValueOf<S> = S extends { kind: 'bool' }
  ? boolean
  : S extends { kind: 'int' }
    ? number
    : S extends { values: readonly (infer V)[] }
      ? V
      : never;

export type MergeSettingName = Row['name'];
/** A value for every setting, in range. Plain JSON: this is what a session stores. */
export type MergeSettings = { readonly [S in Row as S['name']]: ValueOf<S> };
export type MergeMode = MergeSettings['mode'];
export type MaskMode = MergeSettings['mask_mode'];
export type MergeColourTransfer = MergeSettings['color_transfer_mode'];

const specs: readonly MergeSettingSpec[] = mergeSettingTable;
const specOf = new Map<string, MergeSettingSpec>(
  specs.flatMap((spec) => [spec.name, ...(spec.aliases ?? [])].map((name) => [name, spec] as const)),
);

/**
 * The setting behind a name as users write it: with dashes or underscores, in any case, or an alias.
 *
 * @throws OptionError with the nearest known name.
 */
export function findMergeSetting(key: string): MergeSettingSpec {
  const word = key.replace(/^--/, '').replaceAll('-', '_').toLowerCase();
  const spec = specOf.get(word);
  if (spec !== undefined) return spec;
  const near = nearest(word, specOf.keys());
  throw new OptionError(`${key}: unknown setting`, {
    next: near === undefined ? `settings are ${specs.map(({ name }) => name).join(', ')}` : `did you mean ${near} (${flagOf(near)})?`,
  });
}

/** What each setting starts with. */
export const mergeDefaults: MergeSettings = Object.fromEntries(specs.map((spec) => [spec.name, spec.default])) as unknown as MergeSettings;

/**
 * Settings with some of them changed.
 *
 * @param asked  name or alias → text, number or boolean. Choices may be given by their number, as the reference counts them.
 * @throws OptionError for an unknown setting, one that is given twice, or a value of the wrong type or out of range.
 */
export function resolveMergeSettings(asked: Readonly<Record<string, unknown>>, before: MergeSettings = mergeDefaults): MergeSettings {
  const values: Record<string, unknown> = { ...before };
  const spelt = new Map<string, string>();
  for (const [key, value] of Object.entries(asked)) {
    const spec = findMergeSetting(key);
    const twice = spelt.get(spec.name);
    if (twice !== undefined)
      throw new OptionError(`${key}: ${twice} already gives this setting`, { next: `keep one of ${twice} and ${key}` });
    spelt.set(spec.name, key);
    values[spec.name] = parseValue(spec, value);
  }
  return values as unknown as MergeSettings; // every row of the table has a value of its kind
}

/** The allowed values in words. */
export function mergeRangeText(spec: MergeSettingSpec): string {
  if (spec.kind === 'int') return `${spec.min} … ${spec.max}`;
  if (spec.kind === 'bool') return 'y or n';
  return `${spec.values.slice(0, -1).join(', ')} or ${spec.values.at(-1)}`;
}

function parseValue(spec: MergeSettingSpec, value: unknown): number | boolean | string {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)$/.test(value.trim()));
  const number = isNumber ? Number(value) : Number.NaN;
  switch (spec.kind) {
    case 'int': {
      if (Number.isNaN(number)) throw refused(spec, value, String(spec.default));
      const valid = Math.round(Math.min(spec.max, Math.max(spec.min, number)));
      if (valid !== number) throw refused(spec, value, String(valid));
      return valid;
    }
    case 'bool': {
      if (typeof value === 'boolean') return value;
      const text = String(value).toLowerCase();
      if (['y', 'yes', 'true', 'on', '1'].includes(text)) return true;
      if (['n', 'no', 'false', 'off', '0'].includes(text)) return false;
      throw refused(spec, value, valueText(spec.default));
    }
    case 'choice': {
      const text = isNumber ? (spec.values[number] ?? '') : String(value).toLowerCase();
      if (spec.values.includes(text)) return text;
      throw refused(spec, value, isNumber ? spec.default : (nearest(text, spec.values) ?? spec.default));
    }
  }
}

function refused(spec: MergeSettingSpec, value: unknown, nearestValue: string): OptionError {
  return new OptionError(`${spec.name}: ${JSON.stringify(value) ?? 'undefined'} is not allowed`, {
    expected: `${spec.kind === 'int' ? 'a whole number, ' : ''}${mergeRangeText(spec)}`,
    next: `the nearest valid value is ${flagOf(spec.name)} ${nearestValue}`,
  });
}
