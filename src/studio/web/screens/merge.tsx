/** Merging: the frame as it will be, the clip's shots under it, and every setting beside it; then renders. */
import type { Problem } from '../../protocol.ts';
import { goToShot, mergeKey } from '../mergeKeys.ts';
import { pictureProblem, ready, shown, view, views } from '../mergePicture.ts';
import {
  type Choice,
  choice,
  choose,
  divideByCuts,
  frame,
  frames,
  goTo,
  guess,
  hasFace,
  joinBefore,
  lastOf,
  leaveScene,
  openScene,
  playing,
  scene,
  sceneProblem,
  session,
  shotAt,
  shots,
  splitHere,
} from '../mergeState.ts';
import { Empty, Locked, ProblemText } from '../parts/basics.tsx';
import { MergeRenders } from '../parts/mergeRenders.tsx';
import { MergeSettings } from '../parts/mergeSettings.tsx';
import { MergeStage, zoom, zoomBy, zoomFit } from '../parts/mergeStage.tsx';
import { MergeTimeline, medianOf } from '../parts/mergeTimeline.tsx';
import { go, workspace } from '../store.ts';
import { useEffect, useRef, useSignal } from '../ui.ts';
import { count, instant, t } from '../words.ts';

export function MergeScreen() {
  const found = workspace.value;
  useEffect(() => {
    if (found !== undefined && choice.value === undefined) choice.value = guess();
  }, [found]);
  const chosen = choice.value;
  const key = chosen === undefined ? '' : JSON.stringify(chosen);
  const clip = chosen?.clip;
  const last = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (chosen === undefined) return leaveScene;
    void openScene(last.current !== clip || scene.value === undefined);
    last.current = clip;
    return leaveScene;
  }, [key]);
  useKeys();
  usePlaying();
  if (found === undefined) return <p class="muted pad">{t('loading')}</p>;
  if (chosen === undefined) return <Missing />;
  return (
    <div class="merge">
      <div class="merge-main">
        <Chooser chosen={chosen} />
        {sceneProblem.value === undefined ? <MergeStage /> : <NotOpen problem={sceneProblem.value} />}
        <Transport />
        <Shots />
        <MergeTimeline />
      </div>
      <Side />
    </div>
  );
}

/** What is missing, and where it is had. */
function Missing() {
  const found = workspace.value;
  const [text, screen, label] =
    found?.clips.length === 0
      ? (['mergeNeedsClip', 'workspace', 'workspace'] as const)
      : found?.facesets.length === 0
        ? (['mergeNeedsFaces', 'workspace', 'workspace'] as const)
        : (['mergeNeedsModel', 'training', 'training'] as const);
  return (
    <Empty title={t('mergeNothing')}>
      <p>{t(text)}</p>
      <button type="button" onClick={() => go(screen)}>
        {t(label)}
      </button>
    </Empty>
  );
}

function NotOpen({ problem }: { readonly problem: Problem }) {
  return (
    <div class="merge-stage merge-closed" role="alert">
      <div>
        <strong>{t('mergeNotOpen')}</strong>
        <ProblemText problem={problem} />
        <button type="button" onClick={() => void openScene()}>
          {t('tryAgain')}
        </button>
      </div>
    </div>
  );
}

