/**
 * Command lines to values. A flag takes a value (`--name value` or `--name=value`) or is a switch (`--name`, `--no-name`, `--name=y`,
 * `--name n`); dashes and underscores are the same. What a value means is decided by whoever asked for it.
 */
import { OptionError } from '../base/index.ts';
import { nearest } from '../train/index.ts';

export interface Flag {
  /** With dashes, without the two in front. */
  readonly name: string;
  readonly kind: 'value' | 'switch';
  readonly help: string;
  /** What a value looks like, in the help: DIR, FILE, N… */
  readonly shape?: string;
  /** Shown after the help. */
  readonly default?: string;
  /** Other spellings; not shown in the help. */
  readonly aliases?: readonly string[];
}

export interface Args {
  /** By flag name. Switches are true or false. */
  readonly values: Readonly<Record<string, string | boolean>>;
  /** What is not a flag, in order. */
  readonly rest: readonly string[];
}

const yes = new Set(['y', 'yes', 'true', 'on', '1']);
const no = new Set(['n', 'no', 'false', 'off', '0']);

/** @throws OptionError for an unknown flag, with the nearest known one, or a flag without its value. */
export function parseArgs(argv: readonly string[], flags: readonly Flag[]): Args {
  const known = new Map(flags.flatMap((flag) => [flag.name, ...(flag.aliases ?? [])].map((name) => [name, flag] as const)));
  const values: Record<string, string | boolean> = {};
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--') {
      rest.push(...argv.slice(i + 1));
      break;
    }
    if (!word.startsWith('--')) {
      rest.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const spelt = equals < 0 ? word : word.slice(0, equals);
    const inline = equals < 0 ? undefined : word.slice(equals + 1);
    const { flag, negated } = find(spelt, known);
    const next = argv[i + 1];
    if (flag.kind === 'switch') {
      const given = inline ?? (!negated && next !== undefined && isAnswer(next) ? next : undefined);
      if (inline === undefined && given !== undefined) i++;
      values[flag.name] = given === undefined ? !negated : answer(spelt, given, negated);
    } else if (inline !== undefined) values[flag.name] = inline;
    else if (next === undefined || next.startsWith('--')) {
      throw new OptionError(`${spelt}: needs a value`, {
        expected: flag.shape ?? 'a value',
        next: `${spelt}=… if the value begins with dashes`,
      });
    } else {
      values[flag.name] = next;
      i++;
    }
  }
  return { values, rest };
}

function find(spelt: string, known: ReadonlyMap<string, Flag>): { flag: Flag; negated: boolean } {
  const name = spelt.slice(2).replaceAll('_', '-').toLowerCase();
  const plain = known.get(name);
  if (plain !== undefined) return { flag: plain, negated: false };
  const positive = name.startsWith('no-') ? known.get(name.slice(3)) : undefined;
  if (positive?.kind === 'switch') return { flag: positive, negated: true };
  if (positive !== undefined)
    throw new OptionError(`${spelt}: ${positive.name} takes a value, not a yes or no`, {
      expected: `--${positive.name} ${positive.shape ?? 'VALUE'}`,
    });
  const near = nearest(
    name,
    [...known].flatMap(([key, flag]) => (flag.kind === 'switch' ? [key, `no-${key}`] : [key])),
  );
  throw new OptionError(`${spelt}: unknown option`, {
    next: near === undefined ? 'add --help for all options' : `did you mean --${near}?`,
  });
}

const isAnswer = (word: string): boolean => yes.has(word.toLowerCase()) || no.has(word.toLowerCase());

function answer(spelt: string, given: string, negated: boolean): boolean {
  if (negated || !isAnswer(given)) throw new OptionError(`${spelt}=${given}: not a yes or no`, { expected: 'y or n' });
  return yes.has(given.toLowerCase());
}

/** The value of a flag that must be given. @throws OptionError */
export function required({ values }: Args, name: string, what: string): string {
  const value = values[name];
  if (typeof value !== 'string' || value === '')
    throw new OptionError(`--${name} is needed: ${what}`, { next: 'add --help for all options' });
  return value;
}

export const optional = ({ values }: Args, name: string): string | undefined => {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
};
