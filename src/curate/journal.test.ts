/** Series of moves: names may change places, a kill at any step leaves all or nothing after settling, and undoing brings everything back. */
import { describe, expect, test } from 'vitest';
import { Killed, type MemoryArea, memoryArea } from '../../test/support/memoryArea.ts';
import { workPrefix } from './faceArea.ts';
import { lastUndoable, type Move, nextId, type Plan, readActions, runMoves, settle, undoMoves } from './journal.ts';
import { numberedMoves, originalMoves } from './rename.ts';
import { restoreMoves, trashMoves } from './trash.ts';

const now = () => new Date(0);
const start = { 'a.jpg': 'A', 'b.jpg': 'B', 'c.jpg': 'C', 'd.jpg': 'D' };
const moved = (...pairs: (readonly [string, string])[]): readonly Move[] => pairs.map(([from, to]) => ({ from, to }));
const plan = (moves: readonly Move[], more: Partial<Plan> = {}): Plan => ({ tool: 'sort', what: 'by hand', moves, ...more });
/** A cycle, a chain, and one to the trash. */
const shuffle = moved(['a.jpg', 'b.jpg'], ['b.jpg', 'a.jpg'], ['c.jpg', 'e.jpg'], ['d.jpg', '@trash/d.jpg']);
const shuffled = { 'a.jpg': 'B', 'b.jpg': 'A', 'e.jpg': 'C', '@trash/d.jpg': 'D' };
const contents = ({ files }: MemoryArea): unknown => Object.fromEntries([...files].sort());
const sorted = (record: Readonly<Record<string, string>>): unknown => Object.fromEntries(Object.entries(record).sort());

async function undo(area: MemoryArea) {
  const actions = readActions(await area.readJournal());
  const last = lastUndoable(actions);
  if (last === undefined) return undefined;
  const found = await undoMoves(area, last, nextId(actions));
  await runMoves(area, { tool: 'undo', what: 'back', moves: found.moves, undoes: last.id }, { now });
  return found;
}

describe('a series of moves', () => {
  test('lets names change places, and undoing gives them back', async () => {
    const area = memoryArea(start);
    await runMoves(area, plan(shuffle), { now });
    expect(contents(area)).toEqual(sorted(shuffled));
    await undo(area);
    expect(contents(area)).toEqual(start);
    expect(await undo(area)).toBeUndefined();
  });

  test('killed at any step, is all done or all undone once settled, and can go on from there', async () => {
    let outcomes = '';
    for (let steps = 0; ; steps++) {
      const area = memoryArea(start);
      area.killAfter(steps);
      const killed = await runMoves(area, plan(shuffle), { now }).then(
        () => false,
        (error: unknown) => error instanceof Killed,
      );
      area.revive();
      const notes = await settle(area);
      const after = JSON.stringify(contents(area));
      const [none, all] = [JSON.stringify(start), JSON.stringify(sorted(shuffled))];
      expect([none, all]).toContain(after);
      outcomes += after === all ? 'a' : 'n';
      expect(await settle(area)).toEqual([]);
      if (after === all) await undo(area);
      await runMoves(area, plan(shuffle), { now });
      expect(JSON.stringify(contents(area))).toBe(all);
      await undo(area);
      expect(contents(area)).toEqual(start);
      if (!killed) {
        expect(notes).toEqual([]);
        break;
      }
    }
    expect(outcomes).toMatch(/^n{6,}a{6}$/);
  });

  test('killed while it settles, settles at the next try', async () => {
    for (let steps = 0; steps < 11; steps++) {
      for (let again = 0; again < 8; again++) {
        const area = memoryArea(start);
        area.killAfter(steps);
        await runMoves(area, plan(shuffle), { now }).catch(() => undefined);
        area.killAfter(again);
        await settle(area).catch(() => undefined);
        area.revive();
        await settle(area);
        expect([JSON.stringify(start), JSON.stringify(sorted(shuffled))]).toContain(JSON.stringify(contents(area)));
      }
    }
  });

  test('is refused as a whole if a file is missing or a name is taken by a file that stays', async () => {
    const area = memoryArea(start);
    await expect(runMoves(area, plan(moved(['a.jpg', 'x.jpg'], ['q.jpg', 'y.jpg'])), { now })).rejects.toThrow('q.jpg: gone meanwhile');
    await expect(runMoves(area, plan(moved(['a.jpg', 'x.jpg'], ['b.jpg', 'c.jpg'])), { now })).rejects.toThrow('c.jpg: there is another');
    await expect(runMoves(area, plan(moved(['a.jpg', '../x.jpg'])), { now })).rejects.toThrow('outside the folder');
    expect(contents(area)).toEqual(start);
    expect(area.journal()).toBe('');
  });

  test('that is aborted in its first half puts everything back', async () => {
    const area = memoryArea(start);
    const abort = new AbortController();
    const progress = (done: number): void => void (done === 2 && abort.abort(new Error('enough')));
    await expect(runMoves(area, plan(shuffle), { now, signal: abort.signal, progress })).rejects.toThrow('enough');
    expect(contents(area)).toEqual(start);
    expect(readActions(area.journal()).map(({ state }) => state)).toEqual(['cancelled']);
  });
});

