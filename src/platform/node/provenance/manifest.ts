/**
 * A store of manifests as data: what is claimed, the assertions it names, the signature; and a new manifest written. Sources: C2PA
 * specification 2.x, "Claims", "Assertions", "Ingredient", "Actions".
 */
import { createHash } from 'node:crypto';
import { FormatError } from '../../../base/index.ts';
import { ourExclusions } from './bmff.ts';
import { bytesOf, type Cbor, type CborInput, field, listOf, readCbor, textOf, writeCbor } from './cbor.ts';
import { signPayload, unsigned } from './cose.ts';
import { box, hashedPart, readSuperbox, type Superbox, superbox } from './jumbf.ts';
import type { Signer } from './signer.ts';

/** IPTC: a model's output stands for a part of a picture of something real. */
export const compositeSourceType = 'http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia';

export interface Assertion {
  readonly label: string;
  readonly box: Superbox;
  /** undefined if its content is not CBOR. */
  readonly value: Cbor | undefined;
}

/** A reference with the hash of what it refers to. */
export interface HashedUri {
  readonly url: string;
  readonly hash: Uint8Array | undefined;
  readonly algorithm: Cbor | undefined;
}

export interface Manifest {
  readonly label: string;
  readonly box: Superbox;
  readonly claim: Cbor;
  readonly claimBytes: Uint8Array;
  readonly signature: Superbox;
  readonly signatureBytes: Uint8Array;
  readonly assertions: readonly Assertion[];
  /** What the claim says that it contains. */
  readonly named: readonly HashedUri[];
}

const maxManifests = 256;
const maxAssertions = 1024;

/** The manifests of a store, the active one last. @throws FormatError if it is damaged. */
export function readStore(bytes: Uint8Array, name: string): readonly Manifest[] {
  const store = readSuperbox(bytes, name);
  if (store.kind !== 'c2pa') throw new FormatError(`${name}: not a store of content credentials`, { found: store.label || store.kind });
  const boxes = store.boxes.filter(({ kind }) => kind === 'c2ma' || kind === 'c2um');
  if (boxes.length === 0 || boxes.length > maxManifests) {
    throw new FormatError(`${name}: content credentials with ${boxes.length} manifests`, { expected: `1 to ${maxManifests}` });
  }
  return boxes.map((each) => readManifest(each, name));
}

function readManifest(manifest: Superbox, name: string): Manifest {
  const part = (kind: string, what: string): Superbox => {
    const found = manifest.boxes.find((each) => each.kind === kind);
    if (found === undefined) throw new FormatError(`${name}: damaged content credentials`, { found: `${manifest.label} has no ${what}` });
    return found;
  };
  const claimBox = part('c2cl', 'claim');
  const signature = part('c2cs', 'signature');
  const claimBytes = contentOf(claimBox, name);
  const claim = readCbor(claimBytes, name);
  const assertions = part('c2as', 'assertions').boxes;
  const named = ['created_assertions', 'gathered_assertions', 'assertions'].flatMap((key) => listOf(field(claim, key)).map(hashedUri));
  const most = Math.max(assertions.length, named.length, listOf(field(claim, 'redacted_assertions')).length);
  if (most > maxAssertions) throw new FormatError(`${name}: more than ${maxAssertions} assertions in a manifest`, { found: String(most) });
  return {
    ...{ label: manifest.label, box: manifest, claim, claimBytes, signature, signatureBytes: contentOf(signature, name) },
    assertions: assertions.map((each) => ({ label: each.label, box: each, value: contentValue(each, name) })),
    named,
  };
}

function contentOf(superbox: Superbox, name: string): Uint8Array {
  const content = superbox.contents.find(({ kind }) => kind === 'cbor');
  if (content === undefined) throw new FormatError(`${name}: damaged content credentials`, { found: `${superbox.label} is empty` });
  return content.bytes;
}

function contentValue(assertion: Superbox, name: string): Cbor | undefined {
  const content = assertion.contents.find(({ kind }) => kind === 'cbor');
  return content === undefined ? undefined : readCbor(content.bytes, name);
}

export const hashedUri = (value: Cbor | undefined): HashedUri => ({
  url: textOf(field(value, 'url')) ?? '',
  hash: bytesOf(field(value, 'hash')),
  algorithm: field(value, 'alg'),
});

