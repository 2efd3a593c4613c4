/** Training: options, the port to the engine, the loop, checkpoints, loss history and previews. */
export { type Backup, backUpNow, listBackups, type Restored, restoreBackup } from './backups.ts';
export { chartImage, chartSvg, lossChart } from './chart.ts';
export { type CheckpointPorts, Checkpoints, type LoadedSave, type SaveRequest } from './checkpoints.ts';
export type { Batch, Engine, EngineState, Predictions, SideBatch, StepResult } from './engine.ts';
export type { BatchEvent, DoneReason, SkippedFace, TrainCommand, TrainEvent } from './events.ts';
export { type FileStore, readWhole, type Sha256 } from './fileStore.ts';
export { type Footprint, footprint, memoryOf } from './footprint.ts';
export { type GraphEngineOptions, graphEngine } from './graphEngine.ts';
export { type JournalEntry, presentCourse, readJournal } from './journal.ts';
export type { BatchSource, LoopEnd } from './loop.ts';
export { type HistoryMark, type HistoryRepair, historyFile, type Losses, LossHistory, readHistory } from './lossHistory.ts';
export { type Manifest, readManifest } from './manifest.ts';
export { nearest } from './nearest.ts';
export {
  batchInputs,
  codeObjective,
  type GeneratorObjective,
  generatorObjective,
  type ObjectiveOptions,
  patchObjective,
  usesTrueFace,
} from './objective.ts';
export { canonicalKeys, findOption, liveOptions, modelConfig, type Resolved, type Rounding, resolveOptions } from './options.ts';
export {
  defaultText,
  flagOf,
  type OptionName,
  type OptionSpec,
  type OptionValue,
  optionTable,
  rangeText,
  type TrainOptions,
  valueText,
} from './optionTable.ts';
export { facesOf, loadFaces, type PreviewFaces, paintPreview, previewRows } from './previews.ts';
export { runSession, type SessionPorts } from './session.ts';
export {
  type OptimizerKey,
  type OptimizerLayout,
  type StepOptions,
  stepOptions,
  type TrainStep,
  trainStep,
} from './step.ts';
