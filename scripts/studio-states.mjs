/**
 * States of the studio's page, and how each is reached: what studio-pictures.mjs takes pictures of. Those with `doc` are in the manual. Where a state
 * would take hours (a loss that is not a number) or a large file, the server's answer is changed on its way to the page.
 */

const press = (page, ...names) => Promise.all(names.map((name) => page.getByRole('button', { name, exact: true }).first().click()));
const hold = () => new Promise(() => {});

/** Changes what the server answers, once. */
async function answers(page, path, change) {
  await page.route(path, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: change(await answer.json()) });
  });
  await page.reload();
}

const isFace = async (page) => await page.locator('.face img').first().waitFor();

async function measured(page) {
  await isFace(page);
  const measure = page.getByRole('button', { name: 'Measure faces' });
  if (await measure.isVisible()) await measure.click();
  await page.getByText(/^(\d+) of \1 measured$/).waitFor({ timeout: 60_000 });
}

async function openFace(page, mode) {
  await isFace(page);
  await page.locator('.face').nth(3).dblclick();
  await page.locator('.face-view svg').waitFor();
  if (mode !== undefined) await page.getByRole('button', { name: mode, exact: true }).click();
}

async function openFrame(page, at = '130') {
  await page.locator('.merge-stage[data-frame]').waitFor({ timeout: 60_000 });
  await page.getByText('Looking for cuts').waitFor({ state: 'detached', timeout: 120_000 });
  if (await page.getByLabel('Smooth').isEnabled()) {
    await page.getByLabel('Smooth').check();
    await page.waitForTimeout(2000);
  }
  await page.getByLabel('Frame', { exact: true }).fill(at);
  await page.keyboard.press('Enter');
  await page.locator(`.merge-stage[data-frame="${at}"]:not(.is-late)`).waitFor();
}

/** A training under way, as the server tells of it. */
const trainingJob = (state, training) => ({
  id: 'shown',
  request: { kind: 'train', model: 'model', options: {} },
  state,
  started: new Date(Date.now() - 4e6).toISOString(),
  ended: state === 'running' ? null : new Date().toISOString(),
  progress: { phase: 'iterations', done: 48_210, total: 120_000, perSecond: 1.9, secondsLeft: 37_784 },
  training: {
    ...{ iteration: 48_210, ms: 523, src: 0.31, dst: 0.28, saved: '48000', restores: 0, guard: null, changes: 0 },
    ...{ reason: null, steadyMs: 523, peakBytes: 5_310_000_000, ...training },
  },
  note: null,
  restarts: false,
});

const withTraining = (state, training) => async (page) => {
  await answers(page, '**/api/jobs', (jobs) => [trainingJob(state, training), ...jobs]);
  await page.locator('.preview-box img').waitFor();
};

