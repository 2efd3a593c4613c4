/** What the trainer's thread and the one that started it say to each other. Commands go down as they are. */
import { LiaeError } from '../../base/index.ts';
import type { LoopEnd, TrainEvent } from '../../train/index.ts';

export type TrainMessage =
  | { readonly kind: 'event'; readonly event: TrainEvent }
  | { readonly kind: 'end'; readonly end: LoopEnd }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** An error that has crossed a thread: classes do not survive that. */
export interface Failure {
  readonly byUser: boolean;
  readonly message: string;
  readonly details: { readonly found?: string | undefined; readonly expected?: string | undefined; readonly next?: string | undefined };
  readonly stack: string;
}

export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? message) : message;
  if (!(error instanceof LiaeError)) return { byUser: false, message, details: {}, stack };
  const { found, expected, next } = error.details;
  return { byUser: true, message, details: { found, expected, next }, stack };
}

export function errorOf({ byUser, message, details, stack }: Failure): Error {
  const error = byUser ? new LiaeError(message, details) : new Error(message);
  error.stack = stack;
  return error;
}
