/**
 * Facesets as the page works on them, over the server's routes and on real files: frames of faces, edits by hand that survive another extraction, regions of masks,
 * groups, coverage, and the tools as command lines.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectClose } from '../../../test/support.ts';
import { commands } from '../../cli/commands.ts';
import { runCli } from '../../cli/run.ts';
import { followRegions, sortKinds } from '../../curate/index.ts';
import { parseEdits } from '../../extract/index.ts';
import { faceFromImage } from '../../face/index.ts';
import { type FaceFile, liaeFields, readFace, withLiaeFields, writeFace } from '../../faceset/index.ts';
import { type Affine, invertAffine, mapPoints } from '../../image/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';
import { openInput } from '../../platform/node/openInput.ts';
import type { Changed, FaceDetail, FaceGroups, FaceList, FaceOrder, FrameAnswer, MaskShape, PoseCoverage } from '../protocol.ts';
import {
  faceDetail,
  faceGroups,
  faceMeasures,
  faceOrder,
  faceOrders,
  facesJob,
  frameAnswer,
  poseCoverage,
  sortOrders,
} from '../protocol.ts';
import { groupsFile } from './faceGroups.ts';
import { facesWords } from './faceJobs.ts';
import { orderFile } from './faceOrders.ts';
import { numbersFile } from './faceTable.ts';
import { Places } from './places.ts';
import { facesRoutes } from './routes/faces.ts';
import type { Studio } from './routing.ts';

const repo = fileURLToPath(new URL('../../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'liae-studio-faces-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const root = join(scratch, 'work');
const extracted = 'data_src/aligned';
const codec = nodeCodec();

/** As a user calls it, in this process. */
async function liae(...words: string[]): Promise<string> {
  let said = '';
  const terminal = { out: (text: string) => void (said += text), note: (line: string) => void (said += `${line}\n`) };
  const code = await runCli(words, { commands, terminal, version: '1.2.3' });
  expect(code, `liae ${words.join(' ')}\n${said}`).toBe(0);
  return said;
}

let places: Places;
beforeAll(async () => {
  mkdirSync(join(root, 'data_src'), { recursive: true });
  cpSync(join(repo, 'assets/demo/src.mp4'), join(root, 'data_src.mp4'));
  const few = readdirSync(join(repo, 'test/faces/dst')).slice(0, 20); // larger sets are worked on by threads, which run compiled code only
  for (const name of few) cpSync(join(repo, 'test/faces/dst', name), join(root, 'data_dst/aligned', name));
  await extract();
  places = await Places.open(root);
}, 120_000);

const extract = (): Promise<string> =>
  liae('extract', join(root, 'data_src.mp4'), '--out', join(root, extracted), '--to', '4', '--workers', '0', '--size', '256');

const told: string[] = [];
/** Asks a route as the server does, through its shapes. */
async function ask<T>(method: string, path: string, query: Record<string, string>, body?: unknown): Promise<T> {
  const found = facesRoutes.find((one) => one.method === method && one.path === path)!;
  const studio = { places, hub: { tell: ({ event }: { event: string }) => void told.push(event) } } as unknown as Studio;
  const shape = found.body;
  return (await found.answer({
    studio,
    query: found.query.read(query, 'query'),
    body: shape === undefined || shape === 'stream' ? undefined : shape.read(body, 'body'),
    id: '',
    mayAct: true,
    request: new Request('http://127.0.0.1/'),
  })) as T;
}

const namesIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.jpg'))
    .sort();
const bytesOf = (folder: string, name: string): Buffer => readFileSync(join(root, folder, name));
const face = (folder: string, name: string): FaceFile => readFace(bytesOf(folder, name), name);
const detail = (name: string, path = extracted): Promise<FaceDetail> => ask('GET', '/faces/detail', { path, name });
const undo = (path = extracted): Promise<Changed> => ask('POST', '/faces/undo', { path });

