/** The sound of a clip as it is stored, to be compared. */
import { AVMEDIA_TYPE_AUDIO, Codec, CodecContext, FormatContext, Frame, Packet } from '../../src/platform/node/videoLibrary.ts';

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

/** Seconds at which clicks begin that are far louder than all else, as a player would time them: decoded, from the beginning of the file. */
export async function clicksOf(path: string): Promise<number[]> {
  const format = new FormatContext();
  if ((await format.openInput(path)) < 0) throw new Error(path);
  await format.findStreamInfo(null);
  const stream = format.streams[format.findBestStream(AVMEDIA_TYPE_AUDIO)]!;
  using decoder = new CodecContext();
  const codec = Codec.findDecoder(stream.codecpar.codecId)!;
  decoder.allocContext3(codec);
  decoder.parametersToContext(stream.codecpar);
  decoder.pktTimebase = stream.timeBase;
  if ((await decoder.open2(codec, null)) < 0) throw new Error(`${path}: no decoder`);
  using packet = new Packet();
  packet.alloc();
  using frame = new Frame();
  frame.alloc();
  const loud: { readonly time: number; readonly level: number }[] = [];
  const drain = async (): Promise<void> => {
    while ((await decoder.receiveFrame(frame)) >= 0) {
      const plane = frame.data![0]!;
      const samples = new Float32Array(plane.buffer.slice(plane.byteOffset, plane.byteOffset + frame.nbSamples * 4));
      const begin = (Number(frame.pts) * stream.timeBase.num) / stream.timeBase.den;
      for (const [i, v] of samples.entries()) loud.push({ time: begin + i / frame.sampleRate, level: Math.abs(v) });
      frame.unref();
    }
  };
  while ((await format.readFrame(packet)) >= 0) {
    if (packet.streamIndex === stream.index) {
      await decoder.sendPacket(packet);
      await drain();
    }
    packet.unref();
  }
  await decoder.sendPacket(null);
  await drain();
  await format.closeInput();
  const most = loud.reduce((a, { level }) => Math.max(a, level), 0);
  const clicks: number[] = [];
  for (const { time, level } of loud) if (level > most / 2 && time - (clicks.at(-1) ?? -1) > 0.1) clicks.push(time);
  return clicks;
}
