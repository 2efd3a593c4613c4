/** ONNX files that lie in a workspace: networks that users bring for merging. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Places } from './places.ts';

const DEEPEST = 3;
const MOST_FOLDERS = 500;
const MOST = 200;

/** Their places, at most a few folders deep; none of saves, trash and hidden folders. */
export async function networkFiles(places: Places): Promise<readonly string[]> {
  const found: string[] = [];
  let folders = 0;
  const visit = async (folder: string, depth: number): Promise<void> => {
    if (folders++ > MOST_FOLDERS) return;
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || found.length >= MOST) continue;
      if (entry.isFile() && /\.onnx$/i.test(entry.name)) found.push(places.nameOf(join(folder, entry.name)));
      else if (entry.isDirectory() && depth < DEEPEST && entry.name !== 'saves' && !entry.name.endsWith('_trash'))
        await visit(join(folder, entry.name), depth + 1);
    }
  };
  await visit(places.root, 0);
  return found;
}
