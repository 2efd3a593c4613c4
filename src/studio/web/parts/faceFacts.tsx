/** What the file of a face says beside the picture. */
import type { FaceDetail } from '../../protocol.ts';
import { bytes, instant, t } from '../words.ts';

/** Every row is there from the beginning, so that nothing jumps when the file has been read. */
export function FaceFacts({ face }: { readonly face: FaceDetail | undefined }) {
  const degrees = (value: number): string => `${value.toFixed(1)}°`.replace('-', '\u2212');
  const score = (value: number | null): string => (value === null ? '–' : value.toFixed(2));
  const rows: readonly (readonly [string, (face: FaceDetail) => string])[] = [
    [t('picture'), ({ width, height, bytes: size }) => `${width}×${height}, ${bytes(size)}`],
    [t('faceType'), ({ faceType, eyebrows }) => `${faceType}${eyebrows === 1 ? '' : `, brows ×${eyebrows}`}`],
    [t('source'), ({ source, frame }) => [source ?? '–', ...(frame === null ? [] : [`#${frame + 1}`])].join(' ')],
    [t('time'), ({ seconds }) => (seconds === null ? '–' : instant(seconds))],
    [t('inFrame'), ({ sourceRect }) => (sourceRect === null ? '–' : sourceRect.map(Math.round).join(', '))],
    [t('clipPrint'), ({ clip }) => clip ?? '–'],
    [t('pose'), ({ pose }) => (pose === null ? '–' : [pose.pitch, pose.yaw].map(degrees).join(', '))],
    [t('rollLabel'), ({ pose }) => (pose === null ? '–' : degrees(pose.roll))],
    [
      t('scores'),
      ({ detectorScore, landmarkScore, filled, edited }) =>
        edited ? t('editedByHand') : filled ? t('filledIn') : `${score(detectorScore)}, ${score(landmarkScore)}`,
    ],
    [t('sharpnessOf'), ({ sharpness, exposure }) => `${sharpness === null ? '–' : sharpness.toFixed(0)}, ${score(exposure)}`],
    [t('mask'), ({ mask }) => (mask ? t('yes') : t('no'))],
    [t('polygons'), ({ polygons }) => String(polygons.length)],
    [t('keptInFile'), ({ mesh, identity }) => [...(mesh ? [t('hasMesh')] : []), ...(identity ? [t('hasIdentity')] : [])].join(', ') || '–'],
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
