/**
 * `liae train`: options from flags, file and model; the trainer in its thread; progress; signals and keys.
 * The folder of the model is all that a resume needs.
 */
import { truncateSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FormatError, OptionError } from '../base/index.ts';
import { programVersion } from '../platform/node/machine.ts';
import { lockModel } from '../platform/node/modelLock.ts';
import { NodeFileStore } from '../platform/node/modelStore.ts';
import { startTrainer, type Trainer } from '../platform/node/trainer.ts';
import {
  canonicalKeys,
  defaultText,
  flagOf,
  type LoopEnd,
  type OptionSpec,
  optionTable,
  rangeText,
  resolveOptions,
} from '../train/index.ts';
import { type Args, type Flag, optional, required } from './args.ts';
import { boundedReporter } from './boundedEvents.ts';
import type { Command, Terminal } from './command.ts';
import { endAtOnce, obey } from './orders.ts';
import { jsonReporter, textReporter } from './progress.ts';

const MAX_CONFIG_BYTES = 1024 * 1024;

const ownFlags: readonly Flag[] = [
  { name: 'model', kind: 'value', shape: 'DIR', help: 'folder of the model; it is made if it does not exist' },
  { name: 'config', kind: 'value', shape: 'FILE', help: 'options as a JSON object; flags come before it' },
  { name: 'json', kind: 'switch', help: 'print one JSON object for each event on stdout' },
];

const optionFlag = (spec: OptionSpec): Flag => ({
  name: flagOf(spec.name).slice(2),
  kind: spec.kind === 'bool' ? 'switch' : 'value',
  help: `${spec.help}${spec.kind === 'path' || spec.kind === 'bool' ? '' : ` (${rangeText(spec)})`}${spec.when === 'new' ? '; fixed once the model exists' : ''}`,
  shape: spec.name === 'from' ? 'PATH' : spec.kind === 'path' ? 'DIR' : spec.kind === 'choice' || spec.kind === 'archi' ? 'NAME' : 'N',
  default: defaultText(spec),
  aliases: (spec.aliases ?? []).map((alias) => alias.replaceAll('_', '-')),
});

export const train: Command = {
  name: 'train',
  summary: 'train a model, new or saved',
  usage: '--model DIR [--src DIR --dst DIR] [options]',
  about: [
    'Trains a model in its folder until its target or until stopped. A new model needs --src and --dst; a saved one is resumed with nothing but --model.',
    'Ctrl-C saves and ends; a second Ctrl-C ends at once without saving. On a terminal: s saves, b backs up, p paints a preview, q saves and ends. The signal SIGUSR1 paints a preview, SIGUSR2 saves.',
    'Switches are turned off with --no-NAME.',
  ].join('\n'),
  flags: [...ownFlags, ...optionTable.map(optionFlag)],
  async run(args, terminal) {
    const model = resolve(required(args, 'model', 'the folder of the model'));
    const asked = await askedOptions(args);
    if ((await new NodeFileStore(model).list('saves')).length === 0) resolveOptions(asked); // before a folder is made for nothing
    const asJson = args.values.json === true;
    await using _lock = await lockModel(model);
    return await runTrainer(model, asked, asJson, terminal); // the lock is held until it ends
  },
};

/** Flags over the configuration file, under the names of the option table; folders are absolute. */
async function askedOptions(args: Args): Promise<Record<string, unknown>> {
  const own = new Set(ownFlags.map(({ name }) => name));
  const flags = Object.fromEntries(Object.entries(args.values).filter(([name]) => !own.has(name) && name !== 'help' && name !== 'verbose'));
  const config = optional(args, 'config');
  const asked = { ...(config === undefined ? {} : canonicalKeys(await readConfig(config))), ...canonicalKeys(flags) };
  for (const name of ['src', 'dst', 'from']) {
    const path = asked[name];
    if (typeof path === 'string' && path !== '') asked[name] = resolve(path);
  }
  return asked;
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    if ((await stat(path)).size > MAX_CONFIG_BYTES)
      throw new FormatError(`${path}: too large for a configuration`, { expected: 'at most 1 MiB' });
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new OptionError(`${path}: cannot be read`, {
      found: cause instanceof Error ? cause.message : String(cause),
      next: 'check --config',
      cause,
    });
  }
  const bad = (found: string): FormatError =>
    new FormatError(`${path}: not a configuration`, { found, expected: 'a JSON object such as {"batch_size": 4, "random_warp": "n"}' });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw bad(cause instanceof Error ? cause.message : String(cause));
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw bad('JSON that is not an object');
  return { ...parsed };
}

async function runTrainer(model: string, asked: Record<string, unknown>, asJson: boolean, { note }: Terminal): Promise<number> {
  const write = (text: string): void => void process.stdout.write(text);
  const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
  const file = process.env.LIAE_EVENTS; // the file that stdout goes to, where it should not grow without end
  const report = !asJson
    ? textReporter({ write, note, columns, now: () => new Date() })
    : file === undefined || file === ''
      ? jsonReporter({ write })
      : boundedReporter({ write, empty: () => truncateSync(file) });
  const trainer = startTrainer({ model, asked, tool: programVersion() }, report);
  using _controls = takeControl(trainer, { note, keys: !asJson && columns !== undefined });
  return exitCode(await trainer.end, model, note);
}

function exitCode({ reason, saved }: LoopEnd, model: string, note: Terminal['note']): number {
  if (reason === 'diverged') {
    note(
      [
        'the loss was not a number again and again, from the same save on; training stopped there',
        `  next     a backup under ${model}/backups from before the trouble, a smaller --learning-rate, --clipgrad,`,
        '           or smaller --gan-power, --face-style-power and --bg-style-power',
      ].join('\n'),
    );
    return 1;
  }
  if (!saved) note('the last save failed: the iterations since the one before are lost');
  return saved ? 0 : 1;
}

/** @returns undefined for what is no object of options. */
function parsed(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Signals, orders from a file and keys to commands, until disposed. */
function takeControl(trainer: Trainer, { note, keys }: { readonly note: Terminal['note']; readonly keys: boolean }): Disposable {
  let interrupts = 0;
  const input = keys && process.stdin.isTTY ? process.stdin : undefined;
  const stop = (): void => {
    if (interrupts++ > 0) {
      input?.setRawMode(false);
      endAtOnce('ended without saving; the last save stands');
      return;
    }
    note(`${keys ? '\n' : ''}saving and ending after the iterations under way; Ctrl-C again ends at once without saving`);
    trainer.send('stop');
  };
  const preview = (): void => trainer.send('preview');
  const save = (): void => trainer.send('save');
  /** A reader that is gone, as in `liae train | head`, is a reason to stop, not a fault. */
  const brokenPipe = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    if (interrupts === 0) stop();
  };
  const press = (pressed: Buffer): void => {
    for (const key of pressed.toString('latin1')) {
      if (key === '\x03' || key === 'q') stop();
      else if (key === 's') save();
      else if (key === 'b') backup();
      else if (key === 'p') preview();
    }
  };
  const backup = (): void => trainer.send('backup');
  const set = (json: string): void => {
    const asked = parsed(json);
    if (asked !== undefined) trainer.send({ set: asked });
  };
  const orders = obey({ stop, save, preview, backup, set });
  process.stdout.on('error', brokenPipe);
  input?.setRawMode(true);
  input?.on('data', press);
  return {
    [Symbol.dispose]() {
      orders[Symbol.dispose]();
      process.stdout.off('error', brokenPipe);
      input?.off('data', press);
      input?.setRawMode(false);
      input?.pause();
    },
  };
}
