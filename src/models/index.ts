/** Networks: LIAE and DF, their discriminators, and what fixes their shapes. */
export { type Archi, archiText, denseSide, type ModelConfig, parseArchi } from './config.ts';
