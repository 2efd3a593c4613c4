/** What a file says of how it was made, in plain words, and whether that still holds. */
import type { ManifestInfo, VerdictInfo } from '../../protocol.ts';
import { sendFile, verifyPath, verifyPlace } from '../api.ts';
import { en } from '../messages/en.ts';
import { Meter } from '../parts/basics.tsx';
import { attempt, go, place, workspace } from '../store.ts';
import { type ComponentChildren, signal, useEffect, useRef } from '../ui.ts';
import { bytes, type Key, moment, t } from '../words.ts';

type Shown =
  | { readonly state: 'asking'; readonly name: string; readonly sent: number; readonly of: number | undefined }
  | { readonly state: 'told'; readonly verdict: VerdictInfo; readonly isHere: boolean };
const shown = signal<Shown | undefined>(undefined);

/** Of a file that was dropped or chosen; it is not kept. */
export async function verifyFile(file: File): Promise<void> {
  const tell = (sent: number): void => {
    shown.value = { state: 'asking', name: file.name, sent, of: file.size };
  };
  tell(0);
  await answered(false, () => sendFile<VerdictInfo>(verifyPath(file.name), file, { onProgress: tell }));
}

async function verifyHere(path: string): Promise<void> {
  shown.value = { state: 'asking', name: path, sent: 0, of: undefined };
  await answered(true, () => verifyPlace(path));
}

async function answered(isHere: boolean, ask: () => Promise<VerdictInfo>): Promise<void> {
  const verdict = await attempt(ask);
  shown.value = verdict === undefined ? undefined : { state: 'told', verdict, isHere };
}

export function VerifyScreen() {
  const picker = useRef<HTMLInputElement>(null);
  const { path } = place.value;
  useEffect(() => {
    if (path !== '') void verifyHere(path);
    return () => {
      shown.value = undefined;
    };
  }, [path]);
  const now = shown.value;
  const films = (workspace.value?.clips ?? []).filter(({ kind }) => kind === 'clip');
  return (
    <div class="verify">
      <div class="verify-pick">
        <label class="inline">
          <span>{t('verifyHere')}</span>
          <select
            value={now?.state === 'told' && !now.isHere ? '' : path}
            onChange={({ currentTarget: { value } }) => {
              if (value === path && value !== '') void verifyHere(value);
              go('verify', value);
            }}
          >
            <option value="">{t('chooseOne')}</option>
            {path !== '' && !films.some((film) => film.path === path) && <option value={path}>{path}</option>}
            {films.map((film) => (
              <option key={film.path} value={film.path}>
                {film.path}
              </option>
            ))}
          </select>
        </label>
        <button type="button" onClick={() => picker.current?.click()}>
          {t('verifyOther')}
        </button>
        <input
          ref={picker}
          type="file"
          hidden
          aria-label={t('verifyOther')}
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? [];
            if (file !== undefined) void verifyFile(file);
            currentTarget.value = '';
          }}
        />
      </div>
      {now === undefined ? (
        <div class="verify-empty">
          <p class="empty-title">{t('verifyTitle')}</p>
          <p class="muted">{t('verifyAbout')}</p>
        </div>
      ) : now.state === 'asking' ? (
        <div class="verify-empty" role="status">
          <p>{t('verifying', now.name)}</p>
          <Meter done={now.sent} of={now.of} label={now.name} />
          {now.of !== undefined && <p class="muted">{t('uploadBytes', bytes(now.sent), bytes(now.of))}</p>}
        </div>
      ) : (
        <Report verdict={now.verdict} />
      )}
    </div>
  );
}

const marks: Readonly<Record<VerdictInfo['state'], string>> = { holds: '✓', broken: '✕', unchecked: '?', none: '–' };

function Report({ verdict: { name, state, where, manifests, xmpSourceType } }: { readonly verdict: VerdictInfo }) {
  return (
    <article class="report" aria-label={name}>
      <header class={`verdict verdict-${state}`}>
        <span class="verdict-mark" aria-hidden="true">
          {marks[state]}
        </span>
        <div>
          <h2>{name}</h2>
          <p class="verdict-title">{t(`verdict_${state}`)}</p>
          <p class="muted">{t(`verdict_${state}_means`)}</p>
          {where === 'sidecar' && <p class="muted">{t('inSidecar')}</p>}
        </div>
      </header>
      {manifests.map((manifest, i) => (
        <Manifest key={manifest.label} manifest={manifest} isActive={i === 0} />
      ))}
      {xmpSourceType !== null && <p class="muted">{t('xmpSays', sourceText(xmpSourceType))}</p>}
    </article>
  );
}

