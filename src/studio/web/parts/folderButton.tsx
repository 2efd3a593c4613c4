/** Which workspace is open, and the way to another. */
import { readOnly } from '../readOnly.ts';
import { choosing, studio } from '../store.ts';
import { t } from '../words.ts';

export function FolderButton() {
  const now = studio.value?.workspace;
  if (now == null) return null;
  if (studio.value?.canOpen === false || readOnly.value)
    return (
      <span class="folder" title={now.folder}>
        {now.name}
      </span>
    );
  return (
    <button
      type="button"
      class="quiet folder"
      title={now.folder}
      aria-label={t('otherWorkspace', now.name)}
      aria-haspopup="dialog"
      onClick={() => (choosing.value = true)}
    >
      <span>{now.name}</span>
      <span aria-hidden="true">▾</span>
    </button>
  );
}
