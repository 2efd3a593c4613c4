/**
 * What a command under way can be asked from outside: to stop, to save, to paint a preview. By signals, and by lines in the file that LIAE_ORDERS
 * names, which works as well where there are no signals (Windows) and is not lost while a command is still starting.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/** `set` changes options of what runs; its line goes on with them as JSON. */
export type Order = 'stop' | 'save' | 'preview' | 'backup' | 'set';

const words: readonly Order[] = ['stop', 'save', 'preview', 'backup'];

/** How often the file is looked at. */
const LOOK_MS = 250;
/** Of a file of orders, what is read at once. */
const PIECE_BYTES = 4096;

/** Exit code of a command that was interrupted. */
export const INTERRUPTED = 130;

/**
 * Ends the process as an interrupt does that nobody handles: a shell sees 130. process.exit would end threads first, and one that is ended inside a
 * call of ONNX Runtime aborts the process.
 */
export function endAtOnce(words: string): void {
  writeSync(process.stderr.fd, `${words}\n`);
  process.removeAllListeners('SIGINT');
  process.kill(process.pid, 'SIGINT');
}

type Acts = { readonly [O in Exclude<Order, 'set'>]?: () => void } & { readonly set?: (json: string) => void };

/**
 * Obeys signals and the file of orders, until it is disposed.
 *
 * @param acts  what each order does; it may come again and again.
 */
export function obey(acts: Acts): Disposable {
  const { stop, save, preview } = acts;
  const signals: (readonly [NodeJS.Signals, (() => void) | undefined])[] = [
    ['SIGINT', stop],
    ['SIGTERM', stop],
    ['SIGHUP', stop],
    ...(process.platform === 'win32' ? [] : ([['SIGUSR1', preview] as const, ['SIGUSR2', save] as const] as const)),
  ];
  for (const [signal, act] of signals) if (act !== undefined) process.on(signal, act);
  const watch = watchOrders(process.env.LIAE_ORDERS, (order, json) => acts[order]?.(json));
  return {
    [Symbol.dispose]() {
      for (const [signal, act] of signals) if (act !== undefined) process.off(signal, act);
      watch[Symbol.dispose]();
    },
  };
}

/** Ends the process at an order to stop that comes while no command obeys: before one has begun, or where it has nothing to keep. */
export function obeyAtLeastStop(): Disposable {
  return watchOrders(process.env.LIAE_ORDERS, (order) => {
    if (order === 'stop' && process.listenerCount('SIGINT') === 0) process.exit(INTERRUPTED);
  });
}

/** Reads the lines that are added to a file, those first that are there already. Does not keep the process alive. */
export function watchOrders(path: string | undefined, act: (order: Order, json: string) => void): Disposable {
  if (path === undefined || path === '') return { [Symbol.dispose]: () => {} };
  let [read, rest] = [0, ''];
  const look = (): void => {
    for (const piece of pieces(path, read)) {
      read += piece.length;
      const found = ordersIn(rest, piece);
      rest = found.rest;
      for (const { order, json } of found.orders) act(order, json);
    }
  };
  const timer = setInterval(look, LOOK_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/**
 * The orders of a file's next piece. What is none is passed over.
 *
 * @param rest  of the piece before: the beginning of a line, a character for each byte.
 */
export function ordersIn(
  rest: string,
  piece: Uint8Array,
): { readonly orders: readonly { readonly order: Order; readonly json: string }[]; readonly rest: string } {
  const lines = (rest + Buffer.from(piece).toString('latin1')).split('\n');
  const left = lines.pop()!.slice(-PIECE_BYTES);
  const orders = lines.flatMap((line) => {
    const order = words.find((word) => word === line);
    if (order !== undefined) return [{ order, json: '' }];
    return line.startsWith('set ') ? [{ order: 'set' as const, json: Buffer.from(line.slice(4), 'latin1').toString('utf8') }] : [];
  });
  return { orders, rest: left };
}

function* pieces(path: string, from: number): Generator<Buffer> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return; // nobody has ordered anything yet
  }
  try {
    for (;;) {
      const piece = Buffer.alloc(PIECE_BYTES);
      const length = readSync(file, piece, 0, PIECE_BYTES, from);
      if (length === 0) return;
      from += length;
      yield piece.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}
