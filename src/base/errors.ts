/**
 * Errors whose cause lies outside the program: a file, an option, a shape asked for by the caller. They are thrown
 * where they are found, printed once at the top without a stack, and end the process with exit code 2.
 * Everything else that is thrown is our own bug: it keeps its stack and ends the process with exit code 1.
 */

/** What was found and what to do next; each is one line or a few. */
export interface ErrorDetails {
  readonly found?: string | undefined;
  readonly expected?: string | undefined;
  readonly next?: string | undefined;
  readonly cause?: unknown;
}

export class LiaeError extends Error {
  readonly details: ErrorDetails;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.details = details;
  }

  /** The message and what was found, on one line. */
  brief(): string {
    const { found } = this.details;
    return (found === undefined ? this.message : `${this.message}; ${found}`).replaceAll('\n', ' ');
  }

  /** The message with its evidence, indented, as printed at the top of the program. */
  report(): string {
    const rows = [this.message];
    for (const key of ['found', 'expected', 'next'] as const) {
      const text = this.details[key];
      if (text !== undefined) rows.push(`  ${key.padEnd(8)} ${text.replaceAll('\n', `\n${' '.repeat(11)}`)}`);
    }
    return rows.join('\n');
  }
}

/** A file or a stream that is not what its format promises. */
export class FormatError extends LiaeError {}

/** An option that is unknown, out of range, or may not change. */
export class OptionError extends LiaeError {}

/** Tensors that do not fit together. */
export class ShapeError extends LiaeError {}

/** Something asked of the machine that it cannot give: no space, no device, no permission. */
export class ResourceError extends LiaeError {}
