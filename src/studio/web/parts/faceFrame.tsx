/** The frame that a face is from, with its crop outlined; and the crop that other landmarks would make, drawn as they move. */
import { type FaceType, faceFromImage } from '../../../face/index.ts';
import { type Affine, invertAffine, mapPoints } from '../../../image/index.ts';
import type { FaceDetail, FaceFrame, Problem } from '../../protocol.ts';
import { attempt } from '../store.ts';
import { useEffect, useRef, useSignal } from '../ui.ts';
import { count, t } from '../words.ts';
import { ProblemText } from './basics.tsx';
import { pathOf } from './faceEditing.ts';
import { frameUrl, readFrame } from './faceRequests.ts';

/** Whoever only passes by needs no frame. */
const WAIT_MS = 150;

export interface FrameOfFace {
  readonly info?: FaceFrame;
  readonly problem?: Problem;
}

/** Where the frame of a face is; empty while nobody knows. @param v  changes with the face's file. */
export function useFrame(path: string, name: string, v: string): FrameOfFace {
  const known = useSignal<FrameOfFace & { readonly of: string }>({ of: '' });
  const of = `${path}\0${name}\0${v}`;
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(() => {
      void attempt(() => readFrame(path, name)).then((answer) => {
        if (gone || answer === undefined) return;
        const { frame, lacking } = answer;
        known.value = { of, ...(frame === null ? {} : { info: frame }), ...(lacking === null ? {} : { problem: lacking }) };
      });
    }, WAIT_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [of]);
  return known.value.of === of ? known.value : {};
}

const cornersOf = (width: number, height: number): readonly number[] => [
  -0.5,
  -0.5,
  width - 0.5,
  -0.5,
  width - 0.5,
  height - 0.5,
  -0.5,
  height - 0.5,
];

/** Rows of the matrix as they are in the file. */
export const affineOf = (matrix: readonly number[] | null): Affine | undefined =>
  matrix === null ? undefined : (matrix as unknown as Affine);

interface Props {
  readonly path: string;
  readonly face: FaceDetail | undefined;
  readonly frame: FrameOfFace;
  readonly v: string;
}

export function FrameView({ path, face, frame: { info, problem }, v }: Props) {
  const matrix = face === undefined ? undefined : affineOf(face.matrix);
  return (
    <figure class="frame-of-face">
      {info === undefined || face === undefined ? (
        <div class="frame-waiting">
          {problem === undefined ? <p class="muted">{t('frameReading')}</p> : <ProblemText problem={problem} />}
        </div>
      ) : (
        <svg viewBox={`-0.5 -0.5 ${info.width} ${info.height}`} role="img" aria-label={t('frameAt', info.clip, info.frame + 1)}>
          <image href={frameUrl(path, face.name, 'whole', v)} x={-0.5} y={-0.5} width={info.width} height={info.height} />
          {matrix !== undefined && (
            <path
              class="crop-outline"
              d={pathOf([...mapPoints(invertAffine(matrix), cornersOf(face.width, face.height))], true)}
              vector-effect="non-scaling-stroke"
            />
          )}
        </svg>
      )}
      <figcaption class="muted">{info === undefined ? t('frameOfFace') : t('frameAt', info.clip, count(info.frame + 1))}</figcaption>
    </figure>
  );
}

const SHOWN = 256;

/** What faceFromImage cannot crop, the page does not draw. */
function cropMatrix(landmarks: Float64Array, size: number, type: string): Affine | undefined {
  const matrix = faceFromImage(landmarks, size, type as FaceType);
  return matrix.every(Number.isFinite) ? matrix : undefined;
}

interface NewCropProps {
  readonly path: string;
  readonly face: FaceDetail;
  /** Of the face's picture. */
  readonly href: string;
  readonly landmarks: readonly number[];
  readonly frame: FrameOfFace;
  readonly v: string;
}

/** The crop along these landmarks: from the frame where it is known, else from the face itself. */
export function NewCrop({ path, face, href, landmarks, frame: { info }, v }: NewCropProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = useSignal<HTMLImageElement | undefined>(undefined);
  const matrix = affineOf(face.matrix);
  const isFromFrame = info !== undefined && matrix !== undefined;
  const source = isFromFrame ? frameUrl(path, face.name, 'near', v) : href;
  useEffect(() => {
    const image = new Image();
    image.onload = () => (picture.value = image);
    image.src = source;
    return () => {
      image.onload = null;
    };
  }, [source]);
  const image = picture.value;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context == null || image === undefined || image.src !== new URL(source, location.href).href) return;
    const points = Float64Array.from(landmarks);
    const to = cropMatrix(isFromFrame ? mapPoints(invertAffine(matrix), points) : points, SHOWN, face.faceType);
    context.resetTransform();
    context.fillStyle = '#000';
    context.fillRect(0, 0, SHOWN, SHOWN);
    if (to === undefined) return;
    const [a, b, tx, c, d, ty] = to;
    context.setTransform(a, c, b, d, tx + 0.5, ty + 0.5); // our pixels lie on whole numbers, a canvas has them between
    context.imageSmoothingQuality = 'high';
    const [left, top, width, height] = isFromFrame ? info.near : [0, 0, face.width, face.height];
    context.drawImage(image, left! - 0.5, top! - 0.5, width!, height!);
  }, [image, landmarks, source]);
  return (
    <figure class="new-crop">
      <canvas ref={canvas} width={SHOWN} height={SHOWN} role="img" aria-label={t('newCrop')} />
      <figcaption class="muted">{t('newCrop')}</figcaption>
    </figure>
  );
}
