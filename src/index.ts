/**
 * The package's interface for programs: read facesets and models, train through ports, swap. Everything here is portable; what a platform adds
 * is passed in. The command line is `liae`.
 */
export { FormatError, LiaeError, OptionError, ResourceError, ShapeError, type Tensor } from './base/index.ts';
export { readDflData, readDflState, writeDflModel } from './dfl/index.ts';
export { faceSource, openFaces, readFace, writeFace } from './faceset/index.ts';
export { createSwapper, exportOnnx, type ModelConfig, parseArchi, type Swapper } from './models/index.ts';
export type { Backend, Program } from './runtime/index.ts';
export { type BatchSource, type Engine, graphEngine, runSession, type SessionPorts, stepOptions } from './train/index.ts';
