/** How far the files are that are on their way into the workspace. */
import { batch, cancelUploads } from '../uploads.ts';
import { bytes, count, duration, t } from '../words.ts';
import { Meter } from './basics.tsx';

export function Uploads() {
  const now = batch.value;
  if (now === undefined) return null;
  const seconds = (performance.now() - now.began) / 1000;
  const rate = seconds > 0.5 && now.sent > 0 ? now.sent / seconds : undefined;
  const facts = [
    t('uploadBytes', bytes(now.sent), bytes(now.bytes)),
    ...(rate === undefined ? [] : [t('rate', bytes(rate)), t('left', duration((now.bytes - now.sent) / rate))]),
  ];
  return (
    <section class="uploads" aria-label={t('uploads')}>
      <header>
        <strong>{t('uploadFiles', count(Math.min(now.done + 1, now.files)), count(now.files))}</strong>
        <button type="button" class="small acts" onClick={cancelUploads}>
          {t('cancel')}
        </button>
      </header>
      <p class="muted name">{now.name}</p>
      <Meter done={now.sent} of={now.bytes} label={t('uploads')} />
      <p class="muted">{facts.join(' · ')}</p>
    </section>
  );
}
