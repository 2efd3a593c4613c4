/** What decides how the samples of one side are made. */
import type { FaceType } from '../face/index.ts';
import type { ColourMode } from '../image/index.ts';

export interface SampleOptions {
  /** Side of the samples in pixels; even. */
  readonly resolution: number;
  /** How much around the face the samples show. */
  readonly faceType: FaceType;
  /** Mirrors samples with the reference's probability, 0.4. */
  readonly randomFlip: boolean;
  /** Bends the inputs by a random grid. */
  readonly randomWarp: boolean;
  /** Strength of the shift of hue, saturation and value of the inputs, 0 … 0.3; 0 is off. */
  readonly hsvPower: number;
  /** Gives the samples the colours of random faces of the other side. */
  readonly colourMode?: ColourMode | undefined;
  /** Draws faces evenly over their yaw instead of evenly over the set. */
  readonly uniformYaw: boolean;
  /** The reference bends x and y by one map and its transpose, by an upstream slip; false draws two independent maps. */
  readonly symmetricWarp: boolean;
  /** The reference's bent inputs lie half a pixel off their targets, by an upstream slip; false puts them in place. */
  readonly halfPixelShift: boolean;
}
