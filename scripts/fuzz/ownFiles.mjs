/**
 * Parsers of the program's own files. They lie beside faces and models, travel with them, and so may come from strangers, or be cut off by a crash:
 * saved metadata, journals, alignments, edits, merge files, manifests, the studio's jobs and orders. What was read is used as the tools use it.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutate } from './mutate.mjs';
import { mutateJson } from './mutateJson.mjs';

export const ownNames = [
  ...['metadata', 'history', 'alignments', 'edits', 'written', 'merge', 'parts', 'manifest', 'course', 'jobs', 'renders', 'orders'],
];

const pick = (rng, items) => items[rng.integer(0, items.length)];
const textOf = (bytes) => new TextDecoder().decode(bytes);
const bytesOf = (text) => new TextEncoder().encode(text);

/** Half of the inputs are damaged as bytes, half as JSON. */
const damaged = (seeds) => {
  const raw = seeds.map(bytesOf);
  return (rng) => (rng.integer(0, 2) === 0 ? mutate(rng, pick(rng, raw), raw) : bytesOf(mutateJson(rng, pick(rng, seeds), seeds)));
};

/**
 * @param room { ...base, ...faceset, curate, extract, merge, train, renders, parts, written, jobs, orders }: what the rooms and files export.
 * @param faces golden face files, all JPEG with face data.
 */
export function ownParsers(room, faces) {
  const { curate, extract, merge, train, renders, parts, written, jobs, orders } = room;
  const dicts = faces
    .map((bytes) => room.readFace(bytes, 'seed'))
    .map(({ jpeg, dict }) => ({ width: jpeg.width, height: jpeg.height, dict }));
  const saved = [1, 3, dicts.length].map((count) =>
    curate.writeMetadata(new Map(dicts.slice(0, count).map((face, i) => [`${i}.jpg`, face]))),
  );
  const journal = join(tmpdir(), `liae-fuzz-${process.pid}.ndjson`);
  const alignments = alignmentTexts(extract);
  const records = [...Array(6)].map((_, i) => frameRecord(i));

  return {
    metadata: {
      make: (rng) => mutate(rng, pick(rng, saved), saved),
      async use(bytes) {
        const read = curate.readMetadata(bytes, 'input');
        curate.writeMetadata(read);
        // Those of the right size, so that no picture is made: what another size costs is bounded by what readMetadata lets through.
        for (const [name, face] of read) {
          if (face.width * face.height > 2 ** 26) throw new Error(`${name}: ${face.width}×${face.height}`);
          await curate.restoreFace(faces[0], { ...dicts[0], dict: face.dict }, undefined, name);
        }
      },
    },
    history: { make: damaged(historyTexts()), use: (bytes) => useHistory(room, textOf(bytes)) },
    alignments: {
      make: damaged(alignments),
      async use(bytes) {
        const frames = [];
        let header;
        for await (const entry of extract.readAlignments(inPieces(bytes), 'input')) {
          if (entry.kind === 'header') header = entry.header;
          if (entry.kind === 'chunk') frames.push(...entry.frames);
        }
        if (header === undefined) return;
        extract.headerLine(header);
        checkName(header.prefix);
        useRecords(extract, frames, []);
      },
    },
    edits: {
      make: damaged(editTexts(extract)),
      use(bytes) {
        const edits = extract.parseEdits(textOf(bytes), 'input');
        extract.parseEdits(extract.editsText(edits), 'again');
        useRecords(extract, records, edits);
      },
    },
    written: {
      make: damaged(writtenTexts(extract, written)),
      async use(bytes) {
        writeFileSync(journal, bytes);
        const read = await written.readJournal(journal);
        if (read === undefined) return;
        for (const files of read.frames.values()) for (const [file] of files) checkName(file);
        const options = extract.readOptions(read.options, 'input');
        if (options.make.size > 2048) throw new Error(`a side of ${options.make.size}`);
        extract.readOptions(extract.optionsText(options), 'again');
      },
    },
    merge: {
      make: damaged(mergeTexts(merge)),
      use(bytes) {
        const session = merge.parseSession(textOf(bytes), 'input');
        merge.settingsRanges(session);
        merge.parseSession(merge.sessionText(session), 'again');
      },
    },
    parts: {
      make: damaged([JSON.stringify({ names: ['1', '2'], first: 0, withFace: 2, dropped: 0, light: [[0.5, 0.4], null], bytes: 99 })]),
      use: (bytes) =>
        json(room, () => {
          const part = parts.partOf(textOf(bytes));
          if (part === undefined) throw passedOver(room);
          for (const name of part.names) checkName(name);
          for (const pair of part.light) if (pair !== null && !Number.isFinite(pair[0] + pair[1] - pair[0])) throw new Error('no light');
        }),
    },
    manifest: {
      make: damaged(manifestTexts()),
      // A checksum that is right for whatever is there, so that what comes behind it is reached.
      use: (bytes) => void train.readManifest(textOf(bytes), () => ({ update: () => {}, hex: () => 'any' })),
    },
    course: {
      make: damaged(courseTexts()),
      async use(bytes) {
        const store = { size: async () => bytes.length, read: async (_, at, length) => bytes.subarray(at, at + length) };
        const entries = await train.readJournal(store);
        train.presentCourse(entries);
        if (entries.length < linesIn(textOf(bytes))) throw passedOver(room);
      },
    },
    jobs: {
      make: damaged(jobTexts()),
      use: (bytes) => json(room, () => checkPid(jobs.jobOf(textOf(bytes))?.process.pid)),
    },
    renders: {
      make: damaged(renderTexts()),
      use: (bytes) => json(room, () => renders.renderQueue.read(JSON.parse(textOf(bytes)), 'input')),
    },
    orders: {
      make: damaged(['stop\nsave\nset {"batch_size":4,"lr":0.0001,"random_warp":false}\npreview\nbackup\n']),
      use(bytes) {
        let rest = '';
        for (let at = 0; at < bytes.length; at += 100) {
          const read = orders.ordersIn(rest, bytes.subarray(at, at + 100));
          rest = read.rest;
          if (rest.length > 4096) throw new Error(`${rest.length} characters are kept`);
          for (const { order, json: asked } of read.orders)
            if (order === 'set') json(room, () => train.resolveOptions({ ...JSON.parse(asked) }));
        }
      },
    },
  };
}

