/** The options of training as a form, made from the server's table: what beginners need, or all; found by name; each explains itself beside the form. */
import type { OptionInfo } from '../../protocol.ts';
import { groups, workspace } from '../store.ts';
import { textOf, type Values } from '../trainingState.ts';
import { type Signal, useSignal } from '../ui.ts';
import { t } from '../words.ts';
import { OptionTip, type Tip } from './trainingTip.tsx';

interface Props {
  /** What the user changed, by option. */
  readonly changed: Signal<Values>;
  /** What the model was saved with; undefined for a new one. */
  readonly saved: Values | undefined;
}

export function OptionsForm({ changed, saved }: Props) {
  const all = useSignal(localStorage.getItem('options') === 'all');
  const filter = useSignal('');
  const tip = useSignal<Tip | undefined>(undefined);
  const choose = (name: 'basic' | 'all'): void => {
    all.value = name === 'all';
    localStorage.setItem('options', name);
  };
  const sought = filter.value.trim().toLowerCase().replaceAll('_', ' ');
  const found = groups.value.flatMap(({ name, options }) => {
    const listed = options.filter((option) =>
      sought === ''
        ? all.value || option.level === 'basic' || changed.value[option.name] !== undefined
        : `${option.name.replaceAll('_', ' ')} ${textOf(option).label} ${textOf(option).does}`.toLowerCase().includes(sought),
    );
    return listed.length === 0 ? [] : [{ name, listed }];
  });
  return (
    <div class="options acts">
      <fieldset class="tabs">
        <button type="button" aria-pressed={!all.value} onClick={() => choose('basic')}>
          {t('basic')}
        </button>
        <button type="button" aria-pressed={all.value} onClick={() => choose('all')}>
          {t('all')}
        </button>
      </fieldset>
      <input
        type="search"
        placeholder={t('optionFilter')}
        aria-label={t('optionFilter')}
        value={filter.value}
        onInput={({ currentTarget }) => (filter.value = currentTarget.value)}
        onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
      />
      {found.length === 0 && groups.value.length > 0 && <p class="muted">{t('noOption')}</p>}
      {found.map(({ name, listed }) => (
        <fieldset key={name}>
          <legend>{t(`group_${name}`)}</legend>
          {listed.map((option) => (
            <Row key={option.name} option={option} changed={changed} saved={saved} tip={tip} />
          ))}
        </fieldset>
      ))}
      {tip.value !== undefined && <OptionTip tip={tip.value} />}
    </div>
  );
}

function Row({ option, changed, saved, tip }: Props & { readonly option: OptionInfo; readonly tip: Signal<Tip | undefined> }) {
  const { name, when } = option;
  const fixed = saved !== undefined && when === 'new';
  const isChanged = changed.value[name] !== undefined;
  const { label } = textOf(option);
  const isOpen = tip.value?.option.name === name;
  const show = (row: HTMLElement): void => {
    tip.value = { option, row: row.getBoundingClientRect() };
  };
  const hide = (): void => {
    if (tip.value?.option.name === name) tip.value = undefined;
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the row only shows what is said of its control
    <div
      class={`option${isChanged ? ' changed' : ''}${fixed ? ' fixed' : ''}${isOpen ? ' explained' : ''}`}
      onMouseEnter={(event) => show(event.currentTarget)}
      onMouseLeave={hide}
      onFocusCapture={(event) => event.target instanceof HTMLElement && event.target.matches(':focus-visible') && show(event.currentTarget)}
      onBlurCapture={hide}
      onKeyDown={(event) => event.key === 'Escape' && hide()}
    >
      <label htmlFor={`option-${name}`}>{label}</label>
      <Control option={option} changed={changed} saved={saved} disabled={fixed} describedBy={isOpen ? 'option-tip' : undefined} />
    </div>
  );
}

interface ControlProps extends Props {
  readonly option: OptionInfo;
  readonly disabled: boolean;
  readonly describedBy: string | undefined;
}

function Control({ option, changed, saved, disabled, describedBy }: ControlProps) {
  const { name, kind, min, max, values = [] } = option;
  const value = changed.value[name] ?? saved?.[name];
  const set = (next: string | number | boolean | undefined): void => {
    const { [name]: _, ...others } = changed.value;
    changed.value = next === undefined || next === saved?.[name] ? others : { ...others, [name]: next };
  };
  const shared = { id: `option-${name}`, disabled, ...(describedBy === undefined ? {} : { 'aria-describedby': describedBy }) };
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
    <select {...shared} value={inside} onChange={({ currentTarget }) => set(currentTarget.value === '' ? undefined : currentTarget.value)}>
      <option value="">{t('chooseOne')}</option>
      {[...new Set([...places, ...(inside === '' ? [] : [inside])])].map((path) => (
        <option key={path}>{path}</option>
      ))}
    </select>
  );
}
