/**
 * Groups of persons as `liae faces cluster` found them, with the names that people gave them: a name belongs to a place among the vectors of identity, so that it finds
 * its group again when groups are made anew. And which poses of one set another has.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { FormatError } from '../../base/index.ts';
import { coverageGrid, coverageOf, type Direction, enough, SAME_PERSON } from '../../curate/index.ts';
import { replaceFile } from '../../platform/node/files.ts';
import type { FaceGroups, FaceList, PoseCoverage } from '../protocol.ts';
import { listFaces } from './faceTable.ts';
import type { Places } from './places.ts';

const MAX_GROUPS = 1024 * 1024 * 1024;
const WIDTH = 128;
const MOST_LABELS = 1000;

const fileOf = (places: Places, faces: string, ending: string): string =>
  places.own('groups', `${createHash('sha256').update(faces).digest('hex').slice(0, 32)}.${ending}`);

/** Where groups of a faceset are kept between servers. */
export const groupsFile = (places: Places, faces: string): string => fileOf(places, faces, 'json');
const labelsFile = (places: Places, faces: string): string => fileOf(places, faces, 'labels.json');

interface Stored {
  readonly names: readonly string[];
  readonly stamps: readonly string[];
  readonly spread: number;
  readonly mean: readonly number[];
}
interface Label {
  readonly label: string;
  readonly mean: readonly number[];
}

export async function faceGroups(places: Places, path: string): Promise<FaceGroups> {
  const list = await listFaces(places, path);
  const stored = await readStored(groupsFile(places, path));
  if (stored === undefined) return { groups: null, ungrouped: list.names.length };
  const labels = await readLabels(labelsFile(places, path));
  const present = presentNames(list);
  const groups = stored.map(({ names, stamps, spread, mean }, id) => ({
    ...{ id, spread, label: nearestLabel(labels, mean)?.label ?? null },
    names: names.flatMap((name, i) => present(name, stamps[i]!)),
  }));
  const grouped = groups.reduce((sum, { names }) => sum + names.length, 0);
  return { groups: groups.filter(({ names }) => names.length > 0), ungrouped: list.names.length - grouped };
}

/** The present name of a face that had a name and a stamp, in a list of one; or none. */
export function presentNames({ names, stamps }: FaceList): (name: string, stamp: string) => readonly string[] {
  const byName = new Map(names.map((name, i) => [name, stamps[i]!]));
  const byStamp = new Map<string, readonly string[]>();
  for (const [i, stamp] of stamps.entries()) byStamp.set(stamp, [...(byStamp.get(stamp) ?? []), names[i]!]);
  return (name, stamp) => {
    if (byName.get(name) === stamp) return [name];
    const others = byStamp.get(stamp) ?? [];
    if (others.length === 1) return others; // renamed, as by sorting
    return byName.has(name) ? [name] : []; // written anew, as by a mask: the same face still
  };
}

function nearestLabel(labels: readonly Label[], mean: readonly number[]): Label | undefined {
  let [best, least]: [Label | undefined, number] = [undefined, SAME_PERSON];
  for (const label of labels) {
    const distance = Math.hypot(...mean.map((v, i) => v - label.mean[i]!));
    if (distance < least) [best, least] = [label, distance];
  }
  return best;
}

/** Gives a group a name; an empty one takes it away. */
export async function labelGroup(places: Places, path: string, id: number, label: string): Promise<FaceGroups> {
  await places.at(path);
  const group = (await readStored(groupsFile(places, path)))?.[id];
  if (group === undefined) throw new FormatError(`there is no group ${id + 1}`, { next: 'make the groups anew' });
  const file = labelsFile(places, path);
  const known = await readLabels(file);
  const shown = nearestLabel(known, group.mean);
  const others = known.filter((one) => one !== shown);
  const labels = label.trim() === '' ? others : [...others, { label: label.trim(), mean: group.mean }];
  await replaceFile(file, [new TextEncoder().encode(JSON.stringify({ labels: labels.slice(-MOST_LABELS) }))]);
  return await faceGroups(places, path);
}

export async function readJson(file: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || found.size > MAX_GROUPS) return undefined;
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined; // cut off, or of another version: made anew then
  }
}

export const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((v) => typeof v === 'string');
const isMean = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.length === WIDTH && value.every((v) => typeof v === 'number' && Number.isFinite(v));

async function readStored(file: string): Promise<readonly Stored[] | undefined> {
  const persons = (await readJson(file))?.persons;
  if (!Array.isArray(persons)) return undefined;
  const groups = persons.flatMap((entry: unknown): Stored[] => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { names, stamps, spread, mean } = entry as Record<string, unknown>;
    if (!isTexts(names) || !isTexts(stamps) || names.length !== stamps.length || typeof spread !== 'number' || !isMean(mean)) return [];
    return [{ names, stamps, spread, mean }];
  });
  return groups.length === persons.length ? groups : undefined;
}

async function readLabels(file: string): Promise<readonly Label[]> {
  const labels = (await readJson(file))?.labels;
  if (!Array.isArray(labels)) return [];
  return labels.flatMap((entry: unknown): Label[] => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { label, mean } = entry as Record<string, unknown>;
    return typeof label === 'string' && isMean(mean) ? [{ label: label.slice(0, 200), mean }] : [];
  });
}

/** Counts of both sets by direction. Faces that were not measured count nowhere. */
export async function poseCoverage(places: Places, src: string, dst: string): Promise<PoseCoverage> {
  const [from, to] = await Promise.all([directions(places, src), directions(places, dst)]);
  const coverage = coverageOf(from, to);
  const { cell, cells } = coverageGrid(coverage);
  return { cell, cells, src: coverage.src.length, dst: coverage.dst.length, covered: coverage.covered, enough };
}

async function directions(places: Places, path: string): Promise<readonly Direction[]> {
  const { measures } = await listFaces(places, path);
  const { yaw = [], pitch = [] } = measures;
  return yaw.flatMap((value, i): Direction[] => {
    const up = pitch[i] ?? null;
    return value === null || up === null ? [] : [{ yaw: value, pitch: up }];
  });
}
