/** The options of training in groups, and which of them a beginner needs: the form of the page is made from this and the option table. */
import { defaultText, liveOptions, type OptionName, type OptionSpec, optionTable } from '../../train/index.ts';
import type { OptionGroup, OptionInfo } from '../protocol.ts';

interface Group {
  readonly name: OptionGroup['name'];
  readonly basic: readonly OptionName[];
  readonly expert: readonly OptionName[];
}

/** Every option stands in one place; what has a value without being set stands behind what has not. */
export const groups: readonly Group[] = [
  { name: 'faces', basic: ['src', 'dst', 'target', 'batch_size'], expert: ['from', 'seed'] },
  {
    name: 'network',
    basic: ['resolution', 'face_type', 'archi'],
    expert: ['ae_dims', 'e_dims', 'd_dims', 'd_mask_dims'],
  },
  {
    name: 'samples',
    basic: ['random_warp', 'random_src_flip', 'random_dst_flip', 'ct_mode'],
    expert: ['random_hsv_power', 'uniform_yaw', 'symmetric_warp', 'half_pixel_shift'],
  },
  {
    name: 'losses',
    basic: ['masked_training', 'eyes_mouth_prio'],
    expert: ['blur_out_mask', 'face_style_power', 'bg_style_power', 'true_face_power'],
  },
  { name: 'finish', basic: ['gan_power'], expert: ['gan_patch_size', 'gan_dims', 'tv_axes'] },
  { name: 'optimizer', basic: ['learning_rate'], expert: ['adabelief', 'lr_dropout', 'clipgrad'] },
  { name: 'files', basic: ['save_every', 'backup_every'], expert: ['keep_backups', 'preview_every', 'write_preview_history'] },
  { name: 'machine', basic: [], expert: ['workers', 'cache_mb', 'lowering'] },
];

/** Options with one value only: nothing could be chosen. */
export const withoutChoice: readonly OptionName[] = ['device', 'pretrain', 'models_opt_on_gpu'];

const specs: readonly OptionSpec[] = optionTable;

function infoOf(name: OptionName, level: OptionInfo['level']): OptionInfo {
  const spec = specs.find((row) => row.name === name)!;
  return {
    ...{ name, level, kind: spec.kind, help: spec.help, default: defaultText(spec), when: liveOptions.includes(name) ? 'live' : spec.when },
    ...(spec.kind === 'int' || spec.kind === 'float' ? { min: spec.min, max: spec.max } : {}),
    ...(spec.kind === 'choice' ? { values: spec.values } : {}),
  };
}

export const optionGroups = (): readonly OptionGroup[] =>
  groups.map(({ name, basic, expert }) => ({
    name,
    options: [...basic.map((option) => infoOf(option, 'basic')), ...expert.map((option) => infoOf(option, 'expert'))],
  }));
