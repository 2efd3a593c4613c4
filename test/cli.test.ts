/** The whole program as its users run it: the compiled command line in processes of its own, on real faces and a tiny model. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readJpeg } from '../src/faceset/index.ts';
import { nodeCodec } from '../src/platform/node/codec.ts';
import { openFaceFolder } from '../src/platform/node/openFaces.ts';
import { prepareFace } from '../src/sample/index.ts';
import { resolveOptions, type TrainEvent } from '../src/train/index.ts';
import { type Ended, eventsOf, liae } from './support/built.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae-cli-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const assets = fileURLToPath(new URL('./faces/', import.meta.url));
const [src, dst] = [join(assets, 'src'), join(assets, 'dst')];
const tiny = {
  ...{ archi: 'liae', resolution: 64, ae_dims: 32, e_dims: 16, d_dims: 16, d_mask_dims: 16, batch_size: 2, seed: 5, workers: 1 },
  ...{ src, dst },
};
const flags = (options: Readonly<Record<string, string | number>>): string[] =>
  Object.entries(options).flatMap(([name, value]) => [`--${name.replaceAll('_', '-')}`, String(value)]);

/** A folder of the scratch space that does not exist yet. */
const fresh = (name: string): string => join(scratch, name);
const copyOf = (model: string, name: string): string => {
  cpSync(model, fresh(name), { recursive: true });
  return fresh(name);
};
const currentOf = (model: string): string => readFileSync(join(model, 'current'), 'utf8').trim();
const stateFile = (model: string): string => join(model, 'saves', currentOf(model), 'state.safetensors');
const sameState = (a: string, b: string): boolean => Buffer.compare(readFileSync(stateFile(a)), readFileSync(stateFile(b))) === 0;

async function succeeded(args: readonly string[], options?: Parameters<typeof liae>[1]): Promise<Ended> {
  const ended = await liae(args, options);
  expect(ended.code, `liae ${args.join(' ')}\n${ended.err}`).toBe(0);
  return ended;
}

async function train(model: string, options: Readonly<Record<string, string | number>>): Promise<TrainEvent[]> {
  return eventsOf((await succeeded(['train', '--model', model, '--json', ...flags(options)])).out);
}

/** A model of three iterations, and what its training said. Tests take copies of it. */
const base = fresh('base');
let events: TrainEvent[] = [];
beforeAll(async () => {
  events = await train(base, { ...tiny, target: 3 });
});

test('training says what it does, in order and in full', () => {
  const { options } = resolveOptions({ ...tiny, target: 3 });
  const positive = expect.toSatisfy((value: unknown) => typeof value === 'number' && value > 0);
  const wait = expect.toSatisfy((value: unknown) => typeof value === 'number' && value >= 0);
  const iteration = (n: number): object => ({
    ...{ event: 'iteration', iteration: n, ms: positive, waitMs: wait },
    loss: { src: positive, dst: positive },
  });
  const saved = (n: number, save: string): object => ({ event: 'saved', iteration: n, save, bytes: positive, ms: positive });
  const measured = { event: 'measured', iteration: 3, ms: positive, peakBytes: positive };
  expect(events).toStrictEqual([
    { event: 'started', iteration: 0, resumed: null, options },
    saved(0, '0000000-1'),
    { event: 'preview', iteration: 0, file: 'previews/0000000.png' },
    iteration(1),
    saved(1, '0000001-2'),
    iteration(2),
    iteration(3),
    measured,
    saved(3, '0000003-3'),
    measured,
    { event: 'preview', iteration: 3, file: 'previews/0000003.png' },
    { event: 'done', iteration: 3, reason: 'target', saved: true, peakBytes: positive },
  ]);
  expect(readdirSync(base).sort()).toEqual(['current', 'journal.ndjson', 'loss.bin', 'previews', 'saves']);
});

test('a second Ctrl-C ends at once, and the last save stands', async () => {
  const model = fresh('twice');
  let sent = 0;
  const { err } = await liae(['train', '--model', model, '--json', ...flags({ ...tiny, target: 100_000 })], {
    watch(out, kill) {
      if (sent > 0 || !out.includes('"event":"iteration"')) return;
      sent = 2;
      kill('SIGINT');
      setTimeout(() => kill('SIGINT'), 5);
    },
  });
  expect(err).not.toContain('Napi');
  const again = eventsOf((await succeeded(['train', '--model', model, '--json', '--target', '1'])).out);
  expect(again.some(({ event }) => event === 'started')).toBe(true);
});

