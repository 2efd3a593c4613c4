/**
 * Groups of faces of one person, from vectors of identity: each face joins the nearest group whose mean is near enough, or founds one; then
 * means and members are made to agree. Deterministic: faces count in their order.
 */
import { squaredDistance } from './chains.ts';

/** Two pictures of one person are usually nearer than this. Source: measured on this network's vectors. */
export const SAME_PERSON = 0.5;
const WIDTH = 128;
/** Rounds in which faces may still move between groups. */
const ROUNDS = 8;

export interface Person {
  /** Mean of the members' vectors. */
  readonly mean: Float32Array;
  /** The faces, nearest to the mean first. */
  readonly faces: readonly number[];
  /** Root mean square of the members' distances to the mean. */
  readonly spread: number;
}

export interface ClusterOptions {
  /** Largest distance to a group's mean. */
  readonly threshold?: number | undefined;
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/**
 * @param identity  128 numbers for each face of the set.
 * @param faces  those to be grouped; each must have a vector.
 * @returns groups, the largest first; of equal ones that with the earliest face.
 */
export function cluster(identity: Float32Array, faces: readonly number[], options: ClusterOptions = {}): readonly Person[] {
  const limit = (options.threshold ?? SAME_PERSON) ** 2;
  const groups = new Groups();
  let member = Int32Array.from(faces, (face, k) => {
    if (k % 1000 === 0) options.progress?.(k, faces.length);
    const near = groups.nearest(identity, face * WIDTH, limit);
    return near === undefined ? groups.found(identity, face * WIDTH) : groups.join(near, identity, face * WIDTH);
  });
  for (let round = 0; round < ROUNDS; round++) {
    groups.mergeWithin(limit);
    let moved = 0;
    const next = Int32Array.from(faces, (face, k) => {
      const near = groups.nearest(identity, face * WIDTH, limit) ?? groups.found(identity, face * WIDTH);
      if (groups.alias(member[k]!) !== near) moved++;
      return near;
    });
    member = next;
    groups.recount(identity, faces, member);
    if (moved === 0) break;
  }
  options.progress?.(faces.length, faces.length);
  return groups.people(identity, faces, member);
}

/** Distance of each of `faces` to the mean of the largest group. */
export function distanceToMain(identity: Float32Array, faces: readonly number[]): Float64Array {
  const [main] = cluster(identity, faces);
  return Float64Array.from(faces, (face) => Math.sqrt(squaredDistance(identity, face * WIDTH, main!.mean, 0, WIDTH)));
}

/** Means and sizes of groups, in arrays that grow. A group without members stays in its place and is passed over. */
class Groups {
  #count = 0;
  #means = new Float32Array(16 * WIDTH);
  #sums = new Float64Array(16 * WIDTH);
  readonly #sizes: number[] = [];
  readonly #aliases: number[] = [];

  /** The group with the nearest mean whose squared distance is below the limit. */
  nearest(vectors: Float32Array, at: number, limit: number): number | undefined {
    let [best, least] = [-1, limit];
    for (let g = 0; g < this.#count; g++) {
      if (this.#sizes[g] === 0) continue;
      const d = squaredDistance(vectors, at, this.#means, g * WIDTH, WIDTH);
      if (d < least) [best, least] = [g, d];
    }
    return best < 0 ? undefined : best;
  }

  found(vectors: Float32Array, at: number): number {
    if ((this.#count + 1) * WIDTH > this.#means.length) {
      const [means, sums] = [new Float32Array(this.#means.length * 2), new Float64Array(this.#means.length * 2)];
      means.set(this.#means);
      sums.set(this.#sums);
      [this.#means, this.#sums] = [means, sums];
    }
    this.#sizes.push(0);
    this.#aliases.push(this.#count);
    return this.join(this.#count++, vectors, at);
  }

  join(group: number, vectors: Float32Array, at: number): number {
    const size = ++this.#sizes[group]!;
    for (let d = 0, p = group * WIDTH; d < WIDTH; d++, p++) {
      this.#sums[p]! += vectors[at + d]!;
      this.#means[p] = this.#sums[p]! / size;
    }
    return group;
  }

  /** Where the members of a group went. */
  alias(group: number): number {
    let g = group;
    while (this.#aliases[g] !== g) g = this.#aliases[g]!;
    return g;
  }

  /** Joins groups whose means lie within half the limit of a face: the smaller into the larger, earliest first. */
  mergeWithin(limit: number): void {
    for (let a = 0; a < this.#count; a++) {
      for (let b = a + 1; b < this.#count && this.#sizes[a]! > 0; b++) {
        if (this.#sizes[b] === 0) continue;
        if (squaredDistance(this.#means, a * WIDTH, this.#means, b * WIDTH, WIDTH) >= limit / 2) continue;
        const [to, from] = this.#sizes[a]! >= this.#sizes[b]! ? [a, b] : [b, a];
        for (let d = 0; d < WIDTH; d++) this.#sums[to * WIDTH + d]! += this.#sums[from * WIDTH + d]!;
        this.#sizes[to]! += this.#sizes[from]!;
        this.#sizes[from] = 0;
        this.#aliases[from] = to;
        for (let d = to * WIDTH; d < (to + 1) * WIDTH; d++) this.#means[d] = this.#sums[d]! / this.#sizes[to]!;
      }
    }
  }

  recount(vectors: Float32Array, faces: readonly number[], member: Int32Array): void {
    this.#sums.fill(0);
    this.#sizes.fill(0);
    for (const [k, face] of faces.entries()) {
      const group = member[k]!;
      this.#sizes[group]!++;
      for (let d = 0; d < WIDTH; d++) this.#sums[group * WIDTH + d]! += vectors[face * WIDTH + d]!;
    }
    for (let g = 0; g < this.#count; g++) {
      if (this.#sizes[g] === 0) continue;
      for (let d = g * WIDTH; d < (g + 1) * WIDTH; d++) this.#means[d] = this.#sums[d]! / this.#sizes[g]!;
    }
  }

  people(vectors: Float32Array, faces: readonly number[], member: Int32Array): Person[] {
    const lists: number[][] = Array.from({ length: this.#count }, () => []);
    for (const [k, face] of faces.entries()) lists[member[k]!]!.push(face);
    const earliest = lists.map((list) => list[0]);
    const order = lists.map((_, g) => g).sort((a, b) => lists[b]!.length - lists[a]!.length || earliest[a]! - earliest[b]!);
    return order.flatMap((g): Person[] => {
      const list = lists[g]!;
      if (list.length === 0) return [];
      const mean = this.#means.slice(g * WIDTH, (g + 1) * WIDTH);
      const distance = new Map(list.map((face) => [face, squaredDistance(vectors, face * WIDTH, mean, 0, WIDTH)]));
      const spread = Math.sqrt([...distance.values()].reduce((a, b) => a + b, 0) / list.length);
      return [{ mean, faces: list.sort((a, b) => distance.get(a)! - distance.get(b)!), spread }];
    });
  }
}
