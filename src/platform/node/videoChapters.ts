/**
 * Chapters of clips. FFmpeg reads those of every container, but node-av shows them in one place only: the description that FFmpeg prints of a file, from
 * which they are taken here. They are written by chapterFiles.ts.
 */
import { AV_LOG_INFO, AV_LOG_QUIET, Dictionary, FormatContext, Log, reason } from './videoLibrary.ts';

export interface Chapter {
  /** Seconds by the clock of the file. */
  readonly start: number;
  readonly end: number;
  readonly title: string;
}

/** Said behind the description, as its lines arrive later than it is made. */
const LAST = 'liae: the description ends here';
const LONGEST_MS = 5000;

/** @throws Error if the file does not open. */
export async function chaptersOf(path: string): Promise<Chapter[]> {
  const format = new FormatContext();
  const code = await format.openInput(`file:${path}`, null, Dictionary.fromObject({ protocol_whitelist: 'file' }));
  if (code < 0) throw new Error(`${path}: ${reason(code)}`);
  try {
    return chaptersIn(await described(format));
  } finally {
    await format.closeInput();
  }
}

/** The pieces in which FFmpeg prints what a file is. */
async function described(format: FormatContext): Promise<readonly string[]> {
  const pieces: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LONGEST_MS);
      Log.setLevel(AV_LOG_INFO);
      Log.setCallback(
        (_, piece) => {
          if (piece.includes(LAST)) resolve();
          else pieces.push(piece);
        },
        { maxLevel: AV_LOG_INFO },
      );
      format.dumpFormat(0, 'clip', false);
      Log.log(AV_LOG_INFO, LAST);
    });
  } finally {
    clearTimeout(timer);
    Log.resetCallback();
    Log.setLevel(AV_LOG_QUIET);
  }
  return pieces;
}

/** @param pieces  a key is a piece of its own, then its value in pieces up to an empty one. Source: FFmpeg, libavformat/dump.c. */
export function chaptersIn(pieces: readonly string[]): Chapter[] {
  const found: { start: number; end: number; title: string }[] = [];
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i]!;
    if (/^ *Stream #/.test(piece)) break;
    const [start, end] = [
      /^start (-?[\d.]+), $/.exec(pieces[i + 1] ?? '')?.[1],
      /^end (-?[\d.]+)$/.exec((pieces[i + 2] ?? '').trimEnd())?.[1],
    ];
    if (/^ *Chapter #\d+:\d+: $/.test(piece) && start !== undefined && end !== undefined) {
      found.push({ start: Number(start), end: Number(end), title: '' });
      i += 2;
    } else if (/^ *title *: $/.test(piece) && found.length > 0) {
      const title: string[] = [];
      while (i + 1 < pieces.length && pieces[i + 1]!.trim() !== '') title.push(pieces[++i]!);
      found.at(-1)!.title ||= title.join('').trimEnd();
    }
  }
  return found;
}

/**
 * The chapters of a film that is made of a part of a clip.
 *
 * @param from, to  seconds by the clock of the clip's file; the film's clock is 0 at `zero`.
 */
export function chaptersBetween(
  chapters: readonly Chapter[],
  { from, to, zero }: { readonly from: number; readonly to: number; readonly zero: number },
): readonly Chapter[] {
  return chapters
    .filter(({ start, end }) => start < to && end > from)
    .map(({ start, end, title }) => ({ start: Math.max(start, from) - zero, end: Math.min(end, to) - zero, title }));
}

/** As FFmpeg reads chapters from a text: what is kept where a container has no place for them. */
export function chapterText(chapters: readonly Chapter[]): string {
  const escaped = (title: string): string => title.replace(/[=;#\\\n]/g, (c) => `\\${c}`);
  const rows = chapters.flatMap(({ start, end, title }) => [
    ...['[CHAPTER]', 'TIMEBASE=1/1000000', `START=${Math.round(start * 1e6)}`, `END=${Math.round(end * 1e6)}`, `title=${escaped(title)}`],
  ]);
  return [';FFMETADATA1', ...rows, ''].join('\n');
}
