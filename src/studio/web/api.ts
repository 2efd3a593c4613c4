/** Requests to the server. A refusal is thrown as the server words it: what, found, expected, next. */
import type { Changed, FaceDetail, FaceList, JobInfo, JobOrder, JobRequest, OptionGroup, Problem, WorkspaceInfo } from '../protocol.ts';

export class Refused extends Error {
  readonly problem: Problem;
  readonly status: number;
  constructor(problem: Problem, status: number) {
    super(problem.message);
    this.problem = problem;
    this.status = status;
  }
}

const query = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
    .join('&');

async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`/api${path}`, { method, ...sent });
  if (response.ok) return response;
  const answer: unknown = await response.json().catch(() => undefined);
  throw new Refused(problemIn(answer) ?? { message: `${response.status} ${response.statusText}` }, response.status);
}

function problemIn(answer: unknown): Problem | undefined {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return undefined;
  return answer.error as Problem; // by our own server
}

const json = async <T>(method: string, path: string, body?: unknown): Promise<T> => (await (await ask(method, path, body)).json()) as T;

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

export const thumbnailUrl = (path: string, v: string): string => `/api/clips/thumbnail?${query({ path, v })}`;
export const faceUrl = (path: string, name: string, v: string): string => `/api/faces/picture?${query({ path, name, v })}`;
export const previewUrl = (path: string, file: string, v: string): string => `/api/models/preview?${query({ path, file, v })}`;

/** Sends a file; fetch cannot tell how far it is, so this is the older way. */
export function sendClip(file: File, onProgress: (sent: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', `/api/clips/${encodeURIComponent(file.name)}`);
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onerror = () => reject(new Refused({ message: `${file.name}: it could not be sent` }, 0));
    request.onload = () =>
      request.status === 200
        ? resolve()
        : reject(new Refused(problemIn(request.response) ?? { message: `${request.status}` }, request.status));
    request.send(file);
  });
}
