/**
 * Which way the faces of two sets look: yaw from left to right as one sees it in the picture, pitch upwards. Warm cells hold faces of the source, dots those of
 * the destination, and a red frame says that destination faces find no source near them. A cell shows its faces.
 */
import type { FaceList, PoseCell, PoseCoverage } from '../../protocol.ts';
import { startJob } from '../api.ts';
import type { View } from '../faceView.ts';
import { attempt, ended, go, isAlive, jobs, workspace } from '../store.ts';
import { signal, useEffect, useRef, useSignal } from '../ui.ts';
import { count, t } from '../words.ts';
import { numberText } from './faceHistogram.tsx';
import { readCoverage } from './faceRequests.ts';

const [YAWS, PITCHES] = [80, 50];
const GAPS = 5;

interface Props {
  readonly list: FaceList;
  readonly view: View;
  readonly onChange: (view: View) => void;
}

/** A filter that another set is to be opened with. */
export const carried = signal<{ readonly path: string; readonly ranges: View['ranges'] } | undefined>(undefined);

const other = signal<Readonly<Record<string, string>>>({});
const roles = signal<Readonly<Record<string, 'src' | 'dst'>>>({});

/** The range of a cell; measures have one digit, so that cells do not share a face. Outermost cells hold all beyond. */
function rangesOf({ yaw, pitch }: Pick<PoseCell, 'yaw' | 'pitch'>, cell: number): View['ranges'] {
  const range = (middle: number, widest: number): readonly [number | null, number | null] => [
    middle - cell / 2 <= -widest ? null : middle - cell / 2,
    middle + cell / 2 >= widest ? null : middle + cell / 2 - 0.05,
  ];
  return { yaw: range(yaw, YAWS), pitch: range(pitch, PITCHES) };
}

/** "45° left, 15° up": the middle of a cell, as one sees it in the picture. */
const directionText = (yaw: number, pitch: number): string =>
  `${t(yaw > 0 ? 'poseLeft' : 'poseRight', Math.abs(yaw))}, ${t(pitch > 0 ? 'poseUp' : 'poseDown', Math.abs(pitch))}`;

const isSame = (a: View['ranges'], b: View['ranges']): boolean =>
  JSON.stringify([a.yaw, a.pitch]) === JSON.stringify([b.yaw ?? null, b.pitch ?? null]);

