/**
 * Which file of a DeepFaceLab model holds which tensor under which key. Ours are named as the training engine names them:
 *   encoder/down1/conv1/weight            in encoder.npy      as  down1/conv1/weight:0
 *   src_dst_opt/ms/encoder/down1/…/weight in src_dst_opt.npy  as  ms_encoder/down1/…/weight_0:0
 */

/** The class of model that this program trains; part of every file's name. */
export const modelClass = 'SAEHD';

/** Networks and the files that hold them, in the order in which DeepFaceLab saves. */
const networkFiles = {
  encoder: 'encoder',
  inter_AB: 'inter_AB',
  inter_B: 'inter_B',
  decoder: 'decoder',
  inter: 'inter',
  decoder_src: 'decoder_src',
  decoder_dst: 'decoder_dst',
  D_src: 'GAN',
  dis: 'code_discriminator',
} as const;

const optimizers = ['src_dst_opt', 'GAN_opt', 'D_code_opt'] as const;

export interface PartFile {
  /** The name of the network or optimizer: the first part of its tensors' names. */
  readonly part: string;
  readonly kind: 'network' | 'optimizer';
  /** Between `<model>_SAEHD_` and `.npy`. */
  readonly file: string;
}

export const partFiles: readonly PartFile[] = [
  ...Object.entries(networkFiles).map(([part, file]) => ({ part, kind: 'network', file }) as const),
  ...optimizers.map((part) => ({ part, kind: 'optimizer', file: part }) as const),
];

export const fileName = (model: string, file: string): string => `${model}_${modelClass}_${file}`;

/** The counter of an optimizer's steps, beside its slots. */
export const counterKey = 'iters:0';

/** The name of the tensor under a key of a file; undefined for keys of another form. */
export function tensorName({ part, kind }: PartFile, key: string): string | undefined {
  if (kind === 'network') return key.endsWith(':0') ? `${part}/${key.slice(0, -2)}` : undefined;
  const [, slot, variable] = /^(acc|ms|vs)_(.+)_0:0$/.exec(key) ?? [];
  return slot === undefined || variable === undefined ? undefined : `${part}/${slot}/${variable}`;
}

/** The file and key of a tensor; undefined for a part that DeepFaceLab does not have. */
export function placeOf(tensor: string): { readonly place: PartFile; readonly key: string; readonly slot: string } | undefined {
  const [part, ...path] = tensor.split('/');
  const place = partFiles.find((candidate) => candidate.part === part);
  if (place === undefined) return undefined;
  if (place.kind === 'network') return { place, key: `${path.join('/')}:0`, slot: '' };
  const [slot = '', ...variable] = path;
  return { place, key: `${slot}_${variable.join('/')}_0:0`, slot };
}
