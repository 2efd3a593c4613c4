/** What a user asks of merging, and what it is asked with: a trained model, and ways to open clips. */
import type { Tensor } from '../../base/index.ts';
import type { FaceType } from '../../face/index.ts';
import type { PixelForm } from '../../merge/index.ts';
import { generatorVariables, type ModelConfig } from '../../models/index.ts';
import type { Place } from './extractRun.ts';
import type { SceneTools } from './mergeScene.ts';
import type { Quality, VideoCodec } from './videoCodecs.ts';

/** A network that the user brings. */
export interface NetworkAsk {
  readonly path: string;
  readonly pixels: PixelForm;
}

export interface MergeAsk {
  readonly input: string;
  readonly faces: string;
  /** A film by its ending, else a folder of PNGs. */
  readonly output: string;
  readonly mask?: string | undefined;
  readonly covered: boolean;
  readonly session?: string | undefined;
  /** Settings as the user gave them, by name. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly from?: Place | undefined;
  readonly to?: Place | undefined;
  /** Which faces: the number of one in each frame, a picture of a person, or a person's folder. */
  readonly only?: string | undefined;
  readonly personDistance: number;
  /** ONNX networks for XSeg masks and for super resolution. */
  readonly xsegModel?: NetworkAsk | undefined;
  readonly enhancer?: NetworkAsk | undefined;
  /** What to do about frames without a face. */
  readonly missing?: 'error' | 'copy' | undefined;
  readonly smooth: boolean;
  readonly fill: boolean;
  readonly depth: 8 | 10 | 16;
  readonly codec?: VideoCodec | undefined;
  readonly quality: Quality | number;
  readonly encoder?: Readonly<Record<string, string>> | undefined;
  /** Frames a second of a film that is made of pictures. */
  readonly rate?: number | undefined;
  /** A clip whose times, tags and sound a film that is made of pictures takes over. */
  readonly like?: string | undefined;
  readonly silent: boolean;
  readonly seed: number;
  readonly batch: number;
  readonly partLength: number;
  readonly again: boolean;
}

/** A trained model, as far as merging needs it. */
export interface MergingModel {
  readonly config: ModelConfig;
  readonly faceType: FaceType;
  readonly lowering: 'fast' | 'direct';
  /** Of the generator, each in memory of its own, so that a thread can take them. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** SHA-256 of the weights. */
  readonly hash: string;
}

/** The weights that merging needs, apart from all else that a save holds. */
export function mergingWeights(config: ModelConfig, tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  const wanted = new Set(generatorVariables(config).map(({ name }) => name));
  return new Map([...tensors].filter(([name]) => wanted.has(name)).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
}

export interface PrepareTools extends SceneTools {
  /** Program and version. */
  readonly tool: string;
  /** What is done to pictures and films in the end, in words that change with it. */
  readonly finishing: string;
  readonly seal?: ((png: Uint8Array, name: string) => Uint8Array) | undefined;
}
