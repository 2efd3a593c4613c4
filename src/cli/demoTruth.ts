/** The truth of rendered clips: what a perfect swap of each aligned face shows, and where to compare, cropped from the clips that hold it. */
import { mkdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { FormatError } from '../base/index.ts';
import { openFaces } from '../faceset/index.ts';
import { type Affine, type ByteImage, type FloatImage, floatFromBytes, grayBytes, warpAffine } from '../image/index.ts';
import { nodeCodec } from '../platform/node/codec.ts';
import { nodeFolder, replaceFile } from '../platform/node/files.ts';
import { openClip } from '../platform/node/video.ts';
import type { Frame, FrameSource } from '../video/index.ts';

export interface TruthClips {
  /** The source person in the destination's place, frame by frame. */
  readonly truth: string;
  /** The visible face of the source person there, and of the destination, as brightness. */
  readonly masks: readonly string[];
}

interface Place {
  readonly name: string;
  readonly size: readonly [number, number];
  readonly faceFromFrame: Affine;
}

/** Faces by the number of their frame, from 0. */
type Places = ReadonlyMap<number, readonly Place[]>;

/**
 * Writes NAME.jpg and NAME_mask.png for every face of a folder whose source file name is the number of a frame, from 1.
 *
 * @returns how many faces have a truth now.
 * @throws FormatError if a clip ends before the last of these frames.
 */
export async function writeTruth(faces: string, { truth, masks }: TruthClips, target: string): Promise<number> {
  const places = await placesOf(faces);
  await mkdir(target, { recursive: true });
  const sources: FrameSource[] = [];
  try {
    for (const path of [truth, ...masks]) sources.push(await openClip(path));
    return await writePlaces(places, sources, target);
  } finally {
    for (const source of sources) await source[Symbol.asyncDispose]();
  }
}

async function writePlaces(places: Places, sources: readonly FrameSource[], target: string): Promise<number> {
  const codec = nodeCodec();
  const streams = sources.map((source) => source.frames({ to: Math.max(...places.keys()) + 1 })[Symbol.asyncIterator]());
  let count = 0;
  for (let index = 0; index <= Math.max(...places.keys()); index++) {
    const [picture, ...outlines] = await Promise.all(streams.map((stream, i) => nextOf(stream, sources[i]!, index)));
    for (const place of places.get(index) ?? []) {
      const face = cropped(picture!.image, place);
      const inside = outlines.map(({ image }) => cropped(image, place)).reduce(darker);
      const stem = join(target, basename(place.name, extname(place.name)));
      const gray = { ...inside, channels: 1, data: inside.data.filter((_, i) => i % 3 === 0) };
      await replaceFile(`${stem}.jpg`, [await codec.encodeJpeg(rgbOf(face), 97)]);
      await replaceFile(`${stem}_mask.png`, [await codec.encodePng(grayBytes(gray))]);
      count++;
    }
  }
  return count;
}

async function placesOf(faces: string): Promise<Places> {
  await using set = await openFaces(nodeFolder(faces));
  const places = new Map<number, Place[]>();
  for (let i = 0; i < set.count; i++) {
    const { sourceFilename, imageToFace } = set.metadata(i);
    const number = Number(/^(\d+)\.\w+$/.exec(sourceFilename ?? '')?.[1] ?? Number.NaN);
    if (Number.isNaN(number) || imageToFace === undefined) continue;
    const [a, b, tx, c, d, ty] = imageToFace as unknown as Affine;
    places.set(number - 1, [
      ...(places.get(number - 1) ?? []),
      { name: set.name(i), size: set.size(i), faceFromFrame: [a, b, tx, c, d, ty] },
    ]);
  }
  if (places.size === 0) throw new FormatError(`${faces}: no face says which frame of the clip it comes from`);
  return places;
}

async function nextOf(stream: AsyncIterator<Frame>, { info }: FrameSource, index: number): Promise<Frame> {
  const { value, done } = await stream.next();
  if (done === true) throw new FormatError(`${info.name}: ends before frame ${index + 1}`, { next: 'restore the file' });
  return value;
}

const cropped = (image: ByteImage, { size: [width, height], faceFromFrame }: Place): FloatImage =>
  warpAffine(floatFromBytes(image), faceFromFrame, { width, height, filter: 'linear', border: 'zero' });

const darker = (a: FloatImage, b: FloatImage): FloatImage => ({ ...a, data: a.data.map((x, i) => Math.min(x, b.data[i]!)) });

const rgbOf = ({ width, height, data }: FloatImage): ByteImage => ({
  ...{ width, height, channels: 3 },
  data: Uint8Array.from(data, (x) => Math.round(Math.min(1, Math.max(0, x)) * 255)),
});
