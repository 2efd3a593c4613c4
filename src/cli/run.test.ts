/** The command line as a user meets it: suggestions, help, exit codes, where text goes. */
import { describe, expect, test } from 'vitest';
import { FormatError } from '../base/index.ts';
import { flagOf, optionTable } from '../train/index.ts';
import { type Args, type Flag, parseArgs } from './args.ts';
import { type Command, type CommandEntry, everyCommand, type TableEntry } from './command.ts';
import { commands } from './commands.ts';
import { runCli } from './run.ts';
import { train } from './train.ts';

const flags: readonly Flag[] = [
  { name: 'model', kind: 'value', shape: 'DIR', help: 'a folder' },
  { name: 'batch-size', kind: 'value', shape: 'N', help: 'a number', aliases: ['batch'] },
  { name: 'random-warp', kind: 'switch', help: 'a switch', default: 'y' },
];

async function run(
  argv: readonly string[],
  entries: readonly TableEntry[] = commands,
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const terminal = { out: (text: string) => void (out += text), note: (line: string) => void (err += `${line}\n`) };
  const code = await runCli(argv, { commands: entries, terminal, version: '1.2.3' });
  return { code, out, err };
}

const entry = (body: (args: Args) => Promise<number>, words?: number): CommandEntry => {
  const command: Command = { name: 'go', summary: 'goes', usage: '[options]', flags, run: body, ...(words === undefined ? {} : { words }) };
  return { name: 'go', summary: 'goes', load: async () => command };
};

describe('arguments', () => {
  test('values and switches, in every spelling', () => {
    const parsed = (...argv: string[]): unknown => parseArgs(argv, flags).values;
    expect(parsed('--model', 'a b', '--batch-size=4')).toEqual({ model: 'a b', 'batch-size': '4' });
    expect(parsed('--batch_size', '4')).toEqual({ 'batch-size': '4' });
    expect(parsed('--batch', '5')).toEqual({ 'batch-size': '5' });
    expect(parsed('--model=--odd')).toEqual({ model: '--odd' });
    expect(parsed('--model', '-1')).toEqual({ model: '-1' });
    for (const yes of [['--random-warp'], ['--random-warp=y'], ['--random-warp', 'yes'], ['--random_warp', 'true']]) {
      expect(parsed(...yes), yes.join(' ')).toEqual({ 'random-warp': true });
    }
    for (const no of [['--no-random-warp'], ['--random-warp=n'], ['--random-warp', 'off'], ['--no_random_warp']]) {
      expect(parsed(...no), no.join(' ')).toEqual({ 'random-warp': false });
    }
    expect(parseArgs(['--random-warp', 'elsewhere', '--', '--model'], flags).rest).toEqual(['elsewhere', '--model']);
  });

  test.each([
    [['--batchsize', '4'], '--batchsize: unknown option', 'did you mean --batch-size?'],
    [['--no-randomwarp'], '--no-randomwarp: unknown option', 'did you mean --no-random-warp?'],
    [['--xyzzyxyzzy'], '--xyzzyxyzzy: unknown option', 'add --help for all options'],
    [['--model'], '--model: needs a value', '--model=… if the value begins with dashes'],
    [['--model', '--batch-size', '4'], '--model: needs a value', '--model=… if the value begins with dashes'],
  ])('%j is refused with a hint', (argv, message, next) => {
    expect(() => parseArgs(argv, flags)).toThrow(expect.objectContaining({ message, details: expect.objectContaining({ next }) }));
  });

  test('a value flag has no negative, and a switch takes yes or no', () => {
    expect(() => parseArgs(['--no-model'], flags)).toThrow('--no-model: model takes a value');
    expect(() => parseArgs(['--random-warp=maybe'], flags)).toThrow('--random-warp=maybe: not a yes or no');
    expect(() => parseArgs(['--no-random-warp=y'], flags)).toThrow('not a yes or no');
  });
});

