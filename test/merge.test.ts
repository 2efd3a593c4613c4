/**
 * Merging from the command line, on real clips: what comes out is read back by independent readers; killed by force it goes on; what does not
 * fit together ends with words before a frame is made.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPictures } from '../src/platform/node/pictures.ts';
import { openClip } from '../src/platform/node/video.ts';
import type { Frame } from '../src/video/index.ts';
import { type Ended, liae } from './support/built.ts';
import { clip, exactFaces, tinyModel } from './support/merging.ts';
import { probed } from './support/probe.ts';
import { soundOf } from './support/sound.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae merge ü '));
const at = (name: string): string => join(scratch, name);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const model = at('model');
const faces = at('faces');
process.env.LIAE_CONFIG = at('config');

/** Interrupts once, when a text is there: a second time would end at once. */
function interruptedAt(mark: string): NonNullable<Parameters<typeof liae>[1]> {
  let sent = false;
  return {
    watch(text, kill) {
      if (sent || !text.includes(mark)) return;
      sent = true;
      kill('SIGINT');
    },
  };
}

async function succeeded(args: readonly string[], options?: Parameters<typeof liae>[1]): Promise<Ended> {
  const ended = await liae(args, options);
  expect(ended.code, `liae ${args.join(' ')}\n${ended.err}`).toBe(0);
  return ended;
}

const merge = (input: string, output: string, ...more: string[]): string[] => {
  const plain = ['merge', '--model', model, '--input', input, '--output', output, ...more];
  return more.includes('--faces') ? plain : [...plain, '--faces', faces];
};

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function read(path: string): Promise<Frame[]> {
  await using source = await openClip(path);
  return await collect(source.frames());
}
const microseconds = (frames: readonly Frame[]): number[] => frames.map(({ time }) => Math.round(time * 1e6));

beforeAll(async () => {
  await tinyModel(model);
  await exactFaces(clip('dst_rotated.mp4'), faces, [{ track: 'dst', dx: 0 }]);
}, 120_000);

test('from a clip to a film: frames, times, sound and tags are those of the clip, and credentials say what it is', {
  timeout: 120_000,
}, async () => {
  const source = clip('dst_rotated.mp4');
  const aligned = at('aligned');
  await succeeded(['extract', source, '--out', aligned, '--size', '256']);
  const film = at('film.mp4');
  const { err, out } = await succeeded(merge(source, film, '--faces', aligned));
  expect(err).toContain('50 faces of 50 frames, matched by the frame numbers kept with them');
  expect(out).toMatch(/frames {5}50, 50 with faces; 50 made now/);
  expect(out).toMatch(/trembling {2}\d+\.\d+ pixels/);
  expect(out).toMatch(/dropped {4}0 frames/);
  const [before, after] = [await read(source), await read(film)];
  expect(microseconds(after)).toEqual(microseconds(before));
  expect(await soundOf(film)).toEqual(await soundOf(source));
  const [was, is] = [probed(source, 'v'), probed(film, 'v')];
  for (const key of ['nb_read_frames', 'color_space', 'color_transfer', 'color_primaries', 'color_range', 'duration', 'avg_frame_rate']) {
    expect(is?.[key], key).toBe(was?.[key]);
  }
  expect([is?.width, is?.height, is?.start_time]).toEqual(
    is === undefined ? [undefined, undefined, undefined] : ['640', '480', '0.000000'],
  );
  expect((await succeeded(['verify', film])).out).toContain('a face was replaced by one that a model made');
  // Nothing is left but a note of what was made, and the same command has nothing to do.
  expect(readdirSync(scratch).filter((name) => name.startsWith('.'))).toEqual(['.liae-film.mp4.json']);
  const bytes = readFileSync(film);
  const again = await succeeded(merge(source, film, '--faces', aligned));
  expect(again.err).toMatch(/film\.mp4 is there already and complete: 50 frames, settings [0-9a-f]{12}; --again makes it anew/);
  expect(again.out).toBe('');
  expect(Buffer.compare(readFileSync(film), bytes)).toBe(0);
});

