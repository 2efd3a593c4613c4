/** Training: options, the port to the engine, the loop, checkpoints, loss history and previews. */
export type { Batch, Engine, EngineState, Predictions, SideBatch, StepResult } from './engine.ts';
export { nearest } from './nearest.ts';
export { canonicalKeys, findOption, modelConfig, previewPeriod, type Resolved, type Rounding, resolveOptions } from './options.ts';
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
