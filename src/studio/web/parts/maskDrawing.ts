/** Regions of a mask as they are drawn: what is there, what is chosen, what a hand and the keys do to it, and the steps back and forth. */
import type { FaceDetail, MaskShape } from '../../protocol.ts';
import { type Signal, useRef, useSignal } from '../ui.ts';
import * as edit from './faceEditing.ts';
import type { At } from './faceStage.tsx';

/** Pixels of the screen within which a point or an edge is caught. */
const CATCH = 11;
const [NUDGE, LEAP] = [0.5, 5];
export const drawModes = ['none', 'include', 'exclude'] as const;
type Mode = (typeof drawModes)[number];

export type Shapes = readonly MaskShape[];
interface Chosen {
  readonly region: number;
  /** Null: the region as a whole. */
  readonly point: number | null;
}

/**
 * What is drawn, as signals, and the changes of it that hand and keys have in common.
 *
 * @param dirty  whether something is drawn that is not saved.
 */
function useDrawing(face: FaceDetail, dirty: Signal<boolean>) {
  const history = useSignal<edit.History<Shapes>>(edit.begun(face.polygons));
  const mode = useSignal<Mode>(face.polygons.length === 0 ? 'include' : 'none');
  const draft = useSignal<readonly number[]>([]);
  const chosen = useSignal<Chosen | undefined>(undefined);
  const { present, past } = history.value;
  const put = (next: edit.History<Shapes>): void => {
    history.value = next;
    dirty.value = next.past.length > 0;
    if (chosen.value !== undefined && chosen.value.region >= next.present.length) chosen.value = undefined;
  };
  const change = (next: Shapes): void => put(edit.changedTo(history.value, next));
  const close = (): void => {
    if (draft.value.length >= 6) {
      change([...present, { include: mode.value === 'include', points: draft.value.map((value) => Math.round(value * 100) / 100) }]);
      chosen.value = { region: present.length, point: null };
    }
    draft.value = [];
  };
  return { history, mode, draft, chosen, present, past, put, change, close };
}
type Drawing = ReturnType<typeof useDrawing>;

/** @returns what a key does; what it does not know is left to others. */
function keysOf({ history, mode, draft, chosen, present, put, change, close }: Drawing, width: number) {
  const remove = (): void => {
    if (draft.value.length > 0) draft.value = draft.value.slice(0, -2);
    else if (chosen.value !== undefined) {
      const { region, point } = chosen.value;
      change(point === null ? edit.regionRemoved(present, region) : edit.pointRemoved(present, region, point));
      chosen.value = undefined;
    }
  };
  const nudge = (dx: number, dy: number): void => {
    if (chosen.value === undefined) return;
    const { region, point } = chosen.value;
    change(point === null ? edit.regionMoved(present, region, dx, dy) : edit.pointMoved(present, region, point, dx, dy));
  };
  /** Goes to the next or the previous point, over all regions. */
  const walk = (by: number): void => {
    const all = present.flatMap(({ points }, region) => Array.from({ length: points.length / 2 }, (_, point) => ({ region, point })));
    if (all.length === 0) return;
    const now = all.findIndex(({ region, point }) => region === chosen.value?.region && point === (chosen.value.point ?? 0));
    chosen.value = all[(now + by + all.length) % all.length];
  };
  /** A point in the middle of the edge behind the chosen one. */
  const insertAfter = ({ region, point }: Chosen): void => {
    const { points } = present[region]!;
    const at = point ?? 0;
    const next = (at + 1) % (points.length / 2);
    const middle = [(points[2 * at]! + points[2 * next]!) / 2, (points[2 * at + 1]! + points[2 * next + 1]!) / 2] as const;
    change(edit.pointAdded(present, region, at, middle));
    chosen.value = { region, point: at + 1 };
  };
  return (event: KeyboardEvent, save: () => void): void => {
    const { key, shiftKey } = event;
    const used = (act: () => void): void => {
      act();
      event.preventDefault();
    };
    if (event.ctrlKey || event.metaKey) {
      const lower = key.toLowerCase();
      if (lower === 'z' && draft.value.length > 0) used(() => (draft.value = draft.value.slice(0, -2)));
      else if (lower === 'z') used(() => put((shiftKey ? edit.stepForth : edit.stepBack)(history.value)));
      else if (lower === 'y') used(() => put(edit.stepForth(history.value)));
      else if (lower === 's') used(save);
      return;
    }
    const step = shiftKey ? LEAP : NUDGE;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ...{ ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] },
    };
    const move = moves[key];
    if (move !== undefined) used(() => nudge(move[0], move[1]));
    else if (key === 'Enter' && draft.value.length > 0) used(close);
    else if (key === 'Escape' && draft.value.length > 0) used(() => (draft.value = []));
    else if (key === 'Escape' && chosen.value !== undefined) used(() => (chosen.value = undefined));
    else if (key === 'Delete' || key === 'Backspace') used(remove);
    else if (key === ']' || key === '[') used(() => walk(key === ']' ? 1 : -1));
    else if (key === 'Insert' && chosen.value !== undefined && chosen.value.point !== null) used(() => insertAfter(chosen.value!));
    else if (key === 'i') mode.value = 'include';
    else if (key === 'e') mode.value = 'exclude';
    else if (key === 'v') mode.value = 'none';
    else if (key === 'x' && chosen.value !== undefined) used(() => change(edit.regionFlipped(present, chosen.value!.region)));
    else if (key === 'm' && present.length > 0) used(() => change(edit.mirrored(present, width)));
  };
}

