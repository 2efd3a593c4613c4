/**
 * Signing what the program writes: a manifest inside the file where its format can hold one, else beside it. The file is replaced in one step and
 * never rewritten in memory if it is a film. Credentials that it or its source carries already are kept as ingredients.
 */
import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FormatError } from '../../../base/index.ts';
import type { RandomAccess } from '../../../faceset/index.ts';
import { withProvenance } from '../../../image/index.ts';
import { explained, openFile, replaceFile, syncFolder } from '../files.ts';
import { type BoxFile, hashBoxes, hashRange, maxStore, ourExclusions, storeBox } from './bmff.ts';
import { copyBoxes, movedIndexes, planBoxes } from './bmffWrite.ts';
import { briefly, mediaType, readContainer, sidecarFor } from './credentialsFile.ts';
import { type Binding, type IngredientDraft, type Manifest, type Results, sha256, writeStore } from './manifest.ts';
import { type PictureFile, readPicture } from './pictureFiles.ts';
import type { Signer } from './signer.ts';
import { checkFile, resultsOf, verifyFile } from './verify.ts';

/** What is said about a file. */
export interface Claim {
  readonly tool: { readonly name: string; readonly version: string };
  /** What was changed, such as "face replaced". */
  readonly description: string;
  /** More about it, in pairs: hash and name of the model… */
  readonly parameters: { readonly [key: string]: string };
  /** The clip or picture that was changed, if there is one. */
  readonly parent?: Ingredient | undefined;
}

/** A source with its own credentials, read once for all files made from it. */
export interface Ingredient {
  readonly title: string;
  readonly format: string | undefined;
  /** Its manifests, the active one last; none if it has no credentials. */
  readonly manifests: readonly Manifest[];
  readonly results: Results | undefined;
  /** Why its credentials could not be kept. */
  readonly problem: string | undefined;
}

export interface Signed {
  readonly where: 'embedded' | 'sidecar';
  /** The file that holds the manifest. */
  readonly path: string;
  /** The manifest's name. */
  readonly label: string;
  /** Bytes of the store. */
  readonly storeBytes: number;
}

/** A source as an ingredient. @param path  undefined for one that is no file of its own; then `title` is all there is. */
export async function ingredientOf(path: string | undefined, title = basename(path ?? '')): Promise<Ingredient> {
  const plain = { title, format: mediaType(title), manifests: [], results: undefined, problem: undefined };
  if (path === undefined) return plain;
  try {
    const { verdict, manifests } = await checkFile(path);
    const report = verdict.manifests[0];
    if (report === undefined) return plain;
    // One beside a file that does not fit it is left from another file of that name; one inside was made for it, whatever became of it.
    const foreign = verdict.where === 'sidecar' && verdict.state === 'broken';
    if (foreign) return { ...plain, problem: `${verdict.store}: these content credentials are not those of ${path}` };
    return { ...plain, manifests, results: resultsOf(report) };
  } catch (error) {
    return { ...plain, problem: briefly(error) }; // the source stays usable without its credentials; the caller says so
  }
}

/**
 * Gives a file its manifest and reads it back.
 *
 * @throws FormatError if the file is damaged, ResourceError if it cannot be written; it is then as it was before.
 */
export async function signFile(path: string, claim: Claim, signer: Signer): Promise<Signed> {
  const label = `urn:c2pa:${randomUUID()}`;
  const sources = gathered(claim.parent, await ingredientOf(path));
  const signed = await write(path, storeWriter(basename(path), label, sources, claim, signer), claim);
  const verdict = await verifyFile(path);
  if (verdict.state === 'broken' || verdict.manifests[0]?.label !== label) {
    const check = verdict.manifests[0]?.checks.find(({ holds }) => holds === false);
    throw new Error(`${path}: the manifest that was just written does not hold: ${check?.code ?? 'not found'} ${check?.text ?? ''}`);
  }
  return { ...signed, label };
}

/**
 * The same for a picture just encoded, before it is written: a JPEG or PNG without credentials of its own.
 *
 * @param title the name that its file will have. @throws FormatError if it is neither.
 */
export function signPicture(bytes: Uint8Array, title: string, claim: Claim, signer: Signer): Uint8Array {
  const picture = readPicture(bytes, title);
  if (picture === undefined) throw new FormatError(`${title}: neither JPEG nor PNG`);
  const storeFor = storeWriter(title, `urn:c2pa:${randomUUID()}`, gathered(claim.parent, undefined), claim, signer);
  return markedPicture(picture, title, claim.tool, storeFor).bytes;
}

interface Sources {
  readonly ingredients: readonly IngredientDraft[];
  readonly older: readonly Manifest[];
}

