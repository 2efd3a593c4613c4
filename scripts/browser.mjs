/** A Chromium for the tests of the page: the one that LIAE_BROWSER names, or one where systems keep it; installed where that needs no questions. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const usual = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** @returns {string | undefined} */
export function findBrowser() {
  const named = process.env.LIAE_BROWSER;
  return named === undefined || named === '' ? usual.find((path) => existsSync(path)) : named;
}

/** Debian as root, such as in a container, installs it; nobody else's system is touched. Says why where nothing is done. */
export function installBrowser(say) {
  if (findBrowser() !== undefined) return;
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    say('no Chromium here: tests of the page are skipped (LIAE_BROWSER names one)');
    return;
  }
  say('installing chromium (apt-get) for the tests of the page; this happens once');
  const apt = (...args) => spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 'ignore', 'ignore'] }).status === 0;
  const install = () => apt('install', '-y', '--no-install-recommends', 'chromium', 'fonts-noto-core', 'fonts-noto-cjk');
  if (!install() && !(apt('update') && install())) say('chromium could not be installed: tests of the page are skipped');
}
