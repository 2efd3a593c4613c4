/**
 * A picture as a video signal holds it: a plane of luminance and two of colour differences, which are often smaller. Who needs few of its pixels
 * reads them from the planes; as RGB every pixel would be computed first.
 */
import type { Affine } from './affine.ts';
import type { ByteImage } from './image.ts';

/** Rows of bytes without gaps. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** How the numbers of a signal mean colours: with y = gain · (Y − black) and differences from 128, R = y + rv·v, G = y + gu·u + gv·v, B = y + bu·u. */
export interface SignalColours {
  readonly black: number;
  readonly gain: number;
  readonly rv: number;
  readonly gu: number;
  readonly gv: number;
  readonly bu: number;
}

/** An upright picture, from planes that need not be upright. Coordinates count from the corner of the first pixel. */
export interface PlanarImage {
  /** Of the upright picture. */
  readonly width: number;
  readonly height: number;
  readonly luma: Plane;
  readonly blue: Plane;
  readonly red: Plane;
  /** A turn, from the upright picture to the planes as they lie. */
  readonly lumaFromPicture: Affine;
  /** A scale and a shift: chroma x = luma x · scaleX + shiftX. */
  readonly chroma: { readonly scaleX: number; readonly shiftX: number; readonly scaleY: number; readonly shiftY: number };
  readonly colours: SignalColours;
}

/** RGB, or what RGB is made from. */
export type Picture = ByteImage | PlanarImage;

/** Bytes of three channels that are a window of a larger picture: the first pixel lies at (x, y) there. */
export interface BytePane {
  readonly x: number;
  readonly y: number;
  readonly image: ByteImage;
}

/**
 * @param kr, kb  weights of red and blue in the luminance.
 * @param full  whether all of 0…255 is used; else 16…235 and 16…240.
 * Source: ITU-R BT.601, BT.709 and BT.2020: inverse of the equations for 8 bits.
 */
export function signalColours(kr: number, kb: number, full: boolean): SignalColours {
  const kg = 1 - kr - kb;
  const [gain, scale] = full ? [1, 1] : [255 / 219, 255 / 224];
  return {
    black: full ? 0 : 16,
    gain,
    rv: scale * 2 * (1 - kr),
    gu: (-scale * 2 * kb * (1 - kb)) / kg,
    gv: (-scale * 2 * kr * (1 - kr)) / kg,
    bu: scale * 2 * (1 - kb),
  };
}
