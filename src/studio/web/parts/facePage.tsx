/** One face in full: looked at with its frame, or worked on: landmarks, and regions of its mask. What was drawn is not left without a word. */
import type { Changed, FaceDetail, FaceList, Problem } from '../../protocol.ts';
import { faceUrl, Refused, readFace, undoFaces } from '../api.ts';
import { readOnly } from '../readOnly.ts';
import { attempt, online } from '../store.ts';
import { useEffect, useRef, useSignal } from '../ui.ts';
import { type Key, t } from '../words.ts';
import { Dialog, ProblemText } from './basics.tsx';
import { dotsPath, landmarkLines } from './faceEditing.ts';
import { FaceFacts } from './faceFacts.tsx';
import { FrameView, useFrame } from './faceFrame.tsx';
import { FaceStage, wholeOf, type Zoom } from './faceStage.tsx';
import { LandmarkEditor } from './landmarkEditor.tsx';
import { MaskEditor } from './maskEditor.tsx';

const modes = ['look', 'landmarks', 'mask'] as const;
type Mode = (typeof modes)[number];

type Told = { readonly message: string; readonly isUndoable: boolean } | { readonly problem: Problem };

interface Props {
  readonly list: FaceList;
  readonly shown: Int32Array;
  readonly at: number;
  readonly onMove: (at: number) => void;
  readonly onClose: () => void;
}

const isTyping = (target: EventTarget | null): boolean => target instanceof HTMLInputElement || target instanceof HTMLSelectElement;