describe('the frame of a face', () => {
  test('is found by its fingerprint, also under another name, and holds the very crop', async () => {
    const [name = ''] = namesIn(extracted);
    const answer: FrameAnswer = await ask('GET', '/faces/frame', { path: extracted, name });
    expect(frameAnswer.read(answer, 'answer')).toEqual(answer);
    const at = answer.frame!;
    expect(at).toMatchObject({ clip: 'data_src.mp4', width: 640, height: 480, frame: 0 });
    const [left = 0, top = 0, width = 0, height = 0] = at.near;
    const { bytes } = await ask<{ bytes: Uint8Array }>('GET', '/faces/frame/picture', { path: extracted, name, part: 'near' });
    const near = await codec.decode(bytes, 'near');
    expect([near.width, near.height]).toEqual([width, height]);
    // The crop cut from this picture along the file's own matrix is the picture of the face.
    const { metadata } = face(extracted, name);
    const frameFromFace = invertAffine(metadata.imageToFace as unknown as Affine);
    const picture = await codec.decode(bytesOf(extracted, name), name);
    let off = 0;
    for (const [x, y] of [
      [128, 128],
      [60, 100],
      [200, 60],
      [100, 220],
    ] as const) {
      const [u = 0, v = 0] = mapPoints(frameFromFace, [x, y]);
      const from = (Math.round(v - top) * near.width + Math.round(u - left)) * 3;
      for (let c = 0; c < 3; c++) off += Math.abs(near.data[from + c]! - picture.data[(y * 256 + x) * 3 + c]!);
    }
    expect(off / 12).toBeLessThan(12);
    cpSync(join(root, 'data_src.mp4'), join(root, 'renamed.mp4'));
    rmSync(join(root, 'data_src.mp4'));
    expect((await ask<FrameAnswer>('GET', '/faces/frame', { path: extracted, name })).frame).toMatchObject({ clip: 'renamed.mp4' });
    cpSync(join(root, 'renamed.mp4'), join(root, 'data_src.mp4'));
    rmSync(join(root, 'renamed.mp4'));
  });

  test('is said to be missing where another clip has its place', async () => {
    cpSync(join(root, 'data_src.mp4'), join(scratch, 'away.mp4'));
    cpSync(join(repo, 'assets/demo/dst.mp4'), join(root, 'data_src.mp4'));
    const [name = ''] = namesIn(extracted);
    const answer: FrameAnswer = await ask('GET', '/faces/frame', { path: extracted, name });
    expect(answer).toMatchObject({ frame: null, lacking: { message: 'the clip of this face is not in the workspace' } });
    const picture = ask('GET', '/faces/frame/picture', { path: extracted, name, part: 'near' });
    await expect(picture).rejects.toThrow('the clip of this face is not in the workspace');
    cpSync(join(scratch, 'away.mp4'), join(root, 'data_src.mp4'));
  });
});

test("of faces of other programs the frame is the picture beside their folder that they name, as in DeepFaceLab's folders", async () => {
  const path = 'film/data_dst/aligned';
  mkdirSync(join(root, path), { recursive: true });
  const [name = ''] = readdirSync(join(repo, 'test/faces/dst'));
  cpSync(join(repo, 'test/faces/dst', name), join(root, path, name));
  const { metadata } = face(path, name);
  await using clip = await openInput(join(repo, 'assets/demo/dst.mp4'));
  for await (const { image } of clip.frames({ to: 1 }))
    writeFileSync(join(root, 'film/data_dst', metadata.sourceFilename!), await codec.encodePng(image));
  const { frame } = await ask<FrameAnswer>('GET', '/faces/frame', { path, name });
  expect(frame).toMatchObject({ clip: `film/data_dst/${metadata.sourceFilename}`, width: 640, height: 480 });
  const { what, files } = await ask<Changed>(
    'PUT',
    '/faces/landmarks',
    { path },
    { name, landmarks: [...metadata.landmarks.map((v) => v + 3)] },
  );
  expect([what, files]).toEqual([`landmarks of ${name} by hand`, 1]); // no alignments, so no file of edits
  const now = face(path, name).metadata;
  expectClose(now.imageToFace!, faceFromImage(now.sourceLandmarks!, 256, 'whole_face'), { abs: 1e-9 });
});

