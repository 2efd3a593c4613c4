/**
 * Damages files in ways that parsers get wrong: flipped bits, cut ends, pieces moved or copied from other files, lengths blown up, and
 * opcodes put where none belong. Every mutation follows from the generator, so an input can be made again from its number.
 */

/** Opcodes of pickle that these files use, and a few that they must not, with short arguments. */
const opcodes = [
  '28',
  '30',
  '4e',
  '88',
  '89',
  '4aff00ff7f',
  '4b07',
  '4dffff',
  '8a0101',
  '8aff',
  '470000000000000000',
  '8c0161',
  '8cff',
  '58ffffffff',
  '5801000000ff',
  '8dffffffffffffffff',
  '430162',
  '42ffffff7f',
  '8effffffffffffff7f',
  '960400000000000000ffffffff',
  '5d',
  '61',
  '65',
  '7d',
  '73',
  '75',
  '29',
  '74',
  '85',
  '86',
  '87',
  '7100',
  '72ffffff7f',
  '94',
  '6800',
  '6aff000000',
  '6affffffff',
  '636f730a73797374656d0a',
  '636e756d70790a64747970650a',
  '636e756d70792e636f72652e6d756c746961727261790a5f7265636f6e7374727563740a',
  '635f636f646563730a656e636f64650a',
  '93',
  '52',
  '81',
  '62',
  '2e',
  '8003',
  '95ffffffffffffffff',
  '32',
  '31',
  '51',
  '92',
  '97',
  '98',
  '64',
  '69',
].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));

const extremes = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  1n << 40n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
];

/**
 * One to six mutations of a file.
 *
 * @param rng the generator of this input.
 * @param seed the file; stays as it is.
 * @param others files to take pieces from.
 */
export function mutate(rng, seed, others) {
  let bytes = Uint8Array.from(seed);
  for (let rounds = Math.min(rng.integer(1, 7), rng.integer(1, 7)); rounds > 0; rounds--)
    bytes = mutations[rng.integer(0, mutations.length)](rng, bytes, others);
  return bytes;
}

const place = (rng, bytes) => (bytes.length === 0 ? 0 : rng.integer(0, bytes.length));

/** Near the beginning more often than not: that is where structure is. */
const early = (rng, bytes) => (rng.integer(0, 2) === 0 ? place(rng, bytes) : Math.min(place(rng, bytes), rng.integer(0, 512)));

const splice = (bytes, at, removed, inserted) => {
  const out = new Uint8Array(bytes.length - removed + inserted.length);
  out.set(bytes.subarray(0, at));
  out.set(inserted, at);
  out.set(bytes.subarray(at + removed), at + inserted.length);
  return out;
};

const mutations = [
  function flipBits(rng, bytes) {
    for (let n = rng.integer(1, 9); n > 0 && bytes.length > 0; n--) bytes[early(rng, bytes)] ^= 1 << rng.integer(0, 8);
    return bytes;
  },
  function setBytes(rng, bytes) {
    for (let n = rng.integer(1, 5); n > 0 && bytes.length > 0; n--) bytes[early(rng, bytes)] = rng.integer(0, 256);
    return bytes;
  },
  function cutEnd(rng, bytes) {
    return bytes.slice(0, place(rng, bytes));
  },
  function removePiece(rng, bytes) {
    const at = early(rng, bytes);
    return splice(bytes, at, Math.min(rng.integer(1, 64), bytes.length - at), new Uint8Array());
  },
  function repeatPiece(rng, bytes) {
    const at = early(rng, bytes);
    const piece = bytes.subarray(at, at + rng.integer(1, 256));
    return splice(bytes, place(rng, bytes), 0, piece);
  },
  function pieceOfAnother(rng, bytes, others) {
    const other = others[rng.integer(0, others.length)];
    const from = early(rng, other);
    return splice(bytes, early(rng, bytes), 0, other.subarray(from, from + rng.integer(1, 2048)));
  },
  function crossOver(rng, bytes, others) {
    const other = others[rng.integer(0, others.length)];
    const at = place(rng, bytes);
    return splice(bytes, at, bytes.length - at, other.subarray(place(rng, other)));
  },
  function blowUpLength(rng, bytes) {
    const width = [1, 2, 4, 8][rng.integer(0, 4)];
    const at = early(rng, bytes);
    if (at + width > bytes.length) return bytes;
    const value = extremes[rng.integer(0, extremes.length)];
    for (let i = 0; i < width; i++) {
      const byte = Number((value >> BigInt(8 * i)) & 255n);
      bytes[at + (rng.integer(0, 4) === 0 ? width - 1 - i : i)] = byte;
    }
    return bytes;
  },
  function blowUpDigits(rng, bytes) {
    const at = early(rng, bytes);
    const digit = bytes.subarray(at, at + 4096).findIndex((byte) => byte >= 0x30 && byte <= 0x39);
    if (digit < 0) return bytes;
    const texts = ['99999999999', '9007199254740993', '1e400', '-1', '0', '0.5', 'null', '{}', '[[]]', '"x"'];
    return splice(bytes, at + digit, 1, Uint8Array.from(Buffer.from(texts[rng.integer(0, texts.length)])));
  },
  function insertOpcodes(rng, bytes) {
    for (let n = rng.integer(1, 4); n > 0; n--) bytes = splice(bytes, early(rng, bytes), 0, opcodes[rng.integer(0, opcodes.length)]);
    return bytes;
  },
  function repeatOpcode(rng, bytes) {
    const opcode = opcodes[rng.integer(0, opcodes.length)];
    const many = new Uint8Array(opcode.length * rng.integer(2, rng.integer(0, 50) === 0 ? 50000 : 500));
    for (let at = 0; at < many.length; at += opcode.length) many.set(opcode, at);
    return splice(bytes, early(rng, bytes), 0, many);
  },
];