function Chooser({ chosen }: { readonly chosen: Choice }) {
  const found = workspace.value;
  const model = found?.models.find(({ path }) => path === chosen.model);
  const open = scene.value;
  const isOld = model !== undefined && open !== undefined && model.iteration > open.model.iteration;
  const pick = (label: string, name: 'clip' | 'faces' | 'model', places: readonly string[]) => (
    <label class="merge-pick">
      <span>{label}</span>
      <select value={chosen[name]} onChange={({ currentTarget }) => choose({ [name]: currentTarget.value })}>
        {[...new Set([...places, chosen[name]])].map((path) => (
          <option key={path}>{path}</option>
        ))}
      </select>
    </label>
  );
  return (
    <header class="merge-top">
      {pick(t('mergeClip'), 'clip', found?.clips.filter(({ problem }) => problem === null).map(({ path }) => path) ?? [])}
      {pick(t('mergeFaces'), 'faces', found?.facesets.map(({ path }) => path) ?? [])}
      {pick(t('mergeModel'), 'model', found?.models.filter(({ problem }) => problem === null).map(({ path }) => path) ?? [])}
      {isOld && (
        <button
          type="button"
          class="small"
          title={t('mergeNewerSave', count(model.iteration), count(open.model.iteration))}
          onClick={() => void openScene(false)}
        >
          {t('mergeReload')}
        </button>
      )}
      <span class="spring" />
      <fieldset class="merge-views" title={t('viewKeys')}>
        <legend class="unseen">{t('view')}</legend>
        {views.map((one) => (
          <button key={one} type="button" class="small" aria-pressed={view.value === one} onClick={() => (view.value = one)}>
            {t(`view_${one}`)}
          </button>
        ))}
      </fieldset>
    </header>
  );
}

function Transport() {
  const open = scene.value;
  const rate = open?.clip.rate;
  const now = shown.value;
  const faces = now?.after?.faces ?? 0;
  const [ready = 0, compose = 0, encode = 0] = now?.after?.ms ?? [];
  const button = (label: string, sign: string, keys: string, act: () => void) => (
    <button type="button" class="small icon" aria-label={label} title={`${label} (${keys})`} disabled={open === undefined} onClick={act}>
      {sign}
    </button>
  );
  return (
    <div class="merge-transport">
      <div class="row">
        {button(t('shotBefore'), '⇤', '[', () => goToShot(-1))}
        {button(t('frameBefore'), '‹', ',', () => goTo(frame.value - 1))}
        {button(t(playing.value ? 'pause' : 'play'), playing.value ? '❚❚' : '▶', '␣', () => (playing.value = !playing.value))}
        {button(t('frameNext'), '›', '.', () => goTo(frame.value + 1))}
        {button(t('shotNext'), '⇥', ']', () => goToShot(1))}
      </div>
      <label class="inline">
        <span>{t('frame')}</span>
        <input
          type="number"
          aria-label={t('frame')}
          min={0}
          max={Math.max(0, frames.value - 1)}
          value={frame.value}
          disabled={open === undefined}
          onChange={({ currentTarget }) => goTo(Number(currentTarget.value) || 0)}
        />
        <span>{t('frameOf', count(Math.max(0, frames.value - 1)))}</span>
      </label>
      <span class="muted">{rate == null ? '' : instant(frame.value / rate)}</span>
      <span class="merge-say" role="status">
        {open === undefined && sceneProblem.value === undefined
          ? t('mergeOpening')
          : open !== undefined && !hasFace(frame.value)
            ? t('noFaceHere')
            : faces > 1
              ? t('facesHere', faces)
              : ''}
      </span>
      <span class="spring" />
      <div class="merge-zoom">
        <button type="button" class="small icon" aria-label={t('zoomOut')} title={`${t('zoomOut')} (-)`} onClick={() => zoomBy(1 / 1.25)}>
          −
        </button>
        <button type="button" class="small" title={`${t('zoomFit')} (0)`} onClick={zoomFit}>
          {zoom.value === 1 ? t('zoomFit') : `${zoom.value.toFixed(1)}×`}
        </button>
        <button type="button" class="small icon" aria-label={t('zoomIn')} title={`${t('zoomIn')} (=)`} onClick={() => zoomBy(1.25)}>
          +
        </button>
      </div>
      <span class="muted merge-ms" title={t('pictureMsHint', ready, compose, encode)}>
        {now === undefined || pictureProblem.value !== undefined ? '' : t('pictureMs', Math.round(now.ms))}
      </span>
    </div>
  );
}

