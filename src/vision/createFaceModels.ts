/**
 * The FaceModels port over MediaPipe's networks and dlib's identity network, wherever they come from and whatever runs them.
 */

import { sizeOf } from '../base/index.ts';
import { floatImage, type Picture } from '../image/index.ts';
import type { Feed, Program } from '../runtime/index.ts';
import { area, type DetectorKind, decodeDetections, fullRange, joinBetween, joinWithin, shortRange } from './detector.ts';
import type { Detection, DetectOptions, FaceModels, Region } from './faceModels.ts';
import { IDENTITY_SIZE, identityMean, identityRegion } from './identity.ts';
import { coarseFromOutputs, MESH_SIZE, meshFromOutputs } from './mesh.ts';
import { type Tile, TileReader } from './picture.ts';
import { imageFromSquare, pictureFromSquare, tilesOf, wholePicture } from './squares.ts';

export type FaceNetworkName = 'fullRange' | 'shortRange' | 'attentionMesh' | 'coarseMesh' | 'person' | 'identity';

export interface FaceNetworks extends AsyncDisposable {
  /** The network, compiled when it is first asked for: input `input` [1, 3, h, w] of R, G, B. */
  program(name: FaceNetworkName): Promise<Program>;
}

const PERSON_SIZE = 256;
/** Share of a tile's side; a box that comes as close to an inner edge of the tile is cut by it. */
const CUT = 0.02;

/** @param networks disposed of with the result. */
export function createFaceModels(networks: FaceNetworks): FaceModels {
  const reader = new TileReader();
  /** Where each network's results go, from run to run. */
  const results = new Map<FaceNetworkName, Readonly<Record<string, Feed>>>();
  let last: Promise<unknown> = Promise.resolve();
  /** One run after another: they share the memory of their tiles, and the runtime would not overlap them. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };

  const run = async (name: FaceNetworkName, image: Picture, tile: Tile): Promise<Readonly<Record<string, Feed>>> => {
    if ('channels' in image && image.channels !== 3)
      throw new RangeError(`a picture of ${image.channels} channels; the face networks see R, G, B`);
    const program = await networks.program(name);
    const into = results.get(name) ?? roomFor(program);
    results.set(name, into);
    return program.run({ input: { shape: [1, 3, tile.height, tile.width], data: reader.read(image, tile) } }, undefined, into);
  };

  const look = async (kind: DetectorKind, image: Picture, square: Region, threshold = kind.threshold): Promise<Detection[]> => {
    const { size } = kind;
    const pictureFromTile = pictureFromSquare(square, size);
    const tile: Tile = { width: size, height: size, pictureFromTile, outside: 'zero', scale: 2 / 255, offset: [-1, -1, -1] };
    const outputs = await run(kind.network, image, tile);
    const [boxes, scores] = [floatsOf(outputs, kind.boxes), floatsOf(outputs, kind.scores)];
    return joinWithin(decodeDetections(kind, boxes, scores, imageFromSquare(square, size), threshold));
  };

  const lookAt = (name: FaceNetworkName, image: Picture, region: Region): Promise<Readonly<Record<string, Feed>>> => {
    const size = { width: MESH_SIZE, height: MESH_SIZE };
    return run(name, image, {
      ...size,
      pictureFromTile: pictureFromSquare(region, MESH_SIZE),
      outside: 'replicate',
      scale: 1 / 255,
      offset: [0, 0, 0],
    });
  };

  const detect = async (image: Picture, { tiles = 1, turned = false, threshold }: DetectOptions): Promise<readonly Detection[]> => {
    const { width, height } = image;
    const angles = turned ? [0, Math.PI / 2, -Math.PI / 2] : [0];
    const found: Detection[] = [];
    for (const angle of angles) found.push(...(await look(fullRange, image, wholePicture(width, height, angle), threshold)));
    found.push(...(await look(shortRange, image, wholePicture(width, height), threshold)));
    for (const tile of tiles > 1 ? tilesOf(width, height, tiles) : []) {
      const seen = await look(fullRange, image, tile, threshold);
      found.push(...seen.filter((d) => !isCut(d, tile, width, height)));
    }
    return joinBetween(found).sort((a, b) => area(b) - area(a));
  };

  return {
    detect: (image, options = {}) => inTurn(() => detect(image, options)),
    mesh: (image, region) =>
      inTurn(async () => meshFromOutputs(await lookAt('attentionMesh', image, region), imageFromSquare(region, MESH_SIZE))),
    glance: (image, region) =>
      inTurn(async () => coarseFromOutputs(await lookAt('coarseMesh', image, region), imageFromSquare(region, MESH_SIZE))),
    person: (image) =>
      inTurn(async () => {
        const out = floatImage(PERSON_SIZE, PERSON_SIZE, 1);
        const size = { width: PERSON_SIZE, height: PERSON_SIZE };
        const pictureFromTile = [image.width / PERSON_SIZE, 0, 0, 0, image.height / PERSON_SIZE, 0] as const;
        const tile: Tile = { ...size, pictureFromTile, outside: 'replicate', scale: 1 / 255, offset: [0, 0, 0] };
        out.data.set(floatsOf(await run('person', image, tile), 'activation_10'));
        return out;
      }),
    identity: (image, landmarks) =>
      inTurn(async () => {
        const pictureFromTile = pictureFromSquare(identityRegion(landmarks), IDENTITY_SIZE);
        const [r, g, b] = identityMean;
        const size = { width: IDENTITY_SIZE, height: IDENTITY_SIZE };
        const tile: Tile = { ...size, pictureFromTile, outside: 'replicate', scale: 1 / 255, offset: [-r / 255, -g / 255, -b / 255] };
        return Float32Array.from(floatsOf(await run('identity', image, tile), 'embedding'));
      }),
    [Symbol.asyncDispose]: () => inTurn(async () => networks[Symbol.asyncDispose]()),
  };
}

/** Whether the box ends at an edge of the tile that is not one of the picture. */
function isCut({ box: [left, top, right, bottom] }: Detection, { x, y, side }: Region, width: number, height: number): boolean {
  const [half, near] = [side / 2, side * CUT];
  return (
    (left < x - half + near && x - half > 0) ||
    (top < y - half + near && y - half > 0) ||
    (right > x + half - near && x + half < width - 1) ||
    (bottom > y + half - near && y + half < height - 1)
  );
}

/** Arrays for the outputs whose sizes the network says. */
function roomFor({ outputs }: Program): Readonly<Record<string, Feed>> {
  const room: Record<string, Feed> = {};
  for (const { name, type, shape } of outputs) {
    const lengths = shape.filter((length) => length !== undefined);
    if (type === 'float32' && lengths.length === shape.length) room[name] = { shape: lengths, data: new Float32Array(sizeOf(lengths)) };
  }
  return room;
}

function floatsOf(outputs: Readonly<Record<string, Feed>>, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (!(data instanceof Float32Array)) throw new Error(`the network gave no ${name}`);
  return data;
}
