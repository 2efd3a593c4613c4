/** Running graphs: the backend port, and evaluation of a graph in one call. */
export type { Backend, CompileOptions, Feed, FeedArray, Port, Program } from './backend.ts';
export { evaluate, OPSET } from './evaluate.ts';
