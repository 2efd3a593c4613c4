/**
 * Facesets on the page: lists with their measures, one face in full with its frame, landmarks and polygons, groups of persons, coverage of poses, and what
 * the tools of `liae faces` are asked to do as jobs.
 */
import { either, flag, type Infer, integer, list, nullable, number, object, optional, table, text, word } from '../schema.ts';

/** A place in the workspace. */
const place = () => text({ min: 1, max: 1000 });
/** A file of a folder, without the folder. */
export const fileName = () => text({ min: 1, max: 255, pattern: /^[^/\\\0]+$/ });

/** Numbers of faces that lists are sorted and filtered by, in the order in which the page shows them. */
export const faceMeasures = [
  ...(['sharpness', 'motion', 'area', 'yaw', 'pitch', 'roll', 'brightness', 'exposure', 'hue', 'black'] as const),
  ...(['mouth', 'eyes', 'detectorScore', 'landmarkScore', 'seconds'] as const),
] as const;
export type FaceMeasure = (typeof faceMeasures)[number];

const MANY = 5_000_000;

export const faceList = object({
  path: place(),
  packed: flag(),
  names: list(text(), { max: MANY }),
  /** Changes when the file of a face does. */
  stamps: list(text(), { max: MANY }),
  /** A column for each measure that was taken; null where a face has none. */
  measures: table(list(nullable(number()), { max: MANY })),
  /** Faces whose measures are known and hold for their present files. */
  measured: integer(),
  trashed: integer(),
  /** What undo would take back, in words. */
  undo: nullable(text()),
});
export type FaceList = Infer<typeof faceList>;

/** Far more points than a hand draws, and than a face file holds. */
const MAX_POINTS = 2000;
/** A region drawn by hand, in pixels of the face's picture: include, or cut out of it. Points x0, y0, x1, y1, … */
export const maskPolygon = object({
  include: flag(),
  points: list(number({ min: -100_000, max: 100_000 }), { min: 6, max: 2 * MAX_POINTS }),
});
export type MaskShape = Infer<typeof maskPolygon>;
const maskPolygons = list(maskPolygon, { max: 100 });

/** The 68 points x0, y0, x1, … in pixels of the face's picture. */
const landmarks = list(number({ min: -100_000, max: 100_000 }), { min: 136, max: 136 });

export const faceDetail = object({
  name: text(),
  bytes: integer(),
  width: integer(),
  height: integer(),
  /** As DeepFaceLab names it: `whole_face`. */
  faceType: text(),
  /** The 68 points x0, y0, x1, … in pixels of the picture. */
  landmarks: list(number(), { max: 136 }),
  /** Rows of the matrix that maps the frame to the picture. */
  matrix: nullable(list(number(), { min: 6, max: 6 })),
  source: nullable(text()),
  sourceRect: nullable(list(number(), { max: 4 })),
  frame: nullable(number()),
  seconds: nullable(number()),
  /** Beginning of the fingerprint of the clip. */
  clip: nullable(text({ max: 16 })),
  detectorScore: nullable(number()),
  landmarkScore: nullable(number()),
  filled: flag(),
  sharpness: nullable(number()),
  exposure: nullable(number()),
  /** Degrees; null if the landmarks fit no face. */
  pose: nullable(object({ pitch: number(), yaw: number(), roll: number() })),
  eyebrows: number(),
  polygons: list(
    object({ include: flag(), points: list(number(), { max: 200_000 }) }), // of files of any origin
    { max: 10_000 },
  ),
  /** Whether a mask is stored in the file, and whether the mesh and the vector of identity are. */
  ...{ mask: flag(), mesh: flag(), identity: flag() },
  /** The file beside the faces that keeps edits by hand for further extractions; null where the faces have no alignments. */
  edits: nullable(text()),
  /** Whether that file has landmarks for this face. */
  edited: flag(),
});
export type FaceDetail = Infer<typeof faceDetail>;

/** Where the frame of a face is, and what of it is shown. */
export const faceFrame = object({
  /** Place of the clip or picture in the workspace. */
  clip: place(),
  width: integer(),
  height: integer(),
  frame: integer(),
  /** The part around the face that is served in full resolution: left, top, width, height in pixels of the frame. */
  near: list(integer({ min: 0 }), { min: 4, max: 4 }),
});
export type FaceFrame = Infer<typeof faceFrame>;
/** The frame of a face, or why it is not to be had: an everyday thing, and no error. */
export const frameAnswer = object({
  frame: nullable(faceFrame),
  lacking: nullable(
    object({ message: text({ max: 4000 }), found: optional(text({ max: 4000 })), expected: optional(text()), next: optional(text()) }),
  ),
});
export type FrameAnswer = Infer<typeof frameAnswer>;

