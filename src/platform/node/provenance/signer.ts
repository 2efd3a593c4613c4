/**
 * Who signs: a key and certificate of one's own, or a key made here at first use with a certificate that nobody vouches for. Such a mark shows
 * that a file is unchanged since it was written; it says nothing about who wrote it, and no trust list knows it.
 * Sources: C2PA specification, "X.509 certificates" and "Digital signatures"; RFC 5280; RFC 9053 (COSE algorithms).
 */
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomUUID,
  sign,
  X509Certificate,
} from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { FormatError, LiaeError, OptionError } from '../../../base/index.ts';
import { explained } from '../files.ts';
import { bits, context, integer, octets, oid, sequence, setOf, time, truth, utf8 } from './der.ts';

export interface Signer {
  /** DER, that of the key first; a root is left out. */
  readonly certificates: readonly Uint8Array[];
  /** Number of the algorithm in COSE. */
  readonly algorithm: number;
  /** Of every signature, in bytes. */
  readonly signatureLength: number;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** How COSE and node:crypto call an algorithm. PS: RSA with PSS padding, salt as long as the hash. */
export interface Algorithm {
  readonly cose: number;
  readonly name: string;
  /** undefined for Ed25519, which hashes by itself. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | undefined;
  readonly kind: 'ec' | 'rsa' | 'ed25519';
}

export const algorithms: readonly Algorithm[] = [
  { cose: -7, name: 'ES256', hash: 'sha256', kind: 'ec' },
  { cose: -35, name: 'ES384', hash: 'sha384', kind: 'ec' },
  { cose: -36, name: 'ES512', hash: 'sha512', kind: 'ec' },
  { cose: -37, name: 'PS256', hash: 'sha256', kind: 'rsa' },
  { cose: -38, name: 'PS384', hash: 'sha384', kind: 'rsa' },
  { cose: -39, name: 'PS512', hash: 'sha512', kind: 'rsa' },
  { cose: -8, name: 'Ed25519', hash: undefined, kind: 'ed25519' },
];

/** What certificates made here call their owner, in the place where validators show a name. */
export const localOrganisation = 'liae local key - identity not verified';
const FILE = 'signing-key.pem';
const YEARS = 10;
const maxPem = 2 ** 20;

/** LIAE_CONFIG, or the folder where the system keeps a user's settings. */
export function configFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  if (env.LIAE_CONFIG) return env.LIAE_CONFIG;
  if (platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'liae');
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'liae');
}

/**
 * The key of this installation; made if there is none: EC P-256, in one file with its certificate and that one's root, readable by its owner alone. Processes may
 * race: the first file stays.
 *
 * @throws FormatError if the file is damaged or its certificate has ended.
 */
export async function localSigner(folder = configFolder()): Promise<Signer> {
  const path = join(folder, FILE);
  let pem = await readIfThere(path);
  if (pem === undefined) {
    await writeOnce(path, newIdentity(new Date()));
    pem = await readPem(path);
  }
  const signer = signerOf(pem, pem, path);
  const until = new X509Certificate(signer.certificates[0]!).validTo;
  if (Date.parse(until) < Date.now()) {
    throw new FormatError(`${path}: this signing certificate has ended`, {
      found: until,
      next: 'remove the file; a new key is made at next use',
    });
  }
  return signer;
}

/**
 * A key and certificate of one's own, in PEM. The file of certificates begins with that of the key; those that issued it may follow.
 *
 * @throws OptionError if they do not belong together or the algorithm is not one of C2PA.
 */
export async function fileSigner(certificateFile: string, keyFile: string): Promise<Signer> {
  return signerOf(await readPem(certificateFile), await readPem(keyFile), certificateFile);
}

function signerOf(certificatePem: string, keyPem: string, name: string): Signer {
  const key = readKey(keyPem, name);
  const certificates = [...certificatePem.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)].map(([pem]) =>
    readCertificate(pem, name),
  );
  const first = certificates[0];
  if (first === undefined) throw new FormatError(`${name}: no certificate`, { expected: 'PEM: -----BEGIN CERTIFICATE-----' });
  if (!first.checkPrivateKey(key)) throw new OptionError(`${name}: the first certificate is not that of the key`, { found: first.subject });
  const algorithm = algorithmOf(key, name);
  const roots = certificates.filter((certificate, i) => i > 0 && certificate.checkIssued(certificate));
  return {
    certificates: certificates.filter((certificate) => !roots.includes(certificate)).map(({ raw }) => new Uint8Array(raw)),
    algorithm: algorithm.cose,
    signatureLength: signatureLength(key, algorithm),
    sign: (bytes) => new Uint8Array(sign(algorithm.hash ?? null, bytes, keyFor(algorithm, key))),
  };
}

/** What sign() and verify() of node:crypto take: raw r and s for elliptic curves, PSS for RSA. */
export function keyFor(
  { kind }: Algorithm,
  key: KeyObject,
): { key: KeyObject; dsaEncoding?: 'ieee-p1363'; padding?: number; saltLength?: number } {
  if (kind === 'ec') return { key, dsaEncoding: 'ieee-p1363' };
  // 6: RSA_PKCS1_PSS_PADDING; -1: RSA_PSS_SALTLEN_DIGEST
  return kind === 'rsa' ? { key, padding: 6, saltLength: -1 } : { key };
}