test('the signal of Ctrl-C saves and ends with 0, and the folder of the model is all that a resume needs', async () => {
  const model = fresh('interrupted');
  const interruptAfter = (iterations: number): NonNullable<Parameters<typeof liae>[1]> => {
    let sent = false;
    return {
      watch(out, kill) {
        if (sent || (out.match(/"event":"iteration"/g) ?? []).length < iterations) return;
        sent = true;
        kill('SIGINT');
      },
    };
  };
  const first = await succeeded(
    ['train', '--model', model, '--json', ...flags({ ...tiny, target: 100_000, random_src_flip: 'y' })],
    interruptAfter(3),
  );
  expect(first.err).toContain('saving and ending');
  const [started, done] = [eventsOf(first.out)[0], eventsOf(first.out).at(-1)];
  expect(done).toMatchObject({ event: 'done', reason: 'stopped', saved: true });
  const reached = done?.event === 'done' ? done.iteration : Number.NaN;
  expect(reached).toBeGreaterThanOrEqual(3);

  const second = eventsOf((await succeeded(['train', '--model', model, '--json'], interruptAfter(1))).out);
  expect(second[0]).toStrictEqual({ ...started, iteration: reached, resumed: expect.stringMatching(new RegExp(`^0*${reached}-`)) });
  expect(second[1]).toMatchObject({ event: 'iteration', iteration: reached + 1 });
});

test('an option that is fixed may not change: the error names it with both values, and the model stays as it was', async () => {
  const before = readFileSync(stateFile(base));
  const { code, out, err } = await liae(['train', '--model', base, '--ae-dims', '64', '--resolution', '96', '--json']);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain('resolution, ae_dims: fixed when the model was made');
  expect(err).toContain('resolution: stored 64, asked 96');
  expect(err).toContain('ae_dims: stored 32, asked 64');
  expect(Buffer.compare(readFileSync(stateFile(base)), before)).toBe(0);
});

test.each([
  ['as it is', {}],
  ['with lr_dropout and colour transfer', { lr_dropout: 'y', ct_mode: 'rct' }],
])('ten iterations, and five and five in another process with other workers, leave the same bits %s', async (name, options) => {
  const [whole, parted] = [fresh(`whole ${name}`), fresh(`parted ${name}`)];
  await train(whole, { ...tiny, ...options, target: 10 });
  await train(parted, { ...tiny, ...options, target: 5, workers: 2 });
  expect(sameState(whole, parted)).toBe(false);
  await train(parted, { target: 10 });
  expect(sameState(whole, parted)).toBe(true);
  expect(readFileSync(join(parted, 'loss.bin'))).toEqual(readFileSync(join(whole, 'loss.bin')));
  for (const folder of [whole, parted]) rmSync(folder, { recursive: true });
});

test('if the newest save is damaged, training says so and continues from the one before', async () => {
  const model = copyOf(base, 'damaged');
  const bytes = readFileSync(stateFile(model));
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(stateFile(model), bytes);
  const { out, err } = await succeeded(['train', '--model', model]);
  expect(err).toMatch(/save 0000003-3 cannot be used: .*state\.safetensors.*; looking for the one before/);
  expect(out).toContain('resumed from 0000001-2 at iteration 1');
  expect(sameState(model, base)).toBe(true); // trained to iteration 3 again
});

/** The golden DeepFaceLab model as one of ours: face type f, and of more contrast than a model of a few iterations. */
async function imported(name: string): Promise<string> {
  const golden = fileURLToPath(new URL('./golden/files/', import.meta.url));
  const { out } = await succeeded(['import', golden, '--model', fresh(name)]);
  expect(out).toMatch(/^imported tiny: liae-ud 64, iteration 3, as save 0000003-1 of /);
  return fresh(name);
}

test('a model taken over from DeepFaceLab, written for it and taken over again is the same, bit for bit', async () => {
  const [first, files, second] = [await imported('first'), fresh('dfl'), fresh('second')];
  await succeeded(['export', '--model', first, '--format', 'dfl', '--out', files]);
  await succeeded(['import', files, '--model', second]);
  expect(sameState(first, second)).toBe(true);
  expect(readFileSync(join(second, 'loss.bin'))).toEqual(readFileSync(join(first, 'loss.bin')));
});

