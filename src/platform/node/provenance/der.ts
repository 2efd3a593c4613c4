/** DER as far as a certificate needs it. Source: ITU-T X.690. */

export const sequence = (...items: readonly Uint8Array[]): Uint8Array => tlv(0x30, ...items);
export const setOf = (item: Uint8Array): Uint8Array => tlv(0x31, item);
export const utf8 = (text: string): Uint8Array => tlv(0x0c, new TextEncoder().encode(text));
export const octets = (bytes: Uint8Array): Uint8Array => tlv(0x04, bytes);
export const truth = tlv(0x01, Uint8Array.of(0xff));
/** @param unused how many bits at the end do not count. */
export const bits = (bytes: Uint8Array, unused = 0): Uint8Array => tlv(0x03, Uint8Array.of(unused), bytes);
/** An element with a context-specific tag; `constructed` if it holds elements. */
export const context = (tag: number, constructed: boolean, ...items: readonly Uint8Array[]): Uint8Array =>
  tlv((constructed ? 0xa0 : 0x80) | tag, ...items);

/** A positive integer from its bytes, largest first. */
export function integer(bytes: Uint8Array): Uint8Array {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  return tlv(0x02, bytes[from]! & 0x80 ? Uint8Array.of(0) : new Uint8Array(), bytes.subarray(from));
}

/** @param dotted such as 1.2.840.10045.2.1. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((part) => {
    const digits = [part & 127];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 127) | 128);
    return digits;
  });
  return tlv(0x06, Uint8Array.from(bytes));
}

/** A moment, to the second: UTCTime until 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
export function time(date: Date): Uint8Array {
  const text = `${date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
  return date.getUTCFullYear() < 2050 ? tlv(0x17, new TextEncoder().encode(text.slice(2))) : tlv(0x18, new TextEncoder().encode(text));
}

function tlv(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const digits: number[] = [];
  for (let left = length; left > 0; left >>>= 8) digits.unshift(left & 255);
  const size = length < 128 ? [length] : [128 | digits.length, ...digits];
  return new Uint8Array(Buffer.concat([Uint8Array.of(tag, ...size), ...contents]));
}
