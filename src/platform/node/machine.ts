/** What this machine and installation are: versions, cores, memory, providers. For `liae doctor`, and for the version in saves. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, freemem, release, totalmem } from 'node:os';
import { ortLibrary } from './ortLibrary.ts';

/** The version in package.json. */
export function programVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
}

export interface Machine {
  readonly liae: string;
  readonly node: string;
  readonly system: string;
  readonly cpu: string;
  /** Logical cores that this process may use. */
  readonly cores: number;
  readonly memoryBytes: number;
  readonly freeBytes: number;
  readonly onnxRuntime: RuntimeFound;
}

/** The inference library as installed, or why it does not load. */
type RuntimeFound = { readonly version: string; readonly providers: readonly string[] } | { readonly problem: string };

export function describeMachine(): Machine {
  return {
    liae: programVersion(),
    node: process.versions.node,
    system: `${process.platform} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    freeBytes: freemem(),
    onnxRuntime: findRuntime(),
  };
}

/** A library that does not load is something to report, not a reason to stop. */
function findRuntime(): RuntimeFound {
  try {
    const library = ortLibrary();
    return { version: library.version, providers: library.providers().map((name) => name.replace('ExecutionProvider', '').toLowerCase()) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