/** The chunks of a PNG. */
function* chunksOf(png: Buffer): Generator<{ readonly type: string; readonly data: Buffer; readonly whole: boolean }> {
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const body = png.subarray(at + 4, at + 8 + length);
    yield { type: body.toString('latin1', 0, 4), data: body.subarray(4), whole: crc32(body) === png.readUInt32BE(at + 8 + length) };
    at += 12 + length;
  }
}

test('swap paints what the exported dfm computes in a bare runtime, and says what the pictures are', async () => {
  const faces = fresh('three faces');
  mkdirSync(faces);
  for (const name of readdirSync(dst)
    .filter((file) => file.endsWith('.jpg'))
    .slice(0, 3))
    cpSync(join(dst, name), join(faces, name));
  const [model, out, dfm] = [await imported('painter'), fresh('swapped'), fresh('swap.dfm')];
  await succeeded(['swap', '--model', model, '--faces', faces, '--out', out]);
  await succeeded(['export', '--model', model, '--format', 'dfm', '--out', dfm]);

  const session = await ort.InferenceSession.create(dfm);
  const codec = nodeCodec();
  await using set = await openFaceFolder(faces);
  const painted = new Set<number>();
  for (let i = 0; i < set.count; i++) {
    const face = await set.face(i);
    const { image } = prepareFace(face, 64, 'full_face');
    const input = image.data.map((v) => Math.min(1, Math.max(0, v)));
    const found = await session.run({ 'in_face:0': new ort.Tensor('float32', input, [1, 64, 64, 3]) });
    const file = (suffix: string): string => join(out, face.name.replace('.jpg', `${suffix}.png`));
    const png = readFileSync(file(''));
    const picture = await codec.decode(png, 'picture');
    const mask = await codec.decode(readFileSync(file('_mask')), 'mask');
    expect([picture.width, picture.height, picture.channels, mask.width, mask.height, mask.channels]).toEqual([64, 64, 3, 64, 64, 1]);
    const bgr = found['out_celeb_face:0']!.data as Float32Array;
    const alpha = found['out_celeb_face_mask:0']!.data as Float32Array;
    const apart = (actual: number, expected: number): number => Math.abs(actual / 255 - expected);
    let worst = 0;
    for (let p = 0; p < 64 * 64; p++) {
      for (let c = 0; c < 3; c++) worst = Math.max(worst, apart(picture.data[p * 3 + c]!, bgr[p * 3 + 2 - c]!));
      worst = Math.max(worst, apart(mask.data[p]!, alpha[p]!));
    }
    expect(worst).toBeLessThan(1 / 255);
    for (const v of picture.data) painted.add(v);

    const chunks = [...chunksOf(png)];
    expect(chunks.every(({ whole }) => whole)).toBe(true);
    expect(chunks.map(({ type }) => type).slice(0, 3)).toEqual(['IHDR', 'caBX', 'iTXt']);
    expect(chunks[2]!.data.toString('utf8')).toMatch(
      /^XML:com\.adobe\.xmp\0.*Iptc4xmpExt:DigitalSourceType="http:\/\/cv\.iptc\.org\/newscodes\/digitalsourcetype\/compositeWithTrainedAlgorithmicMedia"/s,
    );
  }
  expect(painted.size).toBeGreaterThan(20); // the pictures show something to compare
});

test.each([
  [['trian', '--model', 'm'], 'trian: unknown command', 'did you mean liae train?'],
  [['train', '--model', 'm', '--batchsize', '4'], '--batchsize: unknown option', 'did you mean --batch-size?'],
  [['export', '--model', 'm', '--format', 'dmf'], '--format dmf: unknown format', 'did you mean --format dfm?'],
])('%j ends with 2 and a suggestion', async (args, message, hint) => {
  const { code, out, err } = await liae(args, { cwd: scratch });
  expect([code, out]).toEqual([2, '']);
  expect(err).toBe(`${message}\n${err.includes('expected') ? '  expected dfl, onnx, dfm, safetensors\n' : ''}  next     ${hint}\n`);
  expect(existsSync(join(scratch, 'm'))).toBe(false);
});