function Manifest({ manifest, isActive }: { readonly manifest: ManifestInfo; readonly isActive: boolean }) {
  const { generator, signer, actions, ingredients, checks } = manifest;
  const failed = checks.filter(({ holds }) => holds === false);
  const open = checks.filter(({ holds, code }) => holds === null && code !== 'signingCredential.untrusted');
  return (
    <section class="manifest">
      <h3>{t(isActive ? 'thisFile' : 'madeBefore')}</h3>
      <dl class="facts">
        <Row name={t('madeBy')}>{generator ?? t('unnamedProgram')}</Row>
        <Row name={t('signedBy')}>
          {signer.name ?? t('nobodyNamed')} <small>{signer.algorithm}</small>
          <p class={signer.state === 'invalid' ? 'bad' : 'muted'}>{t(`signer_${signer.state.replace(/[ -]/g, '_')}` as Key)}</p>
        </Row>
        {actions.length > 0 && (
          <Row name={t('whatWasDone')}>
            <ul>
              {actions.map(({ action, when, description, digitalSourceType, parameters }, i) => (
                <li key={`${i}${action}`}>
                  {actionText(action)}
                  {description !== null && `: ${description === en.faceReplaced ? t('faceReplaced') : description}`}
                  {when !== null && <small> {moment(when)}</small>}
                  {digitalSourceType !== null && <p class="source-type">{sourceText(digitalSourceType)}</p>}
                  {Object.entries(parameters).map(([key, value]) => (
                    <p key={key} class="muted">
                      {key}: <code>{value}</code>
                    </p>
                  ))}
                </li>
              ))}
            </ul>
          </Row>
        )}
        {ingredients.length > 0 && (
          <Row name={t('madeFrom')}>
            <ul>
              {ingredients.map(({ relationship, title, manifest: label }, i) => (
                <li key={`${i}${title}`}>
                  {title ?? t('unnamedFile')}
                  <small>
                    {' '}
                    {[t(relationship === 'parentOf' ? 'asItsOriginal' : 'asPart'), ...(label === null ? [] : [t('credentialsKept')])].join(
                      ', ',
                    )}
                  </small>
                </li>
              ))}
            </ul>
          </Row>
        )}
        <Row name={t('checked')}>
          {t(
            'checksHold',
            checks.filter(({ holds }) => holds === true).length,
            checks.length - (checks.some(({ code }) => code === 'signingCredential.untrusted') ? 1 : 0),
          )}
          {[...failed, ...open].map(({ code, text, url }) => (
            <p key={`${code}${url}`} class={failed.some((each) => each.url === url && each.code === code) ? 'bad' : 'muted'}>
              {text} <small>{code}</small>
            </p>
          ))}
          <details>
            <summary>{t('allChecks')}</summary>
            <ul class="checks">
              {checks.map(({ code, holds, text, url }) => (
                <li key={`${code}${url}`}>
                  <span class={holds === true ? 'good' : holds === false ? 'bad' : 'muted'}>
                    {holds === true ? '✓' : holds === false ? '✕' : '?'}
                  </span>{' '}
                  {text} <small>{code}</small>
                </li>
              ))}
            </ul>
          </details>
        </Row>
      </dl>
    </section>
  );
}

function Row({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="facts-row">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const actions: Readonly<Record<string, Key>> = {
  'c2pa.created': 'action_created',
  'c2pa.opened': 'action_opened',
  'c2pa.edited': 'action_edited',
  'c2pa.converted': 'action_converted',
  'c2pa.transcoded': 'action_transcoded',
  'c2pa.resized': 'action_resized',
  'c2pa.cropped': 'action_cropped',
  'c2pa.placed': 'action_placed',
};
const actionText = (action: string): string => {
  const key = actions[action];
  return key === undefined ? action : t(key);
};

/** IPTC NewsCodes, digital source type: the last part of their address. */
const sources: Readonly<Record<string, Key>> = {
  compositeWithTrainedAlgorithmicMedia: 'source_composite',
  trainedAlgorithmicMedia: 'source_trained',
  algorithmicMedia: 'source_algorithm',
  digitalCapture: 'source_capture',
  compositeCapture: 'source_compositeCapture',
  digitalArt: 'source_art',
  computationalCapture: 'source_computational',
};
function sourceText(type: string): string {
  const name = type.slice(type.lastIndexOf('/') + 1);
  const key = sources[name];
  return key === undefined ? name : `${t(key)} (${name})`;
}
