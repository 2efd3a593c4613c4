/** What a command is, and how its help is laid out. */
import type { Args, Flag } from './args.ts';

/** Where a command writes. Lines are given without their end. */
export interface Terminal {
  /** Results: what one would put into a file or a pipe. */
  readonly out: (text: string) => void;
  /** Everything else. */
  readonly note: (line: string) => void;
}

export interface Command {
  /** As it is typed after "liae": one word, or two for a command of a group. */
  readonly name: string;
  /** One line in the list of commands. */
  readonly summary: string;
  /** After "liae NAME". */
  readonly usage: string;
  /** A paragraph or two under the usage. */
  readonly about?: string;
  readonly flags: readonly Flag[];
  /** How many words may follow that are not flags; none if left out. */
  readonly words?: number;
  /** @returns the exit code. */
  readonly run: (args: Args, terminal: Terminal) => Promise<number>;
}

/** An entry of the table of commands: the command itself is loaded when it is asked for, so that help and errors come at once. */
export interface CommandEntry {
  /** One word. */
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Commands that share a first word, such as `liae faces sort`. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  /** A paragraph or two above the list. */
  readonly about: string;
  readonly commands: readonly CommandEntry[];
}

export type TableEntry = CommandEntry | CommandGroup;

/** All commands of a table, those of its groups under both words. */
export const everyCommand = (entries: readonly TableEntry[]): readonly CommandEntry[] =>
  entries.flatMap((entry) =>
    'load' in entry ? [entry] : entry.commands.map((command) => ({ ...command, name: `${entry.name} ${command.name}` })),
  );

export const commonFlags: readonly Flag[] = [
  { name: 'help', kind: 'switch', help: 'show this help' },
  { name: 'verbose', kind: 'switch', help: 'show where an error came from' },
];

export function listHelp(entries: readonly TableEntry[], version: string): string {
  const rows = entries.map(({ name, summary }): [string, string] => [name, summary]);
  return [
    `liae ${version}: face swapping with LIAE models`,
    '',
    'usage: liae COMMAND [options]',
    '',
    ...table(rows),
    '',
    'liae COMMAND --help explains a command and its options.',
  ].join('\n');
}

export function groupHelp({ name, about, commands }: CommandGroup): string {
  const rows = commands.map((command): [string, string] => [command.name, command.summary]);
  return [
    `usage: liae ${name} COMMAND [options]`,
    '',
    ...wrap(about, 100),
    '',
    ...table(rows),
    '',
    `liae ${name} COMMAND --help explains a command and its options.`,
  ].join('\n');
}

export function commandHelp({ name, usage, summary, about, flags }: Command): string {
  const rows = [...flags, ...commonFlags].map((flag): [string, string] => {
    const left = flag.kind === 'switch' ? `--${flag.name}` : `--${flag.name} ${flag.shape ?? 'VALUE'}`;
    return [left, flag.default === undefined || flag.default === '' ? flag.help : `${flag.help} [${flag.default}]`];
  });
  return [`usage: liae ${name} ${usage}`.trimEnd(), '', ...wrap(about ?? `${summary}.`, 100), '', ...table(rows)].join('\n');
}

/** Two columns; the second is wrapped to 120 characters in all. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)));
  return rows.flatMap(([left, right]) => {
    const lines = wrap(right, 120 - width - 4);
    const first = left.length > width ? [`  ${left}`, `  ${' '.repeat(width)}  ${lines[0]}`] : [`  ${left.padEnd(width)}  ${lines[0]}`];
    return [...first, ...lines.slice(1).map((line) => `  ${' '.repeat(width)}  ${line}`)];
  });
}

function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines = [''];
    for (const word of paragraph.split(' ')) {
      const line = lines.at(-1)!;
      if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
      else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
    }
    return lines;
  });
}
