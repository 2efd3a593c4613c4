/** What an option does, what it is usually set to, what it costs and when it takes effect, beside its row. */
import type { OptionInfo } from '../../protocol.ts';
import { textOf } from '../trainingState.ts';
import { useLayoutEffect, useRef } from '../ui.ts';
import { t } from '../words.ts';

export interface Tip {
  readonly option: OptionInfo;
  readonly row: { readonly top: number; readonly right: number; readonly bottom: number; readonly left: number };
}

const GAP = 14;
const WIDTH = 340;

export function OptionTip({ tip: { option, row } }: { readonly tip: Tip }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const { current } = box;
    if (current === null) return;
    // Beside the form where there is room, else under the row; never over the edge of the window.
    const isBeside = row.right + GAP + WIDTH <= innerWidth;
    const top = isBeside ? row.top - 8 : row.bottom + 4;
    current.style.left = `${isBeside ? row.right + GAP : Math.max(8, Math.min(row.left, innerWidth - WIDTH - 8))}px`;
    current.style.top = `${Math.max(8, Math.min(top, innerHeight - current.offsetHeight - 8))}px`;
  }, [option, row]);
  const text = textOf(option);
  const range =
    option.values !== undefined
      ? option.values.join(', ')
      : option.min !== undefined && option.max !== undefined
        ? option.max === Number.MAX_SAFE_INTEGER
          ? `≥ ${option.min}`
          : `${option.min} … ${option.max}`
        : '';
  const rows = (
    [
      ['tip_default', option.kind === 'bool' ? t(option.default === 'y' ? 'optionOn' : 'optionOff') : option.default],
      ['tip_range', range],
      ['tip_typical', text.typical],
      ['tip_cost', text.cost],
      ['tip_when', t(`when_${option.when}`)],
    ] as const
  ).filter(([, words]) => words !== '');
  return (
    <div ref={box} id="option-tip" class="option-tip" role="tooltip" style={{ width: `${WIDTH}px` }}>
      <p>
        <strong>{text.label}</strong> <code>{option.name}</code>
      </p>
      <p>{text.does}</p>
      <dl>
        {rows.map(([key, words]) => (
          <div key={key}>
            <dt>{t(key)}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
