/**
 * Which poses of one set another set has: every face of dst should find a few of src that look the same way, or the model has to invent what it
 * never saw. Counted per face, told in words per cell of ten degrees, drawn as a map that is laid out like the faces: one that looks to
 * the left of the picture stands on the left.
 */
import type { Pose } from '../face/index.ts';
import type { ByteImage, Colour } from '../image/index.ts';
import { canvasPainter, type Painter, svgPainter } from './painter.ts';

/** Degrees. Positive yaw: to the left of the picture; positive pitch: up. */
export interface Direction {
  readonly yaw: number;
  readonly pitch: number;
}

export interface LackingCell {
  /** The cell's middle. */
  readonly yaw: number;
  readonly pitch: number;
  /** Faces of dst in it, and those of them that find too few of src. */
  readonly dst: number;
  readonly uncovered: number;
}

export interface Coverage {
  readonly src: readonly Direction[];
  readonly dst: readonly Direction[];
  /** Share of dst's faces that find enough of src. */
  readonly covered: number;
  /** Those with most uncovered faces first. */
  readonly lacking: readonly LackingCell[];
}

/** So many faces of src within so many degrees make a face of dst covered. */
export const enough = { faces: 3, degrees: 8 } as const;

const CELL = 10;
const [WIDEST_YAW, WIDEST_PITCH] = [80, 50];

export const directionOf = ({ yaw, pitch }: Pose): Direction => ({ yaw: (yaw * 180) / Math.PI, pitch: (pitch * 180) / Math.PI });

/** Faces without a pose (NaN) count nowhere. */
export function coverageOf(src: readonly Direction[], dst: readonly Direction[]): Coverage {
  const known = (d: Direction): boolean => Number.isFinite(d.yaw) && Number.isFinite(d.pitch);
  const [sources, targets] = [src.filter(known), dst.filter(known)];
  const sorted = [...sources].sort((a, b) => a.yaw - b.yaw);
  const yaws = Float64Array.from(sorted, ({ yaw }) => yaw);
  const cells = new Map<string, { yaw: number; pitch: number; dst: number; uncovered: number }>();
  let covered = 0;
  for (const face of targets) {
    let found = 0;
    for (
      let k = firstAtLeast(yaws, face.yaw - enough.degrees);
      k < yaws.length && yaws[k]! <= face.yaw + enough.degrees && found < enough.faces;
      k++
    ) {
      if (Math.hypot(yaws[k]! - face.yaw, sorted[k]!.pitch - face.pitch) <= enough.degrees) found++;
    }
    const [yaw, pitch] = [cellMiddle(face.yaw, WIDEST_YAW), cellMiddle(face.pitch, WIDEST_PITCH)];
    const key = `${yaw} ${pitch}`;
    const cell = cells.get(key) ?? { yaw, pitch, dst: 0, uncovered: 0 };
    cells.set(key, cell);
    cell.dst++;
    if (found >= enough.faces) covered++;
    else cell.uncovered++;
  }
  const lacking = [...cells.values()]
    .filter(({ uncovered }) => uncovered > 0)
    .sort((a, b) => b.uncovered - a.uncovered || Math.abs(a.yaw) - Math.abs(b.yaw) || a.yaw - b.yaw || a.pitch - b.pitch);
  return { src: sources, dst: targets, covered: targets.length === 0 ? 1 : covered / targets.length, lacking };
}