test('--config gives options, flags come before it, and relative folders start at the working folder', async () => {
  const config = { ...tiny, src: 'a', dst, target_iter: 5, random_warp: 'n', 'uniform-yaw': true };
  cpSync(src, fresh('a'), { recursive: true });
  writeFileSync(fresh('options.json'), JSON.stringify(config));
  const ended = await succeeded(['train', '--model', 'configured', '--config', 'options.json', '--target', '1', '--json'], {
    cwd: scratch,
  });
  expect(eventsOf(ended.out)[0]).toMatchObject({
    ...{ event: 'started' },
    options: { ...tiny, src: fresh('a'), dst, target: 1, random_warp: false, uniform_yaw: true },
  });
  expect(existsSync(join(scratch, 'configured', 'saves'))).toBe(true);
  writeFileSync(fresh('wrong.json'), '["batch_size", 4]');
  const wrong = await liae(['train', '--model', 'x', '--config', 'wrong.json'], { cwd: scratch });
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('wrong.json: not a configuration')]);
});

test('a folder with broken files trains on the good ones, and names the others with their causes', async () => {
  const folder = fresh('broken');
  mkdirSync(folder);
  const [a, b, c] = readdirSync(src).filter((file) => file.endsWith('.jpg')) as [string, string, string];
  for (const name of [a, b]) cpSync(join(src, name), join(folder, name));
  const jpeg = readFileSync(join(src, c));
  const scan = readJpeg(jpeg, c, 'header').segments.at(-1)!.end;
  const half = (scan + jpeg.length) >> 1;
  writeFileSync(join(folder, 'cut.jpg'), jpeg.subarray(0, half));
  writeFileSync(join(folder, 'empty.jpg'), '');
  cpSync(fileURLToPath(new URL('./golden/tools/dfljpg/plain.jpg', import.meta.url)), join(folder, 'photo.jpg'));
  writeFileSync(join(folder, 'text.jpg'), 'not a picture');
  writeFileSync(join(folder, 'torn.jpg'), Buffer.concat([jpeg.subarray(0, half), Buffer.from([0xff, 0xd9])]));

  const told = await train(fresh('of the good'), { ...tiny, src: folder, target: 2 });
  expect(told[0]).toStrictEqual({
    ...{ event: 'skipped', side: 'src', usable: 3 },
    files: [
      { name: 'cut.jpg', cause: `the picture is cut off; no end marker (EOI) in its ${half} bytes` },
      { name: 'empty.jpg', cause: 'not a JPEG file that can be read; it does not begin with the marker SOI' },
      { name: 'photo.jpg', cause: expect.stringMatching(/^no face data in this JPEG; segments SOI, /) },
      { name: 'text.jpg', cause: 'not a JPEG file that can be read; it does not begin with the marker SOI' },
    ],
  });
  const warnings = told.flatMap((event) => (event.event === 'warning' ? [event.message] : []));
  expect(warnings).toEqual([expect.stringMatching(/^src: .*the next one takes its place: torn\.jpg: this JPEG is damaged; Corrupt/)]);
  expect(told.at(-1)).toMatchObject({ event: 'done', iteration: 2, reason: 'target', saved: true });

  const { err } = await succeeded(['train', '--model', fresh('of the good'), '--target', '3']);
  expect(err).toContain('src: 4 files are no usable faces and left out; 3 remain\n  cut.jpg: the picture is cut off');
});

test('an empty folder, one without faces and one that is not there end with 2 and advice, and leave no model behind', async () => {
  const [empty, faceless] = [fresh('empty'), fresh('faceless')];
  for (const folder of [empty, faceless]) mkdirSync(folder);
  writeFileSync(join(faceless, 'text.jpg'), 'not a picture');
  for (const [folder, message, found] of [
    [empty, 'no faces in this folder', 'no image files'],
    [faceless, 'no faces in this folder', '1 image files that are no usable faces, the first: text.jpg: not a JPEG file'],
    [fresh('nowhere'), 'there is no such folder', 'check the path'],
  ] as const) {
    const { code, out, err } = await liae(['train', '--model', fresh('none'), '--json', ...flags({ ...tiny, dst: folder, target: 1 })]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`${folder}: ${message}`);
    expect(err).toContain(found);
    expect(err).toContain('  next     ');
    expect(existsSync(fresh('none'))).toBe(false);
  }
});
