/**
 * New versions of the faces of a folder: made one by one into a folder of work files, then put in place in one series of moves that takes
 * the earlier versions to the trash. Until that series nothing has changed; after it, undo brings the very files back.
 */
import { LiaeError, ResourceError } from '../base/index.ts';
import { type FaceFile, type Folder, readFace, readWhole, type SkippedFile } from '../faceset/index.ts';
import { type FaceArea, trashPrefix, workPrefix } from './faceArea.ts';
import { type Action, type Move, type MoveOptions, nextId, readActions, runMoves } from './journal.ts';

export interface FaceToEdit extends FaceFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** New files by name; a name that is not that of the face makes a further file. Undefined leaves the face as it is. */
export type FaceEdit = (face: FaceToEdit) => Promise<Uint8Array | undefined>;

export interface EditJob {
  readonly tool: string;
  /** What was done, given the number of files. */
  readonly what: (count: number) => string;
  readonly names: readonly string[];
  readonly edit: FaceEdit;
  /** The name of the file that an edit of this one makes; the same if left out. */
  readonly nameOf?: ((name: string) => string) | undefined;
  /** How many faces are edited at a time; 1 unless given. */
  readonly parallel?: number | undefined;
  /** Only tell what would change. */
  readonly dryRun?: boolean | undefined;
}

export interface EditResult {
  /** Undefined if nothing changed. */
  readonly action: Action | undefined;
  readonly changed: readonly string[];
  /** Faces that could not be edited, and why; they stay as they are. */
  readonly skipped: readonly SkippedFile[];
}

/**
 * @throws ResourceError if the disk is full; nothing is changed then.
 * @throws the signal's reason if it aborts before the new versions are put in place; nothing is changed then.
 */
export async function editFaces(area: FaceArea, folder: Folder, job: EditJob, options: MoveOptions): Promise<EditResult> {
  const { names, edit, nameOf = (name) => name, dryRun = false, parallel = 1 } = job;
  const staging = await stagingFor(area);
  const causes = new Map<string, string>();
  const edited = new Set<string>();
  let [next, done] = [0, 0];
  const work = async (): Promise<void> => {
    while (next < names.length) {
      const name = names[next++]!;
      options.signal?.throwIfAborted();
      try {
        const bytes = await readWhole(folder, name);
        const made = await edit({ ...readFace(bytes, folder.describe(name)), name, bytes });
        if (made !== undefined) {
          if (!dryRun) await area.write(`${staging.path}/${nameOf(name)}`, made);
          edited.add(name);
        }
      } catch (error) {
        if (!(error instanceof LiaeError) || error instanceof ResourceError) throw error;
        causes.set(name, error.brief());
      }
      options.progress?.(++done, names.length);
    }
  };
  try {
    const works = Array.from({ length: parallel }, work);
    await Promise.all(works).catch(async (error: unknown) => {
      next = names.length; // the others stop after the face they are at, before the work files are cleared
      await Promise.allSettled(works);
      throw error;
    });
    const changed = names.filter((name) => edited.has(name));
    const skipped = names.flatMap((name): SkippedFile[] => (causes.has(name) ? [{ name, cause: causes.get(name)! }] : []));
    if (dryRun) return { action: undefined, changed, skipped };
    const moves = changed.flatMap((name): Move[] => replacing(staging, name, nameOf(name)));
    const { signal, now } = options;
    return { action: await runMoves(area, { tool: job.tool, what: job.what(changed.length), moves }, { signal, now }), changed, skipped };
  } finally {
    if (!dryRun) await area.clear(staging.path);
  }
}

/** A folder of work files that the next action takes its new versions from. */
export interface Staging {
  readonly id: number;
  readonly path: string;
}

/** What a killed tool left in the folder of work files is cleared. */
export async function stagingFor(area: FaceArea): Promise<Staging> {
  const id = nextId(readActions(await area.readJournal()));
  const path = `${workPrefix}staged-${id}`;
  await area.clear(path);
  return { id, path };
}

/** The earlier version to the trash, the new one in its place; or only the new one, if it has another name. */
const replacing = ({ id, path }: Staging, name: string, made: string): Move[] => [
  ...(made === name ? [{ from: name, to: `${trashPrefix}replaced-${id}/${name}` }] : []),
  { from: `${path}/${made}`, to: made },
];
