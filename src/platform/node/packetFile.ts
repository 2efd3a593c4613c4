/**
 * Encoded packets of one part of a film on disk, until the whole is put together: a magic word, then for each packet its size, timestamps,
 * duration, flags and bytes, then an end mark with their number. A part appears under its name only when it is complete.
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FormatError } from '../../base/index.ts';
import { explained, syncFolder } from './files.ts';
import type { Packet } from './videoLibrary.ts';

const MAGIC = Uint8Array.from('LIAEPKT1', (c) => c.charCodeAt(0));
/** Bytes before a packet's own: size, pts, dts, duration, flags. */
const HEAD = 28;
/** In place of a size: the end. */
const END = 0xffffffff;
const MAX_PACKET = 2 ** 30;
/** Packets are gathered to writes of this size. */
const PIECE = 2 ** 20;

export interface StoredPacket {
  readonly pts: number;
  readonly dts: number;
  readonly duration: number;
  readonly flags: number;
  /** Where its bytes are. */
  readonly offset: number;
  readonly size: number;
}

export class PacketWriter implements AsyncDisposable {
  bytes = 0;
  packets = 0;
  readonly #path: string;
  readonly #draft: string;
  readonly #file: FileHandle;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #closed = false;

  private constructor(path: string, draft: string, file: FileHandle) {
    this.#path = path;
    this.#draft = draft;
    this.#file = file;
  }

  static async create(path: string): Promise<PacketWriter> {
    const draft = join(dirname(path), `.liae-${randomUUID()}`);
    try {
      const writer = new PacketWriter(path, draft, await open(draft, 'wx'));
      writer.#waiting.push(MAGIC);
      return writer;
    } catch (error) {
      throw explained(error, path, 'file');
    }
  }

  async write(packet: Packet): Promise<void> {
    const data = packet.data ?? new Uint8Array(0);
    const head = new DataView(new ArrayBuffer(HEAD));
    head.setUint32(0, data.length, true);
    head.setBigInt64(4, packet.pts, true);
    head.setBigInt64(12, packet.dts, true);
    head.setUint32(20, Number(packet.duration), true);
    head.setUint32(24, packet.flags, true);
    this.#waiting.push(new Uint8Array(head.buffer), Uint8Array.from(data));
    this.#waitingBytes += data.length;
    this.packets++;
    if (this.#waitingBytes >= PIECE) await this.#flush();
  }

  /** Completes the part and gives it its name. */
  async finish(): Promise<void> {
    const end = new DataView(new ArrayBuffer(8));
    end.setUint32(0, END, true);
    end.setUint32(4, this.packets, true);
    this.#waiting.push(new Uint8Array(end.buffer));
    await this.#flush();
    try {
      await this.#file.sync();
      await this.#file.close();
      this.#closed = true;
      await rename(this.#draft, this.#path);
      await syncFolder(dirname(this.#path));
    } catch (error) {
      throw explained(error, this.#path, 'file');
    }
  }

  async #flush(): Promise<void> {
    try {
      for (const piece of this.#waiting) {
        for (let at = 0; at < piece.length; ) at += (await this.#file.write(piece, at)).bytesWritten;
        this.bytes += piece.length;
      }
    } catch (error) {
      throw explained(error, this.#path, 'file');
    }
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    await this.#file.close();
    await rm(this.#draft, { force: true });
  }
}

export class PacketReader implements AsyncDisposable {
  readonly packets: readonly StoredPacket[];
  readonly #file: FileHandle;

  private constructor(file: FileHandle, packets: readonly StoredPacket[]) {
    this.#file = file;
    this.packets = packets;
  }

  /** Opens a part and reads where its packets are. @throws FormatError if it is damaged. */
  static async open(path: string): Promise<PacketReader> {
    const file = await open(path, 'r').catch((error: unknown) => {
      throw explained(error, path, 'file');
    });
    try {
      const { size } = await file.stat();
      const damaged = (found: string): FormatError =>
        new FormatError(`${path}: a damaged part of a film`, { found, next: 'remove it; the same command makes it again' });
      const head = new Uint8Array(HEAD);
      const view = new DataView(head.buffer);
      await file.read(head, 0, MAGIC.length, 0);
      if (MAGIC.some((byte, i) => head[i] !== byte)) throw damaged('no magic word');
      const packets: StoredPacket[] = [];
      for (let at = MAGIC.length; ; ) {
        const { bytesRead } = await file.read(head, 0, HEAD, at);
        if (bytesRead < 8) throw damaged('no end');
        const length = view.getUint32(0, true);
        if (length === END) {
          if (view.getUint32(4, true) !== packets.length) throw damaged('another number of packets than it says');
          return new PacketReader(file, packets);
        }
        if (bytesRead < HEAD || length > MAX_PACKET || at + HEAD + length > size)
          throw damaged(`a packet of ${length} bytes at ${at} of ${size}`);
        packets.push({
          pts: Number(view.getBigInt64(4, true)),
          dts: Number(view.getBigInt64(12, true)),
          duration: view.getUint32(20, true),
          flags: view.getUint32(24, true),
          offset: at + HEAD,
          size: length,
        });
        at += HEAD + length;
      }
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async read({ offset, size }: StoredPacket): Promise<Buffer> {
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await this.#file.read(bytes, at, size - at, offset + at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.close();
  }
}
