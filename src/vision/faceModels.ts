/**
 * What the face networks say of a picture, whichever networks they are: boxes, meshes of 478 points, the person's outline, a vector of
 * identity. Points are in pixels of the picture, with pixel centres at whole numbers.
 */
import type { Landmarks } from '../face/index.ts';
import type { FloatImage, Picture } from '../image/index.ts';

export interface Detection {
  /** Left, top, right, bottom in pixels. */
  readonly box: readonly [number, number, number, number];
  /** 0…1. */
  readonly score: number;
  /** Eye left in the image, eye right in the image (of an upright face), nose tip, mouth, ear, ear: x0, y0, x1, … */
  readonly keypoints: Float64Array;
}

/** A turned square that the mesh network looks at. */
export interface Region {
  readonly x: number;
  readonly y: number;
  /** Side in pixels. */
  readonly side: number;
  /** Radians by which the face is turned clockwise in the picture. */
  readonly angle: number;
}

export interface FaceMesh {
  /** 478 points x, y, z: 468 of the mesh, then, but of a glance, the irises (centre and four of the rim each). z in pixels, towards the camera negative. */
  readonly points: Float32Array;
  /** That this is a face, 0…1. */
  readonly presence: number;
}

export interface DetectOptions {
  /** Detect in tiles too, for faces small against the picture: 2 or 3 across. 1 (none) if left out. */
  readonly tiles?: number | undefined;
  /** Look at the picture turned by 90° both ways too. */
  readonly turned?: boolean | undefined;
  /** Least score of the full-range detector, 0.45, and of the short-range one, 0.5, unless given. */
  readonly threshold?: number | undefined;
}

export interface FaceModels extends AsyncDisposable {
  /** Faces of a picture in colour, both detectors joined, the largest first. */
  detect(image: Picture, options?: DetectOptions): Promise<readonly Detection[]>;
  /** One pass of the mesh network over a region. */
  mesh(image: Picture, region: Region): Promise<FaceMesh>;
  /** The same without its closer look at lips and eyes, in half the time: 468 points, to find the region for `mesh`. */
  glance(image: Picture, region: Region): Promise<FaceMesh>;
  /** The probability that a pixel shows a person, one channel at the size of the network's output (256×256), stretched over the picture. */
  person(image: Picture): Promise<FloatImage>;
  /**
   * Identity of the face with these 68 landmarks: 128 numbers, Euclidean distance below about 0.5 for the same person.
   *
   * @throws ResourceError if the optional package with this network is not installed, with the command that installs it.
   */
  identity(image: Picture, landmarks: Landmarks): Promise<Float32Array>;
}
