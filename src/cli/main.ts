#!/usr/bin/env node
/** The program `liae`: hands the command line to run.ts and ends with its exit code. */
import { writeFileSync } from 'node:fs';
import { programVersion } from '../platform/node/machine.ts';
import { commands } from './commands.ts';
import { obeyAtLeastStop } from './orders.ts';
import { runCli } from './run.ts';

// Whoever started this process may be gone when it ends, and still wants to know how.
const exitFile = process.env.LIAE_EXIT_FILE;
if (exitFile !== undefined) process.on('exit', (code) => writeFileSync(exitFile, String(code)));
delete process.env.LIAE_EXIT_FILE; // of this process alone

obeyAtLeastStop();
process.exitCode = await runCli(process.argv.slice(2), {
  commands,
  version: programVersion(),
  terminal: { out: (text) => void process.stdout.write(text), note: (line) => void process.stderr.write(`${line}\n`) },
});
