/**
 * The signature of a claim: COSE_Sign1 over bytes that lie elsewhere, with the certificates in its protected header.
 * Sources: RFC 9052; RFC 9360 (x5chain, 33); C2PA specification, "Digital signatures".
 */
import { verify, X509Certificate } from 'node:crypto';
import { FormatError } from '../../../base/index.ts';
import { bytesOf, type Cbor, field, listOf, readCbor, Tagged, writeCbor } from './cbor.ts';
import { algorithms, keyFor, localOrganisation, type Signer } from './signer.ts';

const SIGN1 = 18;
const ALGORITHM = 1;
const CHAIN = 33;
const maxCertificates = 16;

/** What is known about a signature. */
export interface Signature {
  /** Whether it is that of the first certificate's key over the payload. */
  readonly valid: boolean;
  readonly algorithm: string;
  /** Of the one who signed; undefined if it cannot be read. */
  readonly certificate: X509Certificate | undefined;
  /** Its issuer's certificates as far as they are given and hold. */
  readonly chain: readonly X509Certificate[];
  /** Whether nobody but its maker vouches for the certificate: it is signed with its own key, or was made by this program. */
  readonly selfSigned: boolean;
  /** Why it is not valid. */
  readonly problem: string | undefined;
  /** Whether there is a countersignature with a time, which is not checked here. */
  readonly timeStamped: boolean;
}

/** As long for every payload with one signer. */
export function signPayload(payload: Uint8Array, signer: Signer): Uint8Array {
  const header = protectedHeader(signer);
  return assemble(header, signer.sign(toBeSigned(header, payload)));
}

/** As long as a signature of this signer, without one. */
export const unsigned = (signer: Signer): Uint8Array => assemble(protectedHeader(signer), new Uint8Array(signer.signatureLength));

function protectedHeader({ algorithm, certificates }: Signer): Uint8Array {
  const chain = certificates.length === 1 ? certificates[0]! : certificates;
  return writeCbor(
    new Map<number, Cbor>([
      [ALGORITHM, algorithm],
      [CHAIN, chain],
    ]),
  );
}

const assemble = (header: Uint8Array, signature: Uint8Array): Uint8Array =>
  writeCbor(new Tagged(SIGN1, [header, new Map<Cbor, Cbor>(), null, signature]));

const toBeSigned = (header: Uint8Array, payload: Uint8Array): Uint8Array => writeCbor(['Signature1', header, new Uint8Array(), payload]);

/**
 * @param cose  the content of a signature box. @param payload  what it is to be a signature of.
 * @param name what errors call it.
 * @throws FormatError if the bytes are no COSE_Sign1.
 */
export function checkSignature(cose: Uint8Array, payload: Uint8Array, name: string): Signature {
  const read = readCbor(cose, name);
  const parts = listOf(read instanceof Tagged && read.tag === SIGN1 ? read.value : read);
  const header = bytesOf(parts[0]);
  const signature = bytesOf(parts[3]);
  if (parts.length !== 4 || header === undefined || signature === undefined) {
    throw new FormatError(`${name}: no COSE signature`, {
      found: `an array of ${parts.length}`,
      expected: 'header, header, payload, signature',
    });
  }
  const fields = header.length === 0 ? new Map<Cbor, Cbor>() : readCbor(header, name);
  const number = field(fields, ALGORITHM);
  const algorithm = algorithms.find(({ cose: wanted }) => wanted === number);
  const chain = certificatesOf(field(fields, CHAIN) ?? field(fields, 'x5chain') ?? field(parts[1], CHAIN) ?? field(parts[1], 'x5chain'));
  const first = chain[0];
  const facts = {
    algorithm: algorithm?.name ?? `COSE algorithm ${String(number)}`,
    certificate: first,
    chain: chain.slice(1),
    selfSigned: first !== undefined && (issued(first, first) || first.issuer.split('\n').includes(`O=${localOrganisation}`)),
    timeStamped: field(parts[1], 'sigTst') !== undefined || field(parts[1], 'sigTst2') !== undefined,
  };
  const problem = ((): string | undefined => {
    if (first === undefined) return 'no certificate that can be read';
    if (algorithm === undefined) return 'an algorithm that is not known here';
    const broken = chain.findIndex((certificate, i) => i > 0 && !issued(chain[i - 1]!, certificate));
    if (broken > 0) return `certificate ${broken + 1} did not issue the one before it`;
    try {
      const holds = verify(algorithm.hash ?? null, toBeSigned(header, payload), keyFor(algorithm, first.publicKey), signature);
      return holds ? undefined : 'the signature is not that of the claim';
    } catch {
      return `the key of the certificate does not fit ${algorithm.name}`;
    }
  })();
  return { ...facts, valid: problem === undefined, problem };
}

function certificatesOf(value: Cbor | undefined): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (const item of (value instanceof Uint8Array ? [value] : listOf(value)).slice(0, maxCertificates)) {
    try {
      chain.push(new X509Certificate(bytesOf(item) ?? new Uint8Array()));
    } catch {
      break; // the chain ends where it cannot be read; without a first one the signature is called invalid
    }
  }
  return chain;
}

function issued(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    // Not checkIssued(): it asks for the key usage of an authority, which a certificate that signs itself for this purpose must not have.
    return certificate.issuer === issuer.subject && certificate.verify(issuer.publicKey);
  } catch {
    return false; // a key of an unknown kind
  }
}