test('killed by force, and interrupted, it goes on to the film of an undisturbed run', { timeout: 180_000 }, async () => {
  const source = clip('dst_rotated.mp4');
  const args = (name: string): string[] =>
    merge(source, at(name), '--json', '--part', '8', '--no-provenance', '--mask', at(`mask-${name}`));
  await succeeded(args('whole.mp4'));
  const broken = args('broken.mp4');
  const killed = await liae(broken, { watch: (text, kill) => text.includes('"frame":20,') && kill('SIGKILL') });
  expect(killed.code).toBe(null);
  const stopped = await liae(broken, interruptedAt('"frame":36,'));
  expect(stopped.code).toBe(130);
  expect(stopped.out).toMatch(/"event":"resumed","frames":(8|16)\D/);
  expect(stopped.err).toContain('the same command goes on');
  const last = await succeeded(broken);
  expect(last.out).toMatch(/"event":"resumed","frames":(24|32|40)\D/);
  for (const name of ['whole.mp4', 'mask-whole.mp4']) {
    const [one, other] = [await read(at(name)), await read(at(name.replace('whole', 'broken')))];
    expect(microseconds(other)).toEqual(microseconds(one));
    expect(one.length).toBe(50);
    for (const [i, { image }] of one.entries()) expect(Buffer.compare(image.data, other[i]!.image.data)).toBe(0);
  }
  expect(await soundOf(at('broken.mp4'))).toEqual(await soundOf(at('whole.mp4')));
  expect(readdirSync(scratch).filter((name) => name.startsWith('.liae') && !name.endsWith('.json'))).toEqual([]);
});

test('outside the mask every pixel of a lossless film is that of the clip, in 8 bits and in 16; a variable rate keeps its times', {
  timeout: 120_000,
}, async () => {
  const source = clip('dst_vfr.mkv');
  const own = at('vfr faces');
  await exactFaces(source, own, [{ track: 'dst', dx: 0 }]);
  const film = at('exact.mkv');
  await succeeded(
    merge(source, film, '--faces', own, '--codec', 'ffv1', '--mask', at('exact mask.mkv'), '--mode', 'seamless', '--blur', '20'),
  );
  const [before, after, masks] = [await read(source), await read(film), await read(at('exact mask.mkv'))];
  expect(after.map(({ time }) => Math.round(time * 1e3))).toEqual(before.map(({ time }) => Math.round(time * 1e3)));
  let [outside, changed] = [0, 0];
  for (const [i, { image, index }] of after.entries()) {
    const [was, mask] = [before[i]!.image.data, masks[i]!.image.data];
    expect(index).toBe(before[i]!.index);
    for (let p = 0; p < mask.length; p += 3) {
      const same = image.data[p] === was[p] && image.data[p + 1] === was[p + 1] && image.data[p + 2] === was[p + 2];
      if (mask[p] === 0) {
        outside++;
        if (!same) throw new Error(`frame ${index}: pixel ${p / 3} changed outside of the mask`);
      } else if (!same) changed++;
    }
  }
  expect(outside / after.length).toBeGreaterThan(640 * 480 * 0.5);
  expect(changed / after.length).toBeGreaterThan(5000);

  const folder = at('deep');
  await succeeded(
    merge(
      source,
      folder,
      '--faces',
      own,
      '--depth',
      '16',
      '--to',
      '3',
      '--mask',
      at('deep mask'),
      '--linear-light',
      '--mode',
      'multiband',
      '--no-provenance',
    ),
  );
  await using deepSource = await openClip(source, { deep: true });
  await using deepFrames = await openPictures(folder, true);
  await using deepMasks = await openPictures(at('deep mask'), true);
  const found = await collect(deepFrames.frames());
  const covers = await collect(deepMasks.frames());
  let finer = 0;
  for await (const { index, deep } of deepSource.frames({ to: 3 })) {
    for (let i = 0; i < deep!.data.length; i++) {
      const value = found[index]!.deep!.data[i]!;
      if (covers[index]!.deep!.data[i] === 0) {
        if (value !== deep!.data[i]) throw new Error(`frame ${index}: value ${i} changed outside of the mask`);
      } else if (value % 257 !== 0) finer++;
    }
  }
  expect(finer).toBeGreaterThan(10_000);
});

