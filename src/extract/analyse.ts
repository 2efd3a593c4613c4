/**
 * From frames to records: faces are found by the detectors, confirmed and measured by the mesh network in two looks, and followed from frame
 * to frame; the detectors look again every few frames, at cuts, and when a face is lost. A stretch of frames knows nothing of the one before
 * it, so that stretches can be analysed by several threads, or again after an interruption, with the same result.
 */
import { type Landmarks, unitFromImage } from '../face/index.ts';
import { mapPoints, type Picture } from '../image/index.ts';
import type { SeenFrame } from '../video/index.ts';
import { type FaceMesh, type FaceModels, landmarks68, type Region, regionOfDetection, regionOfMesh } from '../vision/index.ts';
import type { FaceRecord, FrameRecord } from './alignments.ts';
import { CUT, lookDifference, lookOf, measureFace } from './measure.ts';

export interface Analysis {
  readonly tiles: number;
  readonly turned: boolean;
  readonly threshold?: number | undefined;
  readonly identity: boolean;
  /** Whether each frame is a picture of its own, so that nothing is followed. */
  readonly stills: boolean;
}

/** Milliseconds spent so far, by what they were spent on. */
export interface Stages {
  detect: number;
  mesh: number;
  identity: number;
  measure: number;
}

export const noTime = (): Stages => ({ detect: 0, mesh: 0, identity: 0, measure: 0 });

/** The detectors look again after so many frames. */
const REDETECT = 5;
/** A face of the mesh network: this presence at least. */
const PRESENT = 0.5;
/** A first look from a detection may be this poor, as the second one looks closer. */
const HINT = 0.2;
/** A followed face that the detectors do not see so many times in a row is dropped, unless the mesh network is this sure of it. */
const [UNSEEN, SURE] = [3, 0.9];
/** Boxes that share this much of the smaller one are the same face. */
const SAME = 0.5;

interface Followed {
  readonly mesh: FaceMesh;
  /** Around the mesh, and how it changes in a second; the latter is known once it was seen twice. */
  readonly region: Region;
  readonly change?: Region | undefined;
  readonly rect: Rect;
  readonly score: number | undefined;
  readonly unseen: number;
}

/** What two looks say. */
interface Looked {
  readonly mesh: FaceMesh;
  readonly first: number;
  readonly second: number;
}

/** How much of the square that was expected goes into that of the second look. */
const EXPECTED = 0.3;
/** Seconds beyond which a face's speed says nothing of where it is. */
const SOON = 0.2;

const placed = (mesh: FaceMesh): Pick<Followed, 'mesh' | 'region' | 'rect'> => ({
  ...{ mesh, region: regionOfMesh(mesh.points), rect: boxOf(mesh.points) },
});

/** Change in a second, of the side as a logarithm. */
function changeOf(before: Region, { points }: FaceMesh, seconds: number): Region | undefined {
  if (!(seconds > 0 && seconds <= SOON)) return undefined;
  const now = regionOfMesh(points);
  const turned = now.angle - before.angle;
  return {
    x: (now.x - before.x) / seconds,
    y: (now.y - before.y) / seconds,
    side: Math.log(now.side / before.side) / seconds,
    angle: (turned - 2 * Math.PI * Math.round(turned / (2 * Math.PI))) / seconds,
  };
}

function moved({ x, y, side, angle }: Region, change: Region, seconds: number): Region {
  const t = seconds > 0 && seconds <= SOON ? seconds : 0;
  return { x: x + change.x * t, y: y + change.y * t, side: side * Math.exp(change.side * t), angle: angle + change.angle * t };
}

const expectedOf = ({ region, change }: Followed, seconds: number): Region =>
  change === undefined ? region : moved(region, change, seconds);

/**
 * A face is where it is expected if it is not farther off than this, in sides of its square, nor larger or smaller by this factor. Under a hand the
 * mesh network takes hand and face for a face: on rendered hands over faces, the sound meshes lay up to 0.06 off, the others from 0.2 on.
 */
const [OFF, OTHER] = [0.1, 1.3];

function isAt({ x, y, side }: Region, { points }: FaceMesh): boolean {
  const now = regionOfMesh(points);
  return Math.hypot(now.x - x, now.y - y) < OFF * side && Math.abs(Math.log(now.side / side)) < Math.log(OTHER);
}

/** A square on the way from one to another, angles the short way round. */
function between(a: Region, b: Region, share: number): Region {
  const turn = b.angle - a.angle;
  return {
    x: a.x + share * (b.x - a.x),
    y: a.y + share * (b.y - a.y),
    side: a.side * (b.side / a.side) ** share,
    angle: a.angle + share * (turn - 2 * Math.PI * Math.round(turn / (2 * Math.PI))),
  };
}

type Rect = readonly [number, number, number, number];

