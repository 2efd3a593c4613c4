/** The tools of a faceset, each a job: what it does in a sentence, its few choices, and that it can be taken back. */
import { type FaceList, facesJob, sortOrders } from '../../protocol.ts';
import { startJob } from '../api.ts';
import { attempt, isAlive, jobs } from '../store.ts';
import { type ComponentChildren, useSignal } from '../ui.ts';
import { t } from '../words.ts';
import { Dialog, Field, FormEnd } from './basics.tsx';

const tools = ['best', 'dedupe', 'sort', 'names', 'mask', 'unmask', 'mirror', 'resize', 'split', 'pack', 'unpack'] as const;
type Tool = (typeof tools)[number];
const crops = ['same', 'h', 'mf', 'f', 'wf', 'head'] as const;

type Values = Readonly<Record<string, string | number | boolean>>;
const first: Readonly<Record<Tool, Values>> = {
  best: { count: 2000 },
  dedupe: { threshold: 3 },
  sort: { by: 'face-yaw', target: 2000 },
  names: {},
  mask: { from: 'hull', within: 'same' },
  unmask: { what: 'mask' },
  mirror: { add: false },
  resize: { size: 512, faceType: 'same' },
  split: {},
  pack: {},
  unpack: {},
};

export function FaceTools({ list, onClose }: { readonly list: FaceList; readonly onClose: () => void }) {
  const offered = tools.filter((tool) => (tool === 'unpack') === list.packed);
  const tool = useSignal<Tool>(offered[0]!);
  const values = useSignal<Readonly<Record<Tool, Values>>>({ ...first, best: { count: Math.max(1, Math.floor(list.names.length / 2)) } });
  const busy = jobs.value.some((job) => job.request.kind === 'faces' && job.request.faces === list.path && isAlive(job));
  const chosen = tool.value;
  const now = values.value[chosen];
  const set = (key: string, value: string | number | boolean): void => {
    values.value = { ...values.value, [chosen]: { ...now, [key]: value } };
  };
  const run = async (): Promise<void> => {
    const started = await attempt(() => startJob(facesJob.read({ kind: 'faces', faces: list.path, tool: chosen, ...now }, t('tools'))));
    if (started !== undefined) onClose();
  };
  return (
    <Dialog title={t('toolsTitle', list.path)} onClose={onClose} wide>
      <form
        class="face-tools"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <fieldset class="tool-list">
          <legend class="unseen">{t('tools')}</legend>
          {offered.map((name) => (
            <label key={name} class={name === chosen ? 'chosen' : ''}>
              <input type="radio" name="tool" checked={name === chosen} onChange={() => (tool.value = name)} />
              <span>{t(`tool_${name}`)}</span>
            </label>
          ))}
        </fieldset>
        <div class="tool-form">
          <h3>{t(`tool_${chosen}`)}</h3>
          <p>{t(`about_${chosen}`)}</p>
          <Choices tool={chosen} values={now} set={set} faces={list.names.length} />
          <p class="muted">{t('toolUndo')}</p>
          {busy && <p class="bad">{t('toolBusy')}</p>}
          <FormEnd label={t('toolRun')} onCancel={onClose} disabled={busy} />
        </div>
      </form>
    </Dialog>
  );
}

interface ChoicesProps {
  readonly tool: Tool;
  readonly values: Values;
  readonly set: (key: string, value: string | number | boolean) => void;
  readonly faces: number;
}

function Choices({ tool, values, set, faces }: ChoicesProps) {
  const number = (key: string, label: string, least: number, most: number, step = 1): ComponentChildren => (
    <Field label={label}>
      <input
        type="number"
        required
        min={least}
        max={most}
        step={step}
        value={Number(values[key])}
        onInput={({ currentTarget }) => set(key, currentTarget.valueAsNumber)}
      />
    </Field>
  );
  const choice = <T extends string>(key: string, label: string, words: readonly T[], text: (word: T) => string): ComponentChildren => (
    <Field label={label}>
      <select value={String(values[key])} onChange={({ currentTarget }) => set(key, currentTarget.value)}>
        {words.map((word) => (
          <option key={word} value={word}>
            {text(word)}
          </option>
        ))}
      </select>
    </Field>
  );
  switch (tool) {
    case 'best':
      return number('count', t('toolCount'), 1, Math.max(1, faces));
    case 'dedupe':
      return number('threshold', t('toolThreshold'), 0.1, 100, 0.1);
    case 'sort':
      return (
        <>
          {choice('by', t('toolBy'), sortOrders, (word) => t(`by_${word}`))}
          {(values.by === 'final' || values.by === 'final-fast') && number('target', t('toolTarget'), 1, 10_000_000)}
        </>
      );
    case 'mask':
      return (
        <>
          {choice('from', t('toolFrom'), ['hull', 'person', 'polygons'] as const, (word) => t(`from_${word}`))}
          {choice('within', t('toolWithin'), crops, (word) => t(`crop_${word}`))}
        </>
      );
    case 'unmask':
      return choice('what', t('toolWhat'), ['mask', 'polygons'] as const, (word) => t(`what_${word}`));
    case 'mirror':
      return (
        <label class="check">
          <input type="checkbox" checked={values.add === true} onChange={({ currentTarget }) => set('add', currentTarget.checked)} />
          <span>{t('toolAdd')}</span>
        </label>
      );
    case 'resize':
      return (
        <>
          {number('size', t('toolSize'), 128, 2048)}
          {choice('faceType', t('toolCrop'), crops, (word) => t(`crop_${word}`))}
        </>
      );
    default:
      return null;
  }
}
