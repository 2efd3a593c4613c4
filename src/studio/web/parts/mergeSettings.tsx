/** Every setting of the merger as a control, in groups; for the shot or for the whole clip. What a setting does is told in one place, without moving anything. */
import type { MergeSettingInfo, MergeValue } from '../../protocol.ts';
import { json } from '../api.ts';
import { keysOf } from '../mergeKeys.ts';
import {
  choice,
  choose,
  copied,
  copySettings,
  edited,
  pasteSettings,
  resetSettings,
  resetTo,
  resetValue,
  scope,
  session,
  setValue,
  shotAt,
  shots,
  specs,
  undo,
  undoable,
  unsaved,
} from '../mergeState.ts';
import { attempt } from '../store.ts';
import { signal, useEffect, useSignal } from '../ui.ts';
import { type Key, t } from '../words.ts';
import { Locked } from './basics.tsx';

type SettingName =
  | 'mode'
  | 'mask_mode'
  | 'masked_hist_match'
  | 'hist_match_threshold'
  | 'erode_mask_modifier'
  | 'blur_mask_modifier'
  | 'motion_blur_power'
  | 'super_resolution_power'
  | 'blursharpen_amount'
  | 'sharpen_mode'
  | 'output_face_scale'
  | 'color_transfer_mode'
  | 'image_denoise_power'
  | 'bicubic_degrade_power'
  | 'color_degrade_power'
  | 'sharpen_prediction'
  | 'linear_light';
type Cost = 'none' | 'little' | 'some' | 'much' | 'huge' | 'network';
type GroupName = 'blend' | 'mask' | 'colour' | 'face' | 'frame';

interface Row {
  readonly name: SettingName;
  readonly cost: Cost;
  /** Whether it does anything under the other settings. */
  readonly active?: (values: Readonly<Record<string, MergeValue>>) => boolean;
}

const isRaw = (values: Readonly<Record<string, MergeValue>>): boolean => /^(raw|original)/.test(String(values.mode));
const merges = (values: Readonly<Record<string, MergeValue>>): boolean => !isRaw(values);

const groups: readonly (readonly [GroupName, readonly Row[]])[] = [
  [
    'blend',
    [
      { name: 'mode', cost: 'some' },
      { name: 'masked_hist_match', cost: 'none', active: ({ mode }) => mode === 'hist-match' },
      { name: 'hist_match_threshold', cost: 'none', active: ({ mode }) => /hist-match$/.test(String(mode)) },
    ],
  ],
  [
    'mask',
    [
      { name: 'mask_mode', cost: 'none' },
      { name: 'erode_mask_modifier', cost: 'little', active: ({ mode }) => !/^raw/.test(String(mode)) },
      { name: 'blur_mask_modifier', cost: 'little', active: ({ mode }) => !/^raw/.test(String(mode)) },
    ],
  ],
  [
    'colour',
    [
      { name: 'color_transfer_mode', cost: 'huge', active: merges },
      { name: 'linear_light', cost: 'little', active: merges },
    ],
  ],
  [
    'face',
    [
      { name: 'output_face_scale', cost: 'none' },
      { name: 'sharpen_mode', cost: 'none', active: (values) => merges(values) && Number(values.blursharpen_amount) > 0 },
      { name: 'blursharpen_amount', cost: 'little', active: merges },
      { name: 'sharpen_prediction', cost: 'little', active: ({ mode }) => mode !== 'original' },
      { name: 'motion_blur_power', cost: 'little', active: merges },
      { name: 'super_resolution_power', cost: 'network' },
    ],
  ],
  [
    'frame',
    [
      { name: 'image_denoise_power', cost: 'much', active: merges },
      { name: 'bicubic_degrade_power', cost: 'much', active: merges },
      { name: 'color_degrade_power', cost: 'much', active: merges },
    ],
  ],
];

/** The setting that is pointed at, or has the focus. */
const pointed = signal<Row | undefined>(undefined);

const pixelForms = ['bgr', 'rgb', 'signed-rgb'] as const;