/** Follows faces through one stretch of frames. */
export class Analyser {
  readonly #models: FaceModels;
  readonly #options: Analysis;
  readonly #clock: () => number;
  readonly stages: Stages = noTime();
  #faces: readonly Followed[] = [];
  #look: string | undefined;
  #since = 0;
  #time = 0;

  /** @param clock milliseconds, for `stages`. */
  constructor(models: FaceModels, options: Analysis, clock: () => number = () => 0) {
    this.#models = models;
    this.#options = options;
    this.#clock = clock;
  }

  async frame({ index, time, image, name, damaged }: SeenFrame): Promise<FrameRecord> {
    const look = this.#timed('measure', () => lookOf(image));
    const { stills } = this.#options;
    const cut = this.#look !== undefined && lookDifference(this.#look, look) > CUT;
    const before = stills || cut ? [] : this.#faces;
    this.#look = look;
    const found: Followed[] = [];
    const seconds = time - this.#time;
    this.#time = time;
    for (const face of before) {
      const mesh = await this.#follow(image, face, seconds);
      if (mesh !== undefined)
        found.push({ ...placed(mesh), change: changeOf(face.region, mesh, seconds), score: undefined, unseen: face.unseen });
    }
    const kept = apart(found);
    const looks = stills || kept.length === 0 || kept.length < before.length || ++this.#since >= REDETECT;
    const lost = before.filter((face) => !kept.some(({ rect }) => shared(rect, face.rect) > SAME)).map((face) => expectedOf(face, seconds));
    this.#faces = looks ? await this.#detect(image, kept, lost) : kept;
    if (looks) this.#since = 0;
    const faces: FaceRecord[] = [];
    for (const face of this.#faces) faces.push(await this.#record(image, face, looks));
    return { frame: index, time, name, damaged, look, faces };
  }

  /** Where the face is now, if it still is near and of about the size it had. */
  async #follow(image: Picture, face: Followed, seconds: number): Promise<FaceMesh | undefined> {
    const looked = await this.#mesh(image, expectedOf(face, seconds), PRESENT, face.change === undefined ? 0 : EXPECTED);
    if (looked === undefined || !(looked.second > PRESENT)) return undefined;
    const [a, b] = [face.rect, boxOf(looked.mesh.points)];
    const size = Math.max(a[2] - a[0], a[3] - a[1]);
    const grown = Math.max(b[2] - b[0], b[3] - b[1]) / size;
    const far = Math.hypot(b[0] + b[2] - a[0] - a[2], b[1] + b[3] - a[1] - a[3]) / 2 / size;
    return grown > 0.6 && grown < 1.6 && far < 0.6 ? looked.mesh : undefined;
  }

  /**
   * Faces followed, with the detectors' word on them, and faces found anew.
   *
   * A face that something crosses is a face to the detectors for longer than to the mesh network. Where a track expects one and they see one,
   * one sure look of the two will do; its presence stays that of the second look, so that settling trusts the place no more than that.
   *
   * @param lost  where faces of the frame before are expected that could not be followed.
   */
  async #detect(image: Picture, followed: readonly Followed[], lost: readonly Region[]): Promise<readonly Followed[]> {
    const { tiles, turned, threshold } = this.#options;
    const detections = await this.#timed('detect', () => this.#models.detect(image, { tiles, turned, threshold }));
    const scores = new Map<Followed, number>();
    const fresh: Followed[] = [];
    for (const detection of detections) {
      const known = [...followed, ...fresh].find(({ rect }) => shared(rect, detection.box) > SAME && isInside(middle(detection.box), rect));
      if (known !== undefined) {
        scores.set(known, Math.max(scores.get(known) ?? known.score ?? 0, detection.score));
        continue;
      }
      const looked = await this.#mesh(image, regionOfDetection(detection), HINT, 0);
      if (looked === undefined) continue;
      const { first, second, mesh } = looked;
      const sure = lost.some((region) => isAt(region, mesh)) ? Math.max(first, second) : second;
      if (sure > PRESENT) fresh.push({ ...placed(mesh), score: detection.score, unseen: 0 });
    }
    const judged = [...followed, ...fresh].map((face): Followed => {
      const score = scores.get(face) ?? face.score;
      return { ...face, score, unseen: score === undefined ? face.unseen + 1 : 0 };
    });
    return apart(judged.filter(({ unseen, mesh }) => unseen < UNSEEN || mesh.presence >= SURE));
  }

  /**
   * A glance, and a look that is cut along the face that the glance saw. One look where the face is expected would do, but its points tremble more:
   * they depend on how the face lies in the square.
   *
   * @param hint  presence of the glance from which on the look is worth its time.
   * @param share  of what was expected in where the look is cut: the glance's square trembles too.
   * @returns the mesh of the look with the presences of both, if it has a face's proportions.
   */
  async #mesh(image: Picture, region: Region, hint: number, share: number): Promise<Looked | undefined> {
    return this.#timed('mesh', async () => {
      const first = await this.#models.glance(image, region);
      if (!(first.presence > hint) || !isPlausible(first, image)) return undefined;
      const mesh = await this.#models.mesh(image, between(regionOfMesh(first.points), region, share));
      return isPlausible(mesh, image) ? { mesh, first: first.presence, second: mesh.presence } : undefined;
    });
  }

  /** Identities change little from frame to frame: they are measured where the detectors look. */
  async #record(image: Picture, { mesh, rect, score }: Followed, looked: boolean): Promise<FaceRecord> {
    const landmarks = landmarks68(mesh.points);
    const { sharpness, exposure } = this.#timed('measure', () => measureFace(image, landmarks));
    const embedding =
      this.#options.identity && looked ? await this.#timed('identity', () => this.#models.identity(image, landmarks)) : undefined;
    return {
      ...{ rect, score, presence: mesh.presence, sharpness, exposure, embedding },
      landmarks: Float32Array.from(landmarks),
      mesh: mesh.points,
    };
  }

  #timed<T>(stage: keyof Stages, work: () => T): T {
    const from = this.#clock();
    const result = work();
    if (result instanceof Promise) {
      return result.finally(() => {
        this.stages[stage] += this.#clock() - from;
      }) as T;
    }
    this.stages[stage] += this.#clock() - from;
    return result;
  }
}

