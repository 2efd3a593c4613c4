/** What a file says of how it was made, and whether that holds: the verdict of `liae verify` as the page gets it. */
import { flag, type Infer, list, nullable, object, table, text, word } from '../schema.ts';

/** Text of a stranger. */
const said = () => text({ max: 100_000 });
const maybe = () => nullable(said());

const manifest = object({
  label: said(),
  title: maybe(),
  generator: maybe(),
  actions: list(
    object({ action: said(), when: maybe(), digitalSourceType: maybe(), description: maybe(), parameters: table(said(), { max: 10_000 }) }),
    { max: 100_000 },
  ),
  ingredients: list(object({ relationship: maybe(), title: maybe(), manifest: maybe() }), { max: 100_000 }),
  signer: object({
    state: word('self-signed', 'unknown issuer', 'invalid'),
    ...{ name: maybe(), issuer: maybe(), algorithm: said(), validFrom: maybe(), validTo: maybe() },
  }),
  /** Null: could not be decided here. */
  checks: list(object({ code: said(), holds: nullable(flag()), url: said(), text: said() }), { max: 1_000_000 }),
});
export type ManifestInfo = Infer<typeof manifest>;

export const verdictInfo = object({
  name: said(),
  state: word('holds', 'broken', 'unchecked', 'none'),
  where: nullable(word('embedded', 'sidecar')),
  /** The active one first, then those of what it was made from. */
  manifests: list(manifest, { max: 10_000 }),
  /** In a picture's XMP, which nothing protects. */
  xmpSourceType: maybe(),
});
export type VerdictInfo = Infer<typeof verdictInfo>;
