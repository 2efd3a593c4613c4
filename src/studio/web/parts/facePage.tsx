/** One face in full: the picture with its landmarks drawn over it, and what its file says. */
import type { FaceDetail, FaceList } from '../../protocol.ts';
import { faceUrl, readFace } from '../api.ts';
import { attempt } from '../store.ts';
import { useEffect, useSignal } from '../ui.ts';
import { bytes, duration, t } from '../words.ts';
import { Dialog } from './basics.tsx';

/** Lines through the 68 points; the last point of a closed one goes back to its first. */
const lines: readonly (readonly [from: number, to: number, closed: boolean])[] = [
  [0, 16, false],
  [17, 21, false],
  [22, 26, false],
  [27, 30, false],
  [31, 35, false],
  [36, 41, true],
  [42, 47, true],
  [48, 59, true],
  [60, 67, true],
];

function linesPath(points: readonly number[]): string {
  return lines
    .map(([from, to, closed]) => {
      const some = [];
      for (let i = from; i <= to; i++) some.push(`${points[2 * i]! + 0.5} ${points[2 * i + 1]! + 0.5}`);
      return `M${some.join('L')}${closed ? 'Z' : ''}`;
    })
    .join('');
}

const dotsPath = (points: readonly number[]): string =>
  points.flatMap((x, i) => (i % 2 === 0 ? [`M${x + 0.5} ${points[i + 1]! + 0.5}h0`] : [])).join('');

interface Props {
  readonly list: FaceList;
  readonly shown: Int32Array;
  readonly at: number;
  readonly onMove: (at: number) => void;
  readonly onClose: () => void;
}

export function FacePage({ list, shown, at, onMove, onClose }: Props) {
  const detail = useSignal<FaceDetail | undefined>(undefined);
  const drawn = useSignal(true);
  const name = list.names[shown[at]!]!;
  useEffect(() => {
    let gone = false;
    void attempt(() => readFace(list.path, name)).then((read) => {
      if (!gone) detail.value = read;
    });
    return () => {
      gone = true;
    };
  }, [list.path, name]);
  const known = detail.value?.name === name ? detail.value : undefined;
  const step = (by: number): void => {
    if (at + by >= 0 && at + by < shown.length) onMove(at + by);
  };
  const press = (key: string): void => {
    if (key === 'ArrowRight') step(1);
    else if (key === 'ArrowLeft') step(-1);
    else if (key === 'l') drawn.value = !drawn.value;
  };
  return (
    <Dialog title={t('face', name)} onClose={onClose} onKey={press} wide>
      <div class="face-page">
        <div class="face-view">
          <img src={faceUrl(list.path, name, list.stamps[shown[at]!]!)} alt={name} />
          {known !== undefined && drawn.value && (
            <svg viewBox={`0 0 ${known.width} ${known.height}`} aria-hidden="true">
              <path class="outline" d={linesPath(known.landmarks)} vector-effect="non-scaling-stroke" />
              <path class="points" d={dotsPath(known.landmarks)} vector-effect="non-scaling-stroke" />
            </svg>
          )}
        </div>
        <div class="face-facts">
          <Facts face={known} />
          <label class="check">
            <input type="checkbox" checked={drawn.value} onChange={({ currentTarget }) => (drawn.value = currentTarget.checked)} />
            <span>{t('landmarks')}</span>
          </label>
          <div class="row">
            <button type="button" disabled={at === 0} onClick={() => step(-1)} aria-label={t('previousFace')}>
              ←
            </button>
            <button type="button" disabled={at + 1 >= shown.length} onClick={() => step(1)} aria-label={t('nextFace')}>
              →
            </button>
            <span class="muted">{t('ofTotal', at + 1, shown.length)}</span>
          </div>
        </div>
      </div>
    </Dialog>
  );
}

/** Every row is there from the beginning, so that nothing jumps when the file has been read. */
function Facts({ face }: { readonly face: FaceDetail | undefined }) {
  const degrees = (value: number): string => `${value.toFixed(1)}°`;
  const score = (value: number | null): string => (value === null ? '–' : value.toFixed(2));
  const rows: readonly (readonly [string, (face: FaceDetail) => string])[] = [
    [t('picture'), ({ width, height, bytes: size }) => `${width}×${height}, ${bytes(size)}`],
    [t('faceType'), ({ faceType }) => faceType],
    [t('source'), ({ source, frame }) => [source ?? '–', ...(frame === null ? [] : [`#${frame}`])].join(' ')],
    [t('time'), ({ seconds }) => (seconds === null ? '–' : duration(seconds))],
    [t('pose'), ({ pose }) => (pose === null ? '–' : [pose.pitch, pose.yaw].map(degrees).join(', '))],
    [
      t('scores'),
      ({ detectorScore, landmarkScore, filled }) => (filled ? t('filledIn') : `${score(detectorScore)}, ${score(landmarkScore)}`),
    ],
    [t('mask'), ({ mask }) => (mask ? t('yes') : t('no'))],
    [t('polygons'), ({ polygons }) => String(polygons)],
  ];
  return (
    <dl class="facts">
      {rows.map(([label, text]) => (
        <div key={label} class="facts-row">
          <dt>{label}</dt>
          <dd>{face === undefined ? '\u00a0' : text(face)}</dd>
        </div>
      ))}
    </dl>
  );
}