export function PoseMap({ list, view, onChange }: Props) {
  const { path } = list;
  const sets = (workspace.value?.facesets ?? []).map((set) => set.path).filter((one) => one !== path);
  const role = roles.value[path] ?? (/dst|dest|target/i.test(path) ? 'dst' : 'src');
  const guess = sets.find((one) => /dst|dest|target/i.test(one) === (role === 'src')) ?? sets[0];
  const against = other.value[path] ?? guess;
  const coverage = useSignal<PoseCoverage | undefined>(undefined);
  const [src, dst] = role === 'src' ? [path, against ?? path] : [against ?? path, path];
  // Read anew when faces come and go, or any measuring ends.
  useEffect(() => {
    let gone = false;
    void attempt(() => readCoverage(src, dst)).then((read) => {
      if (!gone) coverage.value = read;
    });
    return () => {
      gone = true;
    };
  }, [src, dst, list, ended.value]);
  const known = coverage.value;
  const mine = role === 'src' ? known?.src : known?.dst;
  const theirs = role === 'src' ? known?.dst : known?.src;
  const measuring = jobs.value.some((job) => job.request.kind === 'measure' && job.request.faces === against && isAlive(job));
  return (
    <div class="poses">
      <div class="poses-sets">
        <label class="field">
          <span>{t('posesOf')}</span>
          <select
            value={role}
            onChange={({ currentTarget }) => (roles.value = { ...roles.value, [path]: currentTarget.value as 'src' | 'dst' })}
          >
            <option value="src">{t('roleSrc')}</option>
            <option value="dst">{t('roleDst')}</option>
          </select>
        </label>
        <label class="field">
          <span>{t('against')}</span>
          <select
            value={against ?? ''}
            disabled={sets.length === 0}
            onChange={({ currentTarget }) => (other.value = { ...other.value, [path]: currentTarget.value })}
          >
            {sets.length === 0 && <option value="">{t('noOther')}</option>}
            {sets.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      {known !== undefined && mine === 0 && <p class="muted">{t('posesMeasure')}</p>}
      {known !== undefined && against !== undefined && theirs === 0 && (
        <p class="muted row wrap">
          {t('posesMeasureOther', against)}
          <button
            type="button"
            class="small acts"
            disabled={measuring}
            onClick={() => void attempt(() => startJob({ kind: 'measure', faces: against }))}
          >
            {t('measureOther')}
          </button>
        </p>
      )}
      {known !== undefined && <Cells coverage={known} view={view} onChange={onChange} />}
      {known !== undefined && known.src > 0 && known.dst > 0 && against !== undefined && (
        <Gaps coverage={known} view={view} onChange={onChange} against={against} role={role} />
      )}
    </div>
  );
}

function Cells({ coverage, view, onChange }: { readonly coverage: PoseCoverage } & Omit<Props, 'list'>) {
  const { cell, cells } = coverage;
  const grid = useRef<HTMLFieldSetElement>(null);
  const cursor = useSignal({ row: PITCHES / cell, column: YAWS / cell });
  const [rows, columns] = [(2 * PITCHES) / cell, (2 * YAWS) / cell];
  const byKey = new Map(cells.map((one) => [`${one.yaw} ${one.pitch}`, one]));
  const most = (side: 'src' | 'dst'): number => Math.max(1, ...cells.map((one) => one[side]));
  const strength = (n: number, max: number): number => (n === 0 ? 0 : 0.22 + 0.78 * (Math.log1p(n) / Math.log1p(max)));
  const [mostSrc, mostDst] = [most('src'), most('dst')];
  const choose = (yaw: number, pitch: number): void => {
    const ranges = rangesOf({ yaw, pitch }, cell);
    const { yaw: _, pitch: __, ...others } = view.ranges;
    onChange({ ...view, ranges: isSame(ranges, view.ranges) ? others : { ...others, ...ranges } });
  };
  const move = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === 'Escape') {
      const { yaw: _, pitch: __, ...others } = view.ranges;
      onChange({ ...view, ranges: others });
    }
    if (by === undefined) return;
    event.preventDefault();
    const row = Math.min(rows - 1, Math.max(0, cursor.value.row + by[0]!));
    const column = Math.min(columns - 1, Math.max(0, cursor.value.column + by[1]!));
    cursor.value = { row, column };
    grid.current?.querySelector<HTMLElement>(`[data-cell="${row} ${column}"]`)?.focus();
  };
  return (
    <figure class="pose-map">
      <div class="pose-legend muted" aria-hidden="true">
        <i class="pose-cell" style={{ '--s': 0.8, '--d': 0 }} /> {t('legendSrc')}
        <i class="pose-cell" style={{ '--s': 0, '--d': 0.7 }} /> {t('legendDst')}
        <i class="pose-cell lacking" style={{ '--s': 0, '--d': 0 }} /> {t('legendLacking')}
      </div>
      <fieldset ref={grid} class="pose-grid">
        <legend class="unseen">{t('tab_poses')}</legend>
        {Array.from({ length: rows }, (_, row) => {
          const pitch = PITCHES - cell * (row + 0.5);
          return (
            <div key={pitch} class="pose-row">
              <span class="pose-axis" aria-hidden="true">
                {row % 2 === 0 ? numberText('pitch', pitch + cell / 2) : ''}
              </span>
              {Array.from({ length: columns }, (__, column) => {
                const yaw = YAWS - cell * (column + 0.5);
                const { src, dst, lacking } = byKey.get(`${yaw} ${pitch}`) ?? { src: 0, dst: 0, lacking: 0 };
                const isCursor = cursor.value.row === row && cursor.value.column === column;
                const isChosen = isSame(rangesOf({ yaw, pitch }, cell), view.ranges);
                const label = t(
                  'poseCell',
                  directionText(yaw, pitch),
                  count(src),
                  count(dst),
                  lacking > 0 ? t('poseCellLacking', count(lacking)) : '',
                );
                return (
                  <button
                    key={yaw}
                    type="button"
                    tabIndex={isCursor ? 0 : -1}
                    data-cell={`${row} ${column}`}
                    class={`pose-cell${lacking > 0 ? ' lacking' : ''}${src > 0 && dst > 0 ? ' both' : ''}`}
                    style={{ '--s': strength(src, mostSrc).toFixed(2), '--d': strength(dst, mostDst).toFixed(2) }}
                    aria-label={label}
                    aria-pressed={isChosen}
                    title={label}
                    onKeyDown={move}
                    onFocus={() => (cursor.value = { row, column })}
                    onClick={() => choose(yaw, pitch)}
                  />
                );
              })}
            </div>
          );
        })}
      </fieldset>
      <div class="pose-looks muted" aria-hidden="true">
        <span>{t('lookLeft')}</span>
        <span>0°</span>
        <span>{t('lookRight')}</span>
      </div>
      <figcaption class="muted">{t('posesHint')}</figcaption>
    </figure>
  );
}

function Gaps({
  coverage: { cells, covered, dst, enough, cell },
  view,
  onChange,
  against,
  role,
}: { readonly coverage: PoseCoverage; readonly against: string; readonly role: 'src' | 'dst' } & Omit<Props, 'list'>) {
  const gaps = [...cells].filter(({ lacking }) => lacking > 0).sort((a, b) => b.lacking - a.lacking);
  const chosen = cells.find((one) => isSame(rangesOf(one, cell), view.ranges));
  const percent = covered === 1 ? 100 : Math.min(99, Math.floor(covered * 100));
  return (
    <>
      <p>{gaps.length === 0 ? t('coveredAll') : t('coveredShare', percent, count(dst), enough.faces, enough.degrees)}</p>
      {chosen !== undefined && (
        <p class="row wrap">
          {chosen.lacking > 0 && <span class="bad">{t('lackHere', count(chosen.lacking))}</span>}
          <button
            type="button"
            class="small"
            disabled={(role === 'src' ? chosen.dst : chosen.src) === 0}
            onClick={() => {
              carried.value = { path: against, ranges: rangesOf(chosen, cell) };
              go('faces', against);
            }}
          >
            {t('showInOther', against)}
          </button>
        </p>
      )}
      {gaps.length > 0 && (
        <section>
          <h2>{t('gapsFirst')}</h2>
          <ul class="gaps">
            {gaps.slice(0, GAPS).map((gap) => (
              <li key={`${gap.yaw} ${gap.pitch}`}>
                <button
                  type="button"
                  class="quiet small"
                  aria-pressed={gap === chosen}
                  onClick={() => onChange({ ...view, ranges: { ...view.ranges, ...rangesOf(gap, cell) } })}
                >
                  <span>{directionText(gap.yaw, gap.pitch)}</span>
                  <span class="muted">{t('gapFaces', count(gap.lacking))}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
