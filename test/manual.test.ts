/**
 * docs/cli.md says what the program says: its lists of commands and options come from the program's own tables. After a change there,
 * `npx vitest run test/manual.test.ts -u` writes them anew.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { everyCommand } from '../src/cli/command.ts';
import { commands } from '../src/cli/commands.ts';
import { defaultText, type OptionSpec, optionTable, rangeText } from '../src/train/index.ts';

const path = fileURLToPath(new URL('../docs/cli.md', import.meta.url));
const manual = readFileSync(path, 'utf8');

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

async function commandsText(): Promise<string> {
  const sections = await Promise.all(
    everyCommand(commands).map(async ({ load }) => {
      const { name, usage, about, summary, flags } = await load();
      const options = new Set((optionTable as readonly OptionSpec[]).map((spec) => spec.name.replaceAll('_', '-')));
      const own = flags.filter((flag) => name !== 'train' || !options.has(flag.name));
      const rows = own.map((flag) => {
        const spelt = flag.kind === 'switch' ? `\`--${flag.name}\`` : `\`--${flag.name} ${flag.shape ?? 'VALUE'}\``;
        return [spelt, flag.help, flag.default ?? ''];
      });
      const rest = name === 'train' ? '\n\nand the options of training below.' : '';
      return `### liae ${name}\n\n\`liae ${name} ${usage}\`\n\n${(about ?? `${summary}.`).replaceAll('\n', '  \n')}\n\n${table(['flag', 'meaning', 'default'], rows)}${rest}`;
    }),
  );
  return sections.join('\n\n');
}

function optionsText(): string {
  const rows = (optionTable as readonly OptionSpec[]).map((spec) => {
    const also = (spec.aliases ?? []).map((alias) => `, \`${alias}\``).join('');
    return [`\`${spec.name}\`${also}${spec.ours === true ? ' *' : ''}`, rangeText(spec), defaultText(spec), spec.when, spec.help];
  });
  return `${table(['option', 'values', 'default', 'asked', 'meaning'], rows)}\n\n\\* not in DeepFaceLab.`;
}

const between = (text: string, mark: string, content: string): string => {
  const [open, close] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`docs/cli.md has no marks for ${mark}`);
  return `${text.slice(0, from + open.length)}\n${content}\n${text.slice(to)}`;
};

test('the manual lists the commands and options of the program', async () => {
  await expect(between(between(manual, 'commands', await commandsText()), 'options', optionsText())).toMatchFileSnapshot(path);
});

test('the manual explains every event', () => {
  const source = readFileSync(new URL('../src/train/events.ts', import.meta.url), 'utf8');
  const kinds = [...source.matchAll(/readonly event: '(\w+)'/g)].map(([, kind]) => kind);
  expect(kinds.length).toBeGreaterThan(10);
  for (const kind of kinds) expect(manual).toContain(`| \`${kind}\` |`);
});
