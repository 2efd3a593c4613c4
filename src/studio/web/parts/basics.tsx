/** Small parts that every screen uses. */
import type { Problem } from '../../protocol.ts';
import { type Forecast, roughly } from '../pace.ts';
import { inLanguage } from '../problems.ts';
import { readOnly } from '../readOnly.ts';
import { type ComponentChildren, useEffect, useRef } from '../ui.ts';
import { t } from '../words.ts';

/** Says what is missing, and the next step. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** @param of  undefined: nobody knows how much there is. */
export function Meter({ done, of, label }: { readonly done: number; readonly of: number | undefined; readonly label: string }) {
  const share = of === undefined || of <= 0 ? undefined : Math.min(1, done / of);
  const values = share === undefined ? {} : { 'aria-valuenow': Math.round(share * 100), 'aria-valuemin': 0, 'aria-valuemax': 100 };
  return (
    <div class={`meter${share === undefined ? ' meter-endless' : ''}`} role="progressbar" aria-label={label} {...values}>
      <div style={{ width: `${(share ?? 0.25) * 100}%` }} />
    </div>
  );
}

/** What, found, expected, next, as the command line has them. */
export function ProblemText({ problem }: { readonly problem: Problem }) {
  const { message, found, expected, next } = inLanguage(problem);
  const rows = (
    [
      ['found', found],
      ['expected', expected],
      ['next', next],
    ] as const
  ).filter(([, text]) => text !== undefined && text !== '');
  return (
    <div class="problem">
      <p>{message}</p>
      {rows.length > 0 && (
        <dl>
          {rows.map(([key, text]) => (
            <div key={key} class="problem-row">
              <dt>{t(key)}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

/** A dialog over the page: the browser keeps the focus inside and closes it at Escape. */
export function Dialog({
  title,
  onClose,
  children,
  wide = false,
  onKey,
  mayClose = () => true,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly wide?: boolean;
  readonly onKey?: (event: KeyboardEvent) => void;
  /** Asked before it closes. */
  readonly mayClose?: () => boolean;
}) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (box.current?.open === false) box.current.showModal();
  }, []);
  return (
    <dialog
      ref={box}
      class={wide ? 'wide' : ''}
      aria-label={title}
      onClose={onClose}
      onCancel={(event) => mayClose() || event.preventDefault()}
      onKeyDown={(event) => onKey?.(event)}
    >
      <div class="dialog-body">
        <header>
          <h2>{title}</h2>
          <button type="button" class="quiet icon" aria-label={t('close')} onClick={() => mayClose() && onClose()}>
            ✕
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** Controls that tell something: a small screen shows them and lets nobody move them. */
export function Locked({ children }: { readonly children: ComponentChildren }) {
  return (
    <fieldset class="locked" disabled={readOnly.value}>
      {children}
    </fieldset>
  );
}

/** The end of a form in a dialog: what it is for, or not after all. */
export function FormEnd({
  label,
  onCancel,
  disabled = false,
}: {
  readonly label: string;
  readonly onCancel: () => void;
  readonly disabled?: boolean;
}) {
  return (
    <footer>
      <button type="button" class="quiet" onClick={onCancel}>
        {t('cancel')}
      </button>
      <button type="submit" class="primary" disabled={disabled}>
        {label}
      </button>
    </footer>
  );
}

/** How long it will take, where that is known. */
export function ForecastLine({ forecast }: { readonly forecast: Forecast | undefined }) {
  if (forecast === undefined) return null;
  const { seconds, pace, of } = forecast;
  return <p class="muted">{t('forecast', roughly(seconds), pace < 10 ? pace.toFixed(1) : Math.round(pace), of)}</p>;
}

/** A label over its control. */
export function Field({ label, hint, children }: { readonly label: string; readonly hint?: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is among the children
    <label class="field">
      <span>{label}</span>
      {children}
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}
