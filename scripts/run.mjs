/**
 * The bootstrap behind every npm script: installs what is missing, builds what is stale, then runs one task. It uses Node alone, so that a
 * fresh clone needs nothing else. All it says goes to stderr: stdout belongs to the task.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installBrowser } from './browser.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const say = (text) => process.stderr.write(`liae setup: ${text}\n`);

const OLDEST = [20, 19];
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  say(`Node ${process.versions.node} is too old; Node ${OLDEST.join('.')} or newer is needed (https://nodejs.org)`);
  process.exit(2);
}

/** Runs a program with the terminal of this one; its stdout becomes ours, or our stderr while setting up. */
function run(command, args, { quiet = false, env = {} } = {}) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['inherit', quiet ? 2 : 'inherit', 'inherit'],
    env: { ...process.env, ...env },
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (error) throw error;
  return signal === null ? status : 128;
}

/** Contents of the files that decide whether a step must run again. */
function stamp(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(path).update(readFileSync(path));
  return hash.digest('hex');
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

const stampFile = (name) => at('node_modules', `.liae-${name}`);
const isCurrent = (name, value) => existsSync(stampFile(name)) && readFileSync(stampFile(name), 'utf8') === value;

function install() {
  const value = stamp([at('package.json'), at('package-lock.json')]);
  if (isCurrent('install', value)) return;
  say('installing packages (npm ci); this happens once');
  // Install scripts that fetch from outside the registry fail without that network: onnxruntime-node's wants CUDA libraries on Linux, node-av's
  // an ffmpeg program; neither is needed.
  const status = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    quiet: true,
    env: { ONNXRUNTIME_NODE_INSTALL: 'skip', SKIP_FFMPEG: 'true' },
  });
  if (status !== 0) {
    say(`npm ci failed with exit code ${status}; check the network and the messages above, then run the same command again`);
    process.exit(1);
  }
  writeFileSync(stampFile('install'), value);
}

function build() {
  const sources = filesBelow(at('src')).filter((path) => !path.endsWith('.test.ts'));
  const value = stamp([at('tsconfig.json'), at('scripts', 'page.mjs'), ...sources]);
  if (isCurrent('build', value) && existsSync(at('dist'))) return 0;
  say('compiling');
  rmSync(at('dist'), { recursive: true, force: true });
  const status = run(process.execPath, [at('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'], { quiet: true });
  if (status !== 0 || script('scripts/page.mjs', []) !== 0) {
    say('compiling failed; see the messages above');
    process.exit(1);
  }
  writeFileSync(stampFile('build'), value);
  return 0;
}

const bin = (name, path) => [process.execPath, at('node_modules', ...name.split('/'), path)];
const tool = (name, path, ...args) => {
  const [node, script] = bin(name, path);
  return run(node, [script, ...args]);
};
const script = (path, args) => run(process.execPath, [at(...path.split('/')), ...args]);
const typescript = (project) => tool('typescript', 'bin/tsc', '-p', project, '--noEmit');

/** Each returns an exit code. */
const tasks = {
  build: () => 0,
  liae: (args) => script('dist/cli/main.js', args),
  demo: (args) => script('dist/cli/main.js', ['demo', ...args]),
  golden: (args) => script('dist/golden/main.js', args),
  test: (args) => {
    installBrowser(say);
    return tool('vitest', 'vitest.mjs', 'run', ...args);
  },
  check: () =>
    firstFailure([
      () => typescript('tsconfig.json'),
      () => typescript('tsconfig.portable.json'),
      () => typescript('tsconfig.test.json'),
      () => typescript('tsconfig.page.json'),
      () => tool('@biomejs/biome', 'bin/biome', 'ci', '--error-on-warnings', '.'),
      () => tool('knip', 'bin/knip.js'),
      () => tool('vitest', 'vitest.mjs', 'run', 'test/rooms.test.ts'),
    ]),
  bench: (args) => {
    const known = readdirSync(at('bench'))
      .filter((file) => file.endsWith('.mjs'))
      .map((file) => file.slice(0, -4));
    const [name, ...rest] = args;
    if (name === undefined || !known.includes(name)) {
      process.stderr.write(`npm run bench -- NAME, where NAME is one of: ${known.join(', ')}\n`);
      return 2;
    }
    return script(`bench/${name}.mjs`, rest);
  },
  fuzz: (args) => script('scripts/fuzz/main.mjs', args),
  'kill-test': (args) => script('scripts/kill-test.mjs', args),
};

function firstFailure(steps) {
  for (const step of steps) {
    const status = step();
    if (status !== 0) return status;
  }
  return 0;
}

const [name, ...args] = process.argv.slice(2);
if (!Object.hasOwn(tasks, name ?? '')) {
  process.stderr.write(`scripts/run.mjs TASK, where TASK is one of: ${Object.keys(tasks).join(', ')}\n`);
  process.exit(2);
}
install();
build();
process.exit(tasks[name](args));
