/** The first screen: clips, facesets and models of the workspace, and the next step wherever something is missing. */
import type { ClipInfo, FacesetInfo, ForeignModels, ModelInfo } from '../../protocol.ts';
import { addDemo, faceUrl, previewUrl, startJob, thumbnailUrl } from '../api.ts';
import { forecast } from '../pace.ts';
import { Dialog, Empty, Field, ForecastLine, FormEnd } from '../parts/basics.tsx';
import { readOnly } from '../readOnly.ts';
import { attempt, drawer, go, hashOf, isAlive, jobs, shortened, trainingOf, use, workspace } from '../store.ts';
import { useRef, useSignal } from '../ui.ts';
import { addFiles, uploading } from '../uploads.ts';
import { bytes, count, duration, moment, t } from '../words.ts';

export function WorkspaceScreen() {
  const extracting = useSignal<ClipInfo | undefined>(undefined);
  const importing = useSignal<ForeignModels | undefined>(undefined);
  const picker = useRef<HTMLInputElement>(null);
  const found = workspace.value;
  if (found === undefined) return <p class="muted pad">{t('loading')}</p>;
  const { clips, facesets, models, foreign, freeBytes, folder } = found;
  return (
    <div class="workspace">
      <section aria-labelledby="clips">
        <header class="section-head">
          <h2 id="clips">
            {t('clips')} <span class="count">{clips.length}</span>
          </h2>
          <button type="button" class="acts" onClick={() => picker.current?.click()}>
            {t('addClip')}
          </button>
          <input
            ref={picker}
            type="file"
            accept="video/*,image/*,.mkv,.mxf,.mts,.m2ts"
            multiple
            hidden
            onChange={({ currentTarget }) => {
              void addFiles([...(currentTarget.files ?? [])].map((file) => ({ file, folder: undefined })));
              currentTarget.value = '';
            }}
          />
        </header>
        {clips.length === 0 ? (
          <Empty title={t('noClips')}>
            <p>{t(readOnly.value ? 'noClipsLook' : 'noClipsNext')}</p>
            <span class="row acts">
              <button type="button" class="primary" disabled={uploading.value} onClick={() => picker.current?.click()}>
                {t('addClip')}
              </button>
              <button type="button" onClick={() => void attempt(addDemo)}>
                {t('useDemo')}
              </button>
            </span>
          </Empty>
        ) : (
          <ul class="cards">
            {clips.map((clip) => (
              <ClipCard key={clip.path} clip={clip} onExtract={() => (extracting.value = clip)} />
            ))}
          </ul>
        )}
      </section>
      <section aria-labelledby="facesets">
        <header class="section-head">
          <h2 id="facesets">
            {t('facesets')} <span class="count">{facesets.length}</span>
          </h2>
        </header>
        {facesets.length === 0 ? (
          <Empty title={t('noFacesets')}>
            <p>{t('noFacesetsNext')}</p>
            {clips[0] !== undefined && (
              <button type="button" class="acts" onClick={() => (extracting.value = clips[0])}>
                {t('extractFirst', clips[0].path)}
              </button>
            )}
          </Empty>
        ) : (
          <ul class="cards">
            {facesets.map((faceset) => (
              <FacesetCard key={faceset.path} faceset={faceset} />
            ))}
          </ul>
        )}
      </section>
      <section aria-labelledby="models">
        <header class="section-head">
          <h2 id="models">
            {t('models')} <span class="count">{models.length}</span>
          </h2>
          {facesets.length > 0 && (
            <button type="button" class="acts" onClick={() => go('training')}>
              {t('newModel')}
            </button>
          )}
        </header>
        {models.length === 0 && foreign.length === 0 ? (
          <Empty title={t('noModels')}>
            <p>{t(facesets.length > 1 ? 'noModelsNext' : 'noModelsYet')}</p>
          </Empty>
        ) : (
          <ul class="cards">
            {models.map((model) => (
              <ModelCard key={model.path} model={model} />
            ))}
            {foreign.map((models) => (
              <ForeignCard key={models.path} models={models} onImport={() => (importing.value = models)} />
            ))}
          </ul>
        )}
      </section>
      <footer class="muted">
        <span title={folder}>{shortened(folder)}</span>
        <span>
          {[
            ...(use.value === undefined ? [] : [t('usedInAll', bytes(use.value.total))]),
            ...(freeBytes === null ? [] : [t('free', bytes(freeBytes))]),
          ].join(' · ')}
        </span>
      </footer>
      {importing.value !== undefined && <ImportDialog models={importing.value} onClose={() => (importing.value = undefined)} />}
      {extracting.value !== undefined && <ExtractDialog clip={extracting.value} onClose={() => (extracting.value = undefined)} />}
    </div>
  );
}

