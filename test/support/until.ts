/** Waiting in tests for what happens in its own time. */
import { setTimeout as delay } from 'node:timers/promises';

/** Looks twenty times a second for 20 s. @returns the first that is found. @throws if there is none. */
export async function until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  for (let i = 0; i < 400; i++) {
    const found = await look();
    if (found !== undefined) return found;
    await delay(50);
  }
  throw new Error(`never: ${what}`);
}