test('settings by shots: the file is made with the clip, edited, and only what changed is made anew', { timeout: 120_000 }, async () => {
  const source = clip('dst_rotated.mp4');
  const session = at('merge.json');
  const args = merge(
    source,
    at('shots'),
    '--session',
    session,
    '--mode',
    'original',
    '--json',
    '--part',
    '8',
    '--no-provenance',
    '--alpha',
  );
  const first = await succeeded(args);
  expect(first.out).toContain('1 shot');
  const written = JSON.parse(readFileSync(session, 'utf8')) as { settings: object; shots: object[] };
  expect(written).toMatchObject({
    liae: 'merge',
    version: 1,
    clip: { name: 'dst_rotated.mp4' },
    settings: { mode: 'original' },
    shots: [{ from: 0 }],
  });
  const before = await read(source);
  const changedShots = { ...written, shots: [{ from: 10, to: 12, settings: { mode: 'overlay' } }] };
  writeFileSync(session, JSON.stringify(changedShots));
  // Interrupted before the end, so that its parts are still there; then another shot is changed.
  const stopped = await liae(args, interruptedAt('"frame":44,'));
  expect(stopped.code).toBe(130);
  writeFileSync(
    session,
    JSON.stringify({
      ...written,
      shots: [
        { from: 10, to: 12, settings: { mode: 'overlay' } },
        { from: 30, settings: { mode: 'raw-rgb' } },
      ],
    }),
  );
  const last = await succeeded(args);
  expect(last.out).toMatch(/"event":"resumed","frames":24\D/);
  await using pictures = await openPictures(at('shots'));
  for await (const { index, image, name } of pictures.frames()) {
    const same = Buffer.compare(image.data, before[index]!.image.data) === 0;
    expect(same, name).toBe(!(index === 10 || index === 11 || index >= 30));
  }
  writeFileSync(session, JSON.stringify({ ...written, shots: [{ from: 3, settings: { mood: 1 } }] }));
  const wrong = await liae(args);
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/merge\.json, shot 1: mood: unknown setting[\s\S]*did you mean mode/)]);
});

test('frames in a folder, as DeepFaceLab has them: faces by the names of their frames, times and sound of the clip', {
  timeout: 120_000,
}, async () => {
  const source = clip('dst_rotated.mp4');
  const frames = at('data dst');
  await succeeded(['video', 'extract', source, '--out', frames]);
  const film = at('of frames.mov');
  const { err } = await succeeded(merge(frames, film, '--like', source, '--from', '5', '--to', '40'));
  expect(err).toContain('matched by the names of their frames');
  const [before, after] = [await read(source), await read(film)];
  const from5 = before.slice(5, 40);
  expect(microseconds(after)).toEqual(from5.map(({ time }) => Math.round((time - from5[0]!.time) * 1e6)));
  expect((await soundOf(film)).length).toBeGreaterThan(60);
  await succeeded(merge(frames, at('slow.mp4'), '--rate', '10', '--to', '4', '--no-sound'));
  expect((await read(at('slow.mp4'))).map(({ time }) => Math.round(time * 10))).toEqual([0, 1, 2, 3]);
});

test('a clip of high dynamic range stays what it is with ten bits, and is told to be mapped with eight', { timeout: 120_000 }, async () => {
  const source = clip('dst_10bit_hlg.mkv');
  const own = at('hlg faces');
  await exactFaces(source, own, [{ track: 'dst', dx: 0 }], 3);
  const colour = async (path: string): Promise<string> => {
    await using film = await openClip(path);
    return film.info.colour;
  };
  await succeeded(merge(source, at('hlg.mp4'), '--faces', own, '--to', '3', '--depth', '10', '--codec', 'h265', '--quality', 'preview'));
  expect(await colour(at('hlg.mp4'))).toBe(await colour(source));
  const { err } = await succeeded(merge(source, at('mapped.mp4'), '--faces', own, '--to', '3'));
  expect(err).toContain('--depth 10 keeps its own colours');
  expect(await colour(at('mapped.mp4'))).toBe('BT.709, limited range');
});

test('one face of two: by number, by name of a folder; both are merged otherwise', { timeout: 120_000 }, async () => {
  const source = clip('two_faces.mp4');
  const own = at('two');
  await exactFaces(
    source,
    own,
    [
      { track: 'dst', dx: 340 },
      { track: 'src', dx: -100 },
    ],
    4,
  );
  const before = await read(source);
  const halves = async (...more: string[]): Promise<[boolean, boolean]> => {
    const folder = at(`two ${more.join(' ')}`);
    await succeeded(merge(source, folder, '--faces', own, '--to', '4', '--no-provenance', ...more));
    await using pictures = await openPictures(folder);
    const [first] = await collect(pictures.frames({ to: 1 }));
    const changed = (from: number, to: number): boolean => {
      for (let y = 0; y < 480; y++)
        for (let x = from; x < to; x++) if (first!.image.data[(y * 880 + x) * 3] !== before[0]!.image.data[(y * 880 + x) * 3]) return true;
      return false;
    };
    return [changed(0, 440), changed(440, 880)];
  };
  expect(await halves()).toEqual([true, true]);
  expect(await halves('--only', '0')).toEqual([false, true]);
  expect(await halves('--only', '1')).toEqual([true, false]);
  const { code, err } = await liae(merge(source, at('none'), '--faces', own, '--to', '4', '--only', 'Bob'));
  expect([code, err]).toEqual([2, expect.stringContaining('--only Bob: no face of such a person')]);
});

