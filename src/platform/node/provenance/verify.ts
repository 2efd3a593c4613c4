/**
 * Checking the content credentials of a file: which manifests are there, whether each signature is that of its claim, whether what a claim names
 * is unchanged, and whether the active one still fits the file. Who the signer is cannot be told: no list of trusted issuers is kept here, and
 * nothing is fetched. Codes are those of the C2PA specification, "Validation".
 */
import { createHash } from 'node:crypto';
import type { RandomAccess } from '../../../faceset/index.ts';
import { readProvenance } from '../../../image/index.ts';
import { openFile } from '../files.ts';
import { type HashName, hashBoxes, hashName, hashRange, readBoxFile, readExclusions, type TopBox } from './bmff.ts';
import { bytesOf, type Cbor, countOf, field, listOf, textOf } from './cbor.ts';
import { checkSignature, type Signature } from './cose.ts';
import { type Container, findStore, readContainer } from './credentialsFile.ts';
import { type Assertion, type HashedUri, hashedUri, lastPart, type Manifest, plainLabel, type Results, readStore } from './manifest.ts';

/** One thing that was looked at. */
export interface Check {
  readonly code: string;
  /** undefined: could not be decided here. */
  readonly holds: boolean | undefined;
  /** What it is about, as a reference into the store. */
  readonly url: string;
  readonly text: string;
}

export interface ManifestReport {
  readonly label: string;
  readonly title: string | undefined;
  /** The program that made the claim, with its version. */
  readonly generator: string | undefined;
  readonly actions: readonly ActionReport[];
  readonly ingredients: readonly IngredientReport[];
  readonly signer: SignerReport;
  readonly checks: readonly Check[];
}

export interface ActionReport {
  readonly action: string;
  readonly when: string | undefined;
  readonly digitalSourceType: string | undefined;
  readonly description: string | undefined;
  /** Parameters that are text. */
  readonly parameters: Readonly<Record<string, string>>;
}

export interface IngredientReport {
  readonly relationship: string | undefined;
  readonly title: string | undefined;
  /** Label of its manifest in this store. */
  readonly manifest: string | undefined;
}

export interface SignerReport {
  /** `self-signed`: nobody but its maker vouches for the key. `unknown issuer`: by another's, which no list here knows. `invalid`: the signature does not hold. */
  readonly state: 'self-signed' | 'unknown issuer' | 'invalid';
  readonly name: string | undefined;
  readonly issuer: string | undefined;
  readonly algorithm: string;
  readonly validFrom: string | undefined;
  readonly validTo: string | undefined;
}

export interface Verdict {
  readonly path: string;
  /** `holds`: every check did. `broken`: one did not. `unchecked`: something could not be decided. `none`: there are no credentials. */
  readonly state: 'holds' | 'broken' | 'unchecked' | 'none';
  readonly where: 'embedded' | 'sidecar' | undefined;
  readonly store: string | undefined;
  /** The active one first, then its ingredients' as they are reached. */
  readonly manifests: readonly ManifestReport[];
  /** The IPTC digital source type in a picture's XMP, which nothing protects. */
  readonly xmpSourceType: string | undefined;
}

/** What an answer rests on, for those who keep the credentials: the store and its manifests. */
export interface Checked {
  readonly verdict: Verdict;
  readonly manifests: readonly Manifest[];
}

const maxRanges = 1024;
const UNTRUSTED = 'signingCredential.untrusted';

/** @throws FormatError if there is no such file, or it or its credentials are damaged beyond reading. */
export const verifyFile = async (path: string): Promise<Verdict> => (await checkFile(path)).verdict;

export async function checkFile(path: string): Promise<Checked> {
  await using file = await openFile(path);
  const container = await readContainer(file, path);
  const found = await findStore(path, container);
  const xmpSourceType = container.kind === 'picture' ? readProvenance(container.bytes) : undefined;
  if (found === undefined) {
    return { verdict: { path, state: 'none', where: undefined, store: undefined, manifests: [], xmpSourceType }, manifests: [] };
  }
  const manifests = readStore(found.store, found.path);
  const active = manifests.at(-1)!;
  const reports: ManifestReport[] = [];
  const reached = new Set<string>();
  const redacted = new Set(manifests.flatMap(({ claim }) => listOf(field(claim, 'redacted_assertions'))));
  const visit = async (manifest: Manifest): Promise<void> => {
    if (reached.has(manifest.label)) return;
    reached.add(manifest.label);
    const base = checkManifest(manifest, manifests, redacted, found.path);
    const binding = manifest === active ? await checkBinding(manifest, file, container, path) : [];
    reports.push({ ...base, checks: [...base.checks, ...binding] });
    for (const { manifest: label } of base.ingredients) {
      const next = manifests.find((each) => each.label === label);
      if (next !== undefined) await visit(next);
    }
  };
  await visit(active);
  const checks = reports.flatMap((report) => report.checks);
  const state = checks.some(({ holds }) => holds === false)
    ? 'broken'
    : checks.some(({ holds, code }) => holds === undefined && code !== UNTRUSTED)
      ? 'unchecked'
      : 'holds';
  return { verdict: { path, state, where: found.where, store: found.path, manifests: reports, xmpSourceType }, manifests };
}

