/** The table of `liae video …`. To add a command, write its file here and name it in the table. */
import type { CommandGroup } from '../command.ts';

export const video: CommandGroup = {
  name: 'video',
  summary: 'clips to frames and frames to clips, cut, denoised',
  about:
    'Tools for clips and for folders of frames. Times, colour tags, sound and subtitles are kept wherever there are any; nothing appears under its name before it is complete.',
  commands: [
    { name: 'extract', summary: 'the frames of a clip as pictures', load: async () => (await import('./extractFrames.ts')).extractFrames },
    { name: 'cut', summary: 'a stretch of a clip as a clip of its own', load: async () => (await import('./cut.ts')).cut },
    { name: 'join', summary: 'a clip of pictures in order', load: async () => (await import('./join.ts')).join },
    { name: 'denoise', summary: 'take grain from a clip or from pictures', load: async () => (await import('./denoise.ts')).denoise },
  ],
};
