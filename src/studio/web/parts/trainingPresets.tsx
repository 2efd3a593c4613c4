/** Ready-made choices of options, made to fit this machine by the server, and why one would take each. */
import type { TrainingPreset } from '../../protocol.ts';
import { presets, readPresets, type Values } from '../trainingState.ts';
import { type Signal, useEffect } from '../ui.ts';
import { bytes, t } from '../words.ts';

interface Props {
  readonly changed: Signal<Values>;
  /** Options that a preset leaves alone: the facesets. */
  readonly keep: readonly string[];
}

export function Presets({ changed, keep }: Props) {
  useEffect(() => void readPresets(), []);
  const kept = Object.fromEntries(Object.entries(changed.value).filter(([name]) => keep.includes(name)));
  const chosen = (preset: TrainingPreset): boolean =>
    JSON.stringify(sorted({ ...preset.options, ...kept })) === JSON.stringify(sorted(changed.value));
  return (
    <fieldset class="presets acts">
      <legend>{t('presets')}</legend>
      {presets.value.map((preset) => {
        const { name, options, estimate, meant } = preset;
        const isChosen = chosen(preset);
        return (
          <button
            key={name}
            type="button"
            class="preset"
            aria-pressed={isChosen}
            onClick={() => (changed.value = isChosen ? kept : { ...options, ...kept })}
          >
            <strong>{t(`preset_train_${name}`)}</strong>
            <span class={`fit fit-${estimate.verdict}`}>{bytes(estimate.totalBytes)}</span>
            <span class="muted">{t(`preset_train_${name}_why`)}</span>
            {estimate.verdict === 'tooMuch' ? (
              <span class="bad">{t('presetTooMuch', bytes(estimate.totalBytes), bytes(estimate.machineBytes))}</span>
            ) : (
              <>
                {options.batch_size !== meant.batch && (
                  <span class="note-line">{t('presetBatch', String(options.batch_size), meant.batch)}</span>
                )}
                {options.adabelief === false && meant.optimizer === 'adabelief' && <span class="note-line">{t('presetOptimizer')}</span>}
              </>
            )}
          </button>
        );
      })}
    </fieldset>
  );
}

const sorted = (values: Values): readonly (readonly [string, unknown])[] => Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