/** @type {readonly { name: string, at: string, doc?: boolean, undo?: boolean, reach: (page: import('playwright-core').Page) => Promise<unknown> }[]} */
export const states = [
  { name: 'workspace', at: '#workspace', doc: true, reach: (page) => page.getByText('in all').waitFor() },
  {
    ...{ name: 'workspace-empty', at: '#workspace' },
    reach: async (page) => {
      const nothing = { clips: [], facesets: [], models: [], foreign: [] };
      await answers(page, '**/api/workspace', (found) => ({ ...found, ...nothing }));
      await page.getByText('No clips').first().waitFor();
    },
  },
  {
    ...{ name: 'choice', at: '#workspace' },
    reach: (page) => page.locator('.bar .folder').click(),
  },
  {
    ...{ name: 'remote', at: '#workspace' },
    reach: async (page) => {
      await answers(page, '**/api/studio', (info) => ({ ...info, mayAct: false, canOpen: false }));
      await page.getByText('in all').waitFor();
    },
  },
  {
    ...{ name: 'extract', at: '#workspace' },
    reach: (page) => page.getByRole('button', { name: 'Extract faces' }).first().click(),
  },
  {
    ...{ name: 'upload', at: '#workspace' },
    reach: async (page) => {
      await page.route('**/api/clips/**', hold);
      await page.route('**/api/uploads/**', hold);
      await page.locator('input[type="file"]').setInputFiles([
        { name: 'interview_cam_A_graded_v03.mov', mimeType: 'video/quicktime', buffer: Buffer.alloc(3e6) },
        { name: 'b.mov', mimeType: 'video/quicktime', buffer: Buffer.alloc(9e6) },
      ]);
      await page.locator('.uploads').waitFor();
    },
  },
  {
    ...{ name: 'problem', at: '#faces/data_src/aligned' },
    reach: async (page) => {
      await isFace(page);
      const problem = {
        message: 'the folder changed meanwhile',
        found: '241 faces',
        expected: '240 faces',
        next: 'reload and select again',
      };
      await page.route('**/api/faces/trash*', (route) => route.fulfill({ status: 409, json: { error: problem } }));
      await page.locator('.face').nth(2).click();
      await page.keyboard.press('Delete');
      await page.locator('.notice').waitFor();
    },
  },
  {
    ...{ name: 'offline', at: '#workspace' },
    reach: async (page) => {
      await page.getByText('in all').waitFor();
      await page.route('**/api/events', (route) => route.abort());
      await page.route('**/api/jobs', (route) => route.abort());
      await page.reload();
    },
  },
  { name: 'faces-unmeasured', at: '#faces/data_dst/aligned', reach: isFace },
  {
    ...{ name: 'faces', at: '#faces/data_src/aligned', doc: true },
    reach: async (page) => {
      await measured(page);
      await page.getByLabel('Sort').selectOption('yaw');
      await page.locator('.face span', { hasText: '°' }).first().waitFor();
      await page.locator('.face').nth(11).click();
      await page
        .locator('.face')
        .nth(13)
        .click({ modifiers: ['Shift'] });
    },
  },
  {
    ...{ name: 'faces-filtered', at: '#faces/data_src/aligned' },
    reach: async (page) => {
      await measured(page);
      const box = await page.locator('.histogram').first().boundingBox();
      await page.mouse.move(box.x + box.width * 0.3, box.y + 8);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.7, box.y + 8, { steps: 4 });
      await page.mouse.up();
    },
  },
  {
    ...{ name: 'poses', at: '#faces/data_src/aligned', doc: true },
    reach: async (page) => {
      await measured(page);
      await page.getByRole('tab', { name: 'Poses' }).click();
      const other = page.getByRole('button', { name: 'Measure it' });
      await page.locator('.pose-cell').first().waitFor();
      await page.waitForTimeout(500);
      if (await other.isVisible()) await other.click();
      await page.locator('.gaps button').nth(1).waitFor({ timeout: 60_000 });
      await page.locator('.pose-cell[aria-label^="5° left, 5° down"]').click();
    },
  },
  {
    ...{ name: 'persons', at: '#faces/data_src/aligned', doc: true },
    reach: async (page) => {
      await isFace(page);
      await page.getByRole('tab', { name: 'Persons' }).click();
      await page.waitForTimeout(500);
      const find = page.getByRole('button', { name: 'Find persons' });
      if (await find.isVisible()) await find.click();
      await page.getByText('Person 1').first().waitFor({ timeout: 60_000 });
    },
  },
  {
    ...{ name: 'tools', at: '#faces/data_src/aligned', doc: true },
    reach: async (page) => {
      await isFace(page);
      await page.getByRole('button', { name: 'Tools…' }).click();
    },
  },
  {
    ...{ name: 'face', at: '#faces/data_dst/aligned', doc: true },
    reach: async (page) => {
      await openFace(page);
      await page.locator('.frame-of-face svg').waitFor();
    },
  },
  {
    ...{ name: 'landmarks', at: '#faces/data_dst/aligned', doc: true },
    reach: async (page) => {
      await openFace(page, 'Landmarks');
      await page.locator('.new-crop canvas').waitFor();
    },
  },
  {
    ...{ name: 'mask', at: '#faces/data_dst/aligned', doc: true },
    reach: async (page) => {
      await openFace(page, 'Mask');
      await page.getByRole('button', { name: 'From landmarks' }).click();
      await page.keyboard.press('e');
      const { x, y, width } = await page.locator('.stage').boundingBox();
      for (const [u, v] of [
        [0.52, 0.28],
        [0.74, 0.24],
        [0.76, 0.38],
        [0.56, 0.4],
      ])
        await page.mouse.click(x + width * u, y + width * v);
      await page.keyboard.press('Enter');
    },
  },
  {
    ...{ name: 'mask-empty', at: '#faces/data_dst/aligned' },
    reach: async (page) => {
      await openFace(page, 'Mask');
      await page.getByRole('button', { name: 'From landmarks' }).click();
      await page.locator('.regions button.icon').first().click();
    },
  },
  {
    ...{ name: 'training-new', at: '#training', doc: true },
    reach: async (page) => {
      await page.getByRole('button', { name: /^Head and shoulders/ }).click();
      await page.getByText('M parameters').waitFor({ timeout: 20_000 });
      await page.getByLabel('batch size', { exact: true }).hover();
      await page.waitForTimeout(400);
    },
  },
  {
    ...{ name: 'training-expert', at: '#training/model' },
    reach: async (page) => {
      await press(page, 'All options');
      await page.locator('.side').evaluate((side) => side.scrollBy(0, 700));
    },
  },
  { name: 'training', at: '#training/model', doc: true, reach: (page) => page.locator('.preview-box img').waitFor() },
  { name: 'training-running', at: '#training/model', reach: withTraining('running', {}) },
  {
    name: 'training-guard',
    at: '#training/model',
    reach: withTraining('running', { guard: { failed: 48_190, back: 47_500 }, restores: 1 }),
  },
  { name: 'training-gave-up', at: '#training/model', reach: withTraining('failed', { reason: 'diverged', restores: 3 }) },
  {
    ...{ name: 'training-wipe', at: '#training/model' },
    reach: async (page) => {
      await page.locator('.preview-box img').waitFor();
      await page.getByRole('button', { name: 'Compare' }).click();
    },
  },
  {
    ...{ name: 'merge', at: '#merge', doc: true },
    reach: async (page) => {
      await openFrame(page);
      const cut = page.getByRole('button', { name: 'Cut here' });
      if (await cut.isEnabled()) await cut.click();
      await page.evaluate(() => document.activeElement?.blur());
      for (const key of ['Shift+E', 'Shift+E', 'c']) await page.keyboard.press(key);
      await page.locator('#merge-blur_mask_modifier').hover();
      await page.locator('.merge-stage[data-frame="130"]:not(.is-late)').waitFor();
    },
  },
  {
    ...{ name: 'merge-mask', at: '#merge' },
    reach: async (page) => {
      await openFrame(page, '30');
      await page.locator('.merge-views button').nth(3).click();
    },
  },
  {
    ...{ name: 'renders', at: '#merge', doc: true },
    reach: async (page) => {
      await openFrame(page, '130');
      await page.locator('.merge-side .tabs button').nth(1).click();
      if ((await page.locator('.merge-render').count()) > 0) return;
      const submit = page.locator('.merge-renders button[type=submit]');
      await submit.click();
      await page.locator('.merge-render.job-done').waitFor({ timeout: 60_000 });
      await page.getByLabel('Form').selectOption('master');
      await submit.click();
      await page.getByLabel('Form').selectOption('web');
      await page
        .locator('.merge-render.job-running')
        .getByText(/\d left/)
        .waitFor({ timeout: 30_000 });
    },
  },
  { name: 'export', at: '#export/model', doc: true, reach: (page) => page.getByText('With the key of this installation').waitFor() },
  { name: 'verify', at: '#verify/film.mp4', doc: true, reach: (page) => page.locator('.verdict').waitFor() },
  {
    ...{ name: 'verify-broken', at: '#verify' },
    reach: async (page) => {
      const film = await (await page.request.get(new URL('/api/clips/film?path=film.mp4', page.url()).href)).body();
      film[film.indexOf('mdat') + 2000] ^= 1;
      await page.locator('input[type="file"]').last().setInputFiles({ name: 'film_received.mp4', mimeType: 'video/mp4', buffer: film });
      await page.locator('.verdict').waitFor();
    },
  },
  { name: 'verify-empty', at: '#verify', reach: (page) => page.waitForTimeout(300) },
  {
    ...{ name: 'tour', at: '#workspace', doc: true },
    reach: async (page) => {
      await page.evaluate(() => localStorage.setItem('tour', '2'));
      await answers(page, '**/api/jobs', () => []);
      await page.locator('.tour').waitFor();
    },
  },
  { name: 'help', at: '#workspace', doc: true, reach: (page) => page.keyboard.press('?') },
  {
    ...{ name: 'jobs', at: '#workspace', doc: true, jobs: true },
    reach: async (page) => {
      if ((page.viewportSize()?.width ?? 0) < 640) return await page.locator('.jobs-button').click(); // nothing is begun there
      await page.request.post(new URL('/api/jobs', page.url()).href, {
        data: { kind: 'train', model: 'model', options: { target: 20_000 } },
      });
      await page.locator('.jobs-button').click();
      const job = (title) => page.locator('.job-running', { hasText: title });
      await job('Train')
        .getByText(/\d left/)
        .waitFor({ timeout: 60_000 });
      await page.waitForTimeout(12_000); // the first iterations take longer
      await page.getByRole('button', { name: 'Extract faces' }).first().click();
      await page.getByLabel('Into the folder').fill('extracted/faces');
      await page.getByLabel('Size in pixels').fill('2048'); // takes long enough to be looked at
      await page.getByRole('dialog').getByRole('button', { name: 'Extract' }).click();
      await job('Extract')
        .getByText(/cropped.*left/)
        .waitFor({ timeout: 60_000 });
    },
  },
];
