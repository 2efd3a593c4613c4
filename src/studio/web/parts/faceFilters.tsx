/** Filters of a faceset: by name, and by each measure with its histogram; and the job that takes the measures. */
import { type FaceList, type FaceMeasure, faceMeasures } from '../../protocol.ts';
import { startJob } from '../api.ts';
import { histogramOf, keptValue, plainView, shownValue, type View } from '../faceView.ts';
import { attempt, isAlive, jobs } from '../store.ts';
import { useMemo } from '../ui.ts';
import { count, t } from '../words.ts';
import { Meter } from './basics.tsx';
import { BINS, FaceHistogram } from './faceHistogram.tsx';

interface Props {
  readonly list: FaceList | undefined;
  readonly path: string;
  readonly shown: Int32Array;
  readonly view: View;
  readonly onChange: (view: View) => void;
}

export function FaceFilters({ list, path, shown, view, onChange }: Props) {
  const [measured, of] = [list?.measured ?? 0, list?.names.length ?? 0];
  const job = jobs.value.find((one) => one.request.kind === 'measure' && one.request.faces === path && isAlive(one));
  const histograms = useMemo(
    () => new Map(faceMeasures.map((measure) => [measure, list && histogramOf(list, measure, shown, BINS)])),
    [list, shown],
  );
  const bound = (measure: FaceMeasure, text: string): number | null =>
    text === '' || Number.isNaN(Number(text)) ? null : keptValue(measure, Number(text));
  const set = (measure: FaceMeasure, side: 0 | 1, text: string): void => {
    const [least, most] = view.ranges[measure] ?? [null, null];
    const range = side === 0 ? ([bound(measure, text), most] as const) : ([least, bound(measure, text)] as const);
    onChange({ ...view, ranges: { ...view.ranges, [measure]: range } });
  };
  const text = (measure: FaceMeasure, value: number | null | undefined): string =>
    value == null ? '' : String(Number(shownValue(measure, value).toPrecision(4)));
  const isPlain = view.text === '' && view.only === undefined && Object.values(view.ranges).every(([a, b]) => a === null && b === null);
  return (
    <>
      <div class="measure">
        {job !== undefined ? (
          <>
            <p class="muted">{t('measuring')}</p>
            <Meter done={job.progress?.done ?? 0} of={job.progress?.total ?? undefined} label={t('measuring')} />
          </>
        ) : (
          <>
            {measured < of && <p class="muted">{t('measureHint')}</p>}
            <p class="muted">{t('measuredOf', count(measured), count(of))}</p>
            {measured < of && (
              <button
                type="button"
                class={measured === 0 ? 'primary acts' : 'acts'}
                onClick={() => void attempt(() => startJob({ kind: 'measure', faces: path }))}
              >
                {t('measure')}
              </button>
            )}
          </>
        )}
      </div>
      <label class="field">
        <span>{t('filterName')}</span>
        <input value={view.text} spellcheck={false} onInput={({ currentTarget }) => onChange({ ...view, text: currentTarget.value })} />
      </label>
      {view.only !== undefined && (
        <div class="only">
          <span>{t('onlyThese', view.only.label)}</span>
          <button type="button" class="small" onClick={() => onChange({ ...view, only: undefined })}>
            {t('showAll')}
          </button>
        </div>
      )}
      <fieldset class="ranges" disabled={list !== undefined && measured === 0}>
        {faceMeasures.map((measure) => {
          const histogram = histograms.get(measure);
          if (measured > 0 && histogram === undefined) return null; // nothing of this is known of these faces
          return (
            <div key={measure} class="measure-range">
              <div class="range">
                <span>{t(measure)}</span>
                {([0, 1] as const).map((side) => (
                  <input
                    key={side}
                    type="number"
                    step="any"
                    aria-label={`${t(measure)} ${t(side === 0 ? 'from' : 'to')}`}
                    placeholder={t(side === 0 ? 'from' : 'to')}
                    value={text(measure, view.ranges[measure]?.[side])}
                    onInput={({ currentTarget }) => set(measure, side, currentTarget.value)}
                  />
                ))}
              </div>
              {histogram === undefined ? (
                <div class="histogram" />
              ) : (
                <FaceHistogram
                  measure={measure}
                  histogram={histogram}
                  range={view.ranges[measure] ?? [null, null]}
                  onChange={(range) => onChange({ ...view, ranges: { ...view.ranges, [measure]: range } })}
                />
              )}
            </div>
          );
        })}
      </fieldset>
      <button
        type="button"
        class="quiet"
        disabled={isPlain}
        onClick={() => onChange({ ...plainView, sort: view.sort, descending: view.descending })}
      >
        {t('clearFilter')}
      </button>
    </>
  );
}
