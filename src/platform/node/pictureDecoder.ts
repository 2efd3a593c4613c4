/** Picture files that the image codec does not read, through FFmpeg's decoders: TIFF, WebP and BMP. One file, one frame. */
import { FormatError } from '../../base/index.ts';
import type { ByteImage } from '../../image/index.ts';
import {
  AV_CODEC_ID_BMP,
  AV_CODEC_ID_TIFF,
  AV_CODEC_ID_WEBP,
  AV_LOG_QUIET,
  type AVCodecID,
  Codec,
  CodecContext,
  Dictionary,
  Frame,
  Log,
  Packet,
  reason,
} from './videoLibrary.ts';
import { MAX_PIXELS, PixelMaker } from './videoPixels.ts';

const MAX_SIDE = 16384;

/** The first bytes of each kind; undefined stands for any. */
const KINDS: readonly (readonly [bytes: readonly (number | undefined)[], id: AVCodecID])[] = [
  [[0x49, 0x49, 0x2a, 0x00], AV_CODEC_ID_TIFF],
  [[0x4d, 0x4d, 0x00, 0x2a], AV_CODEC_ID_TIFF],
  [[0x52, 0x49, 0x46, 0x46, undefined, undefined, undefined, undefined, 0x57, 0x45, 0x42, 0x50], AV_CODEC_ID_WEBP],
  [[0x42, 0x4d], AV_CODEC_ID_BMP],
];

/**
 * Decodes a picture as stored, whatever an orientation says, to RGB of 8 bits; transparency is dropped.
 *
 * @throws FormatError if the bytes are none of these, are damaged, or hold more than 16384 pixels a side or 100 million in all.
 */
export async function decodePicture(bytes: Uint8Array, name: string): Promise<ByteImage> {
  Log.setLevel(AV_LOG_QUIET);
  const id = KINDS.find(([start]) => start.every((byte, i) => byte === undefined || bytes[i] === byte))?.[1];
  const codec = id === undefined ? null : Codec.findDecoder(id);
  if (codec === null) {
    throw new FormatError(`${name}: not a picture that can be read`, {
      found: bytes.length === 0 ? 'an empty file' : `first bytes ${Buffer.from(bytes.subarray(0, 8)).toString('hex')}`,
      expected: 'JPEG, PNG, WebP, TIFF or BMP',
    });
  }
  const damaged = (found: string): FormatError =>
    new FormatError(`${name}: this picture is damaged`, { found, next: 'restore the file, or remove it' });
  using decoder = new CodecContext();
  using packet = new Packet();
  using frame = new Frame();
  decoder.allocContext3(codec);
  decoder.threadCount = 1;
  packet.alloc();
  frame.alloc();
  const opened = await decoder.open2(codec, Dictionary.fromObject({ max_pixels: String(MAX_PIXELS) }));
  if (opened < 0) throw damaged(reason(opened));
  packet.data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let code = await decoder.sendPacket(packet);
  if (code >= 0) code = await decoder.sendPacket(null);
  if (code >= 0) code = await decoder.receiveFrame(frame);
  if (code < 0) throw damaged(reason(code));
  if (frame.width > MAX_SIDE || frame.height > MAX_SIDE) {
    throw new FormatError(`${name}: images of this size are not read`, {
      found: `${frame.width}×${frame.height} pixels`,
      expected: `at most ${MAX_SIDE} a side`,
    });
  }
  if (frame.decodeErrorFlags !== 0) throw damaged('parts do not decode');
  using pixels = new PixelMaker({ orientation: 1, sampleAspect: 1 });
  return await pixels.make(frame, name);
}
