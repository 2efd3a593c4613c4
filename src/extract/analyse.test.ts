/** A face that something crosses goes on while the detectors see it where it is expected and one of two looks is sure; under no less than that. */
import { expect, test } from 'vitest';
import { type FakeFace, fakeImage, fakeModels } from '../../test/support/fakeFaces.ts';
import type { FaceModels } from '../vision/index.ts';
import type { FaceRecord } from './alignments.ts';
import { Analyser } from './analyse.ts';

interface Covered {
  /** What the two looks say of the third frame, and whether the detectors see the face. */
  readonly glance: number;
  readonly look: number;
  readonly detected: boolean;
  /** Where the mesh network sees the face in it. */
  readonly at?: Partial<FakeFace>;
  /** Frames before it that show the face; without any, the frame is the first one. */
  readonly before?: readonly FakeFace[];
  readonly shade?: number;
}

const face: FakeFace = { x: 100, y: 110, side: 60 };
const seen: readonly FakeFace[] = [face, { ...face, x: 101 }];

/** The faces of the frame in which something crosses the face. */
async function covered({ glance, look, detected, at = {}, before = seen, shade = 90 }: Covered): Promise<readonly FaceRecord[]> {
  const models = fakeModels();
  let under = false;
  const network: FaceModels = {
    ...models,
    detect: async (image) => (under && !detected ? [] : models.detect(image)),
    glance: async (image, region) => ({ ...(await models.glance(image, region)), ...(under ? { presence: glance } : {}) }),
    mesh: async (image, region) => ({ ...(await models.mesh(image, region)), ...(under ? { presence: look } : {}) }),
  };
  const analyser = new Analyser(network, { tiles: 1, turned: false, identity: false, stills: false });
  for (const [index, faces] of before.entries()) await analyser.frame({ index, time: index / 25, image: fakeImage([faces]) });
  under = true;
  const [index, image] = [before.length, fakeImage([{ ...face, x: 102, ...at }], shade)];
  return (await analyser.frame({ index, time: index / 25, image })).faces;
}

test('a half covered face that the detectors see where it is expected is kept by a sure glance, with the presence of the second look', async () => {
  const faces = await covered({ glance: 0.8, look: 0.1, detected: true });
  expect(faces.map(({ presence, score }) => [presence, score])).toEqual([[0.1, 0.9]]);
});

test('it is not kept if the detectors do not see it, or neither look is sure', async () => {
  expect(await covered({ glance: 0.8, look: 0.1, detected: false })).toEqual([]);
  expect(await covered({ glance: 0.45, look: 0.1, detected: true })).toEqual([]);
});

test('it is not kept where no face was expected: in the first frame, behind a cut, beside the track, at another size', async () => {
  expect(await covered({ glance: 0.8, look: 0.1, detected: true, before: [] })).toEqual([]);
  expect(await covered({ glance: 0.8, look: 0.1, detected: true, shade: 250 })).toEqual([]);
  expect(await covered({ glance: 0.8, look: 0.1, detected: true, at: { x: 127 } })).toEqual([]);
  expect(await covered({ glance: 0.8, look: 0.1, detected: true, at: { side: 84 } })).toEqual([]);
});