export function FacePage({ list, shown, at, onMove, onClose }: Props) {
  const read = useSignal<{ readonly stamp: string; readonly face: FaceDetail } | undefined>(undefined);
  const drawn = useSignal(true);
  const mode = useSignal<Mode>('look');
  const dirty = useSignal(false);
  /** What is to be done once leaving is agreed to. */
  const leaving = useSignal<(() => void) | undefined>(undefined);
  const zoom = useSignal<Zoom>({ x: 0, y: 0, scale: 1 });
  const told = useSignal<Told | undefined>(undefined);
  const keys = useRef<(event: KeyboardEvent) => void>(undefined);
  const name = list.names[shown[at]!]!;
  const stamp = list.stamps[shown[at]!]!;
  const { path } = list;
  const isFixed = list.packed || readOnly.value;
  useEffect(() => {
    let gone = false;
    void attempt(() => readFace(path, name)).then((face) => {
      if (gone || face === undefined) return;
      if (read.value?.face.name !== name) zoom.value = wholeOf(face.width, face.height);
      read.value = { stamp, face };
    });
    return () => {
      gone = true;
    };
  }, [path, name, stamp]);
  const frame = useFrame(path, name, stamp);
  /** The face that is shown; of an earlier version of its file until the present one has been read. */
  const face = read.value?.face.name === name ? read.value.face : undefined;
  const version = face === undefined ? stamp : read.value!.stamp;
  const href = faceUrl(path, name, version);
  /** Said here, as what is said on the page lies behind the dialog. */
  const save = async (change: () => Promise<Changed>, message: Key = 'savedFace'): Promise<boolean> => {
    try {
      const { what } = await change();
      told.value = { message: t(message, what), isUndoable: message === 'savedFace' };
      return true;
    } catch (error) {
      if (error instanceof Refused) told.value = { problem: error.problem };
      else if (error instanceof TypeError) online.value = false;
      else throw error;
      return false;
    }
  };
  const leave = (act: () => void): void => {
    if (dirty.value) leaving.value = act;
    else act();
  };
  const mayClose = (): boolean => {
    if (dirty.value) leave(onClose);
    return !dirty.value;
  };
  const step = (by: number): void => {
    if (at + by >= 0 && at + by < shown.length)
      leave(() => {
        told.value = undefined;
        onMove(at + by);
      });
  };
  const choose = (to: Mode): void => {
    if (to !== mode.value) leave(() => (mode.value = to));
  };
  const press = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || isTyping(event.target)) return;
    if (mode.value !== 'look') keys.current?.(event);
    if (event.defaultPrevented || event.ctrlKey || event.metaKey) return;
    const looks = mode.value === 'look';
    if (event.key === 'Escape' && dirty.value) {
      event.preventDefault();
      leave(onClose);
    } else if (event.key === 'PageDown' || (looks && event.key === 'ArrowRight')) step(1);
    else if (event.key === 'PageUp' || (looks && event.key === 'ArrowLeft')) step(-1);
    else if (looks && event.key === 'l') drawn.value = !drawn.value;
    else if (event.key === '1') choose('look');
    else if (event.key === '2' && !isFixed) choose('landmarks');
    else if (event.key === '3' && !isFixed) choose('mask');
    else return;
    event.preventDefault();
  };
  const around = (before: number, after: number): readonly string[] =>
    Array.from(shown.subarray(Math.max(0, at - before), at + after + 1), (i) => list.names[i]!).filter((one) => one !== name);
  const editing = { path, href, v: version, zoom, dirty, keys, onSave: save };
  return (
    <Dialog title={t('face', name)} onClose={onClose} onKey={press} mayClose={mayClose} wide>
      <div class="face-modes">
        <fieldset class="segmented acts">
          <legend class="unseen">{t('modes')}</legend>
          {modes.map((one, i) => (
            <button
              key={one}
              type="button"
              aria-pressed={mode.value === one}
              disabled={isFixed && one !== 'look'}
              title={String(i + 1)}
              onClick={() => choose(one)}
            >
              {t(`mode_${one}`)}
            </button>
          ))}
        </fieldset>
        {dirty.value && <span class="unsaved">{t('unsaved')}</span>}
        <div class="told" role="status">
          {told.value !== undefined && 'message' in told.value && !dirty.value && (
            <>
              <span>{told.value.message}</span>
              {told.value.isUndoable && (
                <button type="button" class="small" onClick={() => void save(() => undoFaces(path), 'takenBack')}>
                  {t('undo')}
                </button>
              )}
            </>
          )}
        </div>
        <span class="spring" />
        {leaving.value !== undefined && (
          <div class="row leave" role="alertdialog" aria-label={t('leaveUnsaved')}>
            <span>{t('leaveUnsaved')}</span>
            <button type="button" class="small" ref={(button) => button?.focus()} onClick={() => (leaving.value = undefined)}>
              {t('stay')}
            </button>
            <button
              type="button"
              class="small danger"
              onClick={() => {
                const act = leaving.value;
                leaving.value = undefined;
                dirty.value = false;
                act?.();
              }}
            >
              {t('leave')}
            </button>
          </div>
        )}
        <button type="button" class="icon" disabled={at === 0} onClick={() => step(-1)} aria-label={t('previousFace')}>
          ←
        </button>
        <span class="muted">{t('ofTotal', at + 1, shown.length)}</span>
        <button type="button" class="icon" disabled={at + 1 >= shown.length} onClick={() => step(1)} aria-label={t('nextFace')}>
          →
        </button>
      </div>
      {told.value !== undefined && 'problem' in told.value && (
        <div class="face-problem" role="alert">
          <ProblemText problem={told.value.problem} />
        </div>
      )}
      <div class="face-page">
        {face === undefined ? (
          <>
            <div class="face-view">
              <img src={href} alt={name} />
            </div>
            <div class="face-facts">
              <FaceFacts face={undefined} />
            </div>
          </>
        ) : mode.value === 'landmarks' ? (
          <LandmarkEditor key={`${name} ${version}`} {...editing} face={face} frame={frame} />
        ) : mode.value === 'mask' ? (
          <MaskEditor key={`${name} ${version}`} {...editing} face={face} around={around} />
        ) : (
          <>
            <div class="face-view">
              <FaceStage width={face.width} height={face.height} href={href} label={name} zoom={zoom}>
                {() =>
                  drawn.value && (
                    <>
                      <path class="outline" d={landmarkLines(face.landmarks)} vector-effect="non-scaling-stroke" />
                      <path class="points" d={dotsPath(face.landmarks)} vector-effect="non-scaling-stroke" />
                    </>
                  )
                }
              </FaceStage>
            </div>
            <div class="face-facts">
              <FrameView path={path} face={face} frame={frame} v={version} />
              <FaceFacts face={face} />
              <label class="check">
                <input type="checkbox" checked={drawn.value} onChange={({ currentTarget }) => (drawn.value = currentTarget.checked)} />
                <span>{t('landmarks')}</span>
              </label>
            </div>
          </>
        )}
      </div>
    </Dialog>
  );
}