/** What a hand does: places points of a region that is drawn, or takes hold of a point, an edge, a region, and drags it. */
function useHand({ mode, draft, chosen, present, change, close }: Drawing) {
  const pointer = useSignal<readonly [number, number] | undefined>(undefined);
  const live = useSignal<Shapes | undefined>(undefined);
  const drag = useRef<{ readonly from: At; readonly shapes: Shapes; readonly chosen: Chosen } | undefined>(undefined);
  const down = (at: At, event: PointerEvent): boolean => {
    if (event.button !== 0) return false;
    const reach = CATCH * at.unit;
    if (mode.value !== 'none') {
      const [x, y] = draft.value;
      if (draft.value.length >= 6 && Math.hypot(at.x - x!, at.y - y!) < reach) close();
      else draft.value = [...draft.value, at.x, at.y];
      return true;
    }
    const hold = (held: Chosen, from: Shapes): true => {
      chosen.value = held;
      drag.current = { from: at, shapes: from, chosen: held };
      return true;
    };
    for (let region = present.length - 1; region >= 0; region--) {
      const { at: point, distance } = edit.nearestPoint(present[region]!.points, at.x, at.y);
      if (distance < reach) return hold({ region, point }, present);
    }
    for (let region = present.length - 1; region >= 0; region--) {
      const near = edit.nearestEdge(present[region]!.points, at.x, at.y);
      if (near.distance < reach && (event.altKey || chosen.value?.region === region)) {
        const added = edit.pointAdded(present, region, near.at, [at.x, at.y]);
        live.value = added;
        return hold({ region, point: near.at + 1 }, added);
      }
    }
    const region = present.findLastIndex(({ points }) => edit.holds(points, at.x, at.y));
    if (region >= 0) return hold({ region, point: null }, present);
    chosen.value = undefined;
    return false;
  };
  const move = (at: At): void => {
    pointer.value = [at.x, at.y];
    const held = drag.current;
    if (held === undefined) return;
    const [dx, dy] = [at.x - held.from.x, at.y - held.from.y];
    const { region, point } = held.chosen;
    live.value = point === null ? edit.regionMoved(held.shapes, region, dx, dy) : edit.pointMoved(held.shapes, region, point, dx, dy);
  };
  const up = (): void => {
    if (live.value !== undefined && drag.current !== undefined) change(live.value);
    live.value = undefined;
    drag.current = undefined;
  };
  return { pointer, shapes: live.value ?? present, down, move, up };
}

export function useRegions(face: FaceDetail, dirty: Signal<boolean>) {
  const drawing = useDrawing(face, dirty);
  return { ...drawing, ...useHand(drawing), press: keysOf(drawing, face.width) };
}
export type Regions = ReturnType<typeof useRegions>;
