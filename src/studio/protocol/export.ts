/** What leaves the workspace: in which form films are written, and how they are marked as made by a model. */
import { flag, type Infer, nullable, object, optional, text, word } from '../schema.ts';

/** How a film is written, by the words of `liae merge`. */
export interface FilmPreset {
  /** A key of the page's messages after `preset_`. */
  readonly name: 'draft' | 'web' | 'small' | 'open' | 'master' | 'archive' | 'frames';
  /** With its dot; none: a folder of PNGs. */
  readonly ending: '' | '.mp4' | '.mov' | '.mkv' | '.webm';
  readonly codec: 'h264' | 'h265' | 'av1' | 'vp9' | 'prores' | 'ffv1' | undefined;
  readonly quality: 'preview' | 'high' | 'master';
  readonly depth: '8' | '10' | '16';
}

export const filmPresets: readonly FilmPreset[] = [
  { name: 'web', ending: '.mp4', codec: 'h264', quality: 'high', depth: '8' },
  { name: 'draft', ending: '.mp4', codec: 'h264', quality: 'preview', depth: '8' },
  { name: 'small', ending: '.mp4', codec: 'h265', quality: 'high', depth: '10' },
  { name: 'open', ending: '.webm', codec: 'vp9', quality: 'high', depth: '8' },
  { name: 'master', ending: '.mov', codec: 'prores', quality: 'master', depth: '10' },
  { name: 'archive', ending: '.mkv', codec: 'ffv1', quality: 'master', depth: '16' },
  { name: 'frames', ending: '', codec: undefined, quality: 'master', depth: '16' },
];

/** How films are marked. `local`: with the key of this installation. `own`: with a certificate. `off`: not at all. */
const mark = word('local', 'own', 'off');
/** An absolute path of the machine. */
const file = () => text({ min: 1, max: 4000 });

export const marking = object({
  mark,
  certificate: nullable(file()),
  key: nullable(file()),
  /** A line of text in every frame. */
  label: nullable(text({ min: 1, max: 120 })),
});
export type Marking = Infer<typeof marking>;

/** `off` wants `confirmed`, holds until the studio ends, and is never kept. */
export const markingRequest = object({
  mark,
  certificate: optional(file()),
  key: optional(file()),
  label: optional(text({ min: 1, max: 120 })),
  confirmed: optional(flag()),
});
export type MarkingRequest = Infer<typeof markingRequest>;