/** The last part of a reference: the label of an assertion or a manifest. */
export const lastPart = (url: string): string => url.slice(url.lastIndexOf('/') + 1).replace(/^self#jumbf=/, '');

/** c2pa.ingredient.v3__1 is the second c2pa.ingredient.v3. */
export const plainLabel = (label: string): string => label.replace(/__\d+$/, '');

/** What a new manifest says. */
export interface ManifestDraft {
  readonly label: string;
  readonly instanceId: string;
  readonly title: string;
  readonly tool: { readonly name: string; readonly version: string };
  /** Parts of the action. */
  readonly edit: { readonly description: string; readonly parameters: { readonly [key: string]: string } };
  /** When, as ISO 8601. */
  readonly when: string;
  readonly ingredients: readonly IngredientDraft[];
  readonly binding: Binding;
}

export interface IngredientDraft {
  readonly relationship: 'parentOf' | 'componentOf';
  readonly title: string;
  readonly format: string | undefined;
  /** Its own active manifest, if it has one, and what checking it gave. */
  readonly manifest: Manifest | undefined;
  readonly results: Results | undefined;
}

/** What checking an ingredient gave, as its assertion keeps it. */
export interface Results {
  readonly activeManifest: { readonly [kind in 'success' | 'informational' | 'failure']: readonly CborInput[] };
}

export type Binding =
  | {
      readonly kind: 'data';
      readonly hash: Uint8Array;
      readonly exclusion: { readonly start: number; readonly length: number } | undefined;
    }
  | { readonly kind: 'bmff'; readonly hash: Uint8Array };

/** A store: older manifests as they are, then a new one. @param signed  false leaves room for the signature, to learn the length. */
export function writeStore(older: readonly Manifest[], draft: ManifestDraft, signer: Signer, signed = true): Uint8Array {
  return superbox('c2pa', 'c2pa', ...older.map((manifest) => manifest.box.whole), writeManifest(draft, signer, signed));
}

function writeManifest(draft: ManifestDraft, signer: Signer, signed: boolean): Uint8Array {
  const { label, tool, ingredients } = draft;
  const ingredientBoxes = ingredients.map((ingredient, i) => assertionBox(nth('c2pa.ingredient.v3', i), ingredientValue(ingredient)));
  const assertions = [
    ...ingredientBoxes,
    assertionBox('c2pa.actions.v2', actionsValue(draft, ingredientBoxes.map(reference))),
    draft.binding.kind === 'bmff'
      ? assertionBox('c2pa.hash.bmff.v3', bmffValue(draft.binding.hash))
      : assertionBox('c2pa.hash.data', dataValue(draft.binding)),
  ];
  const claim = writeCbor({
    instanceID: draft.instanceId,
    claim_generator_info: { name: tool.name, version: tool.version },
    signature: `self#jumbf=/c2pa/${label}/c2pa.signature`,
    created_assertions: assertions.map(reference),
    'dc:title': draft.title,
    alg: 'sha256',
  });
  return superbox(
    'c2ma',
    label,
    superbox('c2as', 'c2pa.assertions', ...assertions.map(({ whole }) => whole)),
    superbox('c2cl', 'c2pa.claim.v2', box('cbor', claim)),
    superbox('c2cs', 'c2pa.signature', box('cbor', signed ? signPayload(claim, signer) : unsigned(signer))),
  );
}

const nth = (label: string, i: number): string => (i === 0 ? label : `${label}__${i}`);

const assertionBox = (label: string, value: CborInput): { label: string; whole: Uint8Array } => ({
  label,
  whole: superbox('cbor', label, box('cbor', writeCbor(value))),
});

const reference = ({ label, whole }: { label: string; whole: Uint8Array }): CborInput => ({
  url: `self#jumbf=c2pa.assertions/${label}`,
  hash: sha256(hashedPart(whole)),
});

function ingredientValue({ relationship, title, format, manifest, results }: IngredientDraft): CborInput {
  const path = `self#jumbf=/c2pa/${manifest?.label}`;
  const own =
    manifest === undefined
      ? {}
      : {
          activeManifest: { url: path, alg: 'sha256', hash: sha256(manifest.box.hashed) },
          claimSignature: { url: `${path}/c2pa.signature`, alg: 'sha256', hash: sha256(manifest.signature.hashed) },
          validationResults: results === undefined ? undefined : { activeManifest: results.activeManifest },
        };
  return { relationship, 'dc:title': title, 'dc:format': format, ...own };
}

/** Opened if there is something that was opened, else created; then what was done. */
function actionsValue({ tool, edit, when, ingredients }: ManifestDraft, references: readonly CborInput[]): CborInput {
  const softwareAgent = { name: tool.name, version: tool.version };
  const of = (relationship: string): CborInput[] => references.filter((_, i) => ingredients[i]!.relationship === relationship);
  const parents = of('parentOf');
  const placed = of('componentOf');
  const what = { when, softwareAgent, digitalSourceType: compositeSourceType, description: edit.description };
  const opened = parents.length > 0 ? [{ action: 'c2pa.opened', when, softwareAgent, parameters: { ingredients: parents } }] : [];
  const others = placed.length > 0 ? [{ action: 'c2pa.placed', when, softwareAgent, parameters: { ingredients: placed } }] : [];
  return {
    actions: [
      ...opened,
      ...(parents.length > 0 ? others : []),
      { action: parents.length > 0 ? 'c2pa.edited' : 'c2pa.created', ...what, parameters: edit.parameters },
      ...(parents.length > 0 ? [] : others),
    ],
    allActionsIncluded: true,
  };
}

const bmffValue = (hash: Uint8Array): CborInput => ({
  exclusions: ourExclusions.map(({ path, data }) => ({ xpath: path, data: data?.map(({ offset, value }) => ({ offset, value })) })),
  alg: 'sha256',
  hash,
  name: 'media and index',
});

const dataValue = ({ hash, exclusion }: Extract<Binding, { kind: 'data' }>): CborInput => ({
  exclusions: exclusion === undefined ? undefined : [{ start: exclusion.start, length: exclusion.length }],
  alg: 'sha256',
  hash,
  name: 'all but the content credentials',
  pad: new Uint8Array(),
});

export const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
