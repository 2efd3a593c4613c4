/** The studio as a running server: jobs, events and pages of one workspace behind one address. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { serve } from '@hono/node-server';
import { ResourceError } from '../../base/index.ts';
import { studioApp } from './app.ts';
import { type GateOptions, isLoopback } from './gate.ts';
import { Hub } from './hub.ts';
import { Jobs } from './jobs.ts';
import { Places } from './places.ts';

export interface StudioOptions {
  /** Folder; made if it does not exist. */
  readonly workspace: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What runs `liae`: a program and its first arguments. */
  readonly program: readonly string[];
  /** Folder of the built page. */
  readonly page: string;
  readonly version: string;
  readonly onFault: (error: unknown) => void;
}

export interface RunningStudio extends AsyncDisposable {
  /** With the token. */
  readonly url: string;
  readonly workspace: string;
  readonly loopback: boolean;
}

/** @throws ResourceError if the address cannot be had. */
export async function startStudio({ workspace, host, port, program, page, version, onFault }: StudioOptions): Promise<RunningStudio> {
  await mkdir(workspace, { recursive: true });
  const places = await Places.open(workspace);
  await mkdir(places.own(), { recursive: true, mode: 0o700 });
  const hub = new Hub();
  const jobs = await Jobs.open({
    ...{ places, program },
    onChange: (job) => hub.tell({ event: 'job', job }),
    onGone: (id) => hub.tell({ event: 'jobgone', id }),
    onEnd: ({ request }) => {
      hub.tell({ event: 'workspace' });
      if (request.kind === 'measure') hub.tell({ event: 'faces', path: request.faces });
      if (request.kind === 'extract') hub.tell({ event: 'faces', path: request.out });
    },
  });
  const token = randomBytes(24).toString('base64url');
  let gate: GateOptions = { token, host, port };
  const studio = { places, jobs, hub, version, name: basename(places.root) };
  const fetch = studioApp({ studio, gate: () => gate, page, onFault });
  const server = serve({ fetch, hostname: host, port });
  try {
    await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject));
  } catch (cause) {
    jobs[Symbol.dispose]();
    throw new ResourceError(`${host}:${port}: this address cannot be had`, {
      found: cause instanceof Error ? cause.message : String(cause),
      next: '--port 0 takes a free one',
      cause,
    });
  }
  gate = { ...gate, port: (server.address() as AddressInfo).port };
  const shown = isLoopback(host) && host !== '::1' ? host : host.includes(':') ? `[${host}]` : host;
  return {
    ...{
      url: `http://${shown === '0.0.0.0' ? '127.0.0.1' : shown}:${gate.port}/?token=${token}`,
      workspace: places.root,
      loopback: isLoopback(host),
    },
    async [Symbol.asyncDispose]() {
      jobs[Symbol.dispose]();
      hub.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
