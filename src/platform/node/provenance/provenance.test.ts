/**
 * Signing and checking against each other, against files signed by another implementation (test/credentials/make.py), and against damage.
 * That other implementations accept what is written here was checked by hand with c2pa-python 0.38.1.
 */
import { X509Certificate } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mutate } from '../../../../scripts/fuzz/mutate.mjs';
import { LiaeError, streamFor } from '../../../base/index.ts';
import { openFile } from '../files.ts';
import { children, type InnerBox, readBoxFile } from './bmff.ts';
import {
  type Claim,
  fileSigner,
  ingredientOf,
  localSigner,
  type Signer,
  signFile,
  signPicture,
  type Verdict,
  verifyFile,
} from './index.ts';
import { box } from './jumbf.ts';
import { readPicture } from './pictureFiles.ts';

const clips = fileURLToPath(new URL('../../../../test/clips/', import.meta.url));
const foreign = fileURLToPath(new URL('../../../../test/credentials/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'liae-provenance-'));
const claim: Claim = {
  tool: { name: 'liae', version: '1.2.3' },
  description: 'face replaced',
  parameters: { 'liae.modelHash': 'sha256:ab' },
};
let signer: Signer;
let count = 0;

beforeAll(async () => {
  signer = await localSigner(join(folder, 'config'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of its own in a folder of its own. */
function copyOf(source: string, name = 'film'): string {
  const path = join(mkdtempSync(join(folder, 'case-')), `${name}${source.slice(source.lastIndexOf('.'))}`);
  copyFileSync(source, path);
  return path;
}

/** A picture without credentials. */
function plainPicture(ending: 'jpg' | 'png'): string {
  const path = copyOf(`${foreign}foreign.${ending}`, `plain${count++}`);
  writeFileSync(path, readPicture(readFileSync(path), path)!.clean);
  return path;
}

const sources: readonly (readonly [string, () => string])[] = [
  ['MP4', () => copyOf(`${clips}dst_odd_size.mp4`)],
  ['JPEG', () => plainPicture('jpg')],
  ['PNG', () => plainPicture('png')],
  ['a Matroska with a file beside it', () => copyOf(`${clips}dst_vfr.mkv`)],
];

const failures = ({ manifests }: Verdict): string[] =>
  manifests.flatMap(({ checks }) => checks.filter(({ holds }) => holds === false).map(({ code }) => code));

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(path, bytes);
}

test.each(sources)('%s: what was signed holds and says what was done, with what, by whom', async (_, make) => {
  const path = make();
  expect((await verifyFile(path)).state).toBe('none');
  await signFile(path, claim, signer);
  const { state, manifests } = await verifyFile(path);
  expect(state).toBe('holds');
  const [manifest] = manifests;
  expect(manifest).toMatchObject({ generator: 'liae 1.2.3', signer: { state: 'self-signed', algorithm: 'ES256' } });
  expect(manifest!.actions).toHaveLength(1);
  expect(manifest!.actions[0]).toMatchObject({
    ...{ action: 'c2pa.created', description: 'face replaced', parameters: { 'liae.modelHash': 'sha256:ab' } },
    digitalSourceType: 'http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia',
  });
});

test.each(sources)('%s: one bit of the media breaks the hash of the file and nothing else', async (_, make) => {
  const path = make();
  await signFile(path, claim, signer);
  flip(path, statSync(path).size - 600);
  const verdict = await verifyFile(path);
  expect(verdict.state).toBe('broken');
  expect(failures(verdict)).toEqual([path.endsWith('.mp4') ? 'assertion.bmffHash.mismatch' : 'assertion.dataHash.mismatch']);
});

test('a changed assertion and a changed claim are told apart', async () => {
  const changed = async (from: string, to: string): Promise<string[]> => {
    const path = plainPicture('png');
    await signFile(path, claim, signer);
    const bytes = readFileSync(path);
    bytes.write(to, bytes.indexOf(from));
    writeFileSync(path, bytes);
    return failures(await verifyFile(path));
  };
  expect(await changed('face replaced', 'face restored')).toEqual(['assertion.hashedURI.mismatch']);
  expect(await changed('dc:title', 'dc:titel')).toEqual(['claimSignature.mismatch']);
});

test('a file that is cut off is refused for signing and named as such when checked', async () => {
  const cut = copyOf(`${clips}dst_odd_size.mp4`);
  await signFile(cut, claim, signer);
  const whole = readFileSync(cut);
  writeFileSync(cut, whole.subarray(0, whole.length - 1000));
  const verdict = await verifyFile(cut);
  expect(failures(verdict)).toEqual(['assertion.bmffHash.mismatch']);
  expect(verdict.manifests[0]!.checks.at(-1)!.text).toMatch(/^the file is cut off: \d+ bytes of the box \w{4} at \d+ are missing$/);
  const plain = copyOf(`${clips}dst_odd_size.mp4`);
  writeFileSync(plain, readFileSync(plain).subarray(0, 300_000));
  await expect(signFile(plain, claim, signer)).rejects.toThrow('the file is cut off');
  expect(statSync(plain).size).toBe(300_000);
});

/** Places that chunk tables name. */
async function chunks(path: string): Promise<number[]> {
  await using file = await openFile(path);
  const boxFile = await readBoxFile(file, path);
  const { start, body, end } = boxFile!.boxes.find(({ kind }) => kind === 'moov')!;
  const bytes = await file.read(start, end - start);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const tables = (box: InnerBox): InnerBox[] =>
    box.kind === 'stco' ? [box] : ['moov', 'trak', 'mdia', 'minf', 'stbl'].includes(box.kind) ? children(bytes, box).flatMap(tables) : [];
  return tables({ kind: 'moov', start: 0, body: body - start, end: bytes.length }).flatMap((table) =>
    Array.from({ length: view.getUint32(table.body + 4) }, (_, i) => view.getUint32(table.body + 8 + 4 * i)),
  );
}

test.each(['dst_odd_size.mp4', 'dst_rotated.mp4', 'two_faces.mp4'])(
  '%s: every chunk that the index names has the same bytes as before',
  async (name) => {
    const path = copyOf(`${clips}${name}`);
    const [before, places] = [readFileSync(path), await chunks(path)];
    await signFile(path, claim, signer);
    const [after, moved] = [readFileSync(path), await chunks(path)];
    expect(moved).toHaveLength(places.length);
    expect(places.length).toBeGreaterThan(0);
    for (const [i, place] of places.entries()) {
      expect(moved[i]).toBe(place + after.length - before.length);
      expect(after.subarray(moved[i]!, moved[i]! + 64).equals(before.subarray(place, place + 64))).toBe(true);
    }
  },
);

test('fragments and the table of random access name the same bytes as before; a file older than ftyp is marked beside it', async () => {
  const u32 = (...values: number[]): Buffer =>
    Buffer.concat(values.map((value) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value])));
  const ftyp = box('ftyp', Buffer.from('isom'), u32(0));
  const fragment = (base: number): Uint8Array => box('moof', box('traf', box('tfhd', u32(1, 1, 0, base))));
  const start = ftyp.length;
  const media = start + fragment(0).length + 8;
  const access = box('mfra', box('tfra', u32(0, 1, 0, 1, 500, start), Buffer.of(1, 1, 1)));
  const path = join(mkdtempSync(join(folder, 'case-')), 'film.mp4');
  writeFileSync(path, Buffer.concat([ftyp, fragment(media), box('mdat', Buffer.from('the media')), access]));
  await signFile(path, claim, signer);
  const bytes = readFileSync(path);
  const place = (name: string, at: number): number => bytes.readUInt32BE(bytes.indexOf(name) + at);
  expect(bytes.subarray(place('tfhd', 16), place('tfhd', 16) + 9).toString()).toBe('the media');
  expect(bytes.subarray(place('tfra', 24) + 4, place('tfra', 24) + 8).toString()).toBe('moof');
  expect((await verifyFile(path)).state).toBe('holds');
  const old = path.replace(/mp4$/, 'mov');
  writeFileSync(old, Buffer.concat([box('wide'), box('mdat', Buffer.from('the media'))]));
  expect(await signFile(old, claim, signer)).toMatchObject({ where: 'sidecar', path: path.replace(/mp4$/, 'c2pa') });
  expect((await verifyFile(old)).state).toBe('holds');
});

test.each([
  ['foreign.jpg', 'ES384'],
  ['foreign.png', 'PS256'],
  ['foreign.mp4', 'Ed25519'],
])('%s, signed by another implementation, holds (%s); one bit of it does not', async (name, algorithm) => {
  const path = copyOf(`${foreign}${name}`);
  const verdict = await verifyFile(path);
  expect(verdict.state).toBe('holds');
  expect(verdict.manifests[0]).toMatchObject({ generator: 'other tool 1', signer: { state: 'unknown issuer', algorithm } });
  flip(path, statSync(path).size - 600);
  expect(failures(await verifyFile(path))).toEqual([name.endsWith('.mp4') ? 'assertion.bmffHash.mismatch' : 'assertion.dataHash.mismatch']);
});

test.each(sources)('%s: the source keeps its own credentials to the byte, as the parent', async (_, make) => {
  const path = make();
  for (const name of ['foreign.jpg', 'foreign.mp4']) {
    const parent = await ingredientOf(`${foreign}${name}`);
    const target = copyOf(path, `made-of-${name}`);
    await signFile(target, { ...claim, parent }, signer);
    const { state, manifests, store } = await verifyFile(target);
    expect(state).toBe('holds');
    expect(manifests.map(({ generator }) => generator)).toEqual(['liae 1.2.3', 'other tool 1']);
    expect(manifests[0]!.ingredients).toEqual([{ relationship: 'parentOf', title: name, manifest: parent.manifests[0]!.label }]);
    expect(manifests[0]!.actions.map(({ action }) => action)).toEqual(['c2pa.opened', 'c2pa.edited']);
    const kept = store?.endsWith('.jpg') ? readPicture(readFileSync(store), store)!.store! : readFileSync(store!);
    expect(Buffer.from(kept).includes(Buffer.from(parent.manifests[0]!.box.whole))).toBe(true);
  }
});

test('a source whose credentials were broken is kept with that finding', async () => {
  const source = copyOf(`${foreign}foreign.png`);
  flip(source, statSync(source).size - 600);
  const parent = await ingredientOf(source);
  expect(parent.results!.activeManifest.failure).toContainEqual(expect.objectContaining({ code: 'assertion.dataHash.mismatch' }));
  const path = plainPicture('jpg');
  await signFile(path, { ...claim, parent }, signer);
  expect((await verifyFile(path)).state).toBe('holds'); // the manifest of the source is as it was; that it did not fit its file is recorded
});

test('a file that carries credentials keeps them when it is signed again', async () => {
  const path = copyOf(`${foreign}foreign.mp4`);
  await signFile(path, claim, signer);
  await signFile(path, { ...claim, parent: await ingredientOf(undefined, 'clip.mp4') }, signer);
  const { state, manifests } = await verifyFile(path);
  expect(state).toBe('holds');
  expect(manifests.map(({ generator }) => generator)).toEqual(['liae 1.2.3', 'liae 1.2.3', 'other tool 1']);
  expect(manifests[0]!.ingredients.map(({ relationship, title }) => [relationship, title])).toEqual([
    ['parentOf', 'clip.mp4'],
    ['componentOf', 'film.mp4'],
  ]);
});

test('a file beside a film takes the short name unless another film has it, and one that is left over is replaced', async () => {
  const first = copyOf(`${clips}dst_vfr.mkv`, 'film');
  const second = first.replace(/mkv$/, 'avi');
  copyFileSync(`${clips}dst_10bit_hlg.mkv`, second);
  expect((await signFile(first, claim, signer)).path).toBe(first.replace(/mkv$/, 'c2pa'));
  expect((await signFile(second, claim, signer)).path).toBe(`${second}.c2pa`);
  expect([(await verifyFile(first)).state, (await verifyFile(second)).state]).toEqual(['holds', 'holds']);
  copyFileSync(`${clips}dst_10bit_hlg.mkv`, first); // another film under the same name: what lies beside it is not its own
  expect((await verifyFile(first)).state).toBe('broken');
  await signFile(first, claim, signer);
  const { state, manifests } = await verifyFile(first);
  expect([state, manifests.length, manifests[0]!.ingredients.length]).toEqual(['holds', 1, 0]);
});

test('a picture signed in memory is the same as one signed as a file, with its source type in XMP too', async () => {
  const path = plainPicture('png');
  writeFileSync(path, signPicture(readFileSync(path), 'face.png', claim, signer));
  expect(await verifyFile(path)).toMatchObject({ state: 'holds', xmpSourceType: 'compositeWithTrainedAlgorithmicMedia' });
});

test('the local key is made once, even by several at once, and only its owner may read it', async () => {
  const config = join(folder, 'raced');
  const signers = await Promise.all(Array.from({ length: 4 }, () => localSigner(config)));
  expect(new Set(signers.map(({ certificates }) => Buffer.from(certificates[0]!).toString('hex'))).size).toBe(1);
  expect(readdirSync(config)).toEqual(['signing-key.pem']);
  if (process.platform !== 'win32') expect(statSync(join(config, 'signing-key.pem')).mode & 0o777).toBe(0o600);
  const [own, root] = [
    ...readFileSync(join(config, 'signing-key.pem'), 'utf8').matchAll(/-----BEGIN CERT[^-]+-----[^-]+-----END CERT[^-]+-----/g),
  ].map(([pem]) => new X509Certificate(pem));
  expect([own!.ca, root!.ca, own!.checkIssued(root!), own!.verify(root!.publicKey)]).toEqual([false, true, true, true]);
  expect(own!.subject).not.toBe(own!.issuer);
});

test('a key and a certificate of one’s own must belong together', async () => {
  await localSigner(join(folder, 'one'));
  await localSigner(join(folder, 'two'));
  const [one, two] = ['one', 'two'].map((name) => join(folder, name, 'signing-key.pem')) as [string, string];
  expect((await fileSigner(one, one)).certificates).toHaveLength(1); // the root is left out
  await expect(fileSigner(one, two)).rejects.toThrow('not that of the key');
  writeFileSync(two, 'no key');
  await expect(fileSigner(one, two)).rejects.toThrow('no private key');
  await expect(localSigner(join(folder, 'two'))).rejects.toThrow(LiaeError);
});

test('a store in which any byte of the picture was changed is never called whole', async () => {
  const path = plainPicture('png');
  await signFile(path, claim, signer);
  const bytes = readFileSync(path);
  const { start, end } = readPicture(bytes, path)!;
  for (let at = 0; at < bytes.length; at += 97) {
    if (at >= start && at < end) continue;
    const changed = Buffer.from(bytes);
    changed[at] = changed[at]! ^ 0x10;
    writeFileSync(path, changed);
    const state = await verifyFile(path).then(
      (verdict) => verdict.state,
      (error: unknown) => (error instanceof LiaeError ? 'refused' : error),
    );
    expect(['broken', 'none', 'refused'], `byte ${at}`).toContain(state);
  }
});

test.each(['jpg', 'png', 'mp4', 'c2pa'])('damaged %s files are judged or refused, each within a second', async (ending) => {
  const rng = streamFor(7, 'provenance', ending);
  const film = copyOf(`${clips}dst_vfr.mkv`);
  await signFile(film, claim, signer);
  const seeds = [
    ...['jpg', 'png', 'mp4'].map((name) => readFileSync(`${foreign}foreign.${name}`)),
    readFileSync(film.replace(/mkv$/, 'c2pa')),
  ].map((bytes) => Uint8Array.from(bytes));
  const own = seeds[['jpg', 'png', 'mp4', 'c2pa'].indexOf(ending)]!;
  const target = ending === 'c2pa' ? film.replace(/mkv$/, 'c2pa') : join(mkdtempSync(join(folder, 'fuzz-')), `x.${ending}`);
  let judged = 0;
  for (let i = 0; i < 300; i++) {
    writeFileSync(target, mutate(rng, own, seeds));
    const started = performance.now();
    try {
      await verifyFile(ending === 'c2pa' ? film : target);
      judged++;
    } catch (error) {
      if (!(error instanceof LiaeError)) throw error;
    }
    expect(performance.now() - started).toBeLessThan(1000);
  }
  expect(judged).toBeGreaterThan(0);
  expect(existsSync(target)).toBe(true);
});
