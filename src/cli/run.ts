/**
 * From a command line to an exit code: 0 done, 2 something the user can mend, 1 a fault of ours (or, for training, a run that did not end
 * well), 130 interrupted. Errors are printed here and nowhere else.
 */
import { LiaeError, OptionError } from '../base/index.ts';
import { nearest } from '../train/index.ts';
import { parseArgs } from './args.ts';
import { type Command, commandHelp, commonFlags, groupHelp, listHelp, type TableEntry, type Terminal } from './command.ts';

export async function runCli(
  argv: readonly string[],
  { commands, terminal, version }: { readonly commands: readonly TableEntry[]; readonly terminal: Terminal; readonly version: string },
): Promise<number> {
  const [first, ...others] = argv;
  try {
    if (first === undefined || ((first === 'help' || first === '--help' || first === '-h') && others.length === 0)) {
      terminal.out(`${listHelp(commands, version)}\n`);
      return 0;
    }
    if (first === '--version' || first === '-v') {
      terminal.out(`${version}\n`);
      return 0;
    }
    const asksHelp = first === 'help' || others.includes('--help') || others.includes('-h');
    const words = first === 'help' ? others : argv;
    const found = await find(words, commands);
    if ('help' in found) {
      terminal.out(`${found.help}\n`);
      return 0;
    }
    const { command, rest } = found;
    if (asksHelp) {
      terminal.out(`${commandHelp(command)}\n`);
      return 0;
    }
    const args = parseArgs(rest, [...command.flags, ...commonFlags]);
    const extra = args.rest[command.words ?? 0];
    if (extra !== undefined) throw new OptionError(`${extra}: not expected here`, { expected: `liae ${command.name} ${command.usage}` });
    return await command.run(args, terminal);
  } catch (error) {
    return printError(error, terminal, argv.includes('--verbose'));
  }
}

/** @returns the exit code that goes with the error. */
function printError(error: unknown, { note }: Pick<Terminal, 'note'>, verbose: boolean): number {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (error instanceof LiaeError) {
    note(error.report());
    if (verbose) note(stack);
    return 2;
  }
  note(`liae: a fault of the program: ${error instanceof Error ? error.message : String(error)}`);
  note(verbose ? stack : '  next     run it again with --verbose and report what it prints, with the output of liae doctor');
  return 1;
}

/** The command that the first word, or the first two, name, and what follows; of a group without a further word, its help. */
async function find(
  [name = '', ...rest]: readonly string[],
  commands: readonly TableEntry[],
): Promise<{ readonly command: Command; readonly rest: readonly string[] } | { readonly help: string }> {
  const entry = known(name, commands, 'liae');
  if ('load' in entry) return { command: await entry.load(), rest };
  const [second, ...further] = rest;
  if (second === undefined || second === 'help' || second.startsWith('-')) return { help: groupHelp(entry) };
  return { command: await known(second, entry.commands, `liae ${entry.name}`).load(), rest: further };
}

function known<T extends TableEntry>(name: string, entries: readonly T[], before: string): T {
  const entry = entries.find((command) => command.name === name);
  if (entry !== undefined) return entry;
  const near = nearest(
    name,
    entries.map((command) => command.name),
  );
  throw new OptionError(`${name}: unknown command`, {
    next: near === undefined ? `${before} --help lists all commands` : `did you mean ${before} ${near}?`,
  });
}
