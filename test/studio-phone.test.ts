/**
 * The studio on a phone, and on another machine's large screen: every screen with all it tells, and nothing that acts. Every button that can be seen is pressed and every key that means something
 * elsewhere; afterwards the workspace is as it was, and nothing was asked of the server but to look.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clip, exactFaces, tinyModel } from './support/merging.ts';
import { expectAccessible, expectFitting, noBrowser, type Opened, openPage, type Served, serveStudio } from './support/studioPage.ts';
import { until } from './support/until.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae-phone-'));
const workspace = join(scratch, 'film');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What acts, by screen, as it is called on a large screen. */
const acting: Readonly<Record<string, readonly string[]>> = {
  workspace: ['Add clips or photos…', 'Extract faces… data_dst.mp4', 'New training', 'Import… theirs'],
  'faces/data_dst/aligned': ['Tools…', 'Move to trash', 'Undo'],
  'training/model': ['Resume', 'Save now', 'Back up', 'Paint preview', 'Continue training'],
  merge: ['Cut here', 'Join', 'Copy', 'Paste', 'Reset'],
  'export/model': ['Export model', 'Keep'],
};
const screens = [...Object.keys(acting), 'verify/result.mp4'];

describe.skipIf(noBrowser)('on a phone', () => {
  let served: Served;
  let opened: Opened;
  let page: Page;
  /** What was asked of the server beyond reading. */
  const asked: string[] = [];
  beforeAll(async () => {
    const faces = join(workspace, 'data_dst/aligned');
    mkdirSync(join(workspace, 'theirs'), { recursive: true });
    writeFileSync(join(workspace, 'theirs', 'new_SAEHD_data.dat'), '');
    cpSync(clip('dst_rotated.mp4'), join(workspace, 'data_dst.mp4'));
    await exactFaces(join(workspace, 'data_dst.mp4'), faces, [{ track: 'dst', dx: 0 }], 12);
    cpSync(fileURLToPath(new URL('faces/src', import.meta.url)), join(workspace, 'data_src/aligned'), { recursive: true });
    await tinyModel(join(workspace, 'model'));
    const shots = [
      { from: 0, to: 6, settings: {} },
      { from: 6, settings: { mode: 'seamless', blur_mask_modifier: 40 } },
    ];
    served = await serveStudio(workspace);
    opened = await openPage([served.origin], { viewport: { width: 1280, height: 800 }, hasTouch: true });
    ({ page } = opened);
    page.on('request', (request) => request.method() !== 'GET' && asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
    await page.addInitScript("localStorage.setItem('tour', 'seen')");
    await page.goto(served.url);
    const send = async (method: 'post' | 'put', path: string, data: unknown): Promise<void> => {
      const answer = await page.request[method](`${served.origin}/api${path}`, { data });
      expect(answer.status(), await answer.text()).toBe(200);
    };
    await send('put', '/merge/session?clip=data_dst.mp4', {
      stamp: null,
      settings: {},
      shots: shots.map((shot) => ({ to: null, ...shot })),
    });
    await send('post', '/models/backup', { model: 'model' });
    const names = readdirSync(faces).filter((name) => name.endsWith('.jpg'));
    await send('post', '/faces/trash?path=data_dst/aligned', { names: names.slice(-1) });
    const film = {
      kind: 'merge',
      model: 'model',
      faces: 'data_dst/aligned',
      input: 'data_dst.mp4',
      out: 'result.mp4',
      session: 'merge.json',
    };
    const how = { codec: 'h264', quality: 'preview', depth: '8', from: 0, to: 6, alpha: false, sound: false, smooth: false, fill: false };
    await send('post', '/jobs', { ...film, ...how, copyMissing: true, again: false });
    for (const path of ['data_dst', 'data_src']) await send('post', '/jobs', { kind: 'measure', faces: `${path}/aligned` });
    await send('post', '/jobs', { kind: 'faces', faces: 'data_src/aligned', tool: 'group', threshold: 0.5 });
    await send('post', '/jobs', { kind: 'export', model: 'nothing', format: 'dfm', out: 'x.dfm' }); // fails, to be looked at
    const states = await until(async () => {
      const jobs = (await (await page.request.get(`${served.origin}/api/jobs`)).json()) as { state: string }[];
      return jobs.some(({ state }) => state === 'running') ? undefined : jobs.map(({ state }) => state).sort();
    }, 'the end of all jobs');
    expect(states).toEqual(['done', 'done', 'done', 'done', 'failed']);
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
    await served?.[Symbol.asyncDispose]();
  });

  const open = async (screen: string): Promise<void> => {
    await page.goto(`${served.origin}/#${screen}`);
    await page.reload();
    await page.locator('.bar nav a[aria-current]').waitFor();
    const [name = ''] = screen.split('/');
    const there: Readonly<Record<string, string>> = {
      ...{
        workspace: '.card',
        faces: '.face',
        training: '.status',
        merge: '.merge-stage[data-frame]',
        export: '.ways',
        verify: '.verdict',
      },
    };
    await page.locator(there[name]!).first().waitFor({ timeout: 30_000 });
  };
  const visible = (name: string): Promise<number> => page.getByRole('button', { name, exact: true }).filter({ visible: true }).count();
  /** All files but those of the server, by content. */
  const state = (): string => {
    const hash = createHash('sha256');
    const walk = (folder: string): void => {
      for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) entry.name === '.liae' || walk(path);
        else hash.update(`${path}\0`).update(readFileSync(path));
      }
    };
    walk(workspace);
    return hash.digest('hex');
  };

  test('on a large screen, what acts is there', async () => {
    for (const [screen, names] of Object.entries(acting)) {
      await open(screen);
      for (const name of names) await expect.poll(() => visible(name), { message: `${screen}: ${name}` }).toBe(1);
    }
    expect(asked.filter((one) => !/^POST .*(scene|picture|estimate)$/.test(one))).toEqual([]);
  });

  test('every screen tells all it has, says once that it only shows, and holds nothing that acts', async () => {
    const tells: Readonly<Record<string, readonly string[]>> = {
      workspace: ['data_dst.mp4', '640×480', 'data_dst/aligned', '11 faces', '1 in trash', 'DeepFaceLab: new', 'in all'],
      'faces/data_dst/aligned': ['11 of 11', 'sharpness', 'size in frame'],
      'training/model': ['target reached', 'Iteration 1', 'Loss', 'Backups', 'batch size'],
      merge: ['Shot 1 of 2, frames 0–5', 'This shot', 'mode', 'kept in merge.json'],
      'export/model': ['for real-time swapping tools', 'With the key of this installation', 'restricted'].slice(0, 2),
      'verify/result.mp4': ['Its credentials hold', 'Partly made by a trained model', 'data_dst.mp4'],
    };
    await page.setViewportSize({ width: 390, height: 844 });
    for (const screen of screens) {
      await open(screen);
      expect(await page.getByText('Read-only on a small screen').filter({ visible: true }).count(), screen).toBe(1);
      for (const text of tells[screen]!) await page.locator('main').getByText(text).filter({ visible: true }).first().waitFor();
      for (const name of Object.values(acting).flat()) expect(await visible(name), `${screen}: ${name}`).toBe(0);
      await expectFitting(page);
      await expectAccessible(page);
    }
  });

  test('faces are opened by a touch; measures, poses and persons are there', async () => {
    await open('faces/data_src/aligned');
    await page.locator('.face').nth(2).tap();
    await page.getByRole('dialog').locator('.face-view svg').waitFor();
    await page.getByRole('dialog').getByText('whole_face').waitFor();
    for (const key of ['2', '3']) await page.keyboard.press(key);
    expect(await page.getByRole('dialog').getByRole('button', { name: 'Save' }).count()).toBe(0);
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('tab', { name: 'Poses' }).tap();
    await page.locator('.pose-cell').first().waitFor();
    await expectAccessible(page);
    await page.getByRole('tab', { name: 'Persons' }).tap();
    await page.getByText('Person 1').first().waitFor();
    await expectAccessible(page);
    for (const name of ['Rename', 'Trash', 'Find anew', 'A folder for each'])
      expect(await page.getByRole('button', { name }).filter({ visible: true }).count(), name).toBe(0);
  });

  test('a merge is looked at frame by frame with the settings of each shot, which cannot be moved; its film plays', async () => {
    await open('merge');
    await page.locator('.merge-timeline').focus();
    await page.keyboard.press('Shift+ArrowRight');
    await page.locator('.merge-stage[data-frame="10"]').waitFor();
    await page.getByText('Shot 2 of 2').waitFor();
    expect(await page.locator('#merge-mode').inputValue()).toBe('seamless');
    expect(await page.locator('#merge-blur_mask_modifier').inputValue()).toBe('40');
    for (const control of await page.locator('.merge-setting :is(input, select)').all()) expect(await control.isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Render', exact: true }).tap();
    await page.locator('.merge-render', { hasText: 'result.mp4' }).waitFor();
    await page.getByRole('button', { name: 'Play', exact: true }).last().tap();
    await page.locator('video').waitFor();
    await page.keyboard.press('Escape');
  });

  test('jobs are told with their logs and cannot be ordered', async () => {
    await open('workspace');
    await page.locator('.jobs-button').tap();
    await page.locator('.job-failed').getByText('nothing').first().waitFor();
    await page.locator('.job').first().getByRole('button', { name: 'Log' }).tap();
    await page.locator('.log').waitFor();
    await expectAccessible(page);
    for (const name of ['Resume', 'Stop', 'Remove from list', 'Clear the list']) expect(await visible(name), name).toBe(0);
  });

  test('whatever is pressed, nothing changes', async () => {
    const before = state();
    const jobs = readdirSync(join(workspace, '.liae/jobs'));
    asked.length = 0;
    for (const screen of screens) {
      await open(screen);
      if (screen !== 'merge')
        for (const focus of ['.grid', 'main']) {
          if ((await page.locator(focus).count()) > 0) await page.locator(focus).focus();
          for (const key of [' ', 'Delete', 'Control+a', 'Delete', 'Control+s', 'Control+z', 'Enter', 'Escape'])
            await page.keyboard.press(key);
        }
      else
        for (const key of ['q', 'w', '3', 'x', 'z', 'm', '/', 'Control+c', 'Control+v', 'Alt+/', 'Control+z'])
          await page.keyboard.press(key);
      const buttons = page.locator('main button:not(:disabled)').filter({ visible: true });
      for (let i = 0; i < (await buttons.count()); i++) {
        await buttons.nth(i).click({ timeout: 3000 });
        if ((await page.getByRole('dialog').count()) > 0) await page.keyboard.press('Escape');
        if (!page.url().endsWith(screen)) await open(screen);
      }
      expect(await page.locator('.notice-problem').allTextContents(), screen).toEqual([]);
    }
    expect(asked.filter((one) => !/^POST \/api\/(merge\/(scene|picture)|training\/estimate)$/.test(one))).toEqual([]);
    expect(state()).toBe(before);
    expect(readdirSync(join(workspace, '.liae/jobs'))).toEqual(jobs);
  });

  test('a large screen of another machine looks on as well, and says why', async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.route('**/api/studio', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), mayAct: false } });
    });
    await page.reload();
    asked.length = 0;
    for (const screen of screens) {
      await open(screen);
      await page.getByText('Read-only from this machine').waitFor();
      for (const name of Object.values(acting).flat()) expect(await visible(name), `${screen}: ${name}`).toBe(0);
      await expectFitting(page);
      await expectAccessible(page);
    }
    expect(asked.filter((one) => !/^POST \/api\/(merge\/(scene|picture)|training\/estimate)$/.test(one))).toEqual([]);
  });

  test('nothing failed on the page and nobody else was asked', () => {
    expect(opened.trouble.filter((text) => !/status of 40[04]|ERR_ABORTED|ERR_INCOMPLETE/.test(text))).toEqual([]);
  });
});