test('who asks for many frames at once may be passed over, and then gets each that is asked for alone', async () => {
  const path = 'many/aligned';
  mkdirSync(join(root, path), { recursive: true });
  const [name = ''] = namesIn(extracted);
  const { dict, metadata } = face(extracted, name);
  const names = Array.from({ length: 9 }, (_, i) => `${i}.jpg`);
  for (const [i, one] of names.entries()) {
    const own = withLiaeFields(dict, { ...liaeFields(dict), frame: 100 + i });
    writeFileSync(join(root, path, one), writeFace(bytesOf(extracted, name), metadata, one, own));
  }
  const frames = (): Promise<FrameAnswer[]> =>
    Promise.all(names.map((one) => ask<FrameAnswer>('GET', '/faces/frame', { path, name: one })));
  const answers = await frames();
  const passed = answers.filter(({ lacking }) => lacking?.message === 'other frames were asked for meanwhile');
  expect(answers.filter(({ frame }) => frame !== null)).toHaveLength(answers.length - passed.length);
  expect(passed.length).toBeLessThanOrEqual(4); // the first is decoded, and four may wait
  for (const [i, one] of names.entries()) {
    expect((await ask<FrameAnswer>('GET', '/faces/frame', { path, name: one })).frame).toMatchObject({ frame: 100 + i });
  }
  rmSync(join(root, 'many'), { recursive: true });
});

describe('landmarks by hand', () => {
  test('the face is cropped anew from its frame; another extraction makes the very same file and keeps the regions', async () => {
    const [name = '', second = ''] = namesIn(extracted);
    const before = bytesOf(extracted, name);
    const { metadata: was } = face(extracted, name);
    const turned = was.landmarks.map((v, i) => v + (i % 2 === 0 ? 4 : -3) + (i < 34 ? 2 : 0));
    const done: Changed = await ask('PUT', '/faces/landmarks', { path: extracted }, { name, landmarks: [...turned] });
    expect(done).toEqual({ what: `landmarks of ${name} by hand`, files: 2 });
    expect(told).toContain('faces');
    const { metadata, dict } = face(extracted, name);
    const source = mapPoints(invertAffine(was.imageToFace as unknown as Affine), turned);
    expectClose(metadata.sourceLandmarks!, source, { abs: 0.0051 });
    expectClose(metadata.imageToFace!, faceFromImage(metadata.sourceLandmarks!, 256, 'whole_face'), { abs: 1e-9 });
    expect(liaeFields(dict)).toMatchObject({ frame: 0, filled: false, mesh: undefined });
    const known = await detail(name);
    expect(faceDetail.read(known, 'answer')).toEqual(known);
    expect(known).toMatchObject({ edits: 'src.mp4.edits.json'.replace('src', 'data_src'), edited: true, mesh: false });
    expect((await detail(second)).edited).toBe(false);

    // Extraction goes by the file of edits: its own face is this one, to the byte.
    const byHand = bytesOf(extracted, name);
    await extract();
    expect(bytesOf(extracted, name).equals(byHand)).toBe(true);

    // A second correction of the same face replaces the first.
    await ask('PUT', '/faces/landmarks', { path: extracted }, { name, landmarks: [...metadata.landmarks.map((v) => v + 1)] });
    const edits = parseEdits(readFileSync(join(root, extracted, known.edits!), 'utf8'), 'edits');
    expect(edits).toHaveLength(1);
    const polygons: MaskShape[] = [{ include: true, points: [60, 60, 200, 60, 130, 200] }];
    await ask('PUT', '/faces/polygons', { path: extracted }, { name, polygons, copyTo: [second], keepOwn: false, store: true });
    await extract();
    const after = face(extracted, name).metadata;
    expect(after.polygons).toHaveLength(1);
    expectClose(after.polygons[0]!.points, [60, 60, 200, 60, 130, 200], { abs: 0.01 });
    expect(after.xsegMask).toBeDefined();

    // Made anew, faces have the regions that a hand drew; the earlier ones go to the trash, not away.
    await liae(
      'extract',
      join(root, 'data_src.mp4'),
      '--out',
      join(root, extracted),
      '--to',
      '4',
      '--workers',
      '0',
      '--size',
      '256',
      '--again',
    );
    const anew = face(extracted, name).metadata;
    expectClose(anew.polygons[0]!.points, [60, 60, 200, 60, 130, 200], { abs: 0.05 });
    expect(anew.xsegMask).toBeDefined();
    expect(face(`${extracted}_trash`, name).metadata.polygons).toHaveLength(1);
    for (const one of [name, second]) rmSync(join(root, extracted, one));

    for (let i = 0; i < 4; i++) await undo();
    expect(bytesOf(extracted, name).equals(before)).toBe(true);
    expect(readdirSync(join(root, extracted))).not.toContain(known.edits);
  }, 120_000);

  test('without its frame the face is cut from itself, and says so', async () => {
    const path = 'data_dst/aligned';
    const [name = ''] = namesIn(path);
    const { metadata: was } = face(path, name);
    const shifted = was.landmarks.map((v, i) => v + (i % 2 === 0 ? 6 : 0));
    const { what } = await ask<Changed>('PUT', '/faces/landmarks', { path }, { name, landmarks: [...shifted] });
    expect(what).toBe(`landmarks of ${name} by hand, cut from the face itself`);
    const { metadata } = face(path, name);
    expectClose(faceFromImage(metadata.landmarks, 256, 'whole_face'), [1, 0, 0, 0, 1, 0], { abs: 2e-3 });
    const [old, now] = await Promise.all([
      codec.decode(readFileSync(join(repo, 'test/faces/dst', name)), name),
      codec.decode(bytesOf(path, name), name),
    ]);
    let off = 0;
    for (let y = 20; y < 236; y++)
      for (let x = 20; x < 230; x++) off += Math.abs(now.data[(y * 256 + x) * 3]! - old.data[(y * 256 + x + 6) * 3]!);
    expect(off / (216 * 210)).toBeLessThan(3);
    await undo(path);
    expect(bytesOf(path, name).equals(readFileSync(join(repo, 'test/faces/dst', name)))).toBe(true);
  });

  test('points that are no face, and requests of other shapes, change nothing', async () => {
    const [name = ''] = namesIn(extracted);
    const before = bytesOf(extracted, name);
    const put = (landmarks: unknown): Promise<unknown> => ask('PUT', '/faces/landmarks', { path: extracted }, { name, landmarks });
    await expect(put(Array(136).fill(5))).rejects.toThrow('these landmarks are no face');
    await expect(put(Array(134).fill(5))).rejects.toThrow('not what is expected');
    await expect(put([...Array(135).fill(5), 'x'])).rejects.toThrow('not what is expected');
    await expect(ask('PUT', '/faces/landmarks', { path: '../x' }, { name, landmarks: Array(136).fill(5) })).rejects.toThrow('not a place');
    expect(bytesOf(extracted, name).equals(before)).toBe(true);
  });
});

