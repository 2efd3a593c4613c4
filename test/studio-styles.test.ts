/** The page's style and its markup name the same classes: nothing is styled that nothing has, and no class is written that nothing knows. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const web = join(import.meta.dirname, '..', 'src', 'studio', 'web');
const all = (folder: string, ending: string): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');

const styles = all(join(web, 'styles'), '.css').replace(/\/\*[\s\S]*?\*\//g, '');
const source = `${all(web, '.tsx')}\n${readFileSync(join(web, 'readOnly.ts'), 'utf8')}`;
/** Words of all strings: where a class can stand. */
const words = new Set(
  [/"[^"\n]*"/g, /'[^'\n]*'/g, /`[^`]*`/g].flatMap((one) => source.match(one) ?? []).flatMap((text) => text.match(/[a-z][\w-]*/gi) ?? []),
);
const styled = new Set([...styles.replace(/\{[^{}]*\}/g, '{}').matchAll(/\.([a-z][\w-]*)/gi)].map(([, name]) => name!));
/** As in class={`job job-${state}`}. */
const beginnings = [...source.matchAll(/([a-z]\w*-)\$\{/gi)].map(([, name]) => name!);

/** For tests and for the page's own queries. */
const unstyled: readonly string[] = ['measure-range', 'status-state'];

test('every class of the style is in the page', () => {
  const unused = [...styled].filter((name) => !words.has(name) && !beginnings.some((beginning) => name.startsWith(beginning)));
  expect(unused).toEqual([]);
});

test('every class of the page is in the style', () => {
  const written = [...source.matchAll(/class="([^"]*)"|class=\{`([^`]*)`\}/g)].flatMap(([, plain, template]) =>
    (plain ?? template!.replace(/\$\{[^}]*\}/g, '$')).split(/\s+/),
  );
  const unknown = [...new Set(written)].filter((name) => /^[a-z][\w-]*$/i.test(name) && !styled.has(name) && !unstyled.includes(name));
  expect(unknown).toEqual([]);
});