/** What a thing takes on the disk, once that is known. */
function sizeOf(path: string, known: number | null = null): readonly string[] {
  const size = known ?? use.value?.folders[path];
  return size === undefined ? [] : [bytes(size)];
}

function ClipCard({ clip, onExtract }: { readonly clip: ClipInfo; readonly onExtract: () => void }) {
  const { path, stamp, about, problem } = clip;
  const facts =
    about === null
      ? []
      : [
          `${about.width}×${about.height}`,
          ...(about.seconds === null ? [] : [duration(about.seconds)]),
          ...(about.frames === null ? [] : [t(clip.kind === 'pictures' ? 'pictures' : 'frames', count(about.frames))]),
        ];
  return (
    <li class="card">
      <div class="picture">{about !== null && <img src={thumbnailUrl(path, stamp)} alt="" loading="lazy" />}</div>
      <div class="card-text">
        <strong title={path}>{path}</strong>
        <p class="muted">{[...facts, ...sizeOf(clip.path, clip.bytes)].join(' · ')}</p>
        {problem !== null && <p class="bad">{`${t('unreadable')}: ${problem}`}</p>}
      </div>
      {about !== null && (
        <div class="card-actions">
          <button type="button" class="small acts" aria-label={`${t('extract')} ${path}`} onClick={onExtract}>
            {t('extract')}
          </button>
          {clip.kind === 'clip' && (
            <a class="button small quiet" href={hashOf('verify', path)} aria-label={`${t('verify')} ${path}`}>
              {t('verify')}
            </a>
          )}
        </div>
      )}
    </li>
  );
}

function FacesetCard({ faceset: { path, count: n, packed, trashed, samples } }: { readonly faceset: FacesetInfo }) {
  const facts = [
    ...[t('facesCount', count(n)), ...sizeOf(path)],
    ...[...(packed ? [t('packed')] : []), ...(trashed > 0 ? [t('inTrash', count(trashed))] : [])],
  ];
  return (
    <li>
      <a class="card" href={hashOf('faces', path)}>
        <div class="strip">
          {samples.map((name) => (
            <img key={name} src={faceUrl(path, name, String(n))} alt="" loading="lazy" />
          ))}
        </div>
        <div class="card-text">
          <strong title={path}>{path}</strong>
          <p class="muted">{facts.join(' · ')}</p>
        </div>
      </a>
    </li>
  );
}

function ModelCard({ model }: { readonly model: ModelInfo }) {
  const { path, iteration, saved, options, previews, problem } = model;
  const job = trainingOf(path);
  const alive = job !== undefined && isAlive(job);
  const now = alive ? (job.training?.iteration ?? iteration) : iteration;
  const last = previews.at(-1);
  const state = [t('iterations', count(now)), ...(saved === '' ? [] : [t('saved', moment(saved))])].join(' · ');
  const facts = [options.archi, options.resolution, ...sizeOf(path)].filter((fact) => fact !== undefined).join(' · ');
  return (
    <li>
      <a class="card" href={hashOf('training', path)}>
        <div class="sheet-crop">{last !== undefined && <img src={previewUrl(path, last.file, last.stamp)} alt="" loading="lazy" />}</div>
        <div class="card-text">
          <strong title={path}>{path}</strong>
          {problem === null ? (
            <>
              <p class="muted fact-line" title={state}>
                {alive && <span class="pulse" aria-hidden="true" />}
                {state}
              </p>
              <p class="muted fact-line" title={facts}>
                {facts}
              </p>
            </>
          ) : (
            <p class="bad">{problem}</p>
          )}
        </div>
      </a>
    </li>
  );
}