function Shots() {
  const open = scene.value;
  const all = shots.value;
  const shot = all[shotAt.value];
  const cuts = open?.cuts;
  const asCut = cuts != null && cuts.length > 0 && (cuts.length + 1 !== all.length || cuts.some((cut, i) => all[i + 1]?.from !== cut));
  const [before, after] =
    shot === undefined
      ? []
      : [open?.tremble, open?.smoothed].map((values) => (values == null ? undefined : medianOf(values, shot.from, lastOf(shot) + 1)));
  const trembles =
    before === undefined && after === undefined
      ? '–'
      : before === undefined || after === undefined
        ? t('stabilityOf', (before ?? after ?? 0).toFixed(2))
        : t('stabilitySmoothed', before.toFixed(2), after.toFixed(2));
  return (
    <div class="merge-shots">
      <strong>{shot === undefined ? '\u00a0' : t('shotFacts', shotAt.value + 1, all.length, shot.from, lastOf(shot))}</strong>
      <button
        type="button"
        class="small acts"
        title={t('splitHint')}
        disabled={shot === undefined || frame.value === shot.from}
        onClick={splitHere}
      >
        {t('splitHere')}
      </button>
      <button type="button" class="small acts" title={t('joinHint')} disabled={shotAt.value === 0} onClick={joinBefore}>
        {t('joinBefore')}
      </button>
      {cuts === null && <span class="muted">{t('lookingForCuts', Math.floor((open?.looked ?? 0) * 100))}</span>}
      {asCut && session.value !== undefined && (
        <button type="button" class="small acts" title={t('useCutsHint')} onClick={divideByCuts}>
          {t('useCuts', cuts.length + 1)}
        </button>
      )}
      <span class="spring" />
      <span class="muted" title={t('stabilityHint')}>{`${t('stability')} ${trembles}`}</span>
      <Locked>
        <Switch name="smooth" />
        <Switch name="fill" />
      </Locked>
    </div>
  );
}

function Switch({ name }: { readonly name: 'smooth' | 'fill' }) {
  return (
    <label class="check" title={t(`${name}Hint`)}>
      <input
        type="checkbox"
        checked={choice.value?.[name] ?? false}
        onChange={({ currentTarget }) => choose({ [name]: currentTarget.checked })}
      />
      {t(name)}
    </label>
  );
}

function Side() {
  const tab = useSignal<'settings' | 'render'>('settings');
  return (
    <aside class="merge-side" aria-label={t(tab.value)}>
      <fieldset class="tabs">
        <legend class="unseen">{t('merge')}</legend>
        {(['settings', 'render'] as const).map((one) => (
          <button key={one} type="button" aria-pressed={tab.value === one} onClick={() => (tab.value = one)}>
            {t(one)}
          </button>
        ))}
      </fieldset>
      {tab.value === 'settings' ? <MergeSettings /> : <MergeRenders />}
    </aside>
  );
}

/** Keys hold while the focus is on this screen, or nowhere. */
function useKeys(): void {
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const isHere =
        event.target === document.body || (event.target instanceof Element && event.target.closest('.merge, #content') !== null);
      if (!isHere || scene.value === undefined || event.defaultPrevented) return;
      if (mergeKey(event)) event.preventDefault();
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, []);
}

/** Frame after frame, as fast as they are made, at most at the clip's rate. */
function usePlaying(): void {
  const isReady = ready.value;
  const isPlaying = playing.value;
  const since = useRef(0);
  useEffect(() => {
    if (!isPlaying || !isReady) return undefined;
    if (frame.value >= frames.value - 1) {
      playing.value = false;
      return undefined;
    }
    const each = 1000 / (scene.value?.clip.rate ?? 25);
    const wait = Math.max(0, each - (performance.now() - since.current));
    const timer = setTimeout(() => {
      since.current = performance.now();
      goTo(frame.value + 1);
    }, wait);
    return () => clearTimeout(timer);
  }, [isPlaying, isReady, frame.value]);
}