/** The parent, and what the file itself carries already: as the parent if no other is given. */
function gathered(parent: Ingredient | undefined, own: Ingredient | undefined): Sources {
  const all = [parent, own].filter((each) => each !== undefined && (each === parent || each.manifests.length > 0)) as readonly Ingredient[];
  const older = new Map(all.flatMap(({ manifests }) => manifests.map((manifest) => [manifest.label, manifest] as const)));
  const ingredients = all.map(({ title, format, manifests, results }, i): IngredientDraft => {
    return { relationship: i === 0 ? 'parentOf' : 'componentOf', title, format, manifest: manifests.at(-1), results };
  });
  return { ingredients, older: [...older.values()] };
}

/** A manifest for a file: what is said stays, what binds it is given when it is known. */
function storeWriter(title: string, label: string, { ingredients, older }: Sources, claim: Claim, signer: Signer): StoreFor {
  const fixed = {
    ...{ label, ingredients, instanceId: `xmp:iid:${randomUUID()}`, title, tool: claim.tool },
    ...{ edit: { description: claim.description, parameters: claim.parameters }, when: `${new Date().toISOString().slice(0, 19)}Z` },
  };
  return (binding, signed = true) => {
    const store = writeStore(older, { ...fixed, binding }, signer, signed);
    if (store.length > maxStore) throw new FormatError(`${title}: content credentials too large`, { found: `${store.length} bytes` });
    return store;
  };
}

async function write(path: string, storeFor: StoreFor, claim: Claim): Promise<Omit<Signed, 'label'>> {
  await using file = await openFile(path);
  const container = await readContainer(file, path);
  if (container.kind === 'picture') {
    const { bytes, storeBytes } = markedPicture(container.picture, path, claim.tool, storeFor);
    await replaceFile(path, [bytes]);
    return { where: 'embedded', path, storeBytes };
  }
  if (container.kind === 'boxes') {
    const signed = await intoBoxes(path, file, container.boxFile, storeFor);
    if (signed !== undefined) return signed;
    return beside(path, storeFor({ kind: 'bmff', hash: await hashBoxes(file, container.boxFile.boxes, ourExclusions, 'sha256') }));
  }
  const hash = createHash('sha256');
  await hashRange(hash, file, 0, file.size);
  return beside(path, storeFor({ kind: 'data', hash: new Uint8Array(hash.digest()), exclusion: undefined }));
}

type StoreFor = (binding: Binding, signed?: boolean) => Uint8Array;
const noHash = new Uint8Array(32);

/** A picture with its digital source type in XMP, for readers that know nothing of manifests, and with its store. */
function markedPicture(
  { clean }: PictureFile,
  name: string,
  tool: Claim['tool'],
  storeFor: StoreFor,
): { bytes: Uint8Array; storeBytes: number } {
  const { clean: plain, place, wrap } = readPicture(withProvenance(clean, `${tool.name} ${tool.version}`), name)!;
  // The length of what is left out is part of what is written: it grows until it fits, as a larger number takes more bytes.
  let length = 0;
  for (let next = -1; next !== length; ) {
    length = Math.max(length, next);
    next = wrap(storeFor({ kind: 'data', hash: noHash, exclusion: { start: place, length } }, false)).length;
  }
  const store = storeFor({ kind: 'data', hash: sha256(plain), exclusion: { start: place, length } });
  return { bytes: new Uint8Array(Buffer.concat([plain.subarray(0, place), wrap(store), plain.subarray(place)])), storeBytes: store.length };
}

/** undefined if the store belongs beside the file. */
async function intoBoxes(
  path: string,
  file: RandomAccess,
  boxFile: BoxFile,
  storeFor: StoreFor,
): Promise<Omit<Signed, 'label'> | undefined> {
  const plan = planBoxes(boxFile, path);
  const { length } = storeFor({ kind: 'bmff', hash: noHash }, false);
  const indexes = await movedIndexes(file, plan, length);
  if (indexes === undefined) return undefined;
  await rewrite(path, async (target) => {
    const { hash, place } = await copyBoxes(file, plan, indexes, length, target);
    const store = storeFor({ kind: 'bmff', hash });
    if (store.length !== length) throw new Error(`a store of ${store.length} bytes where ${length} were planned`);
    await target.write(storeBox(store), 0, undefined, place);
  });
  return { where: 'embedded', path, storeBytes: length };
}

async function beside(path: string, store: Uint8Array): Promise<Omit<Signed, 'label'>> {
  const target = await sidecarFor(path);
  await replaceFile(target, [store]);
  return { where: 'sidecar', path: target, storeBytes: store.length };
}

/** Replaces a file in one step with what `fill` writes, at any place and in any order. */
async function rewrite(path: string, fill: (target: FileHandle) => Promise<void>): Promise<void> {
  const temporary = join(dirname(path), `.liae-${randomUUID()}`);
  try {
    const target = await open(temporary, 'wx');
    try {
      await fill(target);
      await target.sync();
    } finally {
      await target.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw explained(error, path, 'file');
  }
}
