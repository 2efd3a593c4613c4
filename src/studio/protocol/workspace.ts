/** Which folder is open, which were, and how much room things take. */
import { either, flag, type Infer, integer, list, nullable, object, table, text } from '../schema.ts';

/** An absolute path of the machine, as its user types it. */
const folder = () => text({ min: 1, max: 4000 });

/** As many workspaces as the list of recent ones holds. */
export const mostRecent = 12;

export const studioInfo = object({
  version: text(),
  /** Null: none is open yet, and all that needs one is refused. */
  workspace: nullable(
    object({
      name: text(),
      folder: folder(),
      /** For `w` in the addresses of pictures: with it, the browser may keep them. */
      key: text(),
    }),
  ),
  /** Whether the page may open other folders; not where the network can reach it. */
  canOpen: flag(),
  /** Whether the one who asks may change anything: on this machine, or with --remote-changes. */
  mayAct: flag(),
  /** The home folder of the one who started it, for which ~ may be written; empty where the network can reach the page. */
  home: text({ max: 4000 }),
  /** The last one first. */
  recent: list(object({ folder: folder(), name: text(), opened: text(), there: flag() }), { max: mostRecent }),
  /** Folders that do not exist yet: for a new workspace, and for one with the demo. */
  suggested: object({ plain: text({ max: 4000 }), demo: text({ max: 4000 }) }),
});
export type StudioInfo = Infer<typeof studioInfo>;

/** `open` wants a folder that exists, `create` one that does not or is empty; `demo` puts the bundled clips into it. */
export const openRequest = either(object({ open: folder() }), object({ create: folder(), demo: flag() }));
export type OpenRequest = Infer<typeof openRequest>;

/** Bytes on the disk. */
export const diskUse = object({
  /** Of the whole workspace, with the studio's own files. */
  total: integer(),
  /** Of thumbnails, logs and uploads under way. */
  own: integer(),
  free: nullable(integer()),
  /** Of each folder with all below it, by its place. */
  folders: table(integer(), { max: 5000 }),
});
export type DiskUse = Infer<typeof diskUse>;
