/** Processes known beyond their own life: by number, machine and start, so that a later process with the same number is not taken for an earlier one. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

export interface ProcessName {
  readonly pid: number;
  readonly host: string;
  /** Start of the process in the system's clock ticks; absent where it cannot be known. */
  readonly started?: string | undefined;
}

export async function processNamed(pid: number): Promise<ProcessName> {
  return { pid, host: hostname(), started: (await statOf(pid))?.started };
}

/** Whether it still runs; one of another machine cannot be asked, so it is believed. */
export async function isRunning({ pid, host, started }: ProcessName): Promise<boolean> {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const now = await statOf(pid);
  if (now?.ended === true) return false;
  return started === undefined || now === undefined || now.started === started;
}

/** Fields 3 and 22 of /proc/<pid>/stat, which follow the name in parentheses. An ended process whose parent has not asked for its code is a Z. */
async function statOf(pid: number): Promise<{ readonly ended: boolean; readonly started: string | undefined } | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { ended: fields[0] === 'Z' || fields[0] === 'X', started: fields[19] };
  } catch {
    return undefined;
  }
}
