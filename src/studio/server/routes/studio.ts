/** Routes of the studio itself: which workspace is open, opening another, how films are marked. They work without a workspace. */
import { OptionError } from '../../../base/index.ts';
import { type Marking, marking, markingRequest, openRequest, studioInfo } from '../../protocol.ts';
import { object, text } from '../../schema.ts';
import { type Route, route, type Studio } from '../routing.ts';

export const studioRoutes: readonly Route[] = [
  route('GET', '/studio', 'which workspace is open, and which were', {
    reply: studioInfo,
    answer: async ({ studio, mayAct }) => await studio.info(mayAct),
  }),
  route('POST', '/studio/open', 'open another workspace, or make one; over loopback alone', {
    body: openRequest,
    reply: studioInfo,
    async answer({ studio, body, mayAct }) {
      await studio.choose(body);
      return await studio.info(mayAct);
    },
  }),
  route('POST', '/studio/forget', 'take a folder off the list of recent workspaces; it stays as it is', {
    body: object({ folder: text({ min: 1, max: 4000 }) }),
    reply: studioInfo,
    async answer({ studio, body, mayAct }) {
      if (studio.canOpen) await studio.settings.forget(body.folder);
      return await studio.info(mayAct);
    },
  }),
  route('GET', '/marking', 'how films are marked as made by a model', {
    reply: marking,
    answer: async ({ studio }) => shown(studio, await studio.marking.now()),
  }),
  route('PUT', '/marking', 'choose how films are marked', {
    body: markingRequest,
    reply: marking,
    async answer({ studio, body }) {
      if (body.mark === 'own' && !studio.canOpen)
        throw new OptionError('a certificate cannot be chosen while the network can reach this page', { next: 'choose it over loopback' });
      return shown(studio, await studio.marking.choose(body));
    },
  }),
];

/** Where the certificate lies is not for those whom the network lets in. */
const shown = ({ canOpen }: Studio, marking: Marking): Marking => (canOpen ? marking : { ...marking, certificate: null, key: null });
