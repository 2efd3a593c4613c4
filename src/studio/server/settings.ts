/** What the studio remembers of its user, in the folder of their settings and in no workspace: recent workspaces, and how films are marked. */
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LiaeError } from '../../base/index.ts';
import { replaceFile } from '../../platform/node/files.ts';
import { type Marking, marking, mostRecent, type StudioInfo } from '../protocol.ts';
import { type Infer, list, object, text } from '../schema.ts';

const shape = object({
  recent: list(object({ folder: text({ min: 1, max: 4000 }), opened: text({ max: 100 }) }), { max: mostRecent }),
  marking,
});
type Kept = Infer<typeof shape>;

const MAX_BYTES = 256 * 1024;
export const plainMarking: Marking = { mark: 'local', certificate: null, key: null, label: null };
const nothingKept: Kept = { recent: [], marking: plainMarking };

export class Settings {
  readonly #file: string;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param folder  of the user's settings; made when something is kept. */
  constructor(folder: string) {
    this.#file = join(folder, 'studio.json');
  }

  /** The last one first; those that are gone are among them. */
  async recent(): Promise<StudioInfo['recent']> {
    const { recent } = await this.#read();
    return await Promise.all(
      recent.map(async ({ folder, opened }) => ({
        ...{ folder, opened, name: basename(folder) },
        there: (await stat(folder).catch(() => undefined))?.isDirectory() === true,
      })),
    );
  }

  async remember(folder: string): Promise<void> {
    const opened = new Date().toISOString();
    await this.#change((kept) => ({
      ...kept,
      recent: [{ folder, opened }, ...kept.recent.filter((other) => other.folder !== folder)].slice(0, mostRecent),
    }));
  }

  async forget(folder: string): Promise<void> {
    await this.#change((kept) => ({ ...kept, recent: kept.recent.filter((other) => other.folder !== folder) }));
  }

  async marking(): Promise<Marking> {
    return (await this.#read()).marking;
  }

  async keepMarking(value: Marking): Promise<void> {
    await this.#change((kept) => ({ ...kept, marking: value }));
  }

  /** What cannot be read counts as nothing: it is of no value to anybody, and the next change writes it anew. */
  async #read(): Promise<Kept> {
    try {
      if ((await stat(this.#file)).size > MAX_BYTES) return nothingKept;
      return shape.read(JSON.parse(await readFile(this.#file, 'utf8')), 'settings');
    } catch (error) {
      if (error instanceof LiaeError || error instanceof SyntaxError || (error instanceof Error && 'code' in error)) return nothingKept;
      throw error;
    }
  }

  /** One change after the other. */
  async #change(change: (kept: Kept) => Kept): Promise<void> {
    const mine = this.#turn.then(async () => {
      await replaceFile(this.#file, [new TextEncoder().encode(`${JSON.stringify(change(await this.#read()), null, 2)}\n`)]);
    });
    this.#turn = mine.catch(() => undefined);
    await mine;
  }
}
