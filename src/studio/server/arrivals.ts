/** Files that arrive from the page: clips, and photos into a folder of theirs. Never over another file, and only whole. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, mkdir, open, rename, rm, statfs } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OptionError, ResourceError } from '../../base/index.ts';
import { isPictureName } from '../../platform/node/picturePaths.ts';
import { fileName } from '../protocol.ts';
import { clipEndings, isClipName } from './clips.ts';
import type { Places } from './places.ts';

/** Left on the disk after an upload, so that saves still fit. */
const SPARE_BYTES = 512 * 1024 * 1024;

export interface Arrival {
  /** As the sender calls it, a file name. */
  readonly name: string;
  readonly body: ReadableStream<Uint8Array>;
  /** Bytes that were announced. */
  readonly length: number;
  readonly signal: AbortSignal;
}

/** How long the rest of a refused upload is read: at loopback's pace, some gigabytes. */
const READ_AWAY_MS = 2000;

/** The file of a request whose body it is. @throws OptionError if its length is not announced or it has no plain name. */
function arrivalOf(name: string, request: Request): Arrival {
  const length = Number(request.headers.get('content-length') ?? Number.NaN);
  if (!Number.isSafeInteger(length) || length <= 0 || request.body === null)
    throw new OptionError('the length of the file is not announced', { expected: 'a header content-length' });
  return { name: fileName().read(name, 'name'), body: request.body, length, signal: request.signal };
}

/** Takes the file of a request in. If it is refused, what is still being sent is read first: one who is sending does not hear why. */
export async function taking<T>(name: string, request: Request, take: (arrival: Arrival) => Promise<T>): Promise<T> {
  try {
    return await take(arrivalOf(name, request));
  } catch (error) {
    if (request.body !== null) await readAway(request.body);
    throw error;
  }
}

/** Reads what is still being sent, within bounds. */
async function readAway(body: ReadableStream<Uint8Array>): Promise<void> {
  if (body.locked) return;
  const reader = body.getReader();
  const end = Date.now() + READ_AWAY_MS;
  for (;;) {
    const left = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), Math.max(0, end - Date.now())).unref());
    const got = await Promise.race([reader.read().catch(() => 'late' as const), left]);
    if (got === 'late' || got.done) return;
  }
}

/**
 * Writes a clip that is sent into the workspace, under a free name.
 *
 * @returns its place in the workspace.
 * @throws OptionError if it is no clip by its name, or other bytes come than announced. @throws ResourceError if there is no room.
 */
export async function receiveClip(places: Places, arrival: Arrival): Promise<string> {
  const { name } = arrival;
  if (!isClipName(name))
    throw new OptionError(`${name}: not a clip by its name`, { expected: `a name that ends in ${clipEndings.join(', ')}` });
  await places.at(name);
  return await kept(places, arrival, places.root);
}

/** Writes a photo into a folder of the workspace, which is made. @throws as receiveClip. */
export async function receivePicture(places: Places, folder: string, arrival: Arrival): Promise<string> {
  const { name } = arrival;
  if (!isPictureName(name))
    throw new OptionError(`${name}: not a picture by its name`, { expected: 'jpg, jpeg, png, webp, tif, tiff or bmp' });
  await places.at(`${folder}/${name}`);
  const target = await places.at(folder);
  await mkdir(target, { recursive: true });
  return await kept(places, arrival, target);
}

async function kept(places: Places, arrival: Arrival, folder: string): Promise<string> {
  return await withDraft(places, arrival, async (draft) => places.nameOf(await settleAs(draft, folder, arrival.name)));
}

/** Lets something be done with the bytes in a file of their own, which is then removed. */
export async function withDraft<T>(
  places: Places,
  { name, body, length, signal }: Arrival,
  use: (draft: string) => Promise<T>,
): Promise<T> {
  const { bavail, bsize } = await statfs(places.root);
  if (length + SPARE_BYTES > bavail * bsize)
    throw new ResourceError(`${name}: no room for it`, {
      found: `${length} bytes to come, ${bavail * bsize} free`,
      next: 'free some space',
    });
  await mkdir(places.own('incoming'), { recursive: true });
  const draft = places.own('incoming', `${randomUUID()}${extname(name).slice(0, 12)}`);
  try {
    let received = 0;
    const counted = async function* (pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
      for await (const piece of pieces) {
        received += piece.length;
        if (received > length) throw new OptionError(`${name}: more bytes came than were announced`, { expected: `${length} bytes` });
        yield piece;
      }
    };
    await pipeline(Readable.fromWeb(body as never), counted, createWriteStream(draft, { flags: 'wx' }), { signal });
    if (received !== length)
      throw new OptionError(`${name}: it broke off`, { found: `${received} of ${length} bytes`, next: 'send it again' });
    return await use(draft);
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Gives the draft its name, or NAME-2 and so on; never over another file.
 *
 * @param again  false: where the name is taken, nothing is done.
 * @returns its path.
 */
export async function settleAs(draft: string, folder: string, name: string, again = true): Promise<string> {
  const kind = extname(name);
  for (let n = 1; ; n++) {
    const path = join(folder, n === 1 ? name : `${name.slice(0, name.length - kind.length)}-${n}${kind}`);
    if ((await taken(draft, path)) || !again) return path;
  }
}

/** @returns whether the name was free and is now the draft's. */
async function taken(draft: string, path: string): Promise<boolean> {
  const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
  try {
    await link(draft, path);
    await rm(draft);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(String(codeOf(error)))) throw error;
  }
  // A disk without links (exFAT): the name is taken by an empty file, which the draft then replaces.
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  await rename(draft, path);
  return true;
}
