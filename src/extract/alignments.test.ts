/** Alignments come back as they were written, to the precision that they are written with; a file cut off anywhere is the whole of its beginning. */
import { expect, test } from 'vitest';
import { FormatError, Rng } from '../base/index.ts';
import { type AlignmentsHeader, chunkLine, completeLine, type FrameRecord, frameLine, headerLine, readAlignments } from './alignments.ts';

const header: AlignmentsHeader = {
  clip: { name: 'ä clip.mp4', kind: 'video', width: 640, height: 480, rate: 25, frames: 5, duration: 0.2, hash: 'ab', colour: 'BT.709' },
  path: '/a path/ä clip.mp4',
  prefix: '',
  options: { from: 0, tiles: 1, turned: false, identity: true },
  tool: 'liae test',
};

const frame = (n: number): FrameRecord => ({
  frame: n,
  time: n / 25,
  look: '5a'.repeat(64),
  faces:
    n % 3 === 2
      ? []
      : [
          {
            ...{ rect: [10.5, 20, 110.5, 130], presence: 0.999998, sharpness: 12.5, exposure: 0.5 },
            ...(n % 2 === 0 ? { score: 0.75, embedding: new Float32Array(128).fill(0.125) } : {}),
            landmarks: Float32Array.from({ length: 136 }, (_, i) => i + 0.25 * n),
            mesh: Float32Array.from({ length: 478 * 3 }, (_, i) => i / 2),
          },
        ],
});

const pieces = async function* (bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += step) yield bytes.subarray(i, i + step);
};

const lines = [
  headerLine(header),
  [frameLine(frame(0)), frameLine(frame(1)), chunkLine({ chunk: 0, frames: 2 })].join(''),
  [frameLine(frame(2)), chunkLine({ chunk: 1, frames: 1 })].join(''),
  [frameLine(frame(3)), frameLine(frame(4)), chunkLine({ chunk: 2, frames: 2 })].join(''),
  completeLine(5, ['a frame is damaged']),
];
const encoder = new TextEncoder();
const ends = lines.map((_, i) => encoder.encode(lines.slice(0, i + 1).join('')).length);
const bytes = encoder.encode(lines.join(''));

async function read(part: Uint8Array, step = 1 << 16) {
  let [end, complete, found]: [number, boolean, AlignmentsHeader | undefined] = [0, false, undefined];
  const frames: FrameRecord[] = [];
  for await (const entry of readAlignments(pieces(part, step), 'test')) {
    end = entry.end;
    if (entry.kind === 'header') found = entry.header;
    if (entry.kind === 'chunk') frames.push(...entry.frames);
    if (entry.kind === 'complete') complete = true;
  }
  return { end, complete, frames, header: found };
}

test('what is written is read, however the bytes come', async () => {
  for (const step of [1, 7, 1000, bytes.length]) {
    const all = await read(bytes, step);
    expect(all.header).toEqual(header);
    expect(all.frames).toEqual([0, 1, 2, 3, 4].map(frame));
    expect(all).toMatchObject({ complete: true, end: bytes.length });
  }
});

test('cut off at any byte, the closed stretches before it count and nothing else', async () => {
  for (let length = 0; length <= bytes.length; length += length < 700 || length > bytes.length - 300 ? 1 : 13) {
    const whole = ends.filter((end) => end <= length).length;
    const { end, frames, complete } = await read(bytes.subarray(0, length), 4096);
    expect(end).toBe(whole === 0 ? 0 : ends[whole - 1]);
    expect(frames.length).toBe([0, 0, 2, 3, 5, 5][whole]);
    expect(complete).toBe(whole === 5);
  }
});

test('a line that is whole and wrong is named', async () => {
  const bad = (text: string): Promise<unknown> => read(encoder.encode(text));
  await expect(bad('{"liae":"other"}\n')).rejects.toThrow('test, line 1');
  await expect(bad('{"liae":"alignments","version":9}\n')).rejects.toThrow('another version');
  await expect(bad(`${lines[0]}{"frame":0,"time":0,"look":"","faces":[]}\n`)).rejects.toThrow('line 2');
  await expect(bad(`${lines[0]}${lines[1]!.replace('"frames":2', '"frames":3')}`)).rejects.toThrow('line 4');
  await expect(bad(`${lines[0]}${lines[1]!.replace(/"landmarks":\[0,/, '"landmarks":[')}`)).rejects.toThrow('line 2');
  await expect(bad(`${lines[0]}nonsense\n`)).rejects.toThrow('line 2');
  const found = (text: string) => ({ details: { found: expect.stringContaining(text) } });
  // Names of faces come from these, and must not lead out of the folder.
  await expect(bad(lines[0]!.replace('"prefix":"', '"prefix":"../'))).rejects.toMatchObject(found('prefix "../'));
  await expect(bad(`${lines[0]}${lines[1]!.replace('"look"', '"name":"a/../../b.png","look"')}`)).rejects.toMatchObject(
    found('name "a/..'),
  );
});

test('bytes that were changed anywhere are read as something, or refused with words', async () => {
  const rng = new Rng(11);
  for (let i = 0; i < 300; i++) {
    const changed = bytes.slice();
    for (let k = 0; k < 3; k++) changed[rng.uint32() % (rng.uint32() % 2 === 0 ? 600 : changed.length)] = rng.uint32() & 255;
    const failure = await read(changed).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure !== undefined) expect(failure).toBeInstanceOf(FormatError);
  }
});
