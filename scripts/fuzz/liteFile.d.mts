/** Types of liteFile.mjs for tests. */
export interface Option {
  readonly inline: unknown;
}
export interface LiteFile {
  readonly tensors: readonly { readonly shape: readonly number[]; readonly type?: number; readonly data?: Uint8Array }[];
  readonly operators: readonly {
    readonly kind: number | string;
    readonly inputs: readonly number[];
    readonly outputs: readonly number[];
    readonly options?: readonly (Option | undefined)[];
    readonly custom?: Uint8Array;
  }[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}
export function liteFile(file: LiteFile): Uint8Array;
export function sampleNetworks(): readonly Uint8Array[];
export const optionByte: (value: number) => Option;
export const optionInt: (value: number) => Option;
export const floats: (...values: number[]) => Uint8Array;
export const integers: (...values: number[]) => Uint8Array;