describe('undoing', () => {
  test('goes back one change after another, past what was undone already', async () => {
    const area = memoryArea(start);
    await runMoves(area, plan(moved(['a.jpg', 'x.jpg'])), { now });
    await runMoves(area, plan(moved(['x.jpg', 'y.jpg'], ['b.jpg', 'z.jpg'])), { now });
    await undo(area);
    expect([...area.files.keys()].sort()).toEqual(['b.jpg', 'c.jpg', 'd.jpg', 'x.jpg']);
    await runMoves(area, plan(moved(['c.jpg', 'w.jpg'])), { now });
    await undo(area);
    await undo(area);
    expect(contents(area)).toEqual(start);
  });

  test('of new versions keeps them in the trash, and keeps what is there where the earlier version is gone', async () => {
    const edited = async (): Promise<MemoryArea> => {
      const area = memoryArea({ 'a.jpg': 'A', '.liae-staged-1/a.jpg': 'new' });
      await runMoves(area, plan(moved(['a.jpg', '@trash/replaced-1/a.jpg'], ['.liae-staged-1/a.jpg', 'a.jpg'])), { now });
      expect(area.files.get('a.jpg')).toBe('new');
      return area;
    };
    const area = await edited();
    await undo(area);
    expect(contents(area)).toEqual({ '@trash/undone-2/a.jpg': 'new', 'a.jpg': 'A' });
    const emptied = await edited();
    emptied.files.delete('@trash/replaced-1/a.jpg');
    const found = await undo(emptied);
    expect([contents(emptied), found?.missing]).toEqual([{ 'a.jpg': 'new' }, ['a.jpg']]);
  });

  test('leaves out what is gone or blocked, and says so', async () => {
    const area = memoryArea(start);
    await runMoves(area, plan(moved(['a.jpg', 'x.jpg'], ['b.jpg', 'y.jpg'], ['c.jpg', 'z.jpg'])), { now });
    area.files.delete('x.jpg');
    area.files.set('b.jpg', 'another');
    expect(await undo(area)).toMatchObject({ missing: ['a.jpg'], blocked: ['b.jpg'] });
    expect(contents(area)).toEqual({ 'b.jpg': 'another', 'c.jpg': 'C', 'd.jpg': 'D', 'y.jpg': 'B' });
  });
});

test('a journal that leads out of the folder, or is damaged, is not followed', async () => {
  const line = (moves: unknown): string => JSON.stringify({ id: 1, at: '', tool: 't', what: '', moves });
  for (const path of ['../x', 'a/../../x', '/etc/passwd', '@trash/../x', '..\\x', '', 'a//b']) {
    expect(readActions(line([['a', path]])), path).toEqual([]);
  }
  expect(readActions(`garbage\n{"id":"1"}\n${line([['a', 'b']])}\n{"id":1,"sta`)).toMatchObject([{ id: 1, state: 'begun' }]);
});

test('the trash is added to, and what comes back has its old name or a free one', async () => {
  const area = memoryArea({ ...start, '@trash/a.jpg': 'older' });
  await runMoves(area, plan(await trashMoves(area, ['a.jpg', 'b.jpg'])), { now });
  expect(area.files.get('@trash/a-2.jpg')).toBe('A');
  await runMoves(area, plan(moved(['c.jpg', 'b.jpg'])), { now });
  const restored = await restoreMoves(area, readActions(area.journal()), []);
  expect(restored).toEqual([
    { from: '@trash/a-2.jpg', to: 'a.jpg' },
    { from: '@trash/a.jpg', to: 'a-2.jpg' },
    { from: '@trash/b.jpg', to: 'b-2.jpg' },
  ]);
  expect(await restoreMoves(area, readActions(area.journal()), ['b.jpg'])).toEqual([{ from: '@trash/b.jpg', to: 'b-2.jpg' }]);
  await expect(restoreMoves(area, [], ['q.jpg'])).rejects.toThrow('q.jpg: not in the trash');
});

