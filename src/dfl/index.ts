/** DeepFaceLab's model files: weights, optimizer state, options and loss history, both ways. */
export {
  type DflData,
  type DflState,
  type DflWrite,
  dflFiles,
  type ExpectedTensor,
  listDflModels,
  readDefaultOptions,
  readDflData,
  readDflState,
  writeDflModel,
} from './model.ts';
export { fileName, modelClass, type PartFile, partFiles, placeOf, tensorName } from './names.ts';
export { type DflOption, type DflOptions, optionsDict, optionsOf, pythonText } from './options.ts';
export { summaryText } from './summary.ts';