/** What settings need besides: networks of the user's for masks and for finer faces, and which of several faces is meant. They are not kept in merge.json. */
function Networks() {
  const files = useSignal<readonly string[]>([]);
  useEffect(() => {
    void attempt(async () => {
      files.value = await json<readonly string[]>('GET', '/merge/networks');
    });
  }, []);
  const chosen = choice.value;
  if (chosen === undefined) return null;
  const row = (name: 'xseg' | 'enhancer') => {
    const now = chosen[name];
    return (
      <div class="merge-setting" title={t(`${name}Hint`)}>
        <label htmlFor={`merge-${name}`}>{t(`${name}Network`)}</label>
        <select
          id={`merge-${name}`}
          value={now?.path ?? ''}
          onChange={({ currentTarget: { value } }) =>
            choose({ [name]: value === '' ? undefined : { path: value, pixels: now?.pixels ?? 'bgr' } })
          }
        >
          <option value="">{t('noNetwork')}</option>
          {[...new Set([...files.value, ...(now === undefined ? [] : [now.path])])].map((path) => (
            <option key={path}>{path}</option>
          ))}
        </select>
        <select
          class="merge-pixels"
          aria-label={t('networkPixels')}
          title={t('networkPixels')}
          disabled={now === undefined}
          value={now?.pixels ?? 'bgr'}
          onChange={({ currentTarget: { value } }) => {
            const pixels = pixelForms.find((form) => form === value);
            if (now !== undefined && pixels !== undefined) choose({ [name]: { path: now.path, pixels } });
          }}
        >
          {pixelForms.map((form) => (
            <option key={form}>{form}</option>
          ))}
        </select>
      </div>
    );
  };
  return (
    <fieldset>
      <legend>{t('mergeGroup_more')}</legend>
      {row('xseg')}
      {row('enhancer')}
      <div class="merge-setting" title={t('onlyHint')}>
        <label htmlFor="merge-only">{t('onlyFaces')}</label>
        <input
          id="merge-only"
          class="merge-wide"
          value={chosen.only}
          placeholder={t('onlyAll')}
          spellcheck={false}
          onChange={({ currentTarget }) => choose({ only: currentTarget.value.trim() })}
        />
      </div>
    </fieldset>
  );
}

const shownValue = (value: MergeValue | undefined): string => (typeof value === 'boolean' ? t(value ? 'yes' : 'no') : String(value ?? ''));

export function MergeSettings() {
  const own = scope.value === 'shot' ? (shots.value[shotAt.value]?.settings ?? {}) : {};
  const isOwn = (name: string): boolean =>
    scope.value === 'shot' ? name in own : edited.value[name] !== specs.value.find((one) => one.name === name)?.default;
  const path = session.value?.path ?? '';
  return (
    <div class="merge-settings">
      <div class="merge-scope">
        <fieldset class="tabs">
          <legend class="unseen">{t('scope')}</legend>
          {(['shot', 'clip'] as const).map((one) => (
            <button key={one} type="button" aria-pressed={scope.value === one} onClick={() => (scope.value = one)}>
              {t(one === 'shot' ? 'scopeShot' : 'scopeClip')}
            </button>
          ))}
        </fieldset>
        <div class="row acts">
          <button type="button" class="small" title={t('copyHint')} onClick={copySettings}>
            {t('copySettings')}
          </button>
          <button type="button" class="small" title={t('pasteHint')} disabled={copied.value === undefined} onClick={() => pasteSettings()}>
            {t('pasteSettings')}
          </button>
          <button
            type="button"
            class="small"
            title={t(scope.value === 'shot' ? 'resetShotHint' : 'resetClipHint')}
            disabled={scope.value === 'shot' && Object.keys(own).length === 0}
            onClick={resetSettings}
          >
            {t('resetSettings')}
          </button>
          <button type="button" class="small" title={t('undoHint')} disabled={!undoable.value} onClick={undo}>
            {t('undo')}
          </button>
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <section class="merge-groups" tabIndex={0} aria-label={t('settings')} onPointerLeave={() => (pointed.value = undefined)}>
        <Locked>
          {groups.map(([group, rows]) => (
            <fieldset key={group}>
              <legend>{t(`mergeGroup_${group}`)}</legend>
              {rows.map((row) => {
                const spec = specs.value.find(({ name }) => name === row.name);
                return spec === undefined ? null : <Setting key={row.name} row={row} spec={spec} isOwn={isOwn(row.name)} />;
              })}
            </fieldset>
          ))}
          <Networks />
        </Locked>
      </section>
      <About />
      <p class="merge-kept muted" role="status">
        {session.value?.stamp === null && !unsaved.value ? t('notKept', path) : t(unsaved.value ? 'savingIn' : 'savedIn', path)}
      </p>
    </div>
  );
}

