/** Routes of jobs: start, orders, resume, log. */
import { jobInfo, jobOrder, jobRequest } from '../../protocol.ts';
import { list, object } from '../../schema.ts';
import { type Route, route } from '../routing.ts';

export const jobsRoutes: readonly Route[] = [
  route('GET', '/jobs', 'running and ended jobs, the newest first', {
    reply: list(jobInfo),
    answer: async ({ studio: { jobs } }) => jobs.list(),
  }),
  route('POST', '/jobs', 'start a job', {
    body: jobRequest,
    reply: jobInfo,
    answer: async ({ studio: { jobs }, body }) => await jobs.start(body),
  }),
  route('POST', '/jobs/:id/order', 'stop a job, or ask something of it', {
    body: jobOrder,
    reply: jobInfo,
    answer: async ({ studio: { jobs }, id, body }) => await jobs.order(id, body.order),
  }),
  route('POST', '/jobs/:id/resume', 'start an ended job again, to go on where it was', {
    reply: jobInfo,
    answer: async ({ studio: { jobs }, id }) => await jobs.resume(id),
  }),
  route('GET', '/jobs/:id/log', 'the end of what a job wrote for people', {
    reply: 'text/plain; charset=utf-8',
    answer: async ({ studio: { jobs }, id }) => ({
      bytes: new TextEncoder().encode(await jobs.log(id)),
      type: 'text/plain; charset=utf-8',
    }),
  }),
  route('DELETE', '/jobs/:id', 'forget an ended job', {
    reply: object({}),
    async answer({ studio: { jobs }, id }) {
      await jobs.remove(id);
      return {};
    },
  }),
];