/** data_src.mp4 → data_src/aligned, as the reference lays workspaces out. */
const folderFor = (clip: string): string => `${clip.replace(/\.[^./]+$/, '')}/aligned`;

function ExtractDialog({ clip, onClose }: { readonly clip: ClipInfo; readonly onClose: () => void }) {
  const every = useSignal(1);
  const frames = clip.about?.frames ?? undefined;
  // Frames between are decoded too, so that only work of the same step is alike.
  const time = forecast(
    jobs.value,
    'extract',
    clip.path,
    frames && Math.ceil(frames / every.value),
    (request) => request.kind === 'extract' && request.every === every.value,
  );
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? '');
    const faceType = (['h', 'mf', 'f', 'wf', 'head'] as const).find((type) => type === text('faceType')) ?? 'wf';
    const asked = { faceType, size: Number(text('size')), every: Number(text('every')), maxFaces: Number(text('maxFaces')) };
    const job = await attempt(() => startJob({ kind: 'extract', input: clip.path, out: text('out'), ...asked, again: form.has('again') }));
    if (job === undefined) return;
    drawer.value = true;
    onClose();
  };
  return (
    <Dialog title={t('extractTitle', clip.path)} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <Field label={t('extractInto')}>
          <input name="out" required defaultValue={folderFor(clip.path)} spellcheck={false} />
        </Field>
        <div class="columns">
          <Field label={t('extractType')}>
            <select name="faceType" defaultValue="wf">
              {['h', 'mf', 'f', 'wf', 'head'].map((type) => (
                <option key={type} selected={type === 'wf'}>
                  {type}
                </option>
              ))}
            </select>
          </Field>
          <Field label={t('extractSize')}>
            <input name="size" type="number" min={256} max={2048} step={16} required defaultValue="512" />
          </Field>
          <Field label={t('extractEvery')}>
            <input
              name="every"
              type="number"
              min={1}
              max={100000}
              required
              defaultValue="1"
              onInput={({ currentTarget }) => (every.value = Math.max(1, Math.floor(currentTarget.valueAsNumber) || 1))}
            />
          </Field>
          <Field label={t('extractMax')}>
            <input name="maxFaces" type="number" min={0} max={1000} required defaultValue="0" />
          </Field>
        </div>
        <label class="check">
          <input name="again" type="checkbox" />
          <span>{t('extractAgain')}</span>
        </label>
        <ForecastLine forecast={time} />
        <FormEnd label={t('extractShort')} onCancel={onClose} />
      </form>
    </Dialog>
  );
}

/** A model that liae train cannot go on with before it is imported. */
function ForeignCard({ models: { path, names }, onImport }: { readonly models: ForeignModels; readonly onImport: () => void }) {
  return (
    <li class="card foreign">
      <div class="card-text">
        <strong title={path}>{path}</strong>
        <p class="muted">{[t('foreignModel', names.join(', ')), ...sizeOf(path)].join(' · ')}</p>
      </div>
      <div class="card-actions">
        <button type="button" class="small acts" onClick={onImport} aria-label={`${t('importModel')} ${path}`}>
          {t('importModel')}
        </button>
      </div>
    </li>
  );
}

function ImportDialog({ models: { path, names }, onClose }: { readonly models: ForeignModels; readonly onClose: () => void }) {
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? '');
    const asked = { from: path, name: text('name'), model: text('model'), weightsOnly: form.has('weightsOnly') };
    if ((await attempt(() => startJob({ kind: 'import', ...asked }))) === undefined) return;
    drawer.value = true;
    onClose();
  };
  return (
    <Dialog title={t('importTitle', path)} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <p class="muted">{t('importAbout')}</p>
        <Field label={t('importWhich')}>
          <select name="name">
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </Field>
        <Field label={t('importInto')}>
          <input name="model" required defaultValue={`${path}_liae`} spellcheck={false} />
        </Field>
        <label class="check">
          <input name="weightsOnly" type="checkbox" />
          <span>{t('importWeights')}</span>
        </label>
        <FormEnd label={t('importModel')} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
