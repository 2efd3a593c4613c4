/** The studio as a running server: jobs, events and pages of one workspace behind one address. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { OptionError, ResourceError } from '../../base/index.ts';
import { studioApp } from './app.ts';
import { type GateOptions, isLoopback } from './gate.ts';
import { Hub } from './hub.ts';
import { OpenStudio, type OpenStudioOptions } from './openStudio.ts';
import { Settings } from './settings.ts';

export interface StudioOptions {
  /** Folder; made if it does not exist. Without one, the page asks. */
  readonly workspace: string | undefined;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Whether other machines may change anything; without it they look on. */
  readonly remoteChanges?: boolean;
  /** What runs `liae`: a program and its first arguments. */
  readonly program: readonly string[];
  /** Folder of the built page. */
  readonly page: string;
  /** Folder of the user's settings. */
  readonly settings: string;
  readonly version: string;
  readonly onFault: (error: unknown) => void;
  /** Where pictures are merged; a process of its own if left out. */
  readonly bench?: OpenStudioOptions['bench'];
}

export interface RunningStudio extends AsyncDisposable {
  /** With the token. */
  readonly url: string;
  /** The one that is open now. */
  readonly workspace: string | undefined;
  readonly loopback: boolean;
}

/** @throws ResourceError if the address cannot be had. @throws OptionError if the network could choose a folder. */
export async function startStudio(options: StudioOptions): Promise<RunningStudio> {
  const { workspace, host, port, remoteChanges = false, program, page, settings, version, onFault, bench } = options;
  const loopback = isLoopback(host);
  if (workspace === undefined && !loopback)
    throw new OptionError(`--host ${host}: which workspace?`, {
      found: 'no folder',
      next: 'liae studio WORKSPACE --host …: pages that the network can reach cannot choose one',
    });
  const hub = new Hub();
  const studio = new OpenStudio({ hub, version, settings: new Settings(settings), program, canOpen: loopback, bench });
  if (workspace !== undefined) await studio.open(workspace);
  const token = randomBytes(24).toString('base64url');
  let gate: GateOptions = { token, host, port, remoteChanges };
  const fetch = studioApp({ studio, gate: () => gate, page, onFault });
  const server = serve({ fetch: (request, { incoming: { socket } }) => fetch(request, socket), hostname: host, port });
  try {
    await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject));
  } catch (cause) {
    studio[Symbol.dispose]();
    throw new ResourceError(`${host}:${port}: this address cannot be had`, {
      found: cause instanceof Error ? cause.message : String(cause),
      next: '--port 0 takes a free one',
      cause,
    });
  }
  gate = { ...gate, port: (server.address() as AddressInfo).port };
  const shown = loopback && host !== '::1' ? host : host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shown === '0.0.0.0' ? '127.0.0.1' : shown}:${gate.port}/?token=${token}`,
    loopback,
    get workspace() {
      return studio.root;
    },
    async [Symbol.asyncDispose]() {
      studio[Symbol.dispose]();
      hub.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