function firstAtLeast(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

const cellMiddle = (angle: number, widest: number): number =>
  Math.floor(Math.min(widest - 1e-9, Math.max(-widest, angle)) / CELL) * CELL + CELL / 2;

export interface CoverageCell {
  /** The cell's middle. */
  readonly yaw: number;
  readonly pitch: number;
  readonly src: number;
  readonly dst: number;
  readonly lacking: number;
}

/** Counts of both sets in cells, those that hold a face. What lies beyond the edge counts in the outermost cells. */
export function coverageGrid({ src, dst, lacking }: Coverage): { readonly cell: number; readonly cells: readonly CoverageCell[] } {
  const cells = new Map<string, CoverageCell>();
  const add = (direction: Direction, more: Partial<CoverageCell>): void => {
    const [yaw, pitch] = [cellMiddle(direction.yaw, WIDEST_YAW), cellMiddle(direction.pitch, WIDEST_PITCH)];
    const key = `${yaw} ${pitch}`;
    const before = cells.get(key) ?? { yaw, pitch, src: 0, dst: 0, lacking: 0 };
    const { src: s = 0, dst: d = 0, lacking: l = 0 } = more;
    cells.set(key, { yaw, pitch, src: before.src + s, dst: before.dst + d, lacking: before.lacking + l });
  };
  for (const direction of src) add(direction, { src: 1 });
  for (const direction of dst) add(direction, { dst: 1 });
  for (const { uncovered, ...middle } of lacking) add(middle, { lacking: uncovered });
  return { cell: CELL, cells: [...cells.values()].sort((a, b) => b.pitch - a.pitch || b.yaw - a.yaw) };
}

/** "60–70° to the left, 10–20° down". */
export function directionText({ yaw, pitch }: Pick<LackingCell, 'yaw' | 'pitch'>): string {
  const part = (middle: number, words: readonly [positive: string, negative: string]): string =>
    `${Math.abs(middle) - CELL / 2}-${Math.abs(middle) + CELL / 2}° ${middle > 0 ? words[0] : words[1]}`;
  return `${part(yaw, ['left', 'right'])}, ${part(pitch, ['up', 'down'])}`;
}

/** The share in words, and the cells that src lacks. @param most  cells that are named. */
export function coverageText({ src, dst, covered, lacking }: Coverage, most: number): readonly string[] {
  const share = `${covered === 1 ? 100 : Math.min(99, Math.floor(covered * 100))} % of ${dst.length} dst faces have at least ${enough.faces} of ${src.length} src faces within ${enough.degrees}°`;
  if (lacking.length === 0) return [share, 'src lacks no pose of dst'];
  const named = lacking
    .slice(0, most)
    .map((cell) => `src lacks ${directionText(cell)}: ${cell.uncovered} dst ${cell.uncovered === 1 ? 'face' : 'faces'}`);
  const rest = lacking.length - named.length;
  return [share, ...named, ...(rest > 0 ? [`and ${rest} more`] : [])];
}

const PIXELS = 6; // a degree
const MARGIN = { left: 92, top: 76, right: 40 } as const;
const LINE = 24;
const TOLD = 6;

const colours = {
  paper: [255, 255, 255],
  ink: [40, 44, 52],
  faint: [228, 230, 234],
  axis: [150, 156, 166],
  src: [52, 116, 190],
  dst: [224, 122, 32],
  lack: [214, 60, 60],
} as const satisfies Readonly<Record<string, Colour>>;

const width = MARGIN.left + 2 * WIDEST_YAW * PIXELS + MARGIN.right;
const bottom = MARGIN.top + 2 * WIDEST_PITCH * PIXELS;
const heightOf = (lines: readonly string[]): number => bottom + 84 + lines.length * LINE;

export function coverageImage(coverage: Coverage): ByteImage {
  const lines = coverageText(coverage, TOLD);
  const painter = canvasPainter(width, heightOf(lines), colours.paper);
  paint(painter, coverage, lines);
  return painter.image;
}

export function coverageSvg(coverage: Coverage): string {
  const lines = coverageText(coverage, TOLD);
  const painter = svgPainter(width, heightOf(lines), colours.paper);
  paint(painter, coverage, lines);
  return painter.svg();
}

function paint(p: Painter, { src, dst, lacking }: Coverage, lines: readonly string[]): void {
  const x = (yaw: number): number => MARGIN.left + (WIDEST_YAW - Math.min(WIDEST_YAW, Math.max(-WIDEST_YAW, yaw))) * PIXELS;
  const y = (pitch: number): number => MARGIN.top + (WIDEST_PITCH - Math.min(WIDEST_PITCH, Math.max(-WIDEST_PITCH, pitch))) * PIXELS;
  const worst = Math.max(1, ...lacking.map(({ uncovered }) => uncovered));
  for (const { yaw, pitch, uncovered } of lacking) {
    const half = CELL / 2;
    const box = { left: x(yaw + half), right: x(yaw - half), top: y(pitch + half), bottom: y(pitch - half) };
    p.rect(box, colours.lack, Math.round((0.12 + 0.28 * (uncovered / worst)) * 100) / 100);
  }
  for (let yaw = -WIDEST_YAW; yaw <= WIDEST_YAW; yaw += CELL) {
    p.line([x(yaw), y(WIDEST_PITCH), x(yaw), y(-WIDEST_PITCH)], yaw === 0 ? colours.axis : colours.faint);
    if (yaw % 20 === 0) p.text(`${Math.abs(yaw)}°`, x(yaw), bottom + 22, { colour: colours.axis, align: 'centre', large: true });
  }
  for (let pitch = -WIDEST_PITCH; pitch <= WIDEST_PITCH; pitch += CELL) {
    p.line([x(WIDEST_YAW), y(pitch), x(-WIDEST_YAW), y(pitch)], pitch === 0 ? colours.axis : colours.faint);
    if (pitch % 20 === 0)
      p.text(`${Math.abs(pitch)}°`, MARGIN.left - 10, y(pitch) + 7, { colour: colours.axis, align: 'right', large: true });
  }
  // Large sets would be one blot: the more faces, the fainter each.
  const cover = (n: number): number => Math.round(Math.max(0.15, Math.min(0.75, 300 / Math.max(1, n))) * 100) / 100;
  for (const { yaw, pitch } of src) p.disc(x(yaw), y(pitch), 4, colours.src, cover(src.length));
  for (const { yaw, pitch } of dst) p.ring(x(yaw), y(pitch), 5, colours.dst, 1.6);
  const ink = { colour: colours.ink, large: true } as const;
  p.disc(MARGIN.left + 8, 34, 5, colours.src);
  p.text(`src, ${src.length} faces`, MARGIN.left + 22, 41, ink);
  p.ring(MARGIN.left + 308, 34, 6, colours.dst, 2);
  p.text(`dst, ${dst.length} faces`, MARGIN.left + 322, 41, ink);
  p.rect({ left: MARGIN.left + 600, right: MARGIN.left + 616, top: 26, bottom: 42 }, colours.lack, 0.4);
  p.text('dst poses that src lacks', MARGIN.left + 624, 41, ink);
  const axis = { colour: colours.ink, large: true } as const;
  p.text('looking left', x(WIDEST_YAW), bottom + 48, axis);
  p.text('looking right', x(-WIDEST_YAW), bottom + 48, { ...axis, align: 'right' });
  p.text('up', MARGIN.left - 10, y(WIDEST_PITCH) + 7, { ...axis, align: 'right' });
  p.text('down', MARGIN.left - 10, y(-WIDEST_PITCH) + 5, { ...axis, align: 'right' });
  for (const [i, line] of lines.entries())
    p.text(line, MARGIN.left, bottom + 84 + i * LINE, { colour: i === 0 ? colours.ink : colours.lack, large: true });
}
