/**
 * Every option of training, as one table: the command line, the JSON configuration, the help text, the manual and the stored
 * options all read it. Names, ranges and defaults are those of the reference trainer's dialog; options of ours are marked so.
 */

interface Common {
  /** The one name, as in the reference; the command line writes dashes for underscores. */
  readonly name: string;
  /** `new`: fixed once the model exists. `start`: may be changed at every start. */
  readonly when: 'new' | 'start';
  /** Absent in the reference. */
  readonly ours?: boolean;
  readonly help: string;
  readonly aliases?: readonly string[];
}

export type OptionSpec = Common &
  (
    | { readonly kind: 'int' | 'float'; readonly min: number; readonly max: number; readonly default: number | FromResolution }
    | { readonly kind: 'bool'; readonly default: boolean; readonly only?: boolean }
    | {
        readonly kind: 'choice';
        readonly values: readonly string[];
        readonly default: string;
        /** Values that one may know from elsewhere and that this version does not have. */
        readonly unavailable?: readonly string[];
      }
    | { readonly kind: 'archi' | 'path'; readonly default: string }
  );

/** A default that follows from the resolution after rounding. */
export interface FromResolution {
  readonly text: string;
  readonly of: (resolution: number) => number;
}

const MANY = Number.MAX_SAFE_INTEGER;

/** Default of d_dims; the default of d_mask_dims is derived from it, not from the d_dims that the user asks for. */
const D_DIMS = 64;
const maskDims = (dDims: number): number => Math.floor(dDims / 3) + (Math.floor(dDims / 3) % 2);