function checkManifest(manifest: Manifest, all: readonly Manifest[], redacted: ReadonlySet<Cbor>, name: string): ManifestReport {
  const root = `self#jumbf=/c2pa/${manifest.label}`;
  const signature = checkSignature(manifest.signatureBytes, manifest.claimBytes, name);
  const ingredients = manifest.assertions.filter(
    ({ label }) => plainLabel(label).startsWith('c2pa.ingredient') && isNamed(manifest, label),
  );
  const generator = field(manifest.claim, 'claim_generator_info');
  const info = Array.isArray(generator) ? (generator as readonly Cbor[])[0] : generator;
  const named = [textOf(field(info, 'name')), textOf(field(info, 'version'))].filter((part) => part !== undefined).join(' ');
  return {
    label: manifest.label,
    title: textOf(field(manifest.claim, 'dc:title')),
    generator: named !== '' ? named : textOf(field(manifest.claim, 'claim_generator')),
    actions: manifest.assertions
      .filter(({ label }) => plainLabel(label).startsWith('c2pa.actions') && isNamed(manifest, label))
      .flatMap(({ value }) => listOf(field(value, 'actions')).map(actionReport)),
    ingredients: ingredients.map(({ value }) => ({
      relationship: textOf(field(value, 'relationship')),
      title: textOf(field(value, 'dc:title')),
      manifest: lastPart(manifestOf(value)?.url ?? '') || undefined,
    })),
    signer: signerReport(signature),
    checks: [
      ...signatureChecks(signature, `${root}/c2pa.signature`),
      ...manifest.named.map((reference) => checkAssertion(reference, manifest, redacted, root)),
      ...ingredients.flatMap((ingredient) => checkIngredient(ingredient, all, redacted, root)),
    ],
  };
}

/** Only what the claim names is signed. */
const isNamed = ({ named }: Manifest, label: string): boolean => named.some(({ url }) => lastPart(url) === label);

function actionReport(value: Cbor): ActionReport {
  const parameters = field(value, 'parameters');
  const entries = parameters instanceof Map ? [...(parameters as ReadonlyMap<Cbor, Cbor>)] : [];
  return {
    action: textOf(field(value, 'action')) ?? 'unnamed',
    when: textOf(field(value, 'when')),
    digitalSourceType: textOf(field(value, 'digitalSourceType')),
    description: textOf(field(value, 'description')),
    parameters: Object.fromEntries(entries.filter((entry): entry is [string, string] => entry.every((part) => typeof part === 'string'))),
  };
}

function signerReport({ certificate, valid, selfSigned, algorithm }: Signature): SignerReport {
  const oneLine = (text: string | undefined): string | undefined => text?.replaceAll('\n', ', ');
  return {
    state: !valid ? 'invalid' : selfSigned ? 'self-signed' : 'unknown issuer',
    name: oneLine(certificate?.subject),
    issuer: oneLine(certificate?.issuer),
    algorithm,
    validFrom: certificate?.validFrom,
    validTo: certificate?.validTo,
  };
}

function signatureChecks({ valid, problem, certificate, selfSigned, timeStamped }: Signature, url: string): Check[] {
  const checks: Check[] = [
    {
      code: valid ? 'claimSignature.validated' : 'claimSignature.mismatch',
      holds: valid,
      url,
      text: problem ?? 'the claim is as it was signed',
    },
  ];
  if (certificate === undefined) return checks;
  const now = Date.now();
  const inside = Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);
  if (inside) checks.push({ code: 'claimSignature.insideValidity', holds: true, url, text: 'the certificate is valid today' });
  else if (timeStamped) {
    checks.push({
      code: 'timeStamp.unchecked',
      holds: undefined,
      url,
      text: 'the certificate is not valid today; the time stamp is not checked here',
    });
  } else
    checks.push({
      code: 'signingCredential.expired',
      holds: false,
      url,
      text: `the certificate is valid from ${certificate.validFrom} to ${certificate.validTo}`,
    });
  checks.push({
    ...{ code: UNTRUSTED, holds: undefined, url },
    text: selfSigned
      ? 'a key that nobody vouches for: the mark shows that nothing changed since, not who signed; trust lists do not recognise it'
      : 'who issued the certificate is not checked: no trust list is kept here',
  });
  return checks;
}

