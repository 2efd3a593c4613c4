/** Requests about faces, beside those that every screen makes. */
import type { Changed, FaceGroups, FrameAnswer, MaskShape, PolygonsRequest, PoseCoverage } from '../../protocol.ts';
import { json, pictureUrl, query } from '../api.ts';

export const readFrame = (path: string, name: string): Promise<FrameAnswer> => json('GET', `/faces/frame?${query({ path, name })}`);
export const frameUrl = (path: string, name: string, part: 'whole' | 'near', v: string): string =>
  pictureUrl('/faces/frame/picture', { path, name, part, v });
export const maskUrl = (path: string, name: string, v: string): string => pictureUrl('/faces/mask', { path, name, v });
export const readGroups = (path: string): Promise<FaceGroups> => json('GET', `/faces/groups?${query({ path })}`);
export const labelGroup = (path: string, id: number, label: string): Promise<FaceGroups> =>
  json('PUT', `/faces/groups?${query({ path })}`, { id, label });
export const readCoverage = (src: string, dst: string): Promise<PoseCoverage> => json('GET', `/faces/coverage?${query({ src, dst })}`);
export const saveLandmarks = (path: string, name: string, landmarks: readonly number[]): Promise<Changed> =>
  json('PUT', `/faces/landmarks?${query({ path })}`, { name, landmarks });
export const savePolygons = (path: string, request: PolygonsRequest): Promise<Changed> =>
  json('PUT', `/faces/polygons?${query({ path })}`, request);
export type { MaskShape };
