/**
 * Files on their way into the workspace: clips beside each other, photos into a folder of their own. One after the other, so that a slow disk is not
 * asked for several at a time; what was dropped meanwhile waits.
 */
import { clipPath, photoPath, sendFile } from './api.ts';
import { attempt, notify, studio, workspace } from './store.ts';
import { computed, signal } from './ui.ts';
import { count, t } from './words.ts';

const clipName = /\.(mp4|mov|mkv|webm|avi|m4v|mxf|m?ts|m2ts|mpe?g|wmv|flv)$/i;
const photoName = /\.(jpe?g|png|webp|tiff?|bmp)$/i;
/** Of a folder that is dropped. */
const MOST_FILES = 20_000;
const DEEPEST = 4;

export interface Found {
  readonly file: File;
  /** Folder that it was dropped with. */
  readonly folder: string | undefined;
}

interface Waiting {
  readonly file: File;
  /** Path of the request that takes it. */
  readonly path: string;
}

export interface Batch {
  readonly files: number;
  /** Files that are there. */
  readonly done: number;
  readonly bytes: number;
  readonly sent: number;
  /** The one under way. */
  readonly name: string;
  readonly began: number;
}

/** Undefined while nothing is on its way. */
export const batch = signal<Batch | undefined>(undefined);
export const uploading = computed(() => batch.value !== undefined);
let waiting: Waiting[] = [];
let cancel = new AbortController();

/** Takes what can be used; what cannot is named once. */
export async function addFiles(found: readonly Found[]): Promise<void> {
  if (studio.value?.workspace == null) return;
  const clips = found.filter(({ file }) => clipName.test(file.name));
  const photos = found.filter(({ file }) => photoName.test(file.name));
  const others = found.filter((each) => !clips.includes(each) && !photos.includes(each) && !each.file.name.startsWith('.'));
  if (others.length > 0)
    notify('problem', {
      message: t('leftOut', count(others.length)),
      found: others
        .slice(0, 5)
        .map(({ file }) => file.name)
        .join(', '),
      expected: t('leftOutExpected'),
    });
  const folders = new Map<string, string>();
  for (const { folder = 'photos' } of photos) if (!folders.has(folder)) folders.set(folder, freeFolder(folder, [...folders.values()]));
  await send([
    ...clips.map(({ file }) => ({ file, path: clipPath(file.name) })),
    ...photos.map(({ file, folder = 'photos' }) => ({ file, path: photoPath(folders.get(folder)!, file.name) })),
  ]);
}

/** Photos of two people must not meet in one folder. */
function freeFolder(wish: string, taken: readonly string[]): string {
  const plain = wish.replace(/[\\/:\0]/g, ' ').replace(/^\.+/, '') || 'photos';
  const { clips = [], facesets = [], models = [] } = workspace.value ?? {};
  const known = [...[...clips, ...facesets, ...models].flatMap(({ path }) => [path, path.split('/')[0]!]), ...taken];
  for (let n = 1; ; n++) {
    const name = n === 1 ? plain : `${plain}-${n}`;
    if (!known.includes(name)) return name;
  }
}

async function send(files: readonly Waiting[]): Promise<void> {
  if (files.length === 0) return;
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  waiting.push(...files);
  if (batch.value !== undefined) {
    batch.value = { ...batch.value, files: batch.value.files + files.length, bytes: batch.value.bytes + bytes };
    return;
  }
  cancel = new AbortController();
  batch.value = { files: files.length, done: 0, bytes, sent: 0, name: '', began: performance.now() };
  for (let next = waiting.shift(); next !== undefined && !cancel.signal.aborted; next = waiting.shift()) {
    const { file, path } = next;
    const before = batch.value.sent;
    batch.value = { ...batch.value, name: file.name };
    const sent = await attempt(() => sendOne(file, path, (bytes) => moved(before + bytes)));
    moved(before + file.size);
    if (sent !== 'cancelled') batch.value = { ...batch.value, done: batch.value.done + 1 };
  }
  const { done, files: all } = batch.value;
  batch.value = undefined;
  if (cancel.signal.aborted) notify('done', { message: t('uploadsCancelled', count(done), count(all)) });
}

async function sendOne(file: File, path: string, tell: (sent: number) => void): Promise<'sent' | 'cancelled'> {
  try {
    await sendFile(path, file, { onProgress: (sent) => tell(Math.min(sent, file.size)), signal: cancel.signal });
    return 'sent';
  } catch (error) {
    if (cancel.signal.aborted) return 'cancelled';
    throw error;
  }
}

const moved = (sent: number): void => {
  if (batch.value !== undefined) batch.value = { ...batch.value, sent };
};

/** What is there stays; the one under way is forgotten. */
export function cancelUploads(): void {
  waiting = [];
  cancel.abort();
}

/** Files and folders of a drop. Must be called while the event is handled: its entries are gone afterwards. */
export async function filesOf(transfer: DataTransfer): Promise<readonly Found[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const plain = [...transfer.files].map((file) => ({ file, folder: undefined }));
  if (entries.every((entry) => entry === null || entry.isFile)) return plain;
  const found: Found[] = [];
  for (const entry of entries) if (entry !== null) await walk(entry, undefined, 0, found);
  return found;
}

async function walk(entry: FileSystemEntry, folder: string | undefined, depth: number, found: Found[]): Promise<void> {
  if (found.length >= MOST_FILES || depth > DEEPEST) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ file, folder });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const inside = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (inside.length === 0) return;
    for (const child of inside) await walk(child, folder ?? entry.name, depth + 1, found);
  }
}