export const faceNames = object({ names: list(fileName(), { min: 1, max: 100_000 }) });
export const changed = object({ what: text({ max: 4000 }), files: integer() });
export type Changed = Infer<typeof changed>;

export const landmarksRequest = object({ name: fileName(), landmarks });

export const polygonsRequest = object({
  name: fileName(),
  polygons: maskPolygons,
  /** Further faces that get the same regions, at the same place of their pictures. */
  copyTo: list(fileName(), { max: 1000 }),
  /** Leave faces that have regions of their own as they are. */
  keepOwn: flag(),
  /** Make the stored mask of the regions as well. */
  store: flag(),
});
export type PolygonsRequest = Infer<typeof polygonsRequest>;

const cell = object({
  /** Degrees: the middle of the cell. Positive yaw looks to the left of the picture, positive pitch up. */
  ...{ yaw: number(), pitch: number() },
  ...{ src: integer(), dst: integer() },
  /** Faces of the destination that find too few of the source near them. */
  lacking: integer(),
});
export type PoseCell = Infer<typeof cell>;
export const poseCoverage = object({
  /** Degrees of a cell. */
  cell: number(),
  cells: list(cell, { max: 1000 }),
  ...{ src: integer(), dst: integer() },
  /** Share of the destination's faces that find enough. */
  covered: number(),
  /** What is enough: so many faces within so many degrees. */
  enough: object({ faces: integer(), degrees: number() }),
});
export type PoseCoverage = Infer<typeof poseCoverage>;

export const faceGroup = object({
  /** Number from 0, the largest first. */
  id: integer(),
  /** What a person called it; null: nothing yet. */
  label: nullable(text({ max: 200 })),
  names: list(text(), { max: MANY }),
  /** Root mean square of the distances to the group's mean. */
  spread: number(),
});
export type FaceGroup = Infer<typeof faceGroup>;
export const faceGroups = object({
  /** Null: not looked for yet. */
  groups: nullable(list(faceGroup, { max: MANY })),
  /** Faces that were not there when groups were made, or have no vector of identity. */
  ungrouped: integer(),
});
export type FaceGroups = Infer<typeof faceGroups>;
export const groupLabel = object({ id: integer(), label: text({ max: 200 }) });

const faces = place();
const kind = word('faces');
const crop = word('same', 'h', 'mf', 'f', 'wf', 'head');
/** Orders of `liae faces sort`. */
export const sortOrders = [
  ...(['blur', 'motion-blur', 'face-yaw', 'face-pitch', 'face-source-rect-size', 'hist', 'hist-dissim', 'brightness', 'hue'] as const),
  ...(['black', 'origname', 'oneface', 'absdiff', 'final', 'final-fast', 'identity', 'expression', 'novelty', 'exposure'] as const),
] as const;

/** Orders of the grid that no single number makes: a job finds them, and they are kept. */
export const faceOrders = [
  ...(['identity', 'expression', 'novelty', 'hist', 'hist-dissim', 'absdiff', 'final', 'final-fast', 'origname', 'oneface'] as const),
] as const;
export type FaceOrderName = (typeof faceOrders)[number];
export const faceOrder = object({
  /** The present faces, first to last, those that were set aside behind the others. Null: not looked for yet. */
  names: nullable(list(text(), { max: MANY })),
  /** How many of them, at the end, were set aside. */
  aside: integer(),
  /** Faces that have come since: they are not among the names. */
  missing: integer(),
});
export type FaceOrder = Infer<typeof faceOrder>;

/** A tool of `liae faces`, run on a folder. Each can be taken back. */
export const facesJob = either(
  object({ kind, faces, tool: word('best'), count: integer({ min: 1, max: 10_000_000 }) }),
  object({ kind, faces, tool: word('dedupe'), threshold: number({ min: 0.1, max: 100 }) }),
  object({ kind, faces, tool: word('sort'), by: word(...sortOrders), target: integer({ min: 1, max: 10_000_000 }) }),
  object({ kind, faces, tool: word('order'), by: word(...faceOrders), target: integer({ min: 1, max: 10_000_000 }) }),
  object({ kind, faces, tool: word('mask'), from: word('hull', 'person', 'polygons'), within: crop }),
  object({ kind, faces, tool: word('unmask'), what: word('mask', 'polygons') }),
  object({ kind, faces, tool: word('mirror'), add: flag() }),
  object({ kind, faces, tool: word('resize'), size: integer({ min: 128, max: 2048 }), faceType: crop }),
  object({ kind, faces, tool: word('pack', 'unpack', 'names') }),
  object({ kind, faces, tool: word('group', 'split'), threshold: optional(number({ min: 0.05, max: 2 })) }),
);
export type FacesJobRequest = Infer<typeof facesJob>;
export type FacesTool = FacesJobRequest['tool'];
