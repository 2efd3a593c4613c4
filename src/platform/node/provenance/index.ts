/** Content credentials (C2PA): manifests that say how a file was made, in the file or beside it; signing, and checking. */
export { type Claim, type Ingredient, ingredientOf, type Signed, signFile, signPicture } from './sign.ts';
export { configFolder, fileSigner, localSigner, type Signer } from './signer.ts';
export { type Check, type ManifestReport, type Verdict, verifyFile } from './verify.ts';