describe('regions of masks', () => {
  const path = 'data_dst/aligned';
  const shapes: MaskShape[] = [
    { include: false, points: [100, 100, 140, 100, 120, 140] },
    { include: true, points: [40.5, 60, 210, 70, 190, 220, 60, 215.25] },
  ];

  test('are written in the form of XSeg, those that include first, and copied to others in one step, along with the landmarks', async () => {
    const [name = '', second = '', third = ''] = namesIn(path);
    const before = [name, second, third].map((one) => bytesOf(path, one));
    await ask('PUT', '/faces/polygons', { path }, { name: third, polygons: [shapes[1]], copyTo: [], keepOwn: false, store: false });
    const kept = bytesOf(path, third);
    const done: Changed = await ask(
      'PUT',
      '/faces/polygons',
      { path },
      { name, polygons: shapes, copyTo: [second, third], keepOwn: true, store: true },
    );
    expect(done.files).toBe(2);
    for (const one of [name, second]) {
      const { metadata } = face(path, one);
      expect(metadata.polygons.map(({ include }) => include)).toEqual([true, false]);
      // A copy goes with the landmarks.
      const drawn = { include: true, points: Float32Array.from(shapes[1]!.points) };
      const [there] = followRegions([drawn], face(path, name).metadata.landmarks, metadata.landmarks, 256);
      expectClose(metadata.polygons[0]!.points, one === name ? drawn.points : there!.points, { abs: 0 });
      const { bytes, type } = await ask<{ bytes: Uint8Array; type: string }>('GET', '/faces/mask', { path, name: one });
      expect(type).toBe('image/png');
      const mask = await codec.decode(bytes, 'mask');
      const at = (x: number, y: number): number => mask.data[y * 256 + x]!;
      expect([at(60, 80), at(120, 110), at(10, 10), at(180, 200)]).toEqual([255, 0, 0, 255]);
    }
    expect(bytesOf(path, third).equals(kept)).toBe(true);
    expect((await detail(name, path)).polygons[0]!.points).toEqual([40.5, 60, 210, 70, 190, 220, 60, 215.25]);
    await undo(path);
    await undo(path);
    for (const [i, one] of [name, second, third].entries()) expect(bytesOf(path, one).equals(before[i]!), one).toBe(true);
  });

  test('do not go to faces of another crop; nothing is written then', async () => {
    const [name = '', second = ''] = namesIn(path);
    const other = face(path, second);
    writeFileSync(join(root, path, second), writeFace(bytesOf(path, second), { ...other.metadata, faceType: 'head' }, second, other.dict));
    const before = bytesOf(path, name);
    const put = ask('PUT', '/faces/polygons', { path }, { name, polygons: shapes, copyTo: [second], keepOwn: false, store: false });
    await expect(put).rejects.toThrow('its crop is another one');
    expect(bytesOf(path, name).equals(before)).toBe(true);
    cpSync(join(repo, 'test/faces/dst', second), join(root, path, second));
  });
});

