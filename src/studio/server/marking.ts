/**
 * How films are marked as made by a model: chosen once, for all merges that the studio starts. A certificate is kept among the user's settings;
 * to leave films unmarked has to be confirmed, holds until the studio ends, and is never kept.
 */
import { isAbsolute } from 'node:path';
import { OptionError } from '../../base/index.ts';
import { fileSigner } from '../../platform/node/provenance/index.ts';
import type { JobKind, Marking, MarkingRequest } from '../protocol.ts';
import type { Settings } from './settings.ts';

/** Kinds of jobs whose command takes the flags of marking. */
const marked: readonly string[] = ['merge'];

export class MarkingChoice {
  readonly #settings: Settings;
  #isOff = false;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async now(): Promise<Marking> {
    const kept = await this.#settings.marking();
    return this.#isOff ? { ...kept, mark: 'off' } : kept;
  }

  /** @throws OptionError if a certificate or its key is missing, does not fit, or leaving off is not confirmed. */
  async choose({ mark, certificate, key, label, confirmed }: MarkingRequest): Promise<Marking> {
    if (mark === 'off' && confirmed !== true)
      throw new OptionError('leaving films unmarked has to be confirmed', {
        found: 'no confirmation',
        next: 'read what is said about it, then confirm',
      });
    if (mark === 'own') {
      if (certificate === undefined || key === undefined)
        throw new OptionError('a certificate and its key belong together', { expected: 'two files in PEM' });
      for (const path of [certificate, key])
        if (!isAbsolute(path)) throw new OptionError(`${path.slice(0, 200)}: not a whole path`, { expected: 'a path from the root' });
      await fileSigner(certificate, key); // it says what is wrong with them
    }
    const before = await this.#settings.marking();
    const paths = mark === 'own' ? { certificate: certificate!, key: key! } : { certificate: before.certificate, key: before.key };
    await this.#settings.keepMarking({ ...paths, mark: mark === 'off' ? before.mark : mark, label: label ?? null });
    this.#isOff = mark === 'off';
    return await this.now();
  }

  /** What a command line of this kind gets. */
  async wordsFor(kind: JobKind): Promise<readonly string[]> {
    if (!marked.includes(kind)) return [];
    const { mark, certificate, key, label } = await this.now();
    return [
      ...(mark === 'off' ? ['--no-provenance'] : []),
      ...(mark === 'own' && certificate !== null && key !== null ? [`--certificate=${certificate}`, `--key=${key}`] : []),
      ...(label === null ? [] : [`--label=${label}`]),
    ];
  }
}
