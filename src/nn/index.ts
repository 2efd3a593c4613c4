/** What networks are made of: layers, initial values, losses, optimizers. */
export { convolve, type Lowering } from './conv.ts';
export { initialValue } from './initial.ts';
export { conv, convTransposed, dense, downscale, flatten, pixelNorm, residual, unflatten, upscale } from './layers.ts';
export { gaussianBlur } from './losses/blur.ts';
export { dssim } from './losses/dssim.ts';
export { crossEntropy, sampleMean, styleLoss, totalVariation, type VariationAxes } from './losses/terms.ts';
export { clipScale, globalNorm } from './optim/gradientNorm.ts';
export { learningRateAt } from './optim/learningRate.ts';
export { bestGradientScale, type OptimizerName, slotsOf, type UpdateOptions, update } from './optim/optimizer.ts';
export { type Initial, Scope, type ScopeOptions, type Variable } from './scope.ts';