/** Of faces that lie on each other, those that the detectors or else the mesh network are surer of. */
function apart(faces: readonly Followed[]): readonly Followed[] {
  const rank = (face: Followed): number => (face.score ?? 0) + face.mesh.presence;
  const kept: Followed[] = [];
  for (const face of [...faces].sort((a, b) => rank(b) - rank(a))) {
    if (kept.every(({ rect }) => shared(rect, face.rect) <= SAME)) kept.push(face);
  }
  return faces.filter((face) => kept.includes(face));
}

/** Left, top, right, bottom of the 468 points of the skin. */
export function boxOf(points: Float32Array): Rect {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < 468 * 3; i += 3) {
    left = Math.min(left, points[i]!);
    right = Math.max(right, points[i]!);
    top = Math.min(top, points[i + 1]!);
    bottom = Math.max(bottom, points[i + 1]!);
  }
  return [left, top, right, bottom];
}

const areaOf = (r: Rect): number => Math.max(0, r[2] - r[0]) * Math.max(0, r[3] - r[1]);
const overlap = (a: Rect, b: Rect): number =>
  areaOf([Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])]);

/** How much of the smaller box lies in the larger. */
export const shared = (a: Rect, b: Rect): number => overlap(a, b) / Math.max(Math.min(areaOf(a), areaOf(b)), 1e-9);

const middle = (r: Rect): readonly [number, number] => [(r[0] + r[2]) / 2, (r[1] + r[3]) / 2];
const isInside = ([x, y]: readonly [number, number], r: Rect): boolean => x > r[0] && x < r[2] && y > r[1] && y < r[3];

/** Half of a face must be in the picture. */
const VISIBLE = 0.5;
/** How far the points may lie from the mean face, root mean square in sides of its square. */
const ODD = 0.2;

/**
 * Whether a mesh has the proportions of a face: its landmarks near the mean face once they lie on it, eyes above the mouth, and half of it in
 * the picture. Profiles pass: their points lie 0.12 from the mean face.
 */
export function isPlausible({ points }: FaceMesh, { width, height }: Pick<Picture, 'width' | 'height'>): boolean {
  const rect = boxOf(points);
  if (!(overlap(rect, [0, 0, width, height]) > VISIBLE * areaOf(rect))) return false;
  return oddness(landmarks68(points)) < ODD;
}

/** Root mean square distance of eyes and mouth corners from where the mean face has them; infinite if they lie upside down. */
export function oddness(landmarks: Landmarks): number {
  const unit = mapPoints(unitFromImage(landmarks), landmarks);
  const at = (from: number, to: number): readonly [number, number] => {
    let [x, y] = [0, 0];
    for (let i = from; i < to; i++) {
      x += unit[i * 2]! / (to - from);
      y += unit[i * 2 + 1]! / (to - from);
    }
    return [x, y];
  };
  const [left, right, mouth] = [at(36, 42), at(42, 48), at(48, 60)];
  if (!(mouth[1] > left[1] && mouth[1] > right[1])) return Infinity;
  const off = [left[0] - 0.227, left[1] - 0.213, right[0] - 0.755, right[1] - 0.213, mouth[0] - 0.49, mouth[1] - 0.82];
  return Math.sqrt(off.reduce((sum, v) => sum + v * v, 0) / 3);
}
