/**
 * From a command line to an exit code: 0 done, 2 something the user can mend, 1 a fault of ours (or, for training, a run that did not end
 * well), 130 interrupted. Errors are printed here and nowhere else.
 */
import { LiaeError, OptionError } from '../base/index.ts';
import { nearest } from '../train/index.ts';
import { parseArgs } from './args.ts';
import { type CommandEntry, commandHelp, commonFlags, listHelp, type Terminal } from './command.ts';

export async function runCli(
  argv: readonly string[],
  { commands, terminal, version }: { readonly commands: readonly CommandEntry[]; readonly terminal: Terminal; readonly version: string },
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
    const name = first === 'help' ? others[0]! : first;
    const command = await find(name, commands).load();
    if (asksHelp) {
      terminal.out(`${commandHelp(command)}\n`);
      return 0;
    }
    const args = parseArgs(others, [...command.flags, ...commonFlags]);
    const extra = args.rest[command.words ?? 0];
    if (extra !== undefined) throw new OptionError(`${extra}: not expected here`, { expected: `liae ${name} ${command.usage}` });
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

function find(name: string, commands: readonly CommandEntry[]): CommandEntry {
  const entry = commands.find((command) => command.name === name);
  if (entry !== undefined) return entry;
  const near = nearest(
    name,
    commands.map((command) => command.name),
  );
  throw new OptionError(`${name}: unknown command`, {
    next: near === undefined ? 'liae --help lists all commands' : `did you mean liae ${near}?`,
  });
}
