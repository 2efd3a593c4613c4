/**
 * Everything that can be asked of the server under /api, as a table: the server routes by it and the OpenAPI document is made of it. To add a
 * route, add an entry to a file of routes/; its query and body are read through their shapes before it runs.
 */
import { problem, protocolVersion } from '../protocol.ts';
import type { Json, Schema } from '../schema.ts';
import { exportRoutes } from './routes/export.ts';
import { facesRoutes } from './routes/faces.ts';
import { jobsRoutes } from './routes/jobs.ts';
import { mergeRoutes } from './routes/merge.ts';
import { modelsRoutes } from './routes/models.ts';
import { studioRoutes } from './routes/studio.ts';
import { workspaceRoutes } from './routes/workspace.ts';
import type { Route } from './routing.ts';

export const routes: readonly Route[] = [
  ...studioRoutes,
  ...workspaceRoutes,
  ...facesRoutes,
  ...modelsRoutes,
  ...jobsRoutes,
  ...exportRoutes,
  ...mergeRoutes,
];

/** The OpenAPI document of the table. */
export function openApi(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const { method, path, summary, query, body, reply } of routes) {
    const parameters = parametersOf(query, path);
    const answer = typeof reply === 'string' ? { [reply]: { schema: { type: 'string', format: 'binary' } } } : jsonOf(reply);
    const key = `/api${path.replace(/:(\w+)/g, '{$1}')}`;
    paths[key] = {
      ...paths[key],
      [method.toLowerCase()]: {
        ...{ summary, parameters },
        ...(body === undefined ? {} : { requestBody: { required: true, content: body === 'stream' ? binary : jsonOf(body) } }),
        responses: {
          '200': { description: 'done', content: answer },
          default: { description: 'refused, with the reason', content: jsonOf(problem) },
        },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'liae studio',
      version,
      description: `Protocol ${protocolVersion}. The cookie comes with the address that liae studio prints.`,
    },
    paths,
    components: { securitySchemes: { cookie: { type: 'apiKey', in: 'cookie', name: 'liae-studio-PORT' } } },
    security: [{ cookie: [] }],
  };
}

const binary: Json = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
const jsonOf = ({ json }: Schema<unknown>): Json => ({ 'application/json': { schema: json } });

function parametersOf({ json }: Schema<unknown>, path: string): readonly Json[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(
    ([, name]): Json => ({ name: name!, in: 'path', required: true, schema: { type: 'string' } }),
  );
  const properties = Object.entries((json.properties ?? {}) as Record<string, Json>);
  const required = (json.required ?? []) as readonly string[];
  return [...inPath, ...properties.map(([name, schema]): Json => ({ name, in: 'query', required: required.includes(name), schema }))];
}
