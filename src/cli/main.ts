#!/usr/bin/env node
/** The program `liae`: hands the command line to run.ts and ends with its exit code. */
import { programVersion } from '../platform/node/machine.ts';
import { commands } from './commands.ts';
import { runCli } from './run.ts';

process.exitCode = await runCli(process.argv.slice(2), {
  commands,
  version: programVersion(),
  terminal: { out: (text) => void process.stdout.write(text), note: (line) => void process.stderr.write(`${line}\n`) },
});