export const optionTable = [
  // Facesets and the run.
  {
    name: 'src',
    kind: 'path',
    default: '',
    when: 'start',
    help: 'source faces, whose identity is learned: a folder of aligned faces, loose or packed',
  },
  { name: 'dst', kind: 'path', default: '', when: 'start', help: 'destination faces, whose expression and light are kept' },
  {
    name: 'target',
    kind: 'int',
    min: 0,
    max: MANY,
    default: 0,
    when: 'start',
    aliases: ['target_iter'],
    help: 'save and stop at this iteration; 0 trains until stopped',
  },
  { name: 'batch_size', kind: 'int', min: 1, max: MANY, default: 4, when: 'start', help: 'samples per side and iteration' },
  {
    name: 'seed',
    kind: 'int',
    min: 0,
    max: 4294967295,
    default: 0,
    when: 'new',
    ours: true,
    help: 'of initial weights, samples and previews',
  },
  {
    name: 'device',
    kind: 'choice',
    values: ['cpu'],
    unavailable: ['webgpu', 'cuda', 'dml'],
    default: 'cpu',
    when: 'start',
    ours: true,
    help: 'where to compute',
  },
  {
    name: 'from',
    kind: 'path',
    default: '',
    when: 'new',
    ours: true,
    help: 'first weights of a new model: the folder of a saved model of the same network, or a safetensors file of its weights',
  },
  // The network.
  {
    name: 'resolution',
    kind: 'int',
    min: 64,
    max: 640,
    default: 128,
    when: 'new',
    help: 'side of the face in pixels; floored to a multiple of 16, of 32 with the letters d or t',
  },
  {
    name: 'face_type',
    kind: 'choice',
    values: ['h', 'mf', 'f', 'wf', 'head'],
    default: 'f',
    when: 'new',
    help: 'how much around the face is modelled: half, mid-half, full, whole face, head',
  },
  { name: 'archi', kind: 'archi', default: 'liae-ud', when: 'new', help: 'liae or df, then optionally a dash and letters of u d t c' },
  { name: 'ae_dims', kind: 'int', min: 32, max: 1024, default: 256, when: 'new', help: 'width of the code between encoder and decoder' },
  { name: 'e_dims', kind: 'int', min: 16, max: 256, default: 64, when: 'new', help: 'width of the encoder; made even' },
  { name: 'd_dims', kind: 'int', min: 16, max: 256, default: D_DIMS, when: 'new', help: 'width of the decoder; made even' },
  {
    name: 'd_mask_dims',
    kind: 'int',
    min: 16,
    max: 256,
    default: maskDims(D_DIMS),
    when: 'new',
    help: "width of the decoder's mask branch; made even",
  },
  // Samples.
  { name: 'random_src_flip', kind: 'bool', default: false, when: 'start', help: 'mirror source samples at random' },
  { name: 'random_dst_flip', kind: 'bool', default: true, when: 'start', help: 'mirror destination samples at random' },
  {
    name: 'random_warp',
    kind: 'bool',
    default: true,
    when: 'start',
    help: 'warp the inputs; off in late training, where it also freezes inter_AB',
  },
  {
    name: 'random_hsv_power',
    kind: 'float',
    min: 0,
    max: 0.3,
    default: 0,
    when: 'start',
    help: 'random hue, saturation and value on the source input; 0.05 is typical',
  },
  {
    name: 'ct_mode',
    kind: 'choice',
    values: ['none', 'rct', 'lct', 'mkl', 'idt', 'sot'],
    default: 'none',
    when: 'start',
    help: 'recolour source samples like random destination samples',
  },
  { name: 'uniform_yaw', kind: 'bool', default: false, when: 'start', help: 'sample evenly over head yaw' },
  {
    name: 'symmetric_warp',
    kind: 'bool',
    default: true,
    when: 'start',
    ours: true,
    help: 'the warp of the reference, symmetric about the diagonal; off gives independent x and y',
  },
  {
    name: 'half_pixel_shift',
    kind: 'bool',
    default: true,
    when: 'start',
    ours: true,
    help: "the reference's half-pixel offset of warped inputs; off removes it",
  },
  // Losses.
  {
    name: 'masked_training',
    kind: 'bool',
    default: true,
    when: 'start',
    help: 'limit the losses to the face mask; the reference asks for wf and head only, here it holds for every face type',
  },
  { name: 'eyes_mouth_prio', kind: 'bool', default: false, when: 'start', help: 'extra weight on eyes and mouth' },
  { name: 'blur_out_mask', kind: 'bool', default: false, when: 'start', help: 'smooth the background next to the mask in the targets' },
  {
    name: 'face_style_power',
    kind: 'float',
    min: 0,
    max: 100,
    default: 0,
    when: 'start',
    help: 'learn the colour of the destination face; after about 10k iterations, from 0.001; can collapse the model',
  },
  {
    name: 'bg_style_power',
    kind: 'float',
    min: 0,
    max: 100,
    default: 0,
    when: 'start',
    help: 'learn the surroundings of the destination face; 2 is typical; can collapse the model',
  },
  {
    name: 'gan_power',
    kind: 'float',
    min: 0,
    max: 5,
    default: 0,
    when: 'start',
    help: 'adversarial detail, for the last phase; 0.1 is typical',
  },
  {
    name: 'gan_patch_size',
    kind: 'int',
    min: 3,
    max: 640,
    default: { text: 'resolution / 8', of: (resolution: number) => Math.floor(resolution / 8) },
    when: 'start',
    help: "the discriminator's receptive field; a change starts it afresh",
  },
  {
    name: 'gan_dims',
    kind: 'int',
    min: 4,
    max: 512,
    default: 16,
    when: 'start',
    help: "the discriminator's width; a change starts it afresh",
  },
  {
    name: 'true_face_power',
    kind: 'float',
    min: 0,
    max: 1,
    default: 0,
    when: 'start',
    help: 'df only: draw source codes towards destination codes; 0.01 is typical',
  },
  {
    name: 'tv_axes',
    kind: 'choice',
    values: ['rows-columns', 'channels-rows'],
    default: 'rows-columns',
    when: 'start',
    ours: true,
    help: "axes of the GAN's smoothness term; channels-rows is what the reference does on a GPU",
  },
  // Optimizer.
  { name: 'adabelief', kind: 'bool', default: true, when: 'start', help: 'AdaBelief; off means RMSprop' },
  {
    name: 'learning_rate',
    kind: 'float',
    min: 1e-7,
    max: 1e-2,
    default: 5e-5,
    when: 'start',
    ours: true,
    help: 'the reference always uses its default',
  },
  {
    name: 'lr_dropout',
    kind: 'choice',
    values: ['n', 'y', 'cpu'],
    default: 'n',
    when: 'start',
    help: 'update a random 30 % of the weights each iteration, for late training; cpu is the same as y',
  },
  { name: 'clipgrad', kind: 'bool', default: false, when: 'start', help: 'clip the norm of the gradient at 1; slower, steadier' },
  { name: 'pretrain', kind: 'bool', only: false, default: false, when: 'start', help: 'not available in this version' },
  { name: 'models_opt_on_gpu', kind: 'bool', default: true, when: 'start', help: 'accepted for compatibility; no effect on the cpu' },
  {
    name: 'lowering',
    kind: 'choice',
    values: ['fast', 'direct'],
    default: 'fast',
    when: 'start',
    ours: true,
    help: 'how convolutions become ONNX: fast forms, or one node per operation as a check',
  },
  // Files.
  {
    name: 'save_every',
    kind: 'int',
    min: 0,
    max: MANY,
    default: 0,
    when: 'start',
    ours: true,
    help: 'iterations between saves; 0 saves every 25 minutes. A new model is also saved at iterations 0 and 1',
  },
  {
    name: 'backup_every',
    kind: 'int',
    min: 0,
    max: 24,
    default: 0,
    when: 'start',
    aliases: ['autobackup_hour'],
    help: 'hours between backups; 0 makes none',
  },
  {
    name: 'keep_backups',
    kind: 'int',
    min: 1,
    max: 99,
    default: 24,
    when: 'start',
    ours: true,
    help: 'backups kept; the oldest goes first',
  },
  {
    name: 'preview_every',
    kind: 'int',
    min: 0,
    max: MANY,
    default: 0,
    when: 'start',
    ours: true,
    help: 'iterations between previews; 0 means 500, or 10 x max(1, resolution / 64) with write_preview_history',
  },
  { name: 'write_preview_history', kind: 'bool', default: false, when: 'start', help: 'a dense series of previews' },
  {
    name: 'workers',
    kind: 'int',
    min: 0,
    max: 64,
    default: 0,
    when: 'start',
    ours: true,
    help: 'threads that make samples; 0 chooses from the cores',
  },
  {
    name: 'cache_mb',
    kind: 'int',
    min: 0,
    max: 1048576,
    default: 1024,
    when: 'start',
    ours: true,
    help: 'memory for decoded faces in MiB',
  },
] as const satisfies readonly OptionSpec[];