describe('commands', () => {
  test('a misspelt one suggests its neighbour and ends with 2', async () => {
    expect(await run(['trian', '--model', 'x'])).toEqual({
      code: 2,
      out: '',
      err: 'trian: unknown command\n  next     did you mean liae train?\n',
    });
  });

  test('help and version are results, on stdout', async () => {
    for (const argv of [[], ['--help'], ['-h'], ['help']]) {
      const { code, out, err } = await run(argv);
      expect([code, err]).toEqual([0, '']);
      for (const { name, summary } of commands) expect(out).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 20)}`, 'm'));
    }
    expect((await run(['--version'])).out).toBe('1.2.3\n');
  });

  test.each(everyCommand(commands).map(({ name }) => name))('%s has help, under the name and summary of the table', async (name) => {
    const found = everyCommand(commands).find((command) => command.name === name)!;
    const command = await found.load();
    expect([command.name, command.summary]).toEqual([found.name, found.summary]);
    const words = name.split(' ');
    for (const argv of [
      [...words, '--help'],
      ['help', ...words],
      [...words, '--nonsense', '-h'],
    ]) {
      const { code, out } = await run(argv);
      expect(code).toBe(0);
      expect(out).toContain(`usage: liae ${name}`);
      for (const flag of command.flags) expect(out).toContain(`--${flag.name}`);
    }
    expect(new Set(command.flags.map((flag) => flag.name)).size).toBe(command.flags.length);
  });

  test('a group lists its commands, and a misspelt one of them suggests its neighbour', async () => {
    const group: TableEntry = { name: 'many', summary: 'several', about: 'What they share.', commands: [entry(async () => 0)] };
    for (const argv of [['many'], ['many', '--help'], ['help', 'many'], ['many', 'help']]) {
      const { code, out } = await run(argv, [group]);
      expect(code).toBe(0);
      expect(out).toMatch(/^usage: liae many COMMAND[\s\S]+What they share\.[\s\S]+\n {2}go {2}goes\n/);
    }
    expect(await run(['many', 'og'], [group])).toEqual({
      code: 2,
      out: '',
      err: 'og: unknown command\n  next     did you mean liae many go?\n',
    });
    expect((await run(['many', 'go'], [group])).code).toBe(0);
    expect((await run(['mny', 'go'], [group])).err).toContain('did you mean liae many?');
  });

  test('a fault of the user ends with 2 and no stack, one of ours with 1', async () => {
    const failing = (error: Error): CommandEntry[] => [entry(() => Promise.reject(error))];
    const user = await run(['go'], failing(new FormatError('x.jpg: broken', { found: 'nothing', next: 'mend it' })));
    expect(user).toEqual({ code: 2, out: '', err: 'x.jpg: broken\n  found    nothing\n  next     mend it\n' });
    const ours = await run(['go'], failing(new TypeError('x is undefined')));
    expect(ours.code).toBe(1);
    expect(ours.err).toContain('a fault of the program: x is undefined');
    expect(ours.err).not.toContain('run.test.ts');
    expect((await run(['go', '--verbose'], failing(new TypeError('x')))).err).toContain('run.test.ts');
  });

  test('words that a command does not expect are refused, and those it expects are passed', async () => {
    expect((await run(['go', 'there'], [entry(async () => 0)])).err).toBe('there: not expected here\n  expected liae go [options]\n');
    let seen: readonly string[] = [];
    const takes = entry(async ({ rest }) => {
      seen = rest;
      return 0;
    }, 1);
    expect((await run(['go', 'there'], [takes])).code).toBe(0);
    expect(seen).toEqual(['there']);
  });
});

describe('train', () => {
  test('has a flag for every option of the table, with the range and default in its help', async () => {
    const { out } = await run(['train', '--help']);
    for (const { name } of optionTable) expect(out).toContain(flagOf(name));
    expect(train.flags.find(({ name }) => name === 'batch-size')).toMatchObject({ kind: 'value', default: '4' });
    expect(train.flags.find(({ name }) => name === 'target')?.aliases).toEqual(['target-iter']);
  });

  test.each([
    [['train'], '--model is needed'],
    [['train', '--model', '/nowhere/m', '--batch-size', '0'], 'batch_size: "0" is not allowed'],
    [['train', '--model', '/nowhere/m', '--device', 'cuda'], 'device: cuda is not available in this version'],
    [['train', '--model', '/nowhere/m', '--pretrain'], 'pretrain: not available in this version'],
    [['train', '--model', '/nowhere/m', '--config', '/nowhere/c.json'], '/nowhere/c.json: cannot be read'],
    [['train', '--model', '/nowhere/m', '--random-wrap'], 'did you mean --random-warp?'],
  ])('%j ends with 2 before anything is made', async (argv, message) => {
    const { code, err } = await run(argv);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
