/** The lowest room: errors, random numbers, shapes. It imports nothing. */
export { type ErrorDetails, FormatError, LiaeError, OptionError, ResourceError, ShapeError } from './errors.ts';
export { Rng, type RngState, streamFor } from './random.ts';
export {
  type ArrayKind,
  floatsOf,
  readSafetensors,
  type Safetensors,
  type StoredArray,
  type StoredTensor,
  writeSafetensors,
} from './safetensors.ts';
export { type Shape, sameShape, shapeText, sizeOf, type Tensor } from './tensor.ts';
