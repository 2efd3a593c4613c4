/** Sorting, choosing, clustering, checking, mending and charting of facesets; every change of a folder can be undone. */

export { type BestFacesInput, bestFaces } from './bestFaces.ts';
export { absoluteDifference, channelDistance } from './chains.ts';
export { type CheckOptions, checkFaces, checkNeeds, type Fault, type FaultClass, faultClasses } from './checkFaces.ts';
export { chooseFaces, chooseNeeds } from './chooseFaces.ts';
export { type ClusterOptions, cluster, type Person, SAME_PERSON } from './cluster.ts';
export { boxOf, type Corrected, type Correction, correctFace, movedMasks } from './correctFace.ts';
export {
  type Coverage,
  type CoverageCell,
  coverageGrid,
  coverageImage,
  coverageOf,
  coverageSvg,
  coverageText,
  type Direction,
  directionOf,
  directionText,
  enough,
  type LackingCell,
} from './coverageMap.ts';
export { type DedupeOptions, type Duplicate, dedupe, dedupeNeeds } from './dedupe.ts';
export { type EditJob, type EditResult, editFaces, type FaceEdit, type FaceToEdit, type Staging, stagingFor } from './editFaces.ts';
export { baseOf, type FaceArea, freshPath, parentOf, trashPrefix, workPrefix } from './faceArea.ts';
export { type FaceInfo, faceInfo, type Range } from './faceInfo.ts';
export {
  decodeMask,
  encodeMask,
  maskOfFace,
  polygonMask,
  storedMask,
} from './faceMasks.ts';
export { measurerOf } from './faceMeasures.ts';
export { faceNumbers, numberColumns, numbersNeed } from './faceNumbers.ts';
export { followRegions } from './followRegions.ts';
export { preparedHistograms, totalDistances } from './histograms.ts';
export { type ImageSet, openImages } from './imageSet.ts';
export {
  type Action,
  lastUndoable,
  type Move,
  type MoveOptions,
  nextId,
  type Plan,
  readActions,
  runMoves,
  settle,
  undoMoves,
} from './journal.ts';
export { landmarkPicture } from './landmarkPicture.ts';
export { maskFace, maskSources, type NewMask } from './makeMask.ts';
export { openMeasureCache } from './measureCache.ts';
export {
  type FaceValues,
  type KnownMeasures,
  type MeasurableFaces,
  type MeasureJob,
  type MeasureOptions,
  type Measurer,
  measureFaces,
} from './measureFaces.ts';
export {
  isMeasured,
  type MeasureName,
  type Measures,
  type MeasureValues,
  measureArray,
  measuresOf,
} from './measureTable.ts';
export { metadataFile, readMetadata, restoreFace, type SavedFace, writeMetadata } from './metadataFile.ts';
export { mirrorFace } from './mirrorFaces.ts';
export { type NamedSource, numberedMoves, originalMoves } from './rename.ts';
export { type NewCrop, resizeFace, roundedBytes, toolQuality } from './resizeFaces.ts';
export { type Caption, ContactSheet, type SheetLayout } from './sheet.ts';
export { type SortKind, type SortOptions, type SortResult, sortFaces } from './sorting.ts';
export { sortKindOf, sortKinds } from './sortKinds.ts';
export { restoreMoves, trashMoves } from './trash.ts';
