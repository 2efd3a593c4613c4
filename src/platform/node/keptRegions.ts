/**
 * Regions that a hand drew on the faces of a folder, put into the edits beside them before the faces are made anew, and found again when they
 * are.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeMask, polygonMask, storedMask } from '../../curate/index.ts';
import { type Edit, editsText, type FoundRegions, parseEdits, regionsOn, withRegions } from '../../extract/index.ts';
import { type FaceFile, liaeFields } from '../../faceset/index.ts';
import { nodeCodec } from './codec.ts';
import { textOf } from './extractFiles.ts';
import { storedFace } from './extractHand.ts';
import { replaceFile } from './files.ts';

const codec = nodeCodec();

/** Whether the face's mask is the one that its regions make. */
async function hasTheirMask({ metadata: { polygons, xsegMask }, jpeg }: FaceFile): Promise<boolean> {
  if (xsegMask === undefined || polygons.length === 0) return false;
  const made = await encodeMask(storedMask(polygonMask(polygons, jpeg.width, jpeg.height)), codec);
  return made.length === xsegMask.length && made.every((v, i) => v === xsegMask[i]);
}

/** Regions of all faces of a folder that are of this clip, whatever the files are called now. */
export async function regionsIn(folder: string, clip: string): Promise<readonly FoundRegions[]> {
  const found: FoundRegions[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (!/\.jpe?g$/i.test(name)) continue;
    const face = await storedFace(join(folder, name));
    if (face === undefined || face === 'foreign' || liaeFields(face.dict).sourceHash !== clip) continue;
    const regions = regionsOn(face, await hasTheirMask(face));
    if (regions !== undefined) found.push(regions);
  }
  return found;
}

/** The edits in a file; none if there is no file. @throws FormatError if it is damaged. */
export async function editsIn(file: string): Promise<readonly Edit[]> {
  const text = await textOf(file);
  return text === undefined ? [] : parseEdits(text, file);
}

/** Puts the regions of a clip's faces into the file of edits, from where they are drawn on the faces made next. */
export async function keepRegions(folder: string, clip: string, file: string): Promise<void> {
  const before = await editsIn(file);
  const after = withRegions(before, await regionsIn(folder, clip));
  const text = editsText(after);
  if (text !== editsText(before)) await replaceFile(file, [new TextEncoder().encode(text)]);
}
