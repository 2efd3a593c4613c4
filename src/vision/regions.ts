/**
 * Turned squares for the mesh network: from a detection for the first look, from a mesh for the next, closer one or for the next frame.
 * Source: MediaPipe's face_detection_front_detection_to_roi and face_landmark_landmarks_to_roi graphs (Apache-2.0).
 */
import type { Detection, Region } from './faceModels.ts';

/** How much wider than the face the square is. */
const MARGIN = 1.5;

/** Outer corners of the eyes, image left and image right. */
const [EYE_LEFT, EYE_RIGHT] = [33, 263];
const MESH_POINTS = 468;

/** Where to look for the mesh of a detected face: around its box, turned with its eyes. */
export function regionOfDetection({ box: [left, top, right, bottom], keypoints }: Detection): Region {
  return {
    x: (left + right) / 2,
    y: (top + bottom) / 2,
    side: MARGIN * Math.max(right - left, bottom - top),
    angle: Math.atan2(keypoints[3]! - keypoints[1]!, keypoints[2]! - keypoints[0]!),
  };
}

/**
 * Where to look for a face again whose mesh is known: around the bounding box of its mesh, along its eyes.
 *
 * @param points 478 (or 468) points x, y, z, as FaceMesh has them.
 */
export function regionOfMesh(points: Float32Array): Region {
  const angle = Math.atan2(points[EYE_RIGHT * 3 + 1]! - points[EYE_LEFT * 3 + 1]!, points[EYE_RIGHT * 3]! - points[EYE_LEFT * 3]!);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < MESH_POINTS * 3; i += 3) {
    const [x, y] = [points[i]!, points[i + 1]!];
    const [u, v] = [x * c + y * s, y * c - x * s];
    left = Math.min(left, u);
    right = Math.max(right, u);
    top = Math.min(top, v);
    bottom = Math.max(bottom, v);
  }
  const [u, v] = [(left + right) / 2, (top + bottom) / 2];
  return { x: u * c - v * s, y: u * s + v * c, side: MARGIN * Math.max(right - left, bottom - top), angle };
}
