/** Tables of the reference that the program derives or carries: the layers of the patch discriminator, and the geometry of faces. */
import { FormatError } from '../base/index.ts';
import { type FaceType, faceTypeInfo, faceTypes, fitIndices, meanFace, mirrorPairs, model3d, poseIndices } from '../face/index.ts';
import { patchStrides, receptiveField } from '../models/index.ts';
import { type CaseRunner, compare, same } from './case.ts';

interface Layers {
  readonly layers: Readonly<Record<string, { readonly strides: readonly number[]; readonly rf: number }>>;
}

/** For every patch size the strides of the 3×3 layers, and the receptive field. */
export const ganLayers: CaseRunner = async ({ name, index }) => {
  const { layers } = index as unknown as Layers;
  if (typeof layers !== 'object') throw new FormatError(`${name}: no table "layers"`);
  return Object.entries(layers).map(([size, { strides, rf }]) => {
    const ours = patchStrides(Number(size));
    const ok = ours.join() === strides.join() && receptiveField(ours) === rf;
    return same(`patch size ${size}`, ok, `[${ours}] seeing ${receptiveField(ours)}, expected [${strides}] seeing ${rf}`);
  });
};

interface Constants {
  readonly mean33: readonly (readonly number[])[];
  readonly model3d_33: readonly (readonly number[])[];
  readonly padding: Readonly<Record<string, number>>;
  readonly mirror: readonly (readonly number[])[];
}

/** The tables are float32 in the reference. */
const single = { abs: 0, rel: 1.2e-7 };

export const faceConstants: CaseRunner = async ({ index }) => {
  const { mean33, model3d_33: model33, padding, mirror } = index as unknown as Constants;
  const pairs = (all: readonly (readonly number[])[]): string => JSON.stringify(all.map((pair) => [...pair]).sort((a, b) => a[0]! - b[0]!));
  const mean = fitIndices.flatMap((i) => meanFace.slice((i - 17) * 2, (i - 17) * 2 + 2));
  const model = poseIndices.flatMap((i) => model3d.slice(i * 3, i * 3 + 3));
  return [
    compare('mean33', mean, mean33.flat(), single),
    compare('model3d_33', model, model33.flat(), single),
    ...Object.entries(padding).map(([type, expected]) => {
      const ours = faceTypes.includes(type as FaceType) ? faceTypeInfo(type as FaceType).padding : undefined;
      return same(`padding of ${type}`, ours === expected, `${ours}, expected ${expected}`);
    }),
    same('mirror', pairs(mirrorPairs) === pairs(mirror), `${pairs(mirrorPairs)}, expected ${pairs(mirror)}`),
  ];
};
