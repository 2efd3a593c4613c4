/** Networks: LIAE and DF, their discriminators, and what fixes their shapes. */
export { type Archi, archiText, type ModelConfig, parseArchi } from './config.ts';
export { codeDiscriminator, type PatchLogits, patchDiscriminator, patchStrides, receptiveField } from './discriminators.ts';
export { encoder, type Face, inter } from './networks.ts';
export { exportOnnx, type OnnxFlavour } from './onnxExport.ts';
export { type Predicted, predictBoth } from './predict.ts';
export { createSwapper, type Swapped, type Swapper, type SwapperOptions } from './swapper.ts';
export { generatorVariables, inCheckpointOrder } from './variables.ts';
export { type Encoded, encodedPart, part, type Wiring, wiring } from './wiring.ts';
