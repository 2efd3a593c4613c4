/** What a choice of options will take on this machine, and ready-made choices that fit it. */
import { freemem, totalmem } from 'node:os';
import { memoryOf, resolveOptions } from '../../train/index.ts';
import { demoOptions, type TrainingEstimate, type TrainingPreset } from '../protocol.ts';
import { Footprints } from './footprints.ts';

/** More of the machine's memory than this share is tight; more than that does not work, since the system and samples need some. */
const [EASY, MOST] = [0.7, 0.9];

export interface Memory {
  readonly machineBytes: number;
  readonly freeBytes: number;
}

/** Of a container, what it may use. */
export function memoryHere(): Memory {
  const limit = process.constrainedMemory();
  const total = totalmem();
  const machineBytes = limit > 0 && limit < total ? limit : total;
  return { machineBytes, freeBytes: Math.min(machineBytes, freemem()) };
}

type Asked = Readonly<Record<string, unknown>>;

export class Estimates {
  readonly #memory: () => Memory;
  readonly #footprints = new Footprints();

  constructor(memory: () => Memory = memoryHere) {
    this.#memory = memory;
  }

  /**
   * @param stored  options of the model, if there is one.
   * @throws OptionError as training would.
   */
  async of(asked: Asked, stored?: Asked): Promise<TrainingEstimate> {
    const { options, rounded } = resolveOptions(asked, stored);
    const found = await this.#footprints.of(options);
    const { parameters, adversaryParameters, weightBytes, optimizerBytes } = found;
    const totalBytes = Math.round(memoryOf(found, options.batch_size));
    const { machineBytes, freeBytes } = this.#memory();
    const share = totalBytes / machineBytes;
    const verdict = share <= EASY ? 'fits' : share <= MOST ? 'tight' : 'tooMuch';
    return { parameters, adversaryParameters, weightBytes, optimizerBytes, totalBytes, machineBytes, freeBytes, verdict, rounded };
  }

  async presets(): Promise<readonly TrainingPreset[]> {
    return await Promise.all(presets.map(async (preset) => await this.#fitted(preset)));
  }

  /** The first of the tries that fits; of none, the last, which says so. */
  async #fitted({ name, options }: Preset): Promise<TrainingPreset> {
    const meant = { batch: options.batch_size, optimizer: options.adabelief ? ('adabelief' as const) : ('rmsprop' as const) };
    let last: TrainingPreset | undefined;
    for (const asked of smaller(options)) {
      last = { name, options: asked, estimate: await this.of(asked), meant };
      if (last.estimate.verdict === 'fits') break;
    }
    return last!;
  }
}

interface Preset {
  readonly name: TrainingPreset['name'];
  readonly options: Readonly<Record<string, string | number | boolean>> & { readonly batch_size: number; readonly adabelief: boolean };
}

/**
 * The dims of the larger ones are the reference's defaults; liae-udt at 256 pixels is what the published article trained. Mirrored destination faces
 * are the reference's default, mirrored sources help where few angles were shot. Colours are matched by rct, the usual choice where lights differ.
 */
const presets: readonly Preset[] = [
  { name: 'quick', options: { ...demoOptions, preview_every: 100 } },
  {
    name: 'shoulders',
    options: {
      ...{ archi: 'liae-ud', resolution: 128, face_type: 'f', ae_dims: 256, e_dims: 64, d_dims: 64, d_mask_dims: 22, batch_size: 8 },
      ...{ adabelief: true, random_src_flip: true, random_dst_flip: true, ct_mode: 'rct', backup_every: 4 },
    },
  },
  {
    name: 'film',
    options: {
      ...{ archi: 'liae-udt', resolution: 256, face_type: 'wf', ae_dims: 256, e_dims: 64, d_dims: 64, d_mask_dims: 22, batch_size: 8 },
      ...{ adabelief: true, random_dst_flip: true, uniform_yaw: true, ct_mode: 'rct', backup_every: 2 },
    },
  },
  {
    name: 'df',
    options: {
      ...{ archi: 'df-ud', resolution: 128, face_type: 'f', ae_dims: 256, e_dims: 64, d_dims: 64, d_mask_dims: 22, batch_size: 8 },
      ...{ adabelief: true, random_dst_flip: true, ct_mode: 'rct', backup_every: 4 },
    },
  },
];

/** First with a smaller batch, down to 4; then with RMSprop, which keeps half as much; then with both. */
function smaller(options: Preset['options']): readonly Preset['options'][] {
  const batches = [8, 6, 4, 3, 2, 1].filter((batch) => batch <= options.batch_size);
  const large = batches.filter((batch) => batch >= 4).map((batch_size) => ({ ...options, batch_size }));
  const rest = batches
    .filter((batch) => batch <= 4)
    .flatMap((batch_size) => [...(batch_size < 4 ? [{ ...options, batch_size }] : []), { ...options, batch_size, adabelief: false }]);
  return [...large, ...rest];
}
