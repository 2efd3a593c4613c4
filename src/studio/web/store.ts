/** What the page knows: state of the server as signals, kept true by the stream of events; where in the page one is; messages to show. */
import type { DiskUse, FaceList, JobInfo, OptionGroup, Problem, StudioEvent, StudioInfo, WorkspaceInfo } from '../protocol.ts';
import { protocolVersion } from '../protocol.ts';
import { Refused, readFaces, readJobs, readOptions, readStudio, readUse, readWorkspace, setWorkspaceKey } from './api.ts';
import { mayAct } from './readOnly.ts';
import { computed, signal } from './ui.ts';

export const studio = signal<StudioInfo | undefined>(undefined);
export const workspace = signal<WorkspaceInfo | undefined>(undefined);
/** Asked for after the workspace, since it takes longer. */
export const use = signal<DiskUse | undefined>(undefined);
export const jobs = signal<readonly JobInfo[]>([]);
export const groups = signal<readonly OptionGroup[]>([]);
export const faces = signal<FaceList | undefined>(undefined);
export const online = signal(true);
export const drawer = signal(false);
export const help = signal(false);
/** Whether another workspace is being chosen. */
export const choosing = signal(false);
/** Of the first tour, from 0; undefined: not shown. Whoever saw it to its end, or left it, is not shown it again. */
export const tourStep = signal<number | undefined>(keptStep());
/** The job that ended last while the page was open. */
export const ended = signal<JobInfo | undefined>(undefined);

function keptStep(): number | undefined {
  const kept = localStorage.getItem('tour');
  return kept !== null && /^\d$/.test(kept) ? Number(kept) : undefined;
}

/** A folder of the machine as people write it: ~ for the home. */
export function shortened(folder: string): string {
  const home = studio.value?.home ?? '';
  const rest = folder.slice(home.length);
  return home !== '' && folder.startsWith(home) && /^[\\/]/.test(rest) ? `~${rest}` : folder;
}

/** @param step  undefined ends it for good. */
export function setTour(step: number | undefined): void {
  localStorage.setItem('tour', step === undefined ? 'seen' : String(step));
  tourStep.value = step;
}

export const isAlive = ({ state }: JobInfo): boolean => state === 'running' || state === 'stopping';
export const running = computed(() => jobs.value.filter(isAlive));

/** The job that trains this model now, or trained it last. */
export const trainingOf = (model: string): JobInfo | undefined =>
  jobs.value.find((job) => job.request.kind === 'train' && job.request.model === model && isAlive(job)) ??
  jobs.value.find((job) => job.request.kind === 'train' && job.request.model === model);

// Where one is: #faces/data_src/aligned, #training/model.
export const screenNames = ['workspace', 'faces', 'training', 'merge', 'export', 'verify'] as const;
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
  const { clips, facesets, models } = workspace.value;
  if (localStorage.getItem('tour') === null && facesets.length === 0 && models.length === 0) setTour(clips.length < 2 ? 0 : 1);
  refreshUse();
});

const refreshUse = reader(async () => {
  use.value = await readUse();
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
    void attempt(begin);
  },
  job({ job }) {
    const before = jobs.value.findIndex(({ id }) => id === job.id);
    if (before >= 0 && isAlive(jobs.value[before]!) && !isAlive(job)) ended.value = job;
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

/** Which workspace is open; then all that is in it. Without one, the page asks for one. */
async function begin(): Promise<void> {
  const info = await readStudio();
  setWorkspaceKey(info.workspace?.key ?? '');
  mayAct.value = info.mayAct;
  studio.value = info;
  if (info.workspace !== null) refreshAll();
}

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