function checkAssertion(reference: HashedUri, manifest: Manifest, redacted: ReadonlySet<Cbor>, root: string): Check {
  const url = reference.url.startsWith('self#jumbf=/') ? reference.url : `${root}/${reference.url.replace(/^self#jumbf=/, '')}`;
  const label = lastPart(reference.url);
  if (listOf(field(manifest.claim, 'redacted_assertions')).includes(reference.url)) {
    return { code: 'assertion.notRedacted', holds: false, url, text: 'a claim cannot take back its own assertion' };
  }
  const own = reference.url === `self#jumbf=c2pa.assertions/${label}` || reference.url === `${root}/c2pa.assertions/${label}`;
  const found = own ? manifest.assertions.filter((each) => each.label === label) : [];
  if (found.length === 0 && redacted.has(url))
    return { code: 'assertion.redacted', holds: true, url, text: `${label} was taken back by a later claim` };
  if (found.length !== 1) {
    const text = found.length === 0 ? `${label} is not there` : `${label} is there ${found.length} times`;
    return {
      code: found.length === 0 ? 'assertion.missing' : 'assertion.inaccessible',
      holds: own && found.length === 0 ? false : undefined,
      url,
      text,
    };
  }
  return checkHash(reference, found[0]!.box.hashed, manifest, { url, what: label, code: 'assertion.hashedURI' });
}

function checkHash(
  { hash, algorithm }: HashedUri,
  bytes: Uint8Array,
  { claim }: { readonly claim: Cbor },
  { url, what, code }: { url: string; what: string; code: string },
): Check {
  const name = hashName(algorithm ?? field(claim, 'alg'));
  if (name === undefined || hash === undefined)
    return { code: 'algorithm.unsupported', holds: undefined, url, text: `${what}: a hash that is not known here` };
  const holds = equal(digestOf(bytes, name), hash);
  return { code: `${code}.${holds ? 'match' : 'mismatch'}`, holds, url, text: holds ? `${what} is unchanged` : `${what} was changed` };
}

/** Digests of what several references may name, each made once: a claim can name one thing a thousand times. */
const digests = new WeakMap<Uint8Array, Map<HashName, Uint8Array>>();

function digestOf(bytes: Uint8Array, name: HashName): Uint8Array {
  const known = digests.get(bytes) ?? new Map<HashName, Uint8Array>();
  digests.set(bytes, known);
  const digest = known.get(name) ?? new Uint8Array(createHash(name).update(bytes).digest());
  known.set(name, digest);
  return digest;
}

const manifestOf = (ingredient: Cbor | undefined): HashedUri | undefined => {
  const value = field(ingredient, 'activeManifest') ?? field(ingredient, 'c2pa_manifest') ?? undefined;
  return value === undefined || value === null ? undefined : hashedUri(value);
};

function checkIngredient({ label, value }: Assertion, all: readonly Manifest[], redacted: ReadonlySet<Cbor>, root: string): Check[] {
  const url = `${root}/c2pa.assertions/${label}`;
  const reference = manifestOf(value);
  if (reference === undefined) return [];
  const title = textOf(field(value, 'dc:title')) ?? label;
  const manifest = all.find((each) => each.label === lastPart(reference.url));
  if (manifest === undefined)
    return [{ code: 'ingredient.manifest.missing', holds: false, url, text: `the credentials of ${title} are not there` }];
  // A manifest that something was taken back from is another than it was; then its signature stands for it.
  const shortened = [...redacted].some((each) => typeof each === 'string' && each.includes(`/${manifest.label}/`));
  const signature = shortened ? hashedUri(field(value, 'claimSignature')) : undefined;
  const [wanted, bytes] = signature?.hash === undefined ? [reference, manifest.box.hashed] : [signature, manifest.signature.hashed];
  const { holds, text } = checkHash(wanted, bytes, manifest, { url, what: `the manifest of ${title}`, code: '' });
  return [{ code: `ingredient.manifest.${holds === true ? 'validated' : 'mismatch'}`, holds, url, text }];
}

