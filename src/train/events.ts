/** What a training run reports, as data: one object each, printed as a line of JSON or as text by the command line. */
import type { Rounding } from './options.ts';
import type { OptionName, OptionValue, TrainOptions } from './optionTable.ts';

export type TrainEvent =
  /** A value asked for was changed to fit the network. */
  | ({ readonly event: 'rounded' } & Rounding)
  /** An option differs from the one that the model was saved with. */
  | { readonly event: 'changed'; readonly option: OptionName; readonly from: OptionValue; readonly to: OptionValue }
  /** A save that should have been resumed from is damaged; an older one follows in `started`. */
  | { readonly event: 'rejected'; readonly save: string; readonly why: string }
  /** Files of a faceset that are no usable faces; `usable` ones remain. Only where there are such files. */
  | { readonly event: 'skipped'; readonly side: 'src' | 'dst'; readonly files: readonly SkippedFace[]; readonly usable: number }
  /** Because an option changed: networks or optimizer slots that start afresh, and those that the next save leaves out. */
  | { readonly event: 'reset'; readonly what: readonly string[]; readonly dropped: readonly string[] }
  /** A new model took its first weights from another; `fresh` names networks that the other does not have. */
  | { readonly event: 'weights'; readonly from: string; readonly fresh: readonly string[] }
  /** The loss history was longer (cut: iterations after the save) or shorter (lost: shown as gaps) than the save says. */
  | { readonly event: 'history'; readonly cut: number; readonly lost: number }
  | { readonly event: 'started'; readonly iteration: number; readonly resumed: string | null; readonly options: TrainOptions }
  /** One iteration: its share of the time of the engine call that it ran in, and how long the device waited for its batch. */
  | {
      readonly event: 'iteration';
      readonly iteration: number;
      readonly ms: number;
      readonly waitMs: number;
      readonly loss: { readonly src: number; readonly dst: number };
    }
  | { readonly event: 'saved'; readonly iteration: number; readonly save: string; readonly bytes: number; readonly ms: number }
  /** The save before is untouched; the next save tries again. */
  | { readonly event: 'savefailed'; readonly iteration: number; readonly message: string }
  | { readonly event: 'backup'; readonly iteration: number; readonly folder: string }
  | { readonly event: 'preview'; readonly iteration: number; readonly file: string }
  /** A loss or gradient that is not a number; training went back to a save. */
  | { readonly event: 'nonfinite'; readonly iteration: number; readonly save: string; readonly back: number }
  /** After the first iterations at full speed, and with every save: the time that one takes, and memory of the whole process. */
  | {
      readonly event: 'measured';
      readonly iteration: number;
      readonly ms: number;
      readonly peakBytes: number;
    }
  | { readonly event: 'warning'; readonly message: string }
  | {
      readonly event: 'done';
      readonly iteration: number;
      readonly reason: DoneReason;
      readonly saved: boolean;
      readonly peakBytes: number;
    };

export interface SkippedFace {
  /** The file, without its folder. */
  readonly name: string;
  readonly cause: string;
}

/** What a source of batches has to say. */
export type BatchEvent = Extract<TrainEvent, { readonly event: 'skipped' | 'warning' }>;

/** `diverged`: the loss was not a number again and again; the last good save stands. */
export type DoneReason = 'target' | 'stopped' | 'diverged';

/** What a user may ask of a running training. `set`: options by name, those only that need no new start (liveOptions). */
export type TrainCommand = 'stop' | 'save' | 'preview' | 'backup' | { readonly set: Readonly<Record<string, unknown>> };