/** What callers take for a file that was cut off, or pass over, counts as refused. */
const passedOver = (room) => new room.FormatError('passed over');

/** Callers handle text that is no JSON. */
function json(room, work) {
  try {
    work();
  } catch (error) {
    throw error instanceof SyntaxError ? passedOver(room) : error;
  }
}

const linesIn = (text) => text.split('\n').filter((line) => line !== '').length;

function checkName(name) {
  if (/[/\\\0]/.test(name) || name === '..') throw new Error(`a name that leads elsewhere: ${JSON.stringify(name)}`);
}

function checkPid(pid) {
  if (pid !== undefined && !(Number.isSafeInteger(pid) && pid > 0)) throw new Error(`a process of number ${pid}`);
}

async function* inPieces(bytes) {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

/** Brings a folder in memory to rest after whatever its journal says, takes the last action back and everything out of the trash. */
async function useHistory(room, text) {
  const { curate } = room;
  const area = memoryArea(curate, text);
  const before = [...area.files.values()].sort().join();
  await curate.settle(area);
  const actions = curate.readActions(area.text());
  const last = curate.lastUndoable(actions);
  const now = () => new Date(0);
  if (last !== undefined) {
    const { moves } = await curate.undoMoves(area, last, curate.nextId(actions));
    const done = await curate.runMoves(area, { tool: 'undo', what: 'x', moves, undoes: last.id }, { now });
    if (done !== undefined && !curate.readActions(area.text()).some(({ id, state }) => id === done.id && state === 'done'))
      throw new Error(`action ${done.id} cannot be read back`);
  }
  const back = await curate.restoreMoves(area, curate.readActions(area.text()), []);
  await curate.runMoves(area, { tool: 'restore', what: 'x', moves: back }, { now });
  if ([...area.files.values()].sort().join() !== before) throw new Error('files are gone');
  const told = actions.reduce((sum, { state }) => sum + (state === 'begun' ? 1 : state === 'half' ? 2 : 3), 0);
  if (told < linesIn(text)) throw passedOver(room);
}

function memoryArea(curate, journal) {
  const files = new Map(
    ['a.jpg', 'b.jpg', 'c.jpg', 'd/e.jpg', '@trash/f.jpg', '@trash/a.jpg', `${curate.workPrefix}move-3-0`].map((name) => [name, name]),
  );
  let text = journal;
  const inside = (path) => {
    const parts = path.replace(/^@trash\//, '').split(/[/\\]/);
    if (parts.some((part) => part === '..' || part === '.' || part === '' || part.includes('\0')))
      throw new Error(`a path that leads elsewhere: ${path}`);
  };
  return {
    files,
    text: () => text,
    describe: (path) => path,
    exists: async (path) => files.has(path),
    list: async (path) => {
      const folder = path.replace(/\/$/, '');
      return [...files.keys()]
        .filter((f) => curate.parentOf(f) === folder && !curate.baseOf(f).startsWith(curate.workPrefix))
        .map(curate.baseOf)
        .sort();
    },
    async move(from, to) {
      inside(from);
      inside(to);
      if (!files.has(from)) throw new Error(`${from} is not there`);
      if (files.has(to) && from !== to) throw new Error(`${to} would be lost`);
      const content = files.get(from);
      files.delete(from);
      files.set(to, content);
    },
    flush: async () => {},
    readJournal: async () => text,
    appendJournal: async (more) => void (text += more),
  };
}

function historyTexts() {
  const at = '2026-01-01T00:00:00.000Z';
  const line = (id, moves, more = {}) => JSON.stringify({ id, at, tool: 'sort', what: 'x', moves, ...more });
  return [
    `${line(1, [
      ['x.jpg', 'a.jpg'],
      ['y.jpg', 'b.jpg'],
    ])}\n{"id":1,"state":"half"}\n{"id":1,"state":"done"}\n${line(2, [['f.jpg', '@trash/f.jpg']])}\n{"id":2,"state":"done"}\n`,
    `${line(2, [
      ['b.jpg', 'a.jpg'],
      ['a.jpg', 'b.jpg'],
    ])}\n{"id":2,"state":"done"}\n${line(3, [['z.jpg', 'c2.jpg']])}\n`,
    `${line(3, [['z.jpg', 'c2.jpg']])}\n{"id":3,"state":"half"}\n`,
    `${line(4, [
      ['.liae-work/x', 'a.jpg'],
      ['q.jpg', '@trash/a.jpg'],
    ])}\n{"id":4,"state":"half"}\n{"id":4,"state":"done"}\n${line(5, [['a.jpg', 'd/e.jpg']], { undoes: 4 })}\n{"id":5,"state":"done"}\n`,
  ];
}

const round = (i) => Array.from({ length: 136 }, (_, k) => 100 + i + 40 * Math.cos(k) + (k % 2));

function frameRecord(i) {
  const face = (shift) => ({
    ...{ rect: [60 + shift, 60, 140 + shift, 140], score: 0.9, presence: 0.99, sharpness: 50, exposure: 0.5 },
    landmarks: Float32Array.from(round(i + shift)),
  });
  return { frame: i, time: i / 25, look: '7f'.repeat(64), faces: i === 3 ? [face(0)] : [face(0), face(200)] };
}

function alignmentTexts(extract) {
  const clip = { kind: 'video', name: 'a.mp4', width: 640, height: 480, rate: 25, frames: 6, duration: 0.24, hash: 'h', colour: 'x' };
  const header = extract.headerLine({
    tool: 't',
    path: '/a.mp4',
    prefix: '',
    clip,
    options: { from: 0, tiles: 1, turned: false, identity: false },
  });
  const frames = [...Array(6)].map((_, i) => extract.frameLine(frameRecord(i)));
  const embedded = {
    ...frameRecord(1),
    faces: frameRecord(1).faces.map((f) => ({ ...f, embedding: new Float32Array(128), mesh: new Float32Array(1434) })),
  };
  return [
    `${header}${frames.join('')}${extract.chunkLine({ chunk: 0, frames: 6 })}${extract.completeLine(6, ['x'])}`,
    `${header}${frames[0]}${extract.frameLine(embedded)}${extract.chunkLine({ chunk: 0, frames: 2 })}${frames[2]}${extract.chunkLine({ chunk: 1, frames: 1 })}`,
  ];
}

/** What extraction makes of records and edits, up to the plans of faces. */
function useRecords(extract, frames, edits) {
  const options = { stills: false, smooth: true, fill: true, faceType: 'whole_face' };
  const settled = extract.settle(frames, edits, 25, options);
  const chooser = new extract.Chooser(frames, settled, {
    faceType: 'full_face',
    minSize: 20,
    minScore: 0,
    maxFaces: 3,
    stills: false,
    yaw: [-90, 90],
  });
  const regions = edits.filter(({ kind }) => kind === 'regions');
  for (const [i, frame] of frames.entries()) {
    const chosen = chooser.choose(i);
    const own = extract.regionsOfFrame(
      regions,
      chosen.map(({ rect }) => rect),
    );
    for (const [k, face] of chosen.entries()) {
      const plan = extract.planFace(frame, face, k, { stem: 's', sourceFilename: frame.name ?? 's.png', hash: 'h' }, own[k]);
      checkName(plan.sourceFilename);
      extract.markOf(plan);
      extract.matrixOf(plan, { faceType: 'whole_face', size: 64 });
    }
  }
}

function editTexts(extract) {
  const landmarks = Float64Array.from(round(4));
  const regions = [{ include: true, points: Float32Array.of(80, 80, 120, 80, 100, 120) }];
  return [
    extract.editsText([
      { frame: 1, kind: 'set', at: [100, 100], landmarks },
      { frame: 2, kind: 'remove', at: [100, 100] },
      { frame: 3, kind: 'clear' },
      { frame: 4, kind: 'regions', at: [100, 100], clip: 'h', stored: true, regions },
    ]),
    extract.editsText([{ frame: 3, kind: 'set', at: [300, 100], landmarks }]),
  ];
}

function writtenTexts(extract, written) {
  const choose = { maxFaces: 2, minSize: 40, minScore: 0.1, yaw: [-30, 30] };
  const persons = { keep: [new Float32Array(128)], drop: [], distance: 0.6 };
  const make = { faceType: 'whole_face', size: 512, quality: 90 };
  const lines = [
    written.journalLine(0, [
      ['00001_0.jpg', 'abc'],
      ['00001_1.jpg', 'def'],
    ]),
    written.journalLine(1, []),
  ].join('');
  return [{ choose }, { choose: { ...choose, persons } }].map(
    (more) => written.journalHeader(extract.optionsText({ make, smooth: true, fill: true, ...more })) + lines,
  );
}

function mergeTexts(merge) {
  const settings = merge.resolveMergeSettings({});
  const shots = [
    { from: 0, to: 20, settings: { blur_mask: 30 } },
    { from: 20, settings: { mode: 'seamless' } },
  ];
  return [
    merge.sessionText({ clip: { name: 'a.mp4', hash: 'h' }, settings, shots: [] }),
    JSON.stringify({ liae: 'merge', version: 1, settings: {}, shots }),
  ];
}

function manifestTexts() {
  const file = { bytes: 10, sha256: 'a'.repeat(64) };
  return [
    JSON.stringify({
      ...{
        format: 'liae-model',
        version: 1,
        tool: 't',
        time: '2026-01-01T00:00:00Z',
        iteration: 5,
        options: { resolution: 64, gan: false },
      },
      ...{
        counters: { a: 1 },
        random: { seed: 1, restores: 0 },
        history: { first: 0, records: 5 },
        files: { 'weights.safetensors': file },
      },
      checksum: 'any',
    }),
  ];
}

function courseTexts() {
  const entries = [
    ...[{ what: 'started' }, { what: 'saved' }, { what: 'changed', option: 'lr', from: 1, to: 2 }, { what: 'backup', folder: 'b' }],
    ...[
      { what: 'rollback', failed: 9 },
      { what: 'rejected', save: 's', why: 'w' },
      { what: 'restored', backup: 'b', before: 3, kept: null },
    ],
    { what: 'ended', reason: 'stopped' },
  ];
  return [entries.map((entry, i) => `${JSON.stringify({ time: '2026-01-01T00:00:00Z', iteration: i * 10, ...entry })}\n`).join('')];
}

function jobTexts() {
  const process = { pid: 1234, host: 'h', started: '99' };
  const started = '2026-01-01T00:00:00Z';
  return [
    { kind: 'train', model: 'm', options: { batch_size: 4, random_warp: true } },
    { kind: 'extract', input: 'a.mp4', out: 'faces', faceType: 'wf', size: 512, every: 1, maxFaces: 0, again: false },
    { kind: 'measure', faces: 'faces' },
  ].map((request) => JSON.stringify({ request, process, started }));
}

function renderTexts() {
  const request = {
    ...{ kind: 'merge', model: 'm', faces: 'f', input: 'a.mp4', out: 'b.mp4', session: 'merge.json', quality: 'high', depth: '8' },
    ...{ alpha: false, sound: true, smooth: true, fill: true, copyMissing: false, again: false, from: 3, to: 9 },
  };
  return [JSON.stringify({ paused: true, waiting: [{ id: 'x', request, problem: null }] })];
}
