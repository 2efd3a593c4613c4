/** `liae studio`: the local web page, until Ctrl-C. Jobs that it started go on without it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { programVersion } from '../platform/node/machine.ts';
import { configFolder } from '../platform/node/provenance/index.ts';
import { startStudio } from '../studio/index.ts';
import { optional } from './args.ts';
import type { Command } from './command.ts';
import { wholeNumber } from './faces/longRun.ts';

const PORT = 4173;

export const studio: Command = {
  name: 'studio',
  summary: 'the local web page: clips, faces, training and jobs of a workspace',
  usage: '[WORKSPACE] [--port N] [--no-open]',
  about: [
    'Serves a page for the folder WORKSPACE, which is made if it does not exist, and opens it in the browser. Without WORKSPACE the page asks which one: the last ones, another, or a new one. The address holds a key that changes with every start; without it the server answers nothing.',
    'Ctrl-C ends the server. Jobs run in processes of their own and go on; the next liae studio of the same folder finds them again.',
    'Only this machine can reach the page unless --host says otherwise; other machines that have the address then look on, and change nothing unless --remote-changes is given. Nothing is encrypted: open it to networks that you trust.',
  ].join('\n'),
  flags: [
    { name: 'port', kind: 'value', shape: 'N', help: 'port; 0 takes a free one', default: String(PORT) },
    { name: 'host', kind: 'value', shape: 'ADDRESS', help: 'address to bind to; 0.0.0.0 for all of this machine', default: '127.0.0.1' },
    { name: 'remote-changes', kind: 'switch', help: 'with --host: let other machines change the workspace too, not only look' },
    { name: 'open', kind: 'switch', help: 'open the page in the browser', default: 'yes' },
    { name: 'json', kind: 'switch', help: 'print one JSON object for each event on stdout' },
  ],
  words: 1,
  async run(args, { out, note }) {
    const asJson = args.values.json === true;
    const main = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url));
    await using running = await startStudio({
      workspace: args.rest[0] === undefined ? undefined : resolve(args.rest[0]),
      host: optional(args, 'host') ?? '127.0.0.1',
      port: wholeNumber(optional(args, 'port') ?? String(PORT), '--port', [0, 65535]),
      remoteChanges: args.values['remote-changes'] === true,
      program: [process.execPath, main],
      page: fileURLToPath(new URL('../studio/web/', import.meta.url)),
      settings: configFolder(),
      version: programVersion(),
      onFault: (error) => note(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    });
    if (asJson) out(`${JSON.stringify({ event: 'listening', url: running.url, workspace: running.workspace ?? null })}\n`);
    else out(`${running.url}\n`);
    if (!running.loopback) {
      const may =
        args.values['remote-changes'] === true ? 'change the workspace' : 'look at the workspace; --remote-changes lets them change it';
      note(`open to the network, without encryption: whoever has this address can ${may}`);
    }
    if (!asJson) note('Ctrl-C ends the page; jobs go on');
    if (args.values.open !== false) openBrowser(running.url, note);
    const stop = new AbortController();
    await Promise.race((['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => once(process, signal, { signal: stop.signal })));
    stop.abort();
    return 0;
  },
};

function openBrowser(url: string, note: (line: string) => void): void {
  const [command, args] =
    process.platform === 'darwin'
      ? (['open', [url]] as const)
      : process.platform === 'win32'
        ? (['rundll32', ['url.dll,FileProtocolHandler', url]] as const)
        : (['xdg-open', [url]] as const);
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', () => note('no browser could be opened; the address above works in any'));
  child.unref();
}
