/** The codecs that clips are written in: their encoders, the forms of pixels they take, and what a quality means for each. */
import { OptionError } from '../../base/index.ts';

export const videoCodecs = ['h264', 'h265', 'av1', 'vp9', 'prores', 'ffv1'] as const;
export type VideoCodec = (typeof videoCodecs)[number];

/** For a look at it, for keeping, for working on it further; `lossless` of the encoded picture, for masks. */
export const qualities = ['preview', 'high', 'master'] as const;
export type Quality = (typeof qualities)[number] | 'lossless';

/** What a picture is like that is to be encoded. */
export interface PictureShape {
  readonly width: number;
  readonly height: number;
  /** 1 gray, 3 RGB, 4 RGB with coverage. */
  readonly channels: number;
  /** 16 bits a channel. */
  readonly deep: boolean;
}

interface CodecSpec {
  /** FFmpeg's name of it. */
  readonly encoder: string;
  /** Options of the encoder for each quality. */
  readonly options: Readonly<Record<Quality, Readonly<Record<string, string | number>>>>;
  /** The constant rate factor's name and range, if there is one. */
  readonly rateFactor?: readonly [least: number, most: number] | undefined;
}

const specs: Readonly<Record<VideoCodec, CodecSpec>> = {
  h264: {
    encoder: 'libx264',
    rateFactor: [0, 51],
    options: {
      preview: { crf: 26, preset: 'veryfast' },
      high: { crf: 16, preset: 'medium' },
      master: { crf: 8, preset: 'medium' },
      lossless: { qp: 0, preset: 'medium' },
    },
  },
  h265: {
    encoder: 'libx265',
    rateFactor: [0, 51],
    options: {
      preview: { crf: 28, preset: 'veryfast', 'x265-params': 'log-level=none' },
      high: { crf: 18, preset: 'medium', 'x265-params': 'log-level=none' },
      master: { crf: 10, preset: 'medium', 'x265-params': 'log-level=none' },
      lossless: { preset: 'medium', 'x265-params': 'log-level=none:lossless=1' },
    },
  },
  av1: {
    encoder: 'libsvtav1',
    rateFactor: [1, 63],
    options: {
      preview: { crf: 40, preset: 10 },
      high: { crf: 22, preset: 6 },
      master: { crf: 12, preset: 5 },
      lossless: { crf: 1, preset: 5 },
    },
  },
  vp9: {
    encoder: 'libvpx-vp9',
    rateFactor: [0, 63],
    options: {
      preview: { crf: 36, b: 0, 'cpu-used': 6, 'row-mt': 1, deadline: 'realtime' },
      high: { crf: 20, b: 0, 'cpu-used': 3, 'row-mt': 1, deadline: 'good' },
      master: { crf: 10, b: 0, 'cpu-used': 2, 'row-mt': 1, deadline: 'good' },
      lossless: { lossless: 1, b: 0, 'cpu-used': 3, 'row-mt': 1 },
    },
  },
  prores: {
    encoder: 'prores_ks',
    options: {
      preview: { profile: '4444', qscale: 16 },
      high: { profile: '4444', bits_per_mb: 4000 },
      master: { profile: '4444', bits_per_mb: 8000 },
      lossless: { profile: '4444', bits_per_mb: 8192 },
    },
  },
  ffv1: {
    encoder: 'ffv1',
    options: {
      preview: { level: 3, slicecrc: 1, slices: 4 },
      high: { level: 3, slicecrc: 1, slices: 4 },
      master: { level: 3, slicecrc: 1, slices: 4 },
      lossless: { level: 3, slicecrc: 1, slices: 4 },
    },
  },
};

export const encoderOf = (codec: VideoCodec): string => specs[codec].encoder;

/** @param quality  its name, or the constant rate factor.  @param raw  options of FFmpeg's encoder, which go before. */
export function encoderOptions(
  codec: VideoCodec,
  quality: Quality | number,
  raw: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string | number>> {
  const { options, rateFactor } = specs[codec];
  if (typeof quality !== 'number') return { ...options[quality], ...raw };
  if (rateFactor === undefined || !(quality >= rateFactor[0] && quality <= rateFactor[1])) {
    throw new OptionError(`${codec}: no quality ${quality}`, {
      expected: `preview, high or master${rateFactor === undefined ? '' : `, or a constant rate factor ${rateFactor[0]} to ${rateFactor[1]}`}`,
    });
  }
  return { ...options.high, crf: quality, ...raw };
}

/** FFmpeg's name for the pixels that a codec gets. @throws OptionError if it cannot keep the coverage. */
export function pixelsFor(codec: VideoCodec, depth: 8 | 10, { width, height, channels, deep }: PictureShape): string {
  if (channels === 4 && codec !== 'prores' && codec !== 'ffv1') {
    throw new OptionError(`${codec} has no channel for the mask`, { next: 'use prores or ffv1, or a mask of its own with --mask' });
  }
  switch (codec) {
    case 'ffv1':
      if (channels === 1) return deep && depth === 10 ? 'gray16le' : 'gray';
      if (channels === 4) return depth === 10 ? 'gbrap16le' : 'bgra';
      return depth === 10 ? 'gbrp16le' : 'bgr0';
    case 'prores':
      return channels === 4 ? 'yuva444p10le' : 'yuv444p10le';
    default: {
      const odd = width % 2 !== 0 || height % 2 !== 0; // 4:2:0 has no odd sizes
      return `yuv${odd && codec !== 'av1' ? 444 : 420}p${depth === 10 ? '10le' : ''}`;
    }
  }
}

/** The codec that fits the ending of a name best. */
export function codecForName(name: string): VideoCodec {
  if (/\.(mkv|mov|mp4|m4v|avi|ts|3gp)$/i.test(name)) return 'h264';
  if (/\.(webm|ivf)$/i.test(name)) return 'vp9';
  throw new OptionError(`${name}: no kind of clip is known by this ending`, { expected: 'mp4, mov, mkv, webm or avi' });
}