/** Whether the active manifest fits the file. */
async function checkBinding(manifest: Manifest, file: RandomAccess, container: Container, name: string): Promise<Check[]> {
  const bindings = manifest.assertions.filter(({ label }) => label.startsWith('c2pa.hash.') && isNamed(manifest, label));
  const url = `self#jumbf=/c2pa/${manifest.label}`;
  if (bindings.length === 0)
    return [{ code: 'claim.hardBindings.missing', holds: false, url, text: 'nothing binds the credentials to this file' }];
  if (bindings.length > 1)
    return [{ code: 'assertion.multipleHardBindings', holds: false, url, text: 'the credentials are bound to a file twice' }];
  const { label, value } = bindings[0]!;
  const about = `${url}/c2pa.assertions/${label}`;
  const unknown = (text: string): Check[] => [{ code: 'algorithm.unsupported', holds: undefined, url: about, text: `${label}: ${text}` }];
  const algorithm = hashName(field(value, 'alg') ?? field(manifest.claim, 'alg'));
  if (algorithm === undefined) return unknown('a hash that is not known here');
  const hash = bytesOf(field(value, 'hash'));
  const binding = { value, hash, algorithm, about, file, container };
  if (label === 'c2pa.hash.data') return [await checkData(binding)];
  if (label !== 'c2pa.hash.bmff.v2' && label !== 'c2pa.hash.bmff.v3') return unknown('a way of binding that is not known here');
  if (field(value, 'merkle') !== undefined || hash === undefined) return unknown('bound by a Merkle tree, which is not checked here');
  return [await checkBoxes(binding, name)];
}

interface BindingCase {
  readonly value: Cbor | undefined;
  readonly hash: Uint8Array | undefined;
  readonly algorithm: HashName;
  readonly about: string;
  readonly file: RandomAccess;
  readonly container: Container;
}

/** All bytes but those of the exclusions, which may hold the store and nothing else that a picture shows. */
async function checkData({ value, hash: wanted, algorithm, about, file, container }: BindingCase): Promise<Check> {
  const answer = (holds: boolean, text: string): Check => ({
    code: `assertion.dataHash.${holds ? 'match' : 'mismatch'}`,
    holds,
    url: about,
    text,
  });
  const ranges = listOf(field(value, 'exclusions') ?? undefined)
    .map((each) => ({ start: countOf(field(each, 'start')) ?? -1, length: countOf(field(each, 'length')) ?? -1 }))
    .sort((a, b) => a.start - b.start);
  if (ranges.length > maxRanges) return answer(false, `${ranges.length} ranges are left out`);
  const store = container.kind === 'picture' && container.picture.store !== undefined ? container.picture : undefined;
  const hash = createHash(algorithm);
  let at = 0;
  for (const { start, length } of ranges) {
    if (start < at || length < 0 || start + length > file.size)
      return answer(false, `bytes ${start} to ${start + length} are left out, which this file has not`);
    const touches = store !== undefined && start < store.end && start + length > store.start;
    if (touches && (start !== store.start || start + length !== store.end)) {
      return answer(false, `bytes ${start} to ${start + length} are left out, but the credentials are at ${store.start} to ${store.end}`);
    }
    await hashRange(hash, file, at, start);
    at = start + length;
  }
  await hashRange(hash, file, at, file.size);
  const holds = wanted !== undefined && equal(hash.digest(), wanted);
  const left = ranges.reduce((sum, { length }) => sum + length, 0);
  return answer(holds, holds ? `${file.size - left} of ${file.size} bytes are unchanged` : 'the file was changed after it was signed');
}

async function checkBoxes({ value, hash: wanted, algorithm, about, file, container }: BindingCase, name: string): Promise<Check> {
  const boxes: readonly TopBox[] | undefined =
    container.kind === 'boxes' ? container.boxFile.boxes : (await readBoxFile(file, name).catch(() => undefined))?.boxes;
  const answer = (holds: boolean, text: string): Check => ({
    code: `assertion.bmffHash.${holds ? 'match' : 'mismatch'}`,
    holds,
    url: about,
    text,
  });
  if (boxes === undefined) return answer(false, 'bound to an MP4 or MOV, which this file is not');
  const cut = boxes.find(({ missing }) => missing > 0);
  if (cut !== undefined)
    return answer(false, `the file is cut off: ${cut.missing} bytes of the box ${cut.kind} at ${cut.start} are missing`);
  const exclusions = readExclusions(field(value, 'exclusions'), name);
  const holds = wanted !== undefined && equal(await hashBoxes(file, boxes, exclusions, algorithm), wanted);
  const counted = boxes.filter(({ kind, purpose }) => purpose === undefined && !exclusions.some(({ path }) => path === `/${kind}`));
  const kinds = [...new Set(counted.map(({ kind }) => kind))].join(', ');
  return answer(
    holds,
    holds ? `media and index are unchanged (${kinds})` : `media or index were changed after they were signed (${kinds})`,
  );
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Results as an ingredient assertion keeps them. */
export function resultsOf({ checks }: ManifestReport): Results {
  const entries = (of: (check: Check) => boolean): Results['activeManifest']['success'] =>
    checks.filter(of).map(({ code, url, text }) => ({ code, url, explanation: text }));
  return {
    activeManifest: {
      success: entries(({ holds }) => holds === true),
      informational: entries(({ holds, code }) => holds === undefined && code !== UNTRUSTED),
      failure: entries(({ holds, code }) => holds === false || code === UNTRUSTED),
    },
  };
}
