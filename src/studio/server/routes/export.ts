/** Routes of verification: what a file of the workspace, or one that is sent, says of how it was made. */
import { basename } from 'node:path';
import { FormatError, LiaeError } from '../../../base/index.ts';
import { verifyFile } from '../../../platform/node/provenance/index.ts';
import { type VerdictInfo, verdictInfo } from '../../protocol.ts';
import { object, text } from '../../schema.ts';
import { taking, withDraft } from '../arrivals.ts';
import { type Route, route } from '../routing.ts';

export const exportRoutes: readonly Route[] = [
  route('GET', '/verify', 'the content credentials of a file of the workspace, and whether they hold', {
    query: object({ path: text({ min: 1, max: 1000 }) }),
    reply: verdictInfo,
    answer: async ({ studio: { places }, query }) => await verdictOf(await places.at(query.path), query.path),
  }),
  route('PUT', '/verify/:id', 'the same of a file that is sent; it is not kept', {
    body: 'stream',
    reply: verdictInfo,
    answer: async ({ studio: { places }, id, request }) =>
      await taking(id, request, (arrival) => withDraft(places, arrival, (draft) => verdictOf(draft, arrival.name))),
  }),
];

async function verdictOf(file: string, shown: string): Promise<VerdictInfo> {
  const { state, where, manifests, xmpSourceType } = await verifyFile(file).catch((error: unknown) => {
    if (!(error instanceof LiaeError)) throw error;
    throw new FormatError(error.message.replaceAll(file, shown), error.details);
  });
  const said = { name: basename(shown), state, where, manifests, xmpSourceType };
  return verdictInfo.read(JSON.parse(JSON.stringify(said, (_, value: unknown) => value ?? null)), 'verdict');
}
