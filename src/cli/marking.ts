/**
 * How commands mark what they write: content credentials signed with the local key or one's own, on unless switched off by name. What is left
 * unmarked is said, so that a run's record shows it.
 */
import { createHash } from 'node:crypto';
import { LiaeError, OptionError, ResourceError, type Tensor } from '../base/index.ts';
import { programVersion } from '../platform/node/machine.ts';
import { type Claim, configFolder, fileSigner, type Ingredient, localSigner, type Signer } from '../platform/node/provenance/index.ts';
import { type Args, type Flag, optional } from './args.ts';

export const markingFlags: readonly Flag[] = [
  {
    name: 'provenance',
    kind: 'switch',
    help: 'sign what is written: a C2PA manifest says that a model changed it; --no-provenance leaves it unmarked',
    default: 'yes',
  },
  {
    name: 'certificate',
    kind: 'value',
    shape: 'FILE',
    help: 'sign as its owner (PEM; those that issued it may follow)',
    default: 'a local key that nobody vouches for',
  },
  { name: 'key', kind: 'value', shape: 'FILE', help: 'private key of the certificate (PEM)' },
];

export interface Marking {
  /** undefined: nothing is marked, which somebody asked for. */
  readonly signer: Signer | undefined;
  /** What is said about a file. @param parent  what it was made from. */
  readonly claim: (parent: Ingredient | undefined) => Claim;
}

/** The model that changes faces, as a manifest names it. */
export interface ModelFacts {
  readonly name: string;
  readonly iteration: number;
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

/**
 * @param note told when nothing will be marked.
 * @throws OptionError for a certificate without a key, ResourceError if no local key can be made.
 */
export async function openMarking(args: Args, model: ModelFacts, note: (line: string) => void): Promise<Marking> {
  const claim = (parent: Ingredient | undefined): Claim => ({
    tool: { name: 'liae', version: programVersion() },
    description: 'a face was replaced by one that a model made',
    parameters: { 'liae.model': `${model.name}, iteration ${model.iteration}`, 'liae.modelHash': `sha256:${model.hash}` },
    parent,
  });
  if (args.values.provenance === false) {
    note(
      'unmarked: no content credentials are written (--no-provenance). Publishing unmarked synthetic footage is restricted by law in some places.',
    );
    return { signer: undefined, claim };
  }
  return { signer: await chosenSigner(optional(args, 'certificate'), optional(args, 'key')), claim };
}

async function chosenSigner(certificate: string | undefined, key: string | undefined): Promise<Signer> {
  if (certificate !== undefined && key !== undefined) return fileSigner(certificate, key);
  if (certificate !== undefined || key !== undefined)
    throw new OptionError('--certificate and --key belong together', { expected: 'both or none' });
  try {
    return await localSigner();
  } catch (cause) {
    if (!(cause instanceof LiaeError)) throw cause;
    throw new ResourceError('no local signing key', {
      found: cause.brief(),
      next: `make ${configFolder()} writable, or name another folder in LIAE_CONFIG, or give --certificate and --key`,
      cause,
    });
  }
}

/**
 * SHA-256 over a model's weights: for each in order of its name, the name, its shape and its float32 values, little-endian. Optimizer state does
 * not count, so that the same network has the same hash wherever it is saved.
 */
export function modelHash(tensors: ReadonlyMap<string, Tensor>): string {
  const hash = createHash('sha256');
  const weights = [...tensors].filter(([name]) => !name.split('/')[0]!.endsWith('_opt')).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, { shape, data }] of weights) {
    hash.update(`${name} [${shape.join(', ')}]\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