type Row = (typeof optionTable)[number];
type ValueOf<S> = S extends { kind: 'bool' }
  ? boolean
  : S extends { kind: 'int' | 'float' }
    ? number
    : S extends { kind: 'choice'; values: readonly (infer V)[] }
      ? V
      : string;

export type OptionName = Row['name'];

/** A value for every option, in range and rounded. Plain JSON: this is what a save stores. */
export type TrainOptions = { readonly [S in Row as S['name']]: ValueOf<S> };

export type OptionValue = number | boolean | string;

/** The allowed values in words: "64 … 640", "y or n", "h, mf, f, wf or head". */
export function rangeText(spec: OptionSpec): string {
  switch (spec.kind) {
    case 'int':
    case 'float':
      return spec.max === MANY ? `${spec.min} or more` : `${spec.min} … ${spec.max}`;
    case 'bool':
      return spec.only === undefined ? 'y or n' : valueText(spec.only);
    case 'choice':
      return spec.values.length === 1 ? spec.values[0]! : `${spec.values.slice(0, -1).join(', ')} or ${spec.values.at(-1)}`;
    case 'archi':
      return 'liae or df, -u -d -t -c';
    case 'path':
      return 'a path';
  }
}

export const valueText = (value: OptionValue): string => (typeof value === 'boolean' ? (value ? 'y' : 'n') : String(value));

/** The default in words. */
export const defaultText = (spec: OptionSpec): string =>
  typeof spec.default === 'object' ? spec.default.text : spec.kind === 'path' ? '' : valueText(spec.default);

export const flagOf = (name: string): string => `--${name.replaceAll('_', '-')}`;
