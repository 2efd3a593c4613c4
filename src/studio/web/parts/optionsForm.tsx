/** The options of training as a form, made from the server's table: what beginners need, or all; each with its range, default and meaning. */
import type { OptionInfo } from '../../protocol.ts';
import { groups, workspace } from '../store.ts';
import { type Signal, useSignal } from '../ui.ts';
import { t } from '../words.ts';

export type Values = Readonly<Record<string, string | number | boolean>>;

interface Props {
  /** What the user changed, by option. */
  readonly changed: Signal<Values>;
  /** What the model was saved with; undefined for a new one. */
  readonly saved: Values | undefined;
  readonly disabled: boolean;
}

export function OptionsForm({ changed, saved, disabled }: Props) {
  const all = useSignal(localStorage.getItem('options') === 'all');
  const choose = (name: 'basic' | 'all'): void => {
    all.value = name === 'all';
    localStorage.setItem('options', name);
  };
  return (
    <div class="options">
      <fieldset class="tabs">
        <button type="button" aria-pressed={!all.value} onClick={() => choose('basic')}>
          {t('basic')}
        </button>
        <button type="button" aria-pressed={all.value} onClick={() => choose('all')}>
          {t('all')}
        </button>
      </fieldset>
      {groups.value.map(({ name, options }) => {
        const listed = options.filter(({ level }) => all.value || level === 'basic');
        if (listed.length === 0) return null;
        return (
          <fieldset key={name}>
            <legend>{t(`group_${name}`)}</legend>
            {listed.map((option) => (
              <Row key={option.name} option={option} changed={changed} saved={saved} disabled={disabled} />
            ))}
          </fieldset>
        );
      })}
    </div>
  );
}

function Row({ option, changed, saved, disabled }: Props & { readonly option: OptionInfo }) {
  const { name, help, when } = option;
  const fixed = saved !== undefined && when === 'new';
  const hint = [help, ...(fixed ? [t('fixed')] : option.default === '' ? [] : [t('defaultIs', option.default)])].join('; ');
  const isChanged = changed.value[name] !== undefined;
  return (
    <div class={`option${isChanged ? ' changed' : ''}`}>
      <label htmlFor={`option-${name}`}>{name.replaceAll('_', ' ')}</label>
      <Control option={option} changed={changed} saved={saved} disabled={disabled || fixed} />
      <small id={`hint-${name}`}>{hint}</small>
    </div>
  );
}

function Control({ option, changed, saved, disabled }: Props & { readonly option: OptionInfo }) {
  const { name, kind, min, max, values = [] } = option;
  const value = changed.value[name] ?? saved?.[name];
  const set = (next: string | number | boolean | undefined): void => {
    const { [name]: _, ...others } = changed.value;
    changed.value = next === undefined || next === saved?.[name] ? others : { ...others, [name]: next };
  };
  const shared = { id: `option-${name}`, disabled, 'aria-describedby': `hint-${name}` };
  switch (kind) {
    case 'bool':
      return (
        <input
          {...shared}
          type="checkbox"
          checked={value === undefined ? option.default === 'y' : value === true}
          onChange={({ currentTarget }) => set(currentTarget.checked)}
        />
      );
    case 'choice':
      return (
        <select {...shared} value={String(value ?? option.default)} onChange={({ currentTarget }) => set(currentTarget.value)}>
          {values.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      );
    case 'int':
    case 'float':
      return (
        <input
          {...shared}
          type="number"
          min={min}
          max={max === Number.MAX_SAFE_INTEGER ? undefined : max}
          step={kind === 'int' ? 1 : 'any'}
          placeholder={option.default}
          value={value === undefined ? '' : String(value)}
          onInput={({ currentTarget }) => set(currentTarget.value === '' ? undefined : Number(currentTarget.value))}
        />
      );
    case 'archi':
      return (
        <input
          {...shared}
          list="archis"
          placeholder={option.default}
          value={value === undefined ? '' : String(value)}
          spellcheck={false}
          onInput={({ currentTarget }) => set(currentTarget.value === '' ? undefined : currentTarget.value)}
        />
      );
    case 'path':
      return <PathControl option={option} value={String(value ?? '')} set={set} shared={shared} />;
  }
}

interface PathProps {
  readonly option: OptionInfo;
  readonly value: string;
  readonly set: (next: string | undefined) => void;
  readonly shared: object;
}

/** Facesets for src and dst, models for first weights. A saved place outside the workspace is listed as it is. */
function PathControl({ option: { name }, value, set, shared }: PathProps) {
  const found = workspace.value;
  const places = (name === 'from' ? found?.models : found?.facesets)?.map(({ path }) => path) ?? [];
  const inside = value.startsWith(`${found?.folder}/`) ? value.slice((found?.folder.length ?? 0) + 1) : value;
  return (
    <select
      {...shared}
      class="place"
      value={inside}
      onChange={({ currentTarget }) => set(currentTarget.value === '' ? undefined : currentTarget.value)}
    >
      <option value="">{t('chooseOne')}</option>
      {[...new Set([...places, ...(inside === '' ? [] : [inside])])].map((path) => (
        <option key={path}>{path}</option>
      ))}
    </select>
  );
}
