/** What networks are made of: layers, initial values, losses, optimizers. */
export { convolve, type Lowering } from './conv.ts';
