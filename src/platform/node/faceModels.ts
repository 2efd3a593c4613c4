/**
 * The face networks on Node: found in their npm packages, checked, converted to ONNX once and kept in a cache, each compiled when it is
 * first asked for. Nothing is fetched: it works offline once the packages are installed.
 */
import { createFaceModels, type FaceModels, type FaceNetworkName } from '../../vision/index.ts';
import { cached, defaultCacheDir } from './faceModelCache.ts';
import { type OrtProgram, ortBackend, programAt } from './ortBackend.ts';
import type { Pointer } from './ortLibrary.ts';

export interface FaceModelOptions {
  /** Threads of one run; 1 if left out, as more of them wait for each other on a busy machine. */
  readonly threads?: number | undefined;
  /** Where converted networks are kept: LIAE_CACHE, or `liae` in the user's cache folder, if left out. */
  readonly cacheDir?: string | undefined;
  /** Told about what the user may want to know, a sentence each. */
  readonly note?: ((line: string) => void) | undefined;
  /** Networks that another thread of this process holds for longer; others are opened here. */
  readonly networks?: NetworkAddresses | undefined;
}

/** Where networks are for threads that share them: weights that all of them use stay in the processor's cache. */
export type NetworkAddresses = Readonly<Partial<Record<FaceNetworkName, Pointer>>>;

export interface NodeFaceModels extends FaceModels {
  /** The networks with these names, opened; valid until the models are disposed of. */
  addresses(names: readonly FaceNetworkName[]): Promise<NetworkAddresses>;
}

/**
 * Opens the face networks; none is read before it is needed.
 *
 * @throws ResourceError, from the first call that needs it, if a package is missing; FormatError if it is another version.
 */
export async function openFaceModels({
  threads = 1,
  cacheDir,
  note = () => {},
  networks = {},
}: FaceModelOptions = {}): Promise<NodeFaceModels> {
  const backend = ortBackend();
  const folder = cacheDir ?? defaultCacheDir();
  const programs = new Map<FaceNetworkName, Promise<OrtProgram>>();
  const open = async (name: FaceNetworkName): Promise<OrtProgram> => {
    if (networks[name] !== undefined) return programAt(networks[name]);
    // The conversion is loaded by those who open networks themselves.
    const { networkSources, readNetworkFiles } = await import('./faceModelFiles.ts');
    const source = networkSources[name];
    const files = await readNetworkFiles(source);
    const checksums = source.files.map(([, sha256]) => sha256);
    const model = await cached(folder, name, checksums, () => source.convert(files, source.files.at(-1)![0]), note);
    return backend.compile(model, { threads });
  };
  const program = (name: FaceNetworkName): Promise<OrtProgram> => {
    const known = programs.get(name) ?? open(name);
    programs.set(name, known);
    return known;
  };
  const models = createFaceModels({
    program,
    async [Symbol.asyncDispose]() {
      for (const program of programs.values()) await (await program.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  });
  return {
    ...models,
    addresses: async (names) =>
      Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await program(name)).address] as const))),
  };
}
