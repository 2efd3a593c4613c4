/** The sound of a clip as it is stored, to be compared. */
import { AVMEDIA_TYPE_AUDIO, FormatContext, Packet } from '../../src/platform/node/videoLibrary.ts';

/** Sound packets with their times in units of 0.1 ms. */
export async function soundOf(path: string): Promise<{ time: number; bytes: string }[]> {
  const format = new FormatContext();
  if ((await format.openInput(path)) < 0) throw new Error(path);
  await format.findStreamInfo(null);
  const index = format.findBestStream(AVMEDIA_TYPE_AUDIO);
  using packet = new Packet();
  packet.alloc();
  const found: { time: number; bytes: string }[] = [];
  while ((await format.readFrame(packet)) >= 0) {
    const base = format.streams[packet.streamIndex]!.timeBase;
    if (packet.streamIndex === index)
      found.push({ time: Math.round((Number(packet.pts) * base.num * 1e4) / base.den), bytes: packet.data!.toString('base64') });
    packet.unref();
  }
  await format.closeInput();
  return found;
}
