/** What faces are sorted by: names, any measure, and the orders that a job has to find; those are kept, so that they are looked for once. */
import { type FaceList, type FaceOrder, type FaceOrderName, faceMeasures, faceOrders } from '../../protocol.ts';
import { json, query, startJob } from '../api.ts';
import { isOrder, type SortKey, type View } from '../faceView.ts';
import { attempt, isAlive, jobs } from '../store.ts';
import { useEffect, useSignal } from '../ui.ts';
import { count, duration, t } from '../words.ts';
import { Meter } from './basics.tsx';

const jobOf = (path: string | undefined, by: FaceOrderName) =>
  jobs.value.find(({ request }) => request.kind === 'faces' && request.tool === 'order' && request.faces === path && request.by === by);

/** The order that is sorted by, as it is known; undefined while it is read, or where no order is meant. */
export function useOrder(list: FaceList | undefined, sort: SortKey): FaceOrder | undefined {
  const read = useSignal<{ readonly key: string; readonly order: FaceOrder } | undefined>(undefined);
  const by = isOrder(sort) ? sort : undefined;
  const key = `${list?.path ?? ''} ${by ?? ''}`;
  const state = by === undefined ? undefined : jobOf(list?.path, by)?.state;
  useEffect(() => {
    if (by === undefined || list === undefined) return undefined;
    let gone = false;
    void attempt(() => json<FaceOrder>('GET', `/faces/order?${query({ path: list.path, by })}`)).then((order) => {
      if (!gone && order !== undefined) read.value = { key, order };
    });
    return () => {
      gone = true;
    };
  }, [key, list, state]);
  return read.value?.key === key ? read.value.order : undefined;
}

interface Props {
  readonly list: FaceList | undefined;
  readonly view: View;
  readonly order: FaceOrder | undefined;
  readonly onChange: (view: View) => void;
}

export function FaceSort({ list, view, order, onChange }: Props) {
  const measured = faceMeasures.filter(
    (measure) => list === undefined || list.measured === 0 || list.measures[measure]?.some((v) => v !== null),
  );
  return (
    <>
      <label class="inline">
        <span>{t('sortBy')}</span>
        <select value={view.sort} onChange={({ currentTarget }) => onChange({ ...view, sort: currentTarget.value as SortKey })}>
          <option value="name">{t('name')}</option>
          <optgroup label={t('sortByMeasure')}>
            {measured.map((measure) => (
              <option key={measure} value={measure}>
                {t(measure)}
              </option>
            ))}
          </optgroup>
          <optgroup label={t('sortByOrder')}>
            {faceOrders.map((name) => (
              <option key={name} value={name}>
                {t(`by_${name}`)}
              </option>
            ))}
          </optgroup>
        </select>
      </label>
      <button
        type="button"
        class="icon"
        aria-label={view.descending ? t('descending') : t('ascending')}
        title={view.descending ? t('descending') : t('ascending')}
        onClick={() => onChange({ ...view, descending: !view.descending })}
      >
        {view.descending ? '↓' : '↑'}
      </button>
      {isOrder(view.sort) && list !== undefined && <OrderState list={list} by={view.sort} order={order} />}
    </>
  );
}

/** How an order stands: to be found, being found, or found for most of the faces. */
function OrderState({ list, by, order }: { readonly list: FaceList; readonly by: FaceOrderName; readonly order: FaceOrder | undefined }) {
  const job = jobOf(list.path, by);
  // Of the best faces half are chosen, so that it is seen which are left over.
  const target = Math.max(1, Math.floor(list.names.length / 2));
  const start = (): void => void attempt(() => startJob({ kind: 'faces', tool: 'order', faces: list.path, by, target }));
  if (job !== undefined && isAlive(job)) {
    const { done, total, secondsLeft } = job.progress ?? { done: 0, total: null, secondsLeft: null };
    return (
      <span class="face-order" role="status">
        <span class="muted">{[t('findingOrder'), ...(secondsLeft === null ? [] : [t('left', duration(secondsLeft))])].join(' ')}</span>
        <Meter done={done} of={total ?? undefined} label={t('findingOrder')} />
      </span>
    );
  }
  if (order === undefined) return null;
  if (order.names === null) {
    return (
      <button type="button" class="primary small acts" title={t('orderHint')} onClick={start}>
        {t('findOrder')}
      </button>
    );
  }
  const facts = [
    ...(order.aside > 0 ? [t('orderAside', count(order.aside))] : []),
    ...(order.missing > 0 ? [t('orderMissing', count(order.missing))] : []),
  ];
  if (facts.length === 0) return null;
  return (
    <span class="face-order" role="status">
      <span class="muted">{facts.join(' · ')}</span>
      {order.missing > 0 && (
        <button type="button" class="small acts" onClick={start}>
          {t('findOrderAgain')}
        </button>
      )}
    </span>
  );
}