describe('groups and coverage', () => {
  test('persons are found by a job, get names that stay with them, and follow renamed faces', async () => {
    const path = 'two/aligned';
    mkdirSync(join(root, path), { recursive: true });
    const names = readdirSync(join(repo, 'test/faces/dst')).slice(0, 5);
    const vector = (k: number): Float32Array => Float32Array.from({ length: 128 }, (_, i) => (i % 2 === k ? 0.1 : 0));
    for (const [i, name] of names.entries()) {
      const { dict, metadata } = readFace(readFileSync(join(repo, 'test/faces/dst', name)), name);
      const own = withLiaeFields(dict, { ...liaeFields(dict), embedding: vector(i < 3 ? 0 : 1) });
      writeFileSync(join(root, path, name), writeFace(readFileSync(join(repo, 'test/faces/dst', name)), metadata, name, own));
    }
    expect(await ask<FaceGroups>('GET', '/faces/groups', { path })).toEqual({ groups: null, ungrouped: 5 });
    mkdirSync(join(root, '.liae/groups'), { recursive: true });
    const words = await facesWords({ kind: 'faces', tool: 'group', faces: path }, places);
    await liae(...words);
    const found: FaceGroups = await ask('GET', '/faces/groups', { path });
    expect(faceGroups.read(found, 'answer')).toEqual(found);
    expect(found).toMatchObject({
      ungrouped: 0,
      groups: [
        { id: 0, label: null, names: names.slice(0, 3) },
        { id: 1, label: null, names: names.slice(3) },
      ],
    });
    const label = (id: number, text: string): Promise<FaceGroups> => ask('PUT', '/faces/groups', { path }, { id, label: text });
    expect((await label(1, ' Ada ')).groups![1]).toMatchObject({ label: 'Ada' });
    await ask('POST', '/faces/trash', { path }, { names: [names[0]!, names[1]!] });
    await liae(...words); // Ada's group is the larger one now
    expect((await ask<FaceGroups>('GET', '/faces/groups', { path })).groups!.map(({ label: l }) => l)).toEqual(['Ada', null]);
    await liae('faces', 'sort', join(root, path), '--by', 'face-yaw');
    expect((await ask<FaceGroups>('GET', '/faces/groups', { path })).groups!.map(({ names: n }) => n.length)).toEqual([2, 1]);
    expect((await label(0, '')).groups!.map(({ label: l }) => l)).toEqual([null, null]);
    await expect(label(7, 'x')).rejects.toThrow('there is no group 8');
    writeFileSync(groupsFile(places, path), '{"persons":[{"names":["../x"]}]}');
    expect((await ask<FaceGroups>('GET', '/faces/groups', { path })).groups).toBeNull();
  }, 60_000);

  test('poses of the destination that the source lacks are counted in their cells', async () => {
    const [src, dst] = ['poses/src', 'poses/dst'];
    const write = (path: string, poses: readonly (readonly [yaw: number, pitch: number])[]): void => {
      mkdirSync(join(root, path), { recursive: true });
      const names = poses.map((_, i) => `${i}.jpg`);
      for (const name of names) writeFileSync(join(root, path, name), 'x');
      const stamps = names.map((name) => statSync(join(root, path, name)));
      const columns = Object.fromEntries(faceMeasures.map((name) => [name, poses.map(() => 0)]));
      const measures = { ...columns, yaw: poses.map(([yaw]) => yaw), pitch: poses.map(([, pitch]) => pitch) };
      mkdirSync(join(root, '.liae/measures'), { recursive: true });
      expect(stamps).toHaveLength(poses.length);
      measured.set(path, { names, measures });
    };
    const measured = new Map<string, { names: string[]; measures: object }>();
    write(src, [
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    write(dst, [
      [2, 1],
      [4, 4],
      [47, -12],
      [200, 90],
    ]);
    for (const [path, { names, measures }] of measured) {
      const { stamps } = await ask<FaceList>('GET', '/faces', { path });
      writeFileSync(numbersFile(places, path), JSON.stringify({ names, stamps, measures }));
    }
    const coverage: PoseCoverage = await ask('GET', '/faces/coverage', { src, dst });
    expect(poseCoverage.read(coverage, 'answer')).toEqual(coverage);
    expect(coverage).toEqual({
      cell: 10,
      cells: [
        { yaw: 75, pitch: 45, src: 0, dst: 1, lacking: 1 },
        { yaw: 5, pitch: 5, src: 3, dst: 2, lacking: 0 },
        { yaw: 45, pitch: -15, src: 0, dst: 1, lacking: 1 },
      ],
      src: 3,
      dst: 4,
      covered: 0.5,
      enough: { faces: 3, degrees: 8 },
    });
  });
});

describe('measures and orders', () => {
  test('what extraction knew of a face is measured as its file has it; a file without it has none of these numbers', async () => {
    const words = (path: string): string[] => ['faces', 'measure', join(root, path), '--out', numbersFile(places, path)];
    await liae(...words(extracted));
    const list: FaceList = await ask('GET', '/faces', { path: extracted });
    for (const [i, name] of list.names.entries()) {
      const { detectorScore, landmarkScore, time, pose } = liaeFields(face(extracted, name).dict);
      const of = (measure: string): number => list.measures[measure]![i]!;
      expectClose([of('seconds')], [time!], { abs: 1e-3 });
      // Landmarks that were set by hand have no score.
      for (const [measure, kept] of [
        ['detectorScore', detectorScore],
        ['landmarkScore', landmarkScore],
      ] as const)
        expect(of(measure)).toBe(kept === undefined ? null : Number(kept.toFixed(4)));
      expectClose([of('roll')], [(pose!.roll * 180) / Math.PI], { abs: 1.5 }); // extraction poses what it aligned, the measure what is in the file
    }
    const bare = 'bare/aligned';
    const [name = ''] = namesIn(extracted);
    const { metadata } = face(extracted, name);
    mkdirSync(join(root, bare), { recursive: true });
    writeFileSync(join(root, bare, name), writeFace(bytesOf(extracted, name), metadata, name, new Map()));
    await liae(...words(bare));
    const { measures } = await ask<FaceList>('GET', '/faces', { path: bare });
    for (const measure of ['detectorScore', 'landmarkScore', 'seconds']) expect(measures[measure], measure).toEqual([null]);
    expect(measures.area![0]).toBeCloseTo(list.measures.area![list.names.indexOf(name)]!, 0);
  }, 60_000);

  test('an order is found by a job, kept, and follows faces that are renamed, go and come', async () => {
    const path = 'orders/aligned';
    const given = readdirSync(join(repo, 'test/faces/dst')).slice(0, 8);
    const names = given.map((_, i) => (i === 7 ? '00000_1.jpg' : `0000${i}_0.jpg`)); // two of one frame
    for (const [i, name] of given.entries()) cpSync(join(repo, 'test/faces/dst', name), join(root, path, names[i]!));
    const order = (by: string): Promise<FaceOrder> => ask('GET', '/faces/order', { path, by });
    expect(await order('novelty')).toEqual({ names: null, aside: 0, missing: 8 });
    const find = async (by: string, target = 2000): Promise<void> => {
      mkdirSync(join(root, '.liae/orders'), { recursive: true });
      const words = await facesWords(facesJob.read({ kind: 'faces', faces: path, tool: 'order', by, target }, 'request'), places);
      await liae(...words);
    };
    const listed = async (by: string): Promise<string[]> =>
      (await liae('faces', 'sort', join(root, path), '--by', by, '--list', '--target', '3'))
        .split('\n')
        .filter((line) => line.endsWith('.jpg'));
    for (const by of faceOrders.filter((one) => one !== 'identity')) {
      await find(by, 3);
      const found = await order(by);
      expect(faceOrder.read(found, 'answer')).toEqual(found);
      expect([...found.names!].sort(), by).toEqual([...names].sort());
      const chosen = await listed(by);
      expect(found.names!.slice(0, 8 - found.aside), by).toEqual(chosen);
      if (by === 'oneface') expect(found.names!.slice(6).sort()).toEqual(['00000_0.jpg', '00000_1.jpg']);
    }
    const before = (await order('novelty')).names!.map((name) => bytesOf(path, name));
    await liae('faces', 'sort', join(root, path), '--by', 'face-yaw');
    const renamed = (await order('novelty')).names!;
    expect(renamed).not.toEqual(names);
    expect(renamed.map((name) => bytesOf(path, name).equals(before[renamed.indexOf(name)]!))).toEqual(before.map(() => true));
    await ask('POST', '/faces/trash', { path }, { names: [renamed[2]!] });
    cpSync(join(repo, 'test/faces/dst', readdirSync(join(repo, 'test/faces/dst'))[9]!), join(root, path, 'new.jpg'));
    expect(await order('novelty')).toEqual({ names: renamed.toSpliced(2, 1), aside: 0, missing: 1 });
    await expect(order('../x')).rejects.toThrow('query.by');
    writeFileSync(orderFile(places, path, 'hist'), '{"names":["x"],"stamps":["y"],"aside":7}');
    expect((await order('hist')).names).toBeNull();
  }, 60_000);

  test('every order of the command line is one of the grid: by a number, or found by a job', () => {
    const byNumber = {
      ...{ blur: 'sharpness', 'motion-blur': 'motion', 'face-yaw': 'yaw', 'face-pitch': 'pitch', 'face-source-rect-size': 'area' },
      ...{ brightness: 'brightness', hue: 'hue', black: 'black', exposure: 'exposure' },
    } as const;
    for (const measure of Object.values(byNumber)) expect(faceMeasures).toContain(measure);
    expect([...Object.keys(byNumber), ...faceOrders].sort()).toEqual(sortKinds.map(({ name }) => name).sort());
  });
});

describe('tools as jobs', () => {
  test('each request is a command line of liae that is understood', async () => {
    const faces = 'data_dst/aligned';
    const requests = [
      { tool: 'best', count: 5 },
      { tool: 'dedupe', threshold: 3 },
      { tool: 'sort', by: 'face-yaw', target: 2000 },
      { tool: 'mask', from: 'hull', within: 'same' },
      { tool: 'unmask', what: 'polygons' },
      { tool: 'mirror', add: true },
      { tool: 'resize', size: 128, faceType: 'f' },
      { tool: 'names' },
      { tool: 'split', threshold: 0.6 },
    ];
    const before = readdirSync(join(root, faces));
    for (const request of requests) {
      const words = await facesWords(facesJob.read({ kind: 'faces', faces, ...request }, 'request'), places);
      expect(words.slice(0, 3), request.tool).toEqual(['faces', expect.any(String), join(places.root, faces)]);
      await liae(...words, '--dry-run');
    }
    expect(readdirSync(join(root, faces)).filter((name) => name.endsWith('.jpg'))).toEqual(before.filter((name) => name.endsWith('.jpg')));
    for (const tool of ['pack', 'unpack'] as const) {
      await liae(...(await facesWords({ kind: 'faces', faces, tool }, places)));
      expect(readdirSync(join(root, faces)).includes('faceset.pak'), tool).toBe(tool === 'pack');
    }
    for (const wrong of [{ tool: 'best' }, { tool: 'sort', by: '--x', target: 1 }, { tool: 'rm' }, { tool: 'names', more: 1 }])
      expect(() => facesJob.read({ kind: 'faces', faces, ...wrong }, 'request')).toThrow();
    await expect(facesWords({ kind: 'faces', faces: '../x', tool: 'pack' }, places)).rejects.toThrow('not a place');
  }, 60_000);

  test('the page offers every order that faces can be sorted in', () => {
    expect([...sortOrders].sort()).toEqual(sortKinds.map(({ name }) => name).sort());
  });
});