function algorithmOf(key: KeyObject, name: string): Algorithm {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const wanted =
    key.asymmetricKeyType === 'ec'
      ? { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }[curve ?? '']
      : { rsa: 'PS256', 'rsa-pss': 'PS256', ed25519: 'Ed25519' }[String(key.asymmetricKeyType)];
  const found = algorithms.find((algorithm) => algorithm.name === wanted);
  if (found === undefined) {
    throw new OptionError(`${name}: a key that C2PA does not know`, {
      found: `${key.asymmetricKeyType} ${curve ?? ''}`.trimEnd(),
      expected: 'EC on P-256, P-384 or P-521, RSA, or Ed25519',
    });
  }
  return found;
}

function signatureLength(key: KeyObject, { name, kind }: Algorithm): number {
  if (kind === 'rsa') return Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  return { ES256: 64, ES384: 96, ES512: 132 }[name] ?? 64;
}

function readKey(pem: string, name: string): KeyObject {
  const block = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/.exec(pem)?.[0];
  try {
    return createPrivateKey(block ?? pem);
  } catch (cause) {
    throw new FormatError(`${name}: no private key that can be read`, { expected: 'PEM without a password', cause });
  }
}

function readCertificate(pem: string, name: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new FormatError(`${name}: a damaged certificate`, { expected: 'X.509 in PEM', cause });
  }
}

/**
 * A new key, its certificate and the root that issued it, in PEM. C2PA wants no certificate that signs itself, so that a root is made for this one
 * certificate and its key is forgotten at once. The names say what they are worth and nothing about the machine or its user.
 */
function newIdentity(now: Date): string {
  const root = newKey();
  const own = newKey();
  const until = new Date(now);
  until.setUTCFullYear(now.getUTCFullYear() + YEARS);
  const id = Buffer.from(own.id.subarray(0, 4)).toString('hex');
  const rootName = distinguishedName(`liae local root ${id}`);
  const since = new Date(now.getTime() - 3600_000); // clocks of others may be behind
  const span = sequence(time(since), time(until));
  const issuer = { name: rootName, key: root.privateKey };
  const rootCertificate = certificate({ issuer, span, name: rootName, spki: root.spki }, [
    extension('2.5.29.19', true, sequence(truth)), // basicConstraints: an authority
    extension('2.5.29.15', true, bits(Uint8Array.of(0x04), 2)), // keyUsage: keyCertSign
    extension('2.5.29.14', false, octets(root.id)),
  ]);
  const ownCertificate = certificate({ issuer, span, name: distinguishedName(`liae local key ${id}`), spki: own.spki }, [
    extension('2.5.29.19', true, sequence()), // basicConstraints: no authority
    extension('2.5.29.15', true, bits(Uint8Array.of(0x80), 7)), // keyUsage: digitalSignature
    // extendedKeyUsage: e-mail protection, which validators take by default, and C2PA claim signing
    extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.4'), oid('1.3.6.1.4.1.62558.2.1'))),
    extension('2.5.29.14', false, octets(own.id)),
    extension('2.5.29.35', false, sequence(context(0, false, root.id))),
  ]);
  return [own.privateKey.export({ type: 'pkcs8', format: 'pem' }), pemOf(ownCertificate), pemOf(rootCertificate)].join('');
}

function newKey(): { privateKey: KeyObject; spki: Uint8Array; id: Uint8Array } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  return { privateKey, spki, id: new Uint8Array(createHash('sha1').update(spki.subarray(-65)).digest()) }; // RFC 5280, 4.2.1.2: of the key's bits
}

interface CertificateParts {
  readonly issuer: { readonly name: Uint8Array; readonly key: KeyObject };
  readonly span: Uint8Array;
  readonly name: Uint8Array;
  readonly spki: Uint8Array;
}

/** RFC 5280, 4.1. */
function certificate({ issuer, span, name, spki }: CertificateParts, extensions: readonly Uint8Array[]): Uint8Array {
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
  const version3 = context(0, true, integer(Uint8Array.of(2)));
  const serial = integer(Uint8Array.of(0x40, ...randomBytes(15)));
  const body = sequence(version3, serial, ecdsaWithSha256, issuer.name, span, name, spki, context(3, true, sequence(...extensions)));
  return sequence(body, ecdsaWithSha256, bits(new Uint8Array(sign('sha256', body, issuer.key))));
}

const extension = (type: string, critical: boolean, value: Uint8Array): Uint8Array =>
  sequence(oid(type), ...(critical ? [truth] : []), octets(value));

function distinguishedName(commonName: string): Uint8Array {
  const attribute = (type: string, text: string): Uint8Array => setOf(sequence(oid(type), utf8(text)));
  return sequence(attribute('2.5.4.10', localOrganisation), attribute('2.5.4.3', commonName));
}

const pemOf = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der)
    .toString('base64')
    .replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readPem(path);
  } catch (error) {
    const cause = error instanceof LiaeError ? error.details.cause : undefined;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readPem(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > maxPem) throw new FormatError(`${path}: too large for a key or certificate`, { found: `${bytes.length} bytes` });
    return bytes.toString('latin1');
  } catch (error) {
    throw explained(error, path, 'file');
  }
}

/** A file that appears whole or not at all, and never replaces another. */
async function writeOnce(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.liae-${randomUUID()}`);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    });
  } catch (error) {
    throw explained(error, path, 'file');
  } finally {
    await rm(temporary, { force: true });
  }
}
