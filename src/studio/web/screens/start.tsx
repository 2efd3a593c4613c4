/** What is shown without a workspace: what this is, and the choice of one. */
import { Choice } from '../parts/choice.tsx';
import { readOnly } from '../readOnly.ts';
import { t } from '../words.ts';

export function StartScreen() {
  return (
    <div class="start">
      <header>
        <p class="start-title">{t('startTitle')}</p>
        <p class="muted">{t('startAbout')}</p>
      </header>
      {readOnly.value && <p>{t('readOnlyStart')}</p>}
      <Choice />
    </div>
  );
}
