/** Sorting, choosing, clustering, checking, mending and charting of facesets; every change of a folder can be undone. */
export { baseOf, type FaceArea, freshPath, parentOf, trashPrefix, workPrefix } from './faceArea.ts';
export {
  type Action,
  lastUndoable,
  type Move,
  type MoveOptions,
  nextId,
  originOf,
  type Plan,
  readActions,
  runMoves,
  settle,
  undoMoves,
} from './journal.ts';
export { type NamedSource, numberedMoves, originalMoves } from './rename.ts';
export { restoreMoves, trashMoves } from './trash.ts';
