/** Types of campaign.mjs for test/fuzz.test.ts. */
export interface Parser {
  readonly use: (bytes: Uint8Array) => void | Promise<void>;
  readonly make: (rng: unknown) => Uint8Array;
}
export interface CampaignResult {
  readonly accepted: number;
  readonly refused: number;
  readonly slowestMs: number;
  readonly findings: readonly string[];
}
export const parserNames: readonly string[];
export function parsers(room: object, golden: URL): Readonly<Record<string, Parser>>;
export function campaign(options: {
  readonly name: string;
  readonly parser: Parser;
  readonly room: object;
  readonly count: number;
  readonly seed: number;
  readonly first?: number;
}): Promise<CampaignResult>;
