/** `liae verify`: the content credentials of files, and whether they still fit them. */
import { LiaeError, OptionError } from '../base/index.ts';
import { type ManifestReport, type Verdict, verifyFile } from '../platform/node/provenance/index.ts';
import type { Command } from './command.ts';

/** Worst first: what a file says about the whole. */
const codes = { broken: 1, unreadable: 2, none: 3, unchecked: 3, holds: 0 } as const;
type Outcome = keyof typeof codes;

export const verify: Command = {
  name: 'verify',
  summary: 'the content credentials of files, and whether they still fit',
  usage: 'FILE… [--json]',
  about:
    'Prints who made a file out of what, as far as its C2PA manifest says (in the file, or beside it in a .c2pa), and checks signatures and hashes. Who a signer is cannot be told here: no trust list is kept and nothing is fetched; a self-signed mark shows that nothing changed since it was made, not by whom.\nExit code 0: all hold. 1: one does not. 2: one cannot be read. 3: one has no credentials, or some of a kind that is not checked here.',
  flags: [{ name: 'json', kind: 'switch', help: 'print one JSON object a file' }],
  words: Number.POSITIVE_INFINITY,
  async run({ values, rest }, { out, note }) {
    if (rest.length === 0) throw new OptionError('no file given', { expected: 'liae verify FILE…' });
    const outcomes: Outcome[] = [];
    for (const path of rest) {
      try {
        const verdict = await verifyFile(path);
        outcomes.push(verdict.state);
        out(values.json === true ? `${JSON.stringify(verdict, (_, value: unknown) => value ?? null)}\n` : `${verdictText(verdict)}\n`);
      } catch (error) {
        if (!(error instanceof LiaeError)) throw error;
        outcomes.push('unreadable');
        note(error.report());
      }
    }
    const worst = (Object.keys(codes) as Outcome[]).find((outcome) => outcomes.includes(outcome));
    return codes[worst ?? 'holds'];
  },
};

const headings: Readonly<Record<Verdict['state'], string>> = {
  holds: 'the hashes hold',
  broken: 'DOES NOT HOLD',
  unchecked: 'not all could be checked',
  none: 'no content credentials',
};

/** A verdict for people, without anything from the file that could steer a terminal. */
function verdictText({ path, state, where, store, manifests, xmpSourceType }: Verdict): string {
  const rows: string[] = [`${shown(path)}: ${headings[state]}`];
  if (where === 'sidecar') rows.push(row('in', shown(store ?? '')));
  for (const [i, manifest] of manifests.entries()) rows.push(...manifestRows(manifest, i === 0 ? 'made by' : 'earlier, by'));
  if (xmpSourceType !== undefined) rows.push(row('XMP says', `${shown(xmpSourceType)}; nothing protects this`));
  return rows.join('\n');
}

function manifestRows({ generator, signer, actions, ingredients, checks }: ManifestReport, heading: string): string[] {
  const trouble = checks.filter(({ holds, code }) => holds !== true && code !== 'signingCredential.untrusted');
  const trust = signer.state === 'invalid' ? 'the signature does not hold' : `${signer.state}, ${trustText[signer.state]}`;
  return [
    row(heading, shown(generator ?? 'an unnamed program')),
    row('signed by', `${shown(signer.name ?? 'nobody who can be named')} (${signer.algorithm}); ${trust}`),
    ...actions.map(({ action, when, description, digitalSourceType, parameters }) => {
      const source = digitalSourceType?.slice(digitalSourceType.lastIndexOf('/') + 1);
      const parts = [description, source, ...Object.entries(parameters).map((pair) => pair.join(' ')), when];
      return row('action', shown([action, ...parts.filter((part) => part !== undefined)].join('; ')));
    }),
    ...ingredients.map(({ relationship, title, manifest }) =>
      row(
        relationship === 'parentOf' ? 'made from' : 'with',
        shown(`${title ?? 'something unnamed'}${manifest === undefined ? '' : ', its own credentials kept'}`),
      ),
    ),
    row('checks', `${checks.filter(({ holds }) => holds === true).length} hold`),
    ...trouble.map(({ holds, code, text }) => row(holds === false ? 'FAILS' : 'unchecked', shown(`${code}: ${text}`))),
  ];
}

const trustText: Readonly<Record<'self-signed' | 'unknown issuer', string>> = {
  'self-signed': 'which trust lists do not recognise',
  'unknown issuer': 'whom nobody vouches for here: no trust list is kept',
};

const row = (name: string, text: string): string => `  ${name.padEnd(12)} ${text}`;

/** Text of a stranger: no control characters, not without end. */
function shown(text: string): string {
  const plain = text.replaceAll(/\p{C}/gu, '?');
  return plain.length > 400 ? `${plain.slice(0, 400)}…` : plain;
}
