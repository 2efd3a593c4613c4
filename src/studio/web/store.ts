/** What the page knows: state of the server as signals, kept true by the stream of events; where in the page one is; messages to show. */
import type { FaceList, JobInfo, OptionGroup, Problem, StudioEvent, WorkspaceInfo } from '../protocol.ts';
import { protocolVersion } from '../protocol.ts';
import { Refused, readFaces, readJobs, readOptions, readWorkspace, sendClip } from './api.ts';
import { computed, signal } from './ui.ts';

export const workspace = signal<WorkspaceInfo | undefined>(undefined);
export const jobs = signal<readonly JobInfo[]>([]);
export const groups = signal<readonly OptionGroup[]>([]);
export const faces = signal<FaceList | undefined>(undefined);
export const online = signal(true);
export const drawer = signal(false);

export const isAlive = ({ state }: JobInfo): boolean => state === 'running' || state === 'stopping';
export const running = computed(() => jobs.value.filter(isAlive));

/** The job that trains this model now, or trained it last. */
export const trainingOf = (model: string): JobInfo | undefined =>
  jobs.value.find((job) => job.request.kind === 'train' && job.request.model === model && isAlive(job)) ??
  jobs.value.find((job) => job.request.kind === 'train' && job.request.model === model);

// Where one is: #faces/data_src/aligned, #training/model.
export const screenNames = ['workspace', 'faces', 'training'] as const;
export type Screen = (typeof screenNames)[number];
export interface Place {
  readonly screen: Screen;
  readonly path: string;
}

function placeIn(hash: string): Place {
  const [screen = '', ...path] = hash.slice(1).split('/');
  return { screen: screenNames.find((name) => name === screen) ?? 'workspace', path: decodeURIComponent(path.join('/')) };
}

export const place = signal<Place>(placeIn(location.hash));
addEventListener('hashchange', () => {
  place.value = placeIn(location.hash);
});
export const hashOf = (screen: Screen, path = ''): string =>
  `#${screen}${path === '' ? '' : `/${path.split('/').map(encodeURIComponent).join('/')}`}`;
export const go = (screen: Screen, path = ''): void => {
  location.hash = hashOf(screen, path);
};

export interface Notice {
  readonly id: number;
  readonly kind: 'problem' | 'done';
  readonly problem: Problem;
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
}
export const notices = signal<readonly Notice[]>([]);
let lastNotice = 0;

export function notify(kind: Notice['kind'], problem: Problem, action?: Notice['action']): void {
  const id = ++lastNotice;
  notices.value = [...notices.value.slice(-3), { id, kind, problem, action }];
  if (kind === 'done') setTimeout(() => dismiss(id), 8000);
}
export const dismiss = (id: number): void => {
  notices.value = notices.value.filter((notice) => notice.id !== id);
};

/** Runs something that may be refused, and shows the refusal. */
export async function attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof Refused) notify('problem', error.problem);
    else if (error instanceof TypeError)
      online.value = false; // fetch: no answer
    else throw error;
    return undefined;
  }
}

/** At most one reading at a time; what changes meanwhile is read once more. */
function reader(read: () => Promise<void>): () => void {
  let [busy, again] = [false, false];
  const run = async (): Promise<void> => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    await attempt(read);
    busy = false;
    if (again) {
      again = false;
      await run();
    }
  };
  return () => void run();
}

export const refreshWorkspace = reader(async () => {
  workspace.value = await readWorkspace();
});

export const refreshFaces = reader(async () => {
  const { screen, path } = place.value;
  if (screen !== 'faces' || path === '') return;
  const list = await readFaces(path);
  if (place.value.path === path) faces.value = list;
});

const handlers: { readonly [E in StudioEvent as E['event']]: (event: E) => void } = {
  hello({ version }) {
    if (version !== protocolVersion) location.reload();
    online.value = true;
    refreshAll();
  },
  job({ job }) {
    const before = jobs.value.findIndex(({ id }) => id === job.id);
    jobs.value = before < 0 ? [job, ...jobs.value] : jobs.value.with(before, job);
  },
  jobgone({ id }) {
    jobs.value = jobs.value.filter((job) => job.id !== id);
  },
  opened() {
    location.hash = '';
    location.reload(); // nothing that is known holds any more
  },
  workspace: () => refreshWorkspace(),
  faces({ path }) {
    if (place.value.path === path) refreshFaces();
  },
};

function refreshAll(): void {
  refreshWorkspace();
  refreshFaces();
  void attempt(async () => {
    jobs.value = await readJobs();
  });
}

/** Reads everything and listens from now on. */
export function connect(): void {
  const source = new EventSource('/api/events');
  source.onmessage = ({ data }: MessageEvent<string>) => {
    const event = JSON.parse(data) as StudioEvent; // by our own server
    (handlers[event.event] as (event: StudioEvent) => void)(event);
  };
  source.onerror = () => {
    online.value = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  };
  void attempt(async () => {
    groups.value = await readOptions();
  });
}

export interface Upload {
  readonly name: string;
  readonly sent: number;
  readonly bytes: number;
}
export const uploads = signal<readonly Upload[]>([]);

/** One after the other, so that a slow disk is not asked for several at a time. */
export async function uploadClips(files: readonly File[]): Promise<void> {
  for (const file of files) {
    const set = (sent: number): void => {
      uploads.value = [...uploads.value.filter(({ name }) => name !== file.name), { name: file.name, sent, bytes: file.size }];
    };
    set(0);
    await attempt(() => sendClip(file, set));
    uploads.value = uploads.value.filter(({ name }) => name !== file.name);
  }
}
