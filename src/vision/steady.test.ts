/** The mean of several looks, over a network that gives where it looked. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import type { Region } from './faceModels.ts';
import { type Looks, steadyMesh } from './steady.ts';

const image = { width: 1, height: 1, channels: 3, data: new Uint8Array(3) };

test.each([1, 2, 4] as const)(
  '%d looks are spread evenly around the region, and their mean is what they agree on',
  async (looks: Looks) => {
    const region: Region = { x: 5, y: 6, side: 100, angle: 0.3 };
    const regions: Region[] = [];
    const mesh = async (_: unknown, seen: Region): Promise<{ points: Float32Array; presence: number }> => {
      regions.push(seen);
      return { points: Float32Array.of(7, seen.angle, seen.side), presence: 1 - regions.length / 10 };
    };
    const { points, presence } = await steadyMesh({ mesh }, image, region, looks);
    expect(regions.length).toBe(looks);
    expect(new Set(regions.map(({ angle, side }) => `${angle} ${side}`)).size).toBe(looks);
    expectClose(points, [7, 0.3, 100], { abs: 1e-5 });
    expect(presence).toBeCloseTo(1 - looks / 10, 9);
  },
);
