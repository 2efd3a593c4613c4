/** Regions of a mask as they are seen over the face: their outlines, the mask that they make, the one that is stored, and what is being drawn. */
import type { FaceDetail } from '../../protocol.ts';
import * as edit from './faceEditing.ts';
import type { Regions, Shapes } from './maskDrawing.ts';

export const maskViews = ['outline', 'result', 'stored'] as const;
export type MaskView = (typeof maskViews)[number];

interface Props {
  readonly face: FaceDetail;
  /** Address of the stored mask. */
  readonly storedUrl: string;
  readonly shown: ReadonlySet<MaskView>;
  readonly regions: Regions;
}

export function MaskPicture({ face, storedUrl, shown, regions: { shapes, chosen, draft, mode, pointer } }: Props) {
  const stored = 'mask-of-file';
  return (
    <>
      {shown.has('stored') && face.mask && (
        <>
          <mask id={stored} maskUnits="userSpaceOnUse" x={-0.5} y={-0.5} width={face.width} height={face.height}>
            <image href={storedUrl} x={-0.5} y={-0.5} width={face.width} height={face.height} preserveAspectRatio="none" />
          </mask>
          <rect class="mask-stored" x={-0.5} y={-0.5} width={face.width} height={face.height} mask={`url(#${stored})`} />
        </>
      )}
      {shown.has('result') && shapes.length > 0 && <Result shapes={shapes} face={face} />}
      {shown.has('outline') &&
        shapes.map(({ include, points }, region) => (
          <g key={region} class={`region ${include ? 'include' : 'exclude'}${chosen.value?.region === region ? ' chosen' : ''}`}>
            <path class="region-edge" d={edit.pathOf(points, true)} vector-effect="non-scaling-stroke" />
            <path class="region-points" d={edit.dotsPath(points)} vector-effect="non-scaling-stroke" />
            {chosen.value?.region === region && chosen.value.point !== null && (
              <path
                class="region-points region-point"
                d={edit.dotsPath(points, [chosen.value.point, chosen.value.point + 1])}
                vector-effect="non-scaling-stroke"
              />
            )}
          </g>
        ))}
      {draft.value.length > 0 && (
        <g class={`region draft ${mode.value}`}>
          <path class="region-edge" d={edit.pathOf([...draft.value, ...(pointer.value ?? [])], false)} vector-effect="non-scaling-stroke" />
          <path class="region-points" d={edit.dotsPath(draft.value)} vector-effect="non-scaling-stroke" />
        </g>
      )}
    </>
  );
}

/** The mask that the regions make, as the programs make it: whole pixels, those that include first, then those that exclude. What is outside is darkened. */
function Result({ shapes, face }: { readonly shapes: Shapes; readonly face: FaceDetail }) {
  const id = 'mask-of-regions';
  const whole = { x: -0.5, y: -0.5, width: face.width, height: face.height };
  return (
    <g>
      <mask id={id} maskUnits="userSpaceOnUse" {...whole}>
        <rect {...whole} fill="#fff" />
        {shapes.map(
          ({ include, points }, i) =>
            include && <path key={i} d={edit.pathOf(points.map(Math.trunc), true)} fill="#000" fill-rule="evenodd" />,
        )}
        {shapes.map(
          ({ include, points }, i) =>
            !include && <path key={i} d={edit.pathOf(points.map(Math.trunc), true)} fill="#fff" fill-rule="evenodd" />,
        )}
      </mask>
      <rect {...whole} class="mask-outside" mask={`url(#${id})`} />
    </g>
  );
}
