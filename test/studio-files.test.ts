/** What comes into the studio and leaves it, in Chromium: an upload that is cancelled half-way, folders and files dropped together, a film signed with a certificate of the user's. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { liae } from './support/built.ts';
import { clip, exactFaces, tinyModel } from './support/merging.ts';
import { expectAccessible, noBrowser, type Opened, openPage, type Served, serveStudio } from './support/studioPage.ts';

const repo = fileURLToPath(new URL('../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'liae-files-'));
const workspace = join(scratch, 'film');
/** Need not be there. */
const OPENSSL = 'openssl';
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** An authority and a certificate that it gave to somebody, as a user would have them. Undefined where there is no openssl. */
function certificate(name: string): { readonly certificate: string; readonly key: string } | undefined {
  const at = (file: string): string => join(scratch, file);
  const run = (...words: string[]): void => void execFileSync(OPENSSL, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const lines = ['basicConstraints=critical,CA:false', 'keyUsage=critical,digitalSignature', 'extendedKeyUsage=emailProtection'];
  writeFileSync(at('leaf.txt'), lines.map((line) => `${line}\n`).join(''));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  try {
    run('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '30', '-subj', '/O=Test Authority/CN=Test Root');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && process.env.CI === undefined) return undefined;
    throw error;
  }
  run('req', ...key, '-keyout', at('leaf.key'), '-out', at('leaf.csr'), '-subj', `/O=${name}/CN=Compositing`);
  const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '30', '-extfile', at('leaf.txt')];
  run('x509', '-req', '-in', at('leaf.csr'), '-out', at('leaf.pem'), ...signed);
  writeFileSync(at('chain.pem'), Buffer.concat([readFileSync(at('leaf.pem')), readFileSync(at('ca.pem'))]));
  return { certificate: at('chain.pem'), key: at('leaf.key') };
}
const own = certificate('Ada Film Ltd');
if (own === undefined) process.stderr.write('signing with a certificate is not tested: there is no openssl here\n');

describe.skipIf(noBrowser)('files', () => {
  let served: Served;
  let opened: Opened;
  let page: Page;
  beforeAll(async () => {
    mkdirSync(workspace);
    served = await serveStudio(workspace);
    opened = await openPage([served.origin]);
    ({ page } = opened);
    await page.addInitScript("localStorage.setItem('tour', 'seen')");
    await page.goto(served.url);
    await page.getByText('Drop two clips anywhere').waitFor();
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
    await served?.[Symbol.asyncDispose]();
  });
  const incoming = (): string[] => (existsSync(join(workspace, '.liae/incoming')) ? readdirSync(join(workspace, '.liae/incoming')) : []);

  test('an upload that is cancelled half-way leaves nothing, and says so; the next one arrives', async () => {
    const network = await page.context().newCDPSession(page);
    const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 1_500_000 };
    await network.send('Network.emulateNetworkConditions', slow);
    await page.evaluate(`(() => {
      const transfer = new DataTransfer();
      for (const name of ['long.mp4', 'next.mp4']) transfer.items.add(new File([new Uint8Array(30e6)], name));
      for (const type of ['dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    })()`);
    await page.getByText('File 1 of 2').waitFor();
    await page.locator('.uploads .name', { hasText: 'long.mp4' }).waitFor();
    const received = (): number => incoming().reduce((sum, name) => sum + statSync(join(workspace, '.liae/incoming', name)).size, 0);
    await expect.poll(received, { timeout: 10_000 }).toBeGreaterThan(100_000);
    await expectAccessible(page);
    await page.locator('.uploads').getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled: 0 of 2 files have arrived').waitFor();
    expect(await page.locator('.uploads').count()).toBe(0);
    await expect.poll(incoming).toEqual([]);
    expect(readdirSync(workspace)).toEqual(['.liae']);
    await network.send('Network.emulateNetworkConditions', { ...slow, uploadThroughput: -1 });
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles([clip('dst_rotated.mp4'), join(repo, 'test/credentials/foreign.jpg')]);
    await page.locator('.card', { hasText: 'dst_rotated.mp4' }).getByText('640×480').waitFor();
    expect(readFileSync(join(workspace, 'dst_rotated.mp4')).equals(readFileSync(clip('dst_rotated.mp4')))).toBe(true);
    expect(readdirSync(join(workspace, 'photos'))).toEqual(['foreign.jpg']);
  });

  test('folders and files that are dropped together go where they belong; what is neither clip nor picture is named', async () => {
    const given = join(scratch, 'given');
    const ada = join(given, 'Ada');
    mkdirSync(join(ada, 'second day'), { recursive: true });
    for (const name of ['a.jpg', 'second day/b.jpg']) cpSync(join(repo, 'test/credentials/foreign.jpg'), join(ada, name));
    cpSync(join(repo, 'test/credentials/foreign.png'), join(given, 'c.png'));
    cpSync(join(repo, 'assets/demo/src.mp4'), join(ada, 'ada.mp4'));
    cpSync(join(repo, 'assets/demo/dst.mp4'), join(given, 'data_dst.mp4'));
    for (const name of ['.DS_Store', 'notes.txt']) writeFileSync(join(ada, name), 'x');
    const drag = await page.context().newCDPSession(page);
    const data = { items: [], files: [ada, join(given, 'c.png'), join(given, 'data_dst.mp4')], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await drag.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data });
    await page.getByText('1 file was left out').waitFor();
    await page.locator('.notice').getByText('notes.txt').waitFor();
    const there = (folder: string): string[] => (existsSync(join(workspace, folder)) ? readdirSync(join(workspace, folder)).sort() : []);
    await expect.poll(() => there('')).toEqual(['.liae', 'Ada', 'ada.mp4', 'data_dst.mp4', 'dst_rotated.mp4', 'photos', 'photos-2']);
    const pictures = (): string[][] => [there('Ada'), there('photos'), there('photos-2')];
    await expect.poll(pictures).toEqual([['a.jpg', 'b.jpg'], ['foreign.jpg'], ['c.png']]);
    for (const [name, from] of [
      ['ada.mp4', 'src'],
      ['data_dst.mp4', 'dst'],
    ] as const)
      expect(readFileSync(join(workspace, name)).equals(readFileSync(join(repo, `assets/demo/${from}.mp4`)))).toBe(true);
    await page.locator('.card', { hasText: 'Ada' }).getByText('2 pictures').waitFor();
    await expect.poll(incoming).toEqual([]);
  });

  test.skipIf(own === undefined)('a film is signed with the certificate that was chosen, and says whose it is', async () => {
    const input = join(workspace, 'dst_rotated.mp4');
    await exactFaces(input, join(workspace, 'dst_rotated/aligned'), [{ track: 'dst', dx: 0 }], 6);
    await tinyModel(join(workspace, 'model'));
    await page.goto(`${served.origin}/#export`);
    await page.getByText('With my certificate').first().click();
    const fill = async (certificate: string, key: string): Promise<void> => {
      await page.getByLabel('Certificate (PEM)').fill(certificate);
      await page.getByLabel('Private key (PEM)').fill(key);
      await page.getByRole('button', { name: 'Keep' }).click();
    };
    await fill(join(scratch, 'ca.pem'), own!.key);
    await page.getByText('the first certificate is not that of the key').waitFor();
    await page.locator('.notice').getByRole('button', { name: 'Close' }).click();
    await fill(own!.certificate, own!.key);
    await page.locator('.export-form footer', { hasText: 'Keep' }).getByRole('status').getByText(/./).waitFor();
    await expectAccessible(page);
    const merge = {
      kind: 'merge',
      model: 'model',
      faces: 'dst_rotated/aligned',
      input: 'dst_rotated.mp4',
      out: 'film.mp4',
      session: 'merge.json',
    };
    const how = { codec: 'h264', quality: 'preview', depth: '8', from: 0, to: 6, alpha: false, sound: false, smooth: false, fill: false };
    const asked = await page.request.post(`${served.origin}/api/jobs`, { data: { ...merge, ...how, copyMissing: true, again: false } });
    expect(asked.status(), await asked.text()).toBe(200);
    await page.locator('.notice-done', { hasText: 'film.mp4' }).waitFor({ timeout: 60_000 });
    await page.goto(`${served.origin}/#verify/film.mp4`);
    await page.getByText('Its credentials hold').waitFor();
    await page.getByText('Ada Film Ltd').first().waitFor();
    await page.getByText('By an issuer that no list here knows').waitFor();
    const { out } = await liae(['verify', join(workspace, 'film.mp4')]);
    expect(out).toContain('Ada Film Ltd');
    // The root is the user's to give away: its certificate is not in the film.
    expect(readFileSync(join(workspace, 'film.mp4')).includes('Test Root')).toBe(true); // as the issuer's name
    expect(
      readFileSync(join(workspace, 'film.mp4')).includes(
        execFileSync(OPENSSL, ['x509', '-in', join(scratch, 'ca.pem'), '-outform', 'DER']),
      ),
    ).toBe(false);
  });

  test('nothing failed on the page and nobody else was asked', () => {
    expect(opened.trouble.filter((text) => !/status of 40[01]|ERR_ABORTED/.test(text))).toEqual([]);
  });
});
