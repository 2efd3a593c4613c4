/** The bundled clips of two rendered people and the weights that their model starts from, copied into a workspace. */

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoFiles } from '../protocol.ts';
import { settleAs } from './arrivals.ts';
import type { Places } from './places.ts';

const assets = fileURLToPath(new URL('../../../assets/demo/', import.meta.url));

/** Files that are there already stay. */
export async function copyDemo(places: Places): Promise<void> {
  await mkdir(places.own('incoming'), { recursive: true });
  for (const { asset, name } of demoFiles) {
    const draft = places.own('incoming', randomUUID());
    try {
      await copyFile(join(assets, asset), draft, constants.COPYFILE_EXCL);
      await settleAs(draft, places.root, name, false);
    } finally {
      await rm(draft, { force: true });
    }
  }
}
