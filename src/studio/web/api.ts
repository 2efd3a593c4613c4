/** Requests to the server. A refusal is thrown as the server words it: what, found, expected, next. */
import {
  type Changed,
  type DiskUse,
  type FaceDetail,
  type FaceList,
  isActing,
  type JobInfo,
  type JobOrder,
  type JobRequest,
  type Marking,
  type MarkingRequest,
  type OpenRequest,
  type OptionGroup,
  type Problem,
  type StudioInfo,
  type VerdictInfo,
  type WorkspaceInfo,
} from '../protocol.ts';
import { readOnly, whyReadOnly } from './readOnly.ts';
import { t } from './words.ts';

export class Refused extends Error {
  readonly problem: Problem;
  readonly status: number;
  constructor(problem: Problem, status: number) {
    super(problem.message);
    this.problem = problem;
    this.status = status;
  }
}

export const query = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
    .join('&');

/** @throws Refused as the server refuses, and where one may only look for whatever would change something. */
export async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  refuseToAct(method, path);
  const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`/api${path}`, { method, ...sent });
  if (response.ok) return response;
  const answer: unknown = await response.json().catch(() => undefined);
  throw new Refused(problemIn(answer) ?? { message: `${response.status} ${response.statusText}` }, response.status);
}

function refuseToAct(method: string, path: string): void {
  if (readOnly.peek() && isActing(method, path)) throw new Refused({ message: t(whyReadOnly()) }, 0);
}

function problemIn(answer: unknown): Problem | undefined {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return undefined;
  return answer.error as Problem; // by our own server
}

export const json = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
  (await (await ask(method, path, body)).json()) as T;

export const readStudio = (): Promise<StudioInfo> => json('GET', '/studio');
export const openWorkspace = (request: OpenRequest): Promise<StudioInfo> => json('POST', '/studio/open', request);
export const forgetWorkspace = (folder: string): Promise<StudioInfo> => json('POST', '/studio/forget', { folder });
export const readUse = (): Promise<DiskUse> => json('GET', '/workspace/use');
export const addDemo = (): Promise<object> => json('POST', '/workspace/demo');
export const readMarking = (): Promise<Marking> => json('GET', '/marking');
export const chooseMarking = (request: MarkingRequest): Promise<Marking> => json('PUT', '/marking', request);
export const verifyPlace = (path: string): Promise<VerdictInfo> => json('GET', `/verify?${query({ path })}`);
export const readWorkspace = (): Promise<WorkspaceInfo> => json('GET', '/workspace');
export const readJobs = (): Promise<readonly JobInfo[]> => json('GET', '/jobs');
export const readOptions = (): Promise<readonly OptionGroup[]> => json('GET', '/options');
export const readFaces = (path: string): Promise<FaceList> => json('GET', `/faces?${query({ path })}`);
export const readFace = (path: string, name: string): Promise<FaceDetail> => json('GET', `/faces/detail?${query({ path, name })}`);
export const trashFaces = (path: string, names: readonly string[]): Promise<Changed> =>
  json('POST', `/faces/trash?${query({ path })}`, { names });
export const undoFaces = (path: string): Promise<Changed> => json('POST', `/faces/undo?${query({ path })}`);
export const startJob = (request: JobRequest): Promise<JobInfo> => json('POST', '/jobs', request);
export const orderJob = (id: string, order: JobOrder): Promise<JobInfo> => json('POST', `/jobs/${id}/order`, { order });
export const resumeJob = (id: string): Promise<JobInfo> => json('POST', `/jobs/${id}/resume`);
export const forgetJob = (id: string): Promise<object> => json('DELETE', `/jobs/${id}`);
export const readLog = async (id: string): Promise<string> => await (await ask('GET', `/jobs/${id}/log`)).text();

/** Losses from a record on, with how many there are in all. */
export async function readLosses(
  path: string,
  from: number,
): Promise<{ readonly first: number; readonly records: number; readonly losses: Float32Array }> {
  const response = await ask('GET', `/models/loss?${query({ path, from })}`);
  const number = (name: string): number => Number(response.headers.get(name) ?? 0);
  return { first: number('x-first'), records: number('x-records'), losses: new Float32Array(await response.arrayBuffer()) };
}

/** The workspace in the addresses of pictures, which the browser keeps: another may hold the same names. */
let key = '';
export const setWorkspaceKey = (to: string): void => {
  key = to;
};
/** The address of a picture that changes with `v`. */
export const pictureUrl = (route: string, values: Readonly<Record<string, string | number>>): string =>
  `/api${route}?${query({ ...values, w: key })}`;

export const thumbnailUrl = (path: string, v: string): string => pictureUrl('/clips/thumbnail', { path, v });
export const faceUrl = (path: string, name: string, v: string): string => pictureUrl('/faces/picture', { path, name, v });
export const previewUrl = (path: string, file: string, v: string): string => pictureUrl('/models/preview', { path, file, v });

export const clipPath = (name: string): string => `/clips/${encodeURIComponent(name)}`;
export const photoPath = (folder: string, name: string): string => `/pictures/${encodeURIComponent(name)}?${query({ folder })}`;
export const verifyPath = (name: string): string => `/verify/${encodeURIComponent(name)}`;

/** Sends a file; fetch cannot tell how far it is, so this is the older way. @throws Refused; DOMException if the signal aborts it. */
export function sendFile<T>(
  path: string,
  file: File,
  { onProgress, signal }: { onProgress?: (sent: number) => void; signal?: AbortSignal } = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    refuseToAct('PUT', path);
    const request = new XMLHttpRequest();
    const abort = (): void => request.abort();
    request.open('PUT', `/api${path}`);
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded }) => onProgress?.(loaded);
    request.onerror = () => reject(new Refused({ message: `${file.name}: it could not be sent` }, 0));
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
    request.onload = () => {
      signal?.removeEventListener('abort', abort);
      if (request.status === 200)
        resolve(request.response as T); // by our own server
      else reject(new Refused(problemIn(request.response) ?? { message: `${request.status}` }, request.status));
    };
    signal?.addEventListener('abort', abort);
    request.send(file);
  });
}
