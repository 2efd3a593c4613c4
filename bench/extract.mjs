/**
 * Extraction end to end on real clips: faces found, frames a second with the time of each stage, trembling before and after, and, where exact
 * landmarks are given, the error by part of the face and by yaw.
 *
 *   npm run bench -- extract CLIP… [--truth landmarks.json] [--workers N] [--size N] [--as NAME] [--shift X,Y]
 *
 * The truth of a clip is looked up by --as, by its name without extension, or by the part before the first `_`; --shift is where its frames lie in
 * the clip's. Other people's faces are left out of the comparison.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { cropOf, eyeDistance, median, tremble } from '../dist/extract/index.js';
import { liaeFields, readFace } from '../dist/faceset/index.js';
import { extract } from '../dist/platform/node/extractRun.js';
import { openFaceModels } from '../dist/platform/node/faceModels.js';
import { extractionJob, extractionTools } from './support/extraction.mjs';

const clips = [];
const options = new Map();
for (let i = 2; i < process.argv.length; i++) {
  if (process.argv[i].startsWith('--')) options.set(process.argv[i].slice(2), process.argv[++i]);
  else clips.push(process.argv[i]);
}
if (clips.length === 0) throw new Error('name the clips');
const truth = options.has('truth') ? JSON.parse(readFileSync(options.get('truth'), 'utf8')).clips : {};
const workers = Number(options.get('workers') ?? cpus().length);
const size = Number(options.get('size') ?? 512);
const shift = (options.get('shift') ?? '0,0').split(',').map(Number);

/** First and last point of the parts of a face. */
const parts = { jaw: [0, 16], brows: [17, 26], nose: [27, 35], eyes: [36, 47], lips: [48, 67], 'inner 51': [17, 67], 'fit 33': [17, 48] };

console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}; ${workers} workers, faces of ${size} px`);
const models = openFaceModels();
for (const clip of clips) {
  const out = mkdtempSync(join(tmpdir(), 'liae-bench-'));
  try {
    await bench(clip, out);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
await (await models)[Symbol.asyncDispose]();

async function bench(clip, out) {
  const [tools, job] = [extractionTools(models), extractionJob(clip, out, { size, workers })];
  await (await models)
    .identity(
      { width: 8, height: 8, channels: 3, data: new Uint8Array(192) },
      new Float64Array(136).map((_, i) => i % 7),
    )
    .catch(() => {});
  const cpu = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  const times = { start: performance.now(), settled: 0, cpu: cpu(), cpuSettled: 0 };
  let info;
  const report = (event) => {
    if (event.event === 'clip') info = event.info;
    if (event.event === 'settled') [times.settled, times.cpuSettled] = [performance.now(), cpu()];
    if (event.event === 'trouble') console.log(`  ${event.message}`);
  };
  const sum = await extract(job, tools, report, new AbortController().signal);
  const [total, spent] = [performance.now() - times.start, cpu() - times.cpu];
  const [done] = sum.clips;
  const { stages, decodeMs } = sum.analysis;
  const ms = (value) => (value / done.frames).toFixed(1);
  const percent = (value) => (100 * value).toFixed(2);
  console.log(
    `\n${basename(clip)} ${info.width}×${info.height}: ${done.frames} frames, ${done.withFaces} with faces (${percent(done.withFaces / done.frames)} %), ${done.faces} faces, ${done.settled.tracks} tracks, ${done.settled.filled} filled in`,
  );
  console.log(
    `  ${((1000 * done.frames) / total).toFixed(1)} frames a second end to end; analysis ${((1000 * done.frames) / (times.settled - times.start)).toFixed(1)}, writing ${((1000 * done.frames) / (total - (times.settled - times.start))).toFixed(1)}`,
  );
  console.log(
    `  ms a frame, all workers together: waiting for frames ${ms(decodeMs)}, detection ${ms(stages.detect)}, mesh ${ms(stages.mesh)}, identity ${ms(stages.identity)}, measures ${ms(stages.measure)}; second passage ${ms(done.decodeMs)}, crop, JPEG and file ${ms(done.makeMs)}`,
  );
  console.log(
    `  CPU ms a frame, which other load disturbs little: ${ms(spent)}; analysis ${ms(times.cpuSettled - times.cpu)}, writing ${ms(spent - times.cpuSettled + times.cpu)}; peak memory of the process so far ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`,
  );
  const { jitter } = done.settled;
  if (jitter !== undefined) console.log(`  trembling ${percent(jitter.before)} → ${percent(jitter.after)} % of the eye distance`);
  const name = basename(clip, extname(clip));
  const exact = framesOf(truth[options.get('as') ?? name] ?? truth[name.split('_')[0]]);
  if (exact !== undefined) accuracy(exact, out);
}

/** Both layouts: a list of frames, or an object that has one. */
function framesOf(entry) {
  return entry === undefined || Array.isArray(entry) ? entry : entry.frames;
}

function accuracy(exact, out) {
  const rows = [];
  const [crops, off] = [[], []];
  for (const file of readdirSync(out).filter((name) => name.endsWith('.jpg'))) {
    const { metadata, dict } = readFace(readFileSync(join(out, file)), file);
    const { frame, filled } = liaeFields(dict);
    const found = metadata.sourceLandmarks;
    const points = exact[frame]?.landmarks.flat().map((v, i) => v + shift[i % 2]);
    if (points === undefined) continue;
    const eyes = eyeDistance(points);
    const error = Array.from(
      { length: 68 },
      (_, i) => Math.hypot(found[2 * i] - points[2 * i], found[2 * i + 1] - points[2 * i + 1]) / eyes,
    );
    if (mean(error) > 1) continue; // another person
    rows.push({ error, filled, yaw: Math.abs(exact[frame].pose?.yaw ?? exact[frame].pose?.[0] ?? 0) });
    crops[frame] = cropOf(Float64Array.from(points), 'whole_face');
    const { corners } = cropOf(Float64Array.from(found), 'whole_face');
    off[frame] = { corners: corners.map((v, i) => v - crops[frame].corners[i]), eyes: crops[frame].eyes };
  }
  const tremblesOf = (list) =>
    list.flatMap((one, i) => (one && list[i - 1] && list[i + 1] ? [tremble(list[i - 1], one, list[i + 1])] : []));
  console.log(
    `  trembling of the exact landmarks ${(100 * (median(tremblesOf(crops)) ?? 0)).toFixed(2)} %, against them ${(100 * mean(tremblesOf(off))).toFixed(3)} % in the mean`,
  );
  const seen = rows.filter((row) => !row.filled);
  const line = (name, some) => {
    if (some.length === 0) return;
    const by = Object.entries(parts).map(
      ([part, [from, to]]) => `${part} ${(100 * mean(some.map((row) => mean(row.error.slice(from, to + 1))))).toFixed(2)}`,
    );
    console.log(`  ${name.padEnd(18)} ${String(some.length).padStart(4)} faces, mean error in % of the eye distance: ${by.join(', ')}`);
  };
  line('all', seen);
  for (const [low, high] of [
    [0, 15],
    [15, 30],
    [30, 45],
    [45, 90],
  ])
    line(
      `yaw ${low}…${high}°`,
      seen.filter(({ yaw }) => yaw >= low && yaw < high),
    );
  line(
    'filled in',
    rows.filter((row) => row.filled),
  );
}

function mean(values) {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}
