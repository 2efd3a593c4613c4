/** What leaves the workspace: models for other tools, and how films are marked as made by a model. */
import { filmPresets, type JobRequest, type Marking, type ModelInfo } from '../../protocol.ts';
import { chooseMarking, readMarking, startJob } from '../api.ts';
import { Empty, Field, Locked } from '../parts/basics.tsx';
import { attempt, drawer, go, isAlive, jobs, place, studio, workspace } from '../store.ts';
import { useEffect, useSignal } from '../ui.ts';
import { count, t } from '../words.ts';

type Format = Extract<JobRequest, { kind: 'export' }>['format'];
const formats: readonly Format[] = ['dfm', 'onnx', 'safetensors', 'dfl'];

export function ExportScreen() {
  const found = workspace.value;
  if (found === undefined) return <p class="muted pad">{t('loading')}</p>;
  return (
    <div class="export">
      <section aria-labelledby="export-model">
        <h2 id="export-model">{t('exportModel')}</h2>
        {found.models.length === 0 ? (
          <Empty title={t('noModels')}>
            <p>{t('exportNoModel')}</p>
            <button type="button" class="acts" onClick={() => go('training')}>
              {t('newModel')}
            </button>
          </Empty>
        ) : (
          <Locked>
            <ModelForm models={found.models} />
          </Locked>
        )}
      </section>
      <section aria-labelledby="export-mark">
        <h2 id="export-mark">{t('marking')}</h2>
        <Locked>
          <MarkingForm />
        </Locked>
      </section>
      <section class="export-wide" aria-labelledby="export-film">
        <h2 id="export-film">{t('filmForms')}</h2>
        <p class="muted">{t('filmFormsHint')}</p>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('presetName')}</th>
              <th scope="col">{t('presetFile')}</th>
              <th scope="col">{t('presetFor')}</th>
            </tr>
          </thead>
          <tbody>
            {filmPresets.map(({ name, ending, codec, quality, depth }) => (
              <tr key={name}>
                <th scope="row">{t(`preset_${name}`)}</th>
                <td>
                  {codec === undefined ? t('presetPng', depth) : t('presetCodec', ending.slice(1), codec, depth, t(`quality_${quality}`))}
                </td>
                <td class="muted">{t(`preset_${name}_for`)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

/** DIR/export/NAME.dfm, as the command line has it. */
function placeFor(model: string, format: Format): string {
  return format === 'dfl' ? `${model}/export/dfl` : `${model}/export/${model.split('/').at(-1)}.${format}`;
}

function ModelForm({ models }: { readonly models: readonly ModelInfo[] }) {
  const model = useSignal(models.some(({ path }) => path === place.value.path) ? place.value.path : models[0]!.path);
  const format = useSignal<Format>('dfm');
  const chosen = models.find(({ path }) => path === model.value) ?? models[0]!;
  const out = placeFor(chosen.path, format.value);
  const made = jobs.value.filter(
    (job): job is typeof job & { readonly request: Extract<JobRequest, { kind: 'export' }> } =>
      job.request.kind === 'export' && job.request.model === chosen.path,
  );
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const asked = String(new FormData(event.currentTarget as HTMLFormElement).get('out') ?? '');
    const job = await attempt(() => startJob({ kind: 'export', model: chosen.path, format: format.value, out: asked }));
    if (job !== undefined) drawer.value = true;
  };
  return (
    <form class="export-form" onSubmit={(event) => void submit(event)}>
      <Field label={t('model')}>
        <select value={chosen.path} onChange={(event) => (model.value = event.currentTarget.value)}>
          {models.map(({ path, iteration }) => (
            <option key={path} value={path}>
              {`${path} · ${t('iterations', count(iteration))}`}
            </option>
          ))}
        </select>
      </Field>
      {chosen.problem !== null && <p class="bad">{chosen.problem}</p>}
      <fieldset class="ways">
        <legend>{t('format')}</legend>
        {formats.map((name) => (
          <label key={name} class="way">
            <input type="radio" name="format" value={name} checked={format.value === name} onChange={() => (format.value = name)} />
            <span>
              <strong>{t(`format_${name}`)}</strong>
              <small>{t(`format_${name}_for`)}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <Field label={t('exportOut')}>
        <input key={out} name="out" required defaultValue={out} spellcheck={false} />
      </Field>
      <footer class="acts">
        <button type="submit" class="primary" disabled={chosen.problem !== null}>
          {t('exportStart')}
        </button>
      </footer>
      {made.length > 0 && (
        <ul class="made">
          {made.slice(0, 5).map((job) => (
            <li key={job.id}>
              <span class={`state-${job.state}`}>{t(job.state)}</span> <code>{job.request.out}</code>
              {isAlive(job) && <span class="pulse" aria-hidden="true" />}
            </li>
          ))}
        </ul>
      )}
    </form>
  );
}

function MarkingForm() {
  const kept = useSignal<Marking | undefined>(undefined);
  const mark = useSignal<Marking['mark']>('local');
  const saved = useSignal(false);
  useEffect(() => {
    void attempt(async () => {
      kept.value = await readMarking();
      mark.value = kept.value.mark;
    });
  }, []);
  const now = kept.value;
  if (now === undefined) return <p class="muted">{t('loading')}</p>;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? '').trim();
    const label = text('label');
    const changed = await attempt(() =>
      chooseMarking({
        mark: mark.value,
        ...(mark.value === 'own' ? { certificate: text('certificate'), key: text('key') } : {}),
        ...(mark.value === 'off' ? { confirmed: form.has('confirmed') } : {}),
        ...(label === '' ? {} : { label }),
      }),
    );
    if (changed === undefined) return;
    kept.value = changed;
    mark.value = changed.mark;
    saved.value = true;
  };
  const ways: readonly Marking['mark'][] = ['local', 'own', 'off'];
  return (
    <form class="export-form" onSubmit={(event) => void submit(event)} onInput={() => (saved.value = false)}>
      <p class="muted">{t('markingHint')}</p>
      <fieldset class="ways">
        <legend>{t('markingHow')}</legend>
        {ways.map((name) => (
          <label key={name} class="way">
            <input
              type="radio"
              name="mark"
              value={name}
              checked={mark.value === name}
              disabled={name === 'own' && studio.value?.canOpen === false}
              onChange={() => (mark.value = name)}
            />
            <span>
              <strong>{t(`mark_${name}`)}</strong>
              <small>{t(`mark_${name}_for`)}</small>
            </span>
          </label>
        ))}
      </fieldset>
      {mark.value === 'own' && (
        <>
          <Field label={t('certificate')}>
            <input name="certificate" required defaultValue={now.certificate ?? ''} placeholder={t('wholePath')} spellcheck={false} />
          </Field>
          <Field label={t('privateKey')} hint={t('privateKeyHint')}>
            <input name="key" required defaultValue={now.key ?? ''} placeholder={t('wholePath')} spellcheck={false} />
          </Field>
        </>
      )}
      {mark.value === 'off' && (
        <div class="banner">
          <p>{t('unmarkedNotice')}</p>
          <label class="check">
            <input name="confirmed" type="checkbox" required checked={now.mark === 'off'} />
            <span>{t('unmarkedConfirm')}</span>
          </label>
        </div>
      )}
      <Field label={t('filmLabel')} hint={t('filmLabelHint')}>
        <input name="label" maxLength={120} defaultValue={now.label ?? ''} />
      </Field>
      <footer>
        <span role="status" class="muted">
          {saved.value ? t('kept') : ''}
        </span>
        <button type="submit" class="acts">
          {t('keep')}
        </button>
      </footer>
    </form>
  );
}
