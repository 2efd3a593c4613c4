/** Help: the way from a clip to a film, the keys, and what stays on this machine. */
import { help, setTour, studio } from '../store.ts';
import { type Key, t } from '../words.ts';
import { Dialog } from './basics.tsx';

const steps: readonly Key[] = ['way_clips', 'way_faces', 'way_train', 'way_merge', 'way_verify'];
const keys: readonly (readonly [string, Key])[] = [
  ['?', 'key_help'],
  ['Esc', 'key_escape'],
  ['Tab', 'key_tab'],
  ['← ↑ → ↓', 'key_arrows'],
  ['Space', 'key_space'],
  ['Ctrl A', 'key_all'],
  ['Enter', 'key_enter'],
  ['Delete', 'key_delete'],
];

export function Help() {
  const close = (): void => {
    help.value = false;
  };
  return (
    <Dialog title={t('help')} wide onClose={close}>
      <div class="help">
        <section>
          <h3>{t('helpWay')}</h3>
          <ol>
            {steps.map((step) => (
              <li key={step}>{t(step)}</li>
            ))}
          </ol>
          {studio.value?.workspace != null && (
            <button
              type="button"
              class="acts"
              onClick={() => {
                setTour(0);
                close();
              }}
            >
              {t('tourAgain')}
            </button>
          )}
        </section>
        <section>
          <h3>{t('helpKeys')}</h3>
          <dl>
            {keys.map(([key, what]) => (
              <div key={key} class="help-key">
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{t(what)}</dd>
              </div>
            ))}
          </dl>
        </section>
        <section class="help-wide">
          <h3>{t('helpHere')}</h3>
          <p>{t('helpHereText')}</p>
          <p class="muted">{t('helpManual', studio.value?.version ?? '')}</p>
        </section>
      </div>
    </Dialog>
  );
}