function Setting({ row, spec, isOwn }: { readonly row: Row; readonly spec: MergeSettingInfo; readonly isOwn: boolean }) {
  const { name } = row;
  const id = `merge-${name}`;
  const value = edited.value[name];
  const back = resetTo(name);
  const isIdle = row.active?.(edited.value) === false;
  const point = (): void => void (pointed.value = row);
  return (
    <div
      class={`merge-setting${isOwn ? ' changed' : ''}${isIdle ? ' idle' : ''}`}
      title={t(`ms_${name}_does`)}
      onPointerEnter={point}
      onFocusCapture={point}
    >
      <label htmlFor={id}>{t(`ms_${name}`)}</label>
      <Control id={id} spec={spec} value={value} />
      <button
        type="button"
        class="quiet icon merge-back acts"
        disabled={!isOwn}
        aria-label={`${t(`ms_${name}`)}: ${t('resetOne', shownValue(back))}`}
        title={t('resetOne', shownValue(back))}
        onClick={() => resetValue(name)}
      >
        ↺
      </button>
    </div>
  );
}

function Control({ id, spec, value }: { readonly id: string; readonly spec: MergeSettingInfo; readonly value: MergeValue | undefined }) {
  const { name, kind, min = 0, max = 0, values = [] } = spec;
  const label = t(`ms_${name as SettingName}`);
  switch (kind) {
    case 'bool':
      return (
        <span class="merge-wide">
          <input id={id} type="checkbox" checked={value === true} onChange={({ currentTarget }) => setValue(name, currentTarget.checked)} />
        </span>
      );
    case 'choice':
      return (
        <select
          id={id}
          class="merge-wide"
          value={String(value ?? '')}
          onChange={({ currentTarget }) => setValue(name, currentTarget.value)}
        >
          {values.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      );
    case 'int': {
      const number = Number(value ?? 0);
      return (
        <>
          <input
            type="range"
            aria-label={label}
            min={min}
            max={max}
            value={number}
            style={{ '--from': `${share(Math.min(0, number), min, max)}%`, '--to': `${share(Math.max(0, number), min, max)}%` }}
            onInput={({ currentTarget }) => setValue(name, Number(currentTarget.value))}
          />
          <input
            id={id}
            type="number"
            min={min}
            max={max}
            value={number}
            onInput={({ currentTarget }) => {
              const next = Number(currentTarget.value);
              if (currentTarget.value !== '' && Number.isInteger(next) && next >= min && next <= max) setValue(name, next);
            }}
            onBlur={({ currentTarget }) => (currentTarget.value = String(edited.value[name] ?? 0))}
          />
        </>
      );
    }
  }
}

const share = (value: number, min: number, max: number): number => ((value - min) / Math.max(1, max - min)) * 100;

/** Keys that belong to no setting. */
const screenKeys: readonly (readonly [string, Key])[] = [
  [', .', 'mergeKeyFrames'],
  ['[ ]', 'mergeKeyShots'],
  ['␣', 'mergeKeyPlay'],
  ['\\ V', 'mergeKeyViews'],
  ['- = 0', 'mergeKeyZoom'],
  ['M /', 'mergeKeyCarry'],
  ['Ctrl', 'mergeKeyControl'],
];

/** What the setting that is pointed at does; else the keys. */
function About() {
  const row = pointed.value;
  const spec = specs.value.find(({ name }) => name === row?.name);
  if (row === undefined || spec === undefined) {
    return (
      <div class="merge-about">
        <p class="muted">{t('settingIdle')}</p>
        <dl class="merge-keys">
          {screenKeys.map(([key, text]) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd>{t(text)}</dd>
            </div>
          ))}
        </dl>
      </div>
    );
  }
  const keys = keysOf(row.name);
  const range = spec.kind === 'int' ? `, ${spec.min} … ${spec.max}` : '';
  const facts: readonly (readonly [Key, string])[] = [
    ['settingDefault', `${shownValue(spec.default)}${range}`],
    ['settingTypical', t(`ms_${row.name}_typical`)],
    ['settingCost', t(`cost_${row.cost}`)],
    ...(keys === '' ? [] : [['settingKeys', keys] as const]),
  ];
  return (
    <div class="merge-about">
      <p>
        <strong>{t(`ms_${row.name}`)}</strong>
        <span class="muted">{`--${row.name.replaceAll('_', '-')}${spec.ours ? ` · ${t('settingOurs')}` : ''}`}</span>
      </p>
      <p>{t(`ms_${row.name}_does`)}</p>
      <dl>
        {facts.map(([key, text]) => (
          <div key={key}>
            <dt>{t(key)}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
