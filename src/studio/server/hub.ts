/** Events to every open page, as server-sent events. */
import { randomUUID } from 'node:crypto';
import { protocolVersion, type StudioEvent } from '../protocol.ts';

/** A page that reads nothing for so many events is let go; it comes back by itself and reads everything anew. */
const MAX_WAITING = 1000;
const HEARTBEAT_MS = 20_000;
/** Changes of the workspace within this time are told once: a thousand photos arrive one by one. */
const TOGETHER_MS = 200;

export class Hub {
  readonly #pages = new Set<ReadableStreamDefaultController<Uint8Array>>();
  /** Differs after every start of the server. */
  readonly #studio: string = randomUUID();
  #heart: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;

  tell(event: StudioEvent): void {
    if (event.event === 'workspace') this.#soon ??= setTimeout(() => this.#tellAll({ event: 'workspace' }), TOGETHER_MS).unref();
    else this.#tellAll(event);
  }

  #tellAll(event: StudioEvent): void {
    if (event.event === 'workspace') this.#soon = undefined;
    for (const page of this.#pages) this.#send(page, lines(event));
  }

  /** A stream for one page, ended by its own cancel or by close(). */
  stream(): ReadableStream<Uint8Array> {
    let own: ReadableStreamDefaultController<Uint8Array> | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          own = controller;
          this.#pages.add(controller);
          this.#heart ??= setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
          this.#send(controller, `retry: 1000\n\n${lines({ event: 'hello', version: protocolVersion, studio: this.#studio })}`);
        },
        cancel: () => {
          if (own !== undefined) this.#pages.delete(own);
        },
      },
      { highWaterMark: MAX_WAITING },
    );
  }

  close(): void {
    clearInterval(this.#heart);
    clearTimeout(this.#soon);
    for (const page of this.#pages) page.close();
    this.#pages.clear();
  }

  #beat(): void {
    for (const page of this.#pages) this.#send(page, ': still here\n\n');
  }

  #send(page: ReadableStreamDefaultController<Uint8Array>, text: string): void {
    if ((page.desiredSize ?? 0) <= 0) {
      this.#pages.delete(page);
      page.close();
      return;
    }
    page.enqueue(new TextEncoder().encode(text));
  }
}

const lines = (event: StudioEvent): string => `data: ${JSON.stringify(event)}\n\n`;
