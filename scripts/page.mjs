/**
 * Builds the studio's page into dist/studio/web: one script, one style sheet, one document, nothing from elsewhere. Says how large they are when
 * asked with --sizes.
 */
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [source, out] = [join(root, 'src', 'studio', 'web'), join(root, 'dist', 'studio', 'web')];

mkdirSync(out, { recursive: true });
await build({
  entryPoints: { app: join(source, 'main.tsx'), style: join(source, 'style.css') },
  outdir: out,
  tsconfig: join(root, 'tsconfig.page.json'),
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  banner: { js: '/* liae, MIT. Contains preact and @preact/signals, MIT, (c) Jason Miller and others. */' },
  logLevel: 'warning',
});
for (const name of ['index.html', 'icon.svg']) cpSync(join(source, name), join(out, name));

if (process.argv.includes('--sizes')) {
  for (const name of ['app.js', 'style.css', 'index.html']) {
    const bytes = readFileSync(join(out, name));
    process.stdout.write(`${name} ${bytes.length} bytes, gzip ${gzipSync(bytes).length}, brotli ${brotliCompressSync(bytes).length}\n`);
  }
}
