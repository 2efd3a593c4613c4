/**
 * One face of a frame made ready: where its crop lies, what the networks see of it, and the part of the frame that merging it can touch.
 * Made before the prediction, used again after it, so that nothing is cut out twice.
 */
import { type FaceType, faceFromImage, hullMask, type Landmarks } from '../face/index.ts';
import {
  type Affine,
  type FloatImage,
  floatImage,
  invertAffine,
  mapPoints,
  type Pane,
  resize,
  type Simd,
  type Window,
  warpWindow,
  wholePane,
} from '../image/index.ts';
import type { DisplayColours } from '../video/index.ts';
import { type Picture, readWindow } from './picture.ts';
import type { MergeSettings } from './settings.ts';

/** What XSeg sees: the crop at this side. */
export const XSEG_SIDE = 256;
/** The mask is made at this many times the model's side. */
export const MASK_SCALE = 4;

export interface FaceCrop {
  /** Side of the model. */
  readonly resolution: number;
  /** Side that faces are worked on at: the model's, or four times that with super resolution. */
  readonly size: number;
  /** Crop pixels from frame pixels: the crop that was predicted from, at `size`. */
  readonly faceFromFrame: Affine;
  /** The crop that the face is pasted into, at `size`, and its mask at MASK_SCALE · resolution. */
  readonly outputFromFrame: Affine;
  readonly maskFromFrame: Affine;
  /** The part of the frame that holds every pixel read or written; BGR in 0…1. Undefined where the face lies outside of the frame. */
  readonly pane: Pane | undefined;
  readonly frameSize: { readonly width: number; readonly height: number };
  /** The frame's own face at `size`, BGR in 0…1: as it looks on a display, where the frame is of wider colours. */
  readonly face: FloatImage;
  /** How the frame's signal looks, where it is not what networks know: predictions are given colours as they look, and pasted as signals. */
  readonly colours: DisplayColours | undefined;
  /** The same at the model's side: what the predictor takes. */
  readonly predictorInput: FloatImage;
  /** The frame's own face at XSEG_SIDE, where the mask mode asks for it. */
  readonly xsegInput: FloatImage | undefined;
  /** The hull of the landmarks at `size`, where the mask mode asks for it. */
  readonly hull: FloatImage | undefined;
}

/** A frame of wider colours, as networks see it; of the same size. */
export interface SeenFrame {
  readonly picture: Picture;
  readonly colours: DisplayColours;
}

/**
 * @param landmarks  68 points in the frame.
 * @param model  what the predictor was trained on.
 * Source: crops as everywhere (face/align.ts); the crop that is pasted has 1 / scale of the side, so a larger scale shrinks the face.
 */
export function cropFace(
  frame: Picture,
  landmarks: Landmarks,
  model: { readonly resolution: number; readonly faceType: FaceType },
  settings: MergeSettings,
  simd: Simd,
  seen?: SeenFrame,
): FaceCrop {
  const { resolution, faceType } = model;
  const size = settings.super_resolution_power === 0 ? resolution : resolution * 4;
  const scale = 1 + 0.01 * settings.output_face_scale;
  const faceFromFrame = faceFromImage(landmarks, size, faceType);
  const outputFromFrame = faceFromImage(landmarks, size, faceType, scale);
  const maskFromFrame = faceFromImage(landmarks, resolution * MASK_SCALE, faceType, scale);
  const frameSize = { width: frame.width, height: frame.height };
  const window = touched([faceFromFrame, outputFromFrame], size, frameSize);
  const pane = window && readWindow(frame, window, simd);
  const seenPane = seen === undefined ? pane : window && readWindow(seen.picture, window, simd);
  const crop = (from: Pane | undefined, side: number, target: Affine): FloatImage => {
    const out = floatImage(side, side, 3);
    if (from !== undefined) warpWindow(from, invertAffine(target), wholePane(out), simd, { range: [0, 1] });
    return out;
  };
  const face = crop(pane, size, faceFromFrame);
  seen?.colours.fromSignal(face);
  const needsXseg = settings.mask_mode.includes('xseg-dst');
  const hull = settings.mask_mode === 'dst' ? floatImage(size, size, 1) : undefined;
  if (hull !== undefined) {
    warpWindow(wholePane(hullMask(landmarks, frame.width, frame.height, 1)), invertAffine(faceFromFrame), wholePane(hull), simd, {
      range: [0, 1],
    });
  }
  return {
    ...{ resolution, size, faceFromFrame, outputFromFrame, maskFromFrame, pane, frameSize, face, hull, colours: seen?.colours },
    predictorInput: resize(seen === undefined ? face : crop(seenPane, size, faceFromFrame), resolution, resolution, 'linear'),
    xsegInput: needsXseg ? crop(seenPane, XSEG_SIDE, faceFromImage(landmarks, XSEG_SIDE, faceType)) : undefined,
  };
}

/** Taps of the cubic filter reach two pixels; a rounding more. */
const REACH = 3;

/** The part of the frame around some crops, as far as their filters reach on either side. */
function touched(crops: readonly Affine[], size: number, frame: { width: number; height: number }): Window | undefined {
  const [low, high] = [-REACH, size + REACH];
  const corners = crops.flatMap((m) => [...mapPoints(invertAffine(m), [low, low, high, low, high, high, low, high])]);
  const xs = corners.filter((_, i) => i % 2 === 0);
  const ys = corners.filter((_, i) => i % 2 === 1);
  const x = Math.max(0, Math.floor(Math.min(...xs)) - REACH);
  const y = Math.max(0, Math.floor(Math.min(...ys)) - REACH);
  const right = Math.min(frame.width, Math.ceil(Math.max(...xs)) + REACH + 1);
  const bottom = Math.min(frame.height, Math.ceil(Math.max(...ys)) + REACH + 1);
  return x < right && y < bottom ? { x, y, width: right - x, height: bottom - y } : undefined;
}