test('what does not fit together ends with words', { timeout: 120_000 }, async () => {
  const source = clip('dst_rotated.mp4');
  const refused = async (words: RegExp, ...args: string[]): Promise<void> => {
    const { code, err } = await liae(args);
    expect(err).toMatch(words);
    expect(code).toBe(2);
  };
  await refused(/frames 20–49[\s\S]*--missing copy/, ...merge(source, at('x.mp4'), '--faces', await some(0, 20)));
  await refused(/30 of 50 frames have no face/, ...merge(source, at('x.mp4'), '--faces', await some(0, 20)));
  await refused(/50 of 50 faces are not of frames of one_frame\.mp4|49 of 50 faces/, ...merge(clip('one_frame.mp4'), at('x.mp4')));
  await refused(/x\.mp4: this kind of file does not take prores/, ...merge(source, at('x.mp4'), '--codec', 'prores'));
  await refused(/no kind of clip is known by this ending/, ...merge(source, at('x.doc')));
  await refused(/h264 has no channel for the mask/, ...merge(source, at('x.mp4'), '--alpha'));
  await refused(/need places of their own/, ...merge(source, source));
  await refused(
    /50 of 50 faces have none; the first is 00001_0\.jpg[\s\S]*--xseg-model FILE\.onnx/,
    ...merge(source, at('x.mp4'), '--mask-mode', 'xseg-dst'),
  );
  await refused(/\/dev\/null: a file, where a folder is to be/, ...merge(source, '/dev/null/x.mp4'));
  await refused(/no saved model here/, 'merge', '--model', at('nothing'), '--input', source, '--faces', faces, '--output', at('x.mp4'));
  if (process.getuid?.() !== 0) {
    mkdirSync(at('closed'));
    chmodSync(at('closed'), 0o500);
    await refused(/no permission/, ...merge(source, at('closed/x.mp4')));
  }
  const copied = await succeeded(merge(source, at('copied'), '--faces', await some(0, 20), '--missing', 'copy', '--no-provenance'));
  expect(copied.err).toContain('30 of 50 frames have no face and are copied: frames 20–49');
  expect(readdirSync(at('copied')).filter((name) => name.endsWith('.png')).length).toBe(50);
});

/** A folder of a part of the faces. */
async function some(from: number, to: number): Promise<string> {
  const folder = at(`faces ${from} ${to}`);
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(faces).sort().slice(from, to)) writeFileSync(join(folder, name), readFileSync(join(faces, name)));
  return folder;
}

test('clips that are cut off, of odd size, or one frame long', { timeout: 120_000 }, async () => {
  const odd = at('odd faces');
  await exactFaces(clip('dst_odd_size.mp4'), odd, [{ track: 'dst', dx: -80 }], 5);
  await succeeded(merge(clip('dst_odd_size.mp4'), at('odd.mp4'), '--faces', odd, '--to', '5', '--label', 'SYNTHETIC'));
  expect((await read(at('odd.mp4'))).map(({ image: { width, height } }) => [width, height])).toEqual(Array(5).fill([481, 361]));
  const one = at('one face');
  await exactFaces(clip('one_frame.mp4'), one, [{ track: 'dst', dx: 0 }]);
  await succeeded(merge(clip('one_frame.mp4'), at('one.mov'), '--faces', one, '--codec', 'prores', '--alpha'));
  expect((await read(at('one.mov'))).length).toBe(1);
  const cut = at('cut faces');
  await exactFaces(clip('truncated.mp4'), cut, [{ track: 'dst', dx: 0 }]);
  const { out } = await succeeded(merge(clip('truncated.mp4'), at('cut.mp4'), '--faces', cut, '--missing', 'copy'));
  expect(out).toMatch(/trouble {4}ends after frame/);
  expect((await read(at('cut.mp4'))).length).toBe((await read(clip('truncated.mp4'))).length);
});
