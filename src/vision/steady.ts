/**
 * Landmarks that tremble less: the mean of several looks at a face, each turned and scaled a little. What the network makes of the grid
 * of pixels differs from look to look and averages out; what it makes of the face does not.
 */
import type { ByteImage } from '../image/index.ts';
import type { FaceMesh, FaceModels, Region } from './faceModels.ts';

/** How much each look is turned, in radians, and scaled. Opposite looks, so that their mean is that of the region itself. */
const looksOf = {
  1: [[0, 1]],
  2: [
    [-0.06, 1],
    [0.06, 1],
  ],
  4: [
    [-0.06, 1.04],
    [0.06, 1.04],
    [-0.06, 0.96],
    [0.06, 0.96],
  ],
} as const;

/** How many looks there can be. */
export type Looks = keyof typeof looksOf;

/**
 * The mean mesh of several looks at a region; its presence is the least of theirs. Each costs one pass of the mesh network. Measured on
 * rendered clips, two looks take out a fifth of the points' trembling and a quarter of the alignment's, four 30 % of both.
 */
export async function steadyMesh(models: Pick<FaceModels, 'mesh'>, image: ByteImage, region: Region, looks: Looks = 2): Promise<FaceMesh> {
  const meshes: FaceMesh[] = [];
  for (const [turn, scale] of looksOf[looks]) {
    meshes.push(await models.mesh(image, { ...region, angle: region.angle + turn, side: region.side * scale }));
  }
  const [first, ...others] = meshes;
  const points = first!.points.map((v, i) => others.reduce((sum, { points: p }) => sum + p[i]!, v) / meshes.length);
  return { points, presence: Math.min(...meshes.map(({ presence }) => presence)) };
}
