/** What the chosen options will take, counted by the server as they are chosen; once training runs, what was measured beside it. */
import type { TrainingEstimate } from '../../protocol.ts';
import { Refused } from '../api.ts';
import { estimate, textOf, type Values } from '../trainingState.ts';
import { useEffect, useSignal } from '../ui.ts';
import { bytes, t } from '../words.ts';
import { ProblemText } from './basics.tsx';

/** So long nothing must have been typed before it is asked. */
const QUIET_MS = 250;

interface Props {
  readonly model: string | undefined;
  readonly options: Values;
  readonly measuredBytes: number | null;
}

export function Estimate({ model, options, measuredBytes }: Props) {
  const found = useSignal<TrainingEstimate | undefined>(undefined);
  const refusal = useSignal<Refused | undefined>(undefined);
  const asked = JSON.stringify(options);
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(async () => {
      try {
        const answer = await estimate(model, options);
        if (!gone) [found.value, refusal.value] = [answer, undefined];
      } catch (error) {
        if (!gone && error instanceof Refused) refusal.value = error;
      }
    }, QUIET_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [model, asked]);
  if (refusal.value !== undefined)
    return (
      <div class="estimate" role="status">
        <ProblemText problem={refusal.value.problem} />
      </div>
    );
  if (found.value === undefined)
    return (
      <div class="estimate" role="status">
        <p class="muted">{t('estimating')}</p>
      </div>
    );
  const { parameters, adversaryParameters, weightBytes, optimizerBytes, totalBytes, machineBytes, freeBytes, verdict, rounded } =
    found.value;
  const share = (part: number): string => `${Math.min(100, (100 * part) / machineBytes)}%`;
  return (
    <div class={`estimate estimate-${verdict}`} role="status">
      <p class="estimate-line">
        <strong>{t('parameters', millions(parameters))}</strong>
        {adversaryParameters > 0 && <span class="muted">{t('adversary', millions(adversaryParameters))}</span>}
        <span class="spring" />
        <span class="muted">{t('saveSize', bytes(weightBytes + optimizerBytes))}</span>
      </p>
      <div class="memory-bar" aria-hidden="true">
        <i style={{ width: share(totalBytes) }} />
        {measuredBytes !== null && <b style={{ left: share(measuredBytes) }} />}
      </div>
      <p class="estimate-line">
        <span>{t('memoryAbout', bytes(totalBytes), bytes(machineBytes))}</span>
        {measuredBytes !== null && <strong>{t('memoryMeasured', bytes(measuredBytes))}</strong>}
        <span class="spring" />
        <span class="fit-word">{t(`verdict_${verdict}`)}</span>
      </p>
      {measuredBytes === null && verdict !== 'tooMuch' && totalBytes > freeBytes && (
        <p class="note-line">{t('memoryOverFree', bytes(freeBytes))}</p>
      )}
      {rounded.map(({ option, from, to }) => (
        <p key={option} class="note-line">
          {t('roundedTo', textOf({ name: option, help: '' }).label, String(from), String(to))}
        </p>
      ))}
    </div>
  );
}

const millions = (n: number): string => (n >= 1e6 ? `${(n / 1e6).toFixed(n >= 1e7 ? 1 : 2)} M` : `${(n / 1e3).toFixed(0)} k`);