test('names: numbers from 0 with each own extension; frames with the number of the face in the present order', () => {
  expect(numberedMoves(['x.jpg', 'y.JPEG']).map(({ to }) => to)).toEqual(['00000.jpg', '00001.JPEG']);
  const named = (name: string, source?: string) => ({ name, source });
  expect(
    originalMoves([named('00000.jpg', '00007.png'), named('00001.jpg'), named('00002.jpg', '00007.png'), named('00003.jpg', '00002.png')]),
  ).toEqual(moved(['00000.jpg', '00007_0.jpg'], ['00002.jpg', '00007_1.jpg'], ['00003.jpg', '00002_0.jpg']));
  expect(originalMoves([named('7_0.jpg'), named('a.jpg', '7.png')])).toEqual(moved(['a.jpg', '7_1.jpg']));
});

test('the folder of these tests loses nothing, and does nothing after a kill', async () => {
  const area = memoryArea({ a: '1', b: '2' });
  await expect(area.move('a', 'b')).rejects.toThrow('would be lost');
  area.killAfter(0);
  await expect(area.appendJournal('1234')).rejects.toThrow(Killed);
  await expect(area.move('a', 'c')).rejects.toThrow(Killed);
  area.revive();
  expect([area.journal(), ...area.files.keys()]).toEqual(['12', 'a', 'b']);
});

describe('a journal that says what is not so', () => {
  const begun = (id: number, moves: readonly (readonly [string, string])[], state?: string): string =>
    `${JSON.stringify({ id, at: 'x', tool: 'sort', what: 'x', moves })}\n${state === undefined ? '' : `${JSON.stringify({ id, state })}\n`}`;

  test('a move is not taken back over a file that came meanwhile', async () => {
    const area = memoryArea({ 'a.jpg': 'new', [`${workPrefix}move-1-0`]: 'old' });
    await area.appendJournal(begun(1, [['a.jpg', 'b.jpg']]));
    await expect(settle(area)).rejects.toThrow('a.jpg: there is another file of this name');
    expect(contents(area)).toEqual({ [`${workPrefix}move-1-0`]: 'old', 'a.jpg': 'new' });
    await area.move('a.jpg', 'elsewhere.jpg');
    await settle(area);
    expect(contents(area)).toEqual({ 'a.jpg': 'old', 'elsewhere.jpg': 'new' });
  });

  test('files under way of an action that it lost stay', async () => {
    const area = memoryArea({ ...start, [`${workPrefix}move-1-1`]: 'lost' });
    await runMoves(area, plan(shuffle), { now });
    expect(contents(area)).toEqual({ ...shuffled, [`${workPrefix}move-1-1`]: 'lost' });
  });

  test('actions that move a file twice, or two to one name, or have numbers that end counting, are none of ours', () => {
    expect(
      readActions(
        begun(1, [
          ['a', 'b'],
          ['a', 'c'],
        ]),
      ),
    ).toEqual([]);
    expect(
      readActions(
        begun(1, [
          ['a', 'c'],
          ['b', 'c'],
        ]),
      ),
    ).toEqual([]);
    expect(readActions(begun(Number.MAX_SAFE_INTEGER, [['a', 'b']]))).toEqual([]);
    const last = readActions(`${begun(2 ** 40, [['a', 'b']])}${begun(1, [['c', 'd']])}`);
    expect(nextId(last)).toBe(2);
  });

  test('two new files are undone to two names', async () => {
    const area = memoryArea({ 'a.jpg': 'one', '@trash/a.jpg': 'two' });
    const moves = [
      [`${workPrefix}x/0`, 'a.jpg'],
      [`${workPrefix}x/1`, '@trash/a.jpg'],
    ] as const;
    await area.appendJournal(begun(1, moves, 'done'));
    await undo(area);
    expect(contents(area)).toEqual({ '@trash/undone-2/a-2.jpg': 'two', '@trash/undone-2/a.jpg': 'one' });
  });
});
