/** Regions of the mask by hand, as DeepFaceLab's XSeg has them: those that include the face and those that are cut out of it, drawn point by point. */
import { useEffect, useRef, useSignal } from '../ui.ts';
import { t } from '../words.ts';
import * as edit from './faceEditing.ts';
import { maskUrl, savePolygons } from './faceRequests.ts';
import { FaceStage } from './faceStage.tsx';
import { type EditorProps, Steps } from './landmarkEditor.tsx';
import { drawModes, useRegions } from './maskDrawing.ts';
import { MaskPicture, type MaskView, maskViews } from './maskPicture.tsx';

const MOST_COPIES = 500;
const modeKeys = { none: 'drawNone', include: 'drawInclude', exclude: 'drawExclude' } as const;

interface Props extends EditorProps {
  /** Names of the faces around this one, in the order that is shown. */
  readonly around: (before: number, after: number) => readonly string[];
}

export function MaskEditor({ path, face, href, v, zoom, dirty, keys, onSave, around }: Props) {
  const regions = useRegions(face, dirty);
  const shown = useSignal<ReadonlySet<MaskView>>(new Set(['outline', 'result']));
  const [before, after, keepOwn, store] = [useSignal(0), useSignal(0), useSignal(true), useSignal(false)];
  const saving = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  const focusStage = (): void => box.current?.querySelector<SVGElement>('.stage')?.focus();
  useEffect(focusStage, []);
  const { history, mode, draft, chosen, present, past, put, change } = regions;
  const save = async (): Promise<void> => {
    if (saving.value) return;
    saving.value = true;
    const request = {
      name: face.name,
      polygons: present,
      copyTo: around(before.value, after.value),
      keepOwn: keepOwn.value,
      store: store.value,
    };
    const saved = await onSave(() => savePolygons(path, request));
    saving.value = false;
    if (saved) put(edit.begun(present));
  };
  keys.current = (event) => regions.press(event, () => void save());
  const begin = (): void => change([...present, { include: true, points: edit.faceOutline(face.landmarks) }]);
  const toggle = (view: MaskView): void => {
    const next = new Set(shown.value);
    if (!next.delete(view)) next.add(view);
    shown.value = next;
  };
  return (
    <>
      <div ref={box} class="face-view">
        <FaceStage
          width={face.width}
          height={face.height}
          href={href}
          label={`${t('mode_mask')}: ${t(modeKeys[mode.value])}, ${t('regions')} ${present.length}`}
          zoom={zoom}
          cursor={mode.value === 'none' ? 'default' : 'crosshair'}
          onDown={regions.down}
          onMove={regions.move}
          onUp={regions.up}
        >
          {() => <MaskPicture face={face} storedUrl={maskUrl(path, face.name, v)} shown={shown.value} regions={regions} />}
        </FaceStage>
      </div>
      <div class="face-facts">
        <fieldset class="segmented">
          <legend class="unseen">{t('mode_mask')}</legend>
          {drawModes.map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={mode.value === name}
              title={{ none: 'V', include: 'I', exclude: 'E' }[name]}
              onClick={() => (mode.value = name)}
            >
              {t(modeKeys[name])}
            </button>
          ))}
        </fieldset>
        <p class="muted">{t('maskHint')}</p>
        <section>
          <h3>{t('regions')}</h3>
          {present.length === 0 && (
            <p class="muted">
              {t('noRegions')} {t('noRegionsNext')}
            </p>
          )}
          {edit.isEmptyMask(present) && (
            <div class="mask-empty" role="alert">
              <p>
                <strong>{t('onlyExcludes')}</strong> {t('onlyExcludesNext')}
              </p>
              <button
                type="button"
                class="small"
                onClick={() => {
                  begin();
                  focusStage(); // the button goes, and keys are to mean the same as before
                }}
              >
                {t('startFromOutline')}
              </button>
            </div>
          )}
          <ul class="regions">
            {present.map(({ include, points }, region) => (
              <li key={region} class={chosen.value?.region === region ? 'chosen' : ''}>
                <button
                  type="button"
                  class="quiet small"
                  aria-pressed={chosen.value?.region === region}
                  onClick={() => (chosen.value = { region, point: null })}
                >
                  <i class={include ? 'include' : 'exclude'} />
                  {t('regionN', t(include ? 'drawInclude' : 'drawExclude'), region + 1, points.length / 2)}
                </button>
                <button
                  type="button"
                  class="quiet small icon"
                  aria-label={`${t('regionFlip')} ${region + 1}`}
                  title={`${t('regionFlip')} (X)`}
                  onClick={() => change(edit.regionFlipped(present, region))}
                >
                  ±
                </button>
                <button
                  type="button"
                  class="quiet small icon"
                  aria-label={`${t('regionDelete')} ${region + 1}`}
                  title={t('regionDelete')}
                  onClick={() => change(edit.regionRemoved(present, region))}
                >
                  ✕
                </button>
              </li>
            ))}
          </ul>
          <div class="row wrap">
            <button type="button" class="small" onClick={begin}>
              {t('regionFromLandmarks')}
            </button>
            <button
              type="button"
              class="small"
              disabled={present.length === 0}
              title="M"
              onClick={() => change(edit.mirrored(present, face.width))}
            >
              {t('regionMirror')}
            </button>
          </div>
        </section>
        <fieldset class="mask-shown">
          <legend>{t('maskShown')}</legend>
          {maskViews.map((view) => (
            <label key={view} class="check">
              <input
                type="checkbox"
                checked={shown.value.has(view)}
                disabled={view === 'stored' && !face.mask}
                onChange={() => toggle(view)}
              />
              <span>{t(`shown_${view}`)}</span>
            </label>
          ))}
        </fieldset>
        <div class="copies">
          <label class="inline">
            <span>{t('copyBefore')}</span>
            <input
              type="number"
              min={0}
              max={MOST_COPIES}
              value={before.value}
              onInput={({ currentTarget }) => (before.value = atMost(currentTarget.valueAsNumber))}
            />
          </label>
          <label class="inline">
            <span>{t('copyAfter')}</span>
            <input
              type="number"
              min={0}
              max={MOST_COPIES}
              value={after.value}
              onInput={({ currentTarget }) => (after.value = atMost(currentTarget.valueAsNumber))}
            />
          </label>
          <label class="check">
            <input type="checkbox" checked={keepOwn.value} onChange={({ currentTarget }) => (keepOwn.value = currentTarget.checked)} />
            <span>{t('copyKeep')}</span>
          </label>
          <label class="check">
            <input type="checkbox" checked={store.value} onChange={({ currentTarget }) => (store.value = currentTarget.checked)} />
            <span>{t('storeMask')}</span>
          </label>
        </div>
        <Steps
          history={history.value}
          onChange={put}
          onRevert={() => put(edit.begun(face.polygons))}
          onSave={() => void save()}
          saving={saving.value || draft.value.length > 0}
          always={past.length > 0 || store.value || before.value + after.value > 0}
        />
      </div>
    </>
  );
}

const atMost = (value: number): number => (Number.isFinite(value) ? Math.min(MOST_COPIES, Math.max(0, Math.floor(value))) : 0);
