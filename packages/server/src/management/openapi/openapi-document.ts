import { tenantId } from '../../domain/tenant.ts'
import { type Route, scopeTemplate } from '../route.ts'
import { isExtension, pathParameters, routeProvider, routeVersions } from './route-facts.ts'
import { type JsonSchema, type RouteShapes, routeShapes, shapePrefix } from './route-shapes.ts'

type Member = Readonly<Record<string, unknown>>

/** An OpenAPI 3.1 document: plain JSON. */
export type OpenApiDocument = Member & {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Member>>>>
}

/** Makes the OpenAPI document of a route table. Members with `x-ms-` mean what they mean in Azure's own documents. */
export function openApiDocument(routes: readonly Route[], options: { readonly version: string }): OpenApiDocument {
  const shapes = routeShapes(routes)
  const paths: Record<string, Record<string, Member>> = {}
  for (const route of routes) {
    // OpenAPI has no parameter that spans segments: it must be sent as it is, which x-ms-skip-url-encoding says.
    const path = route.path.replace('{+', '{')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, shapes) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Postern management API',
      version: options.version,
      description:
        'Azure Resource Manager of a Postern relay: Microsoft.Relay, the hybrid connections of Microsoft.Web, roles, and what ' +
        'Azure does not have (`x-postern-extension`). Paths and member names are taken in any case.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [...new Set(routes.map(routeProvider))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { bearer: securityScheme },
      parameters: conditionParameters,
      responses: { Error: errorResponse },
      schemas: { ...Object.fromEntries(shapes.named), Error: errorSchema },
    },
  }
}

function operation(route: Route, shapes: RouteShapes): Member {
  const body = shapes.bodies.get(route.id)
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [routeProvider(route)],
    ...(isExtension(route) && { 'x-postern-extension': true }),
    ...access(route),
    parameters: parameters(route),
    ...(body && {
      requestBody: { required: route.bodyIsOptional !== true, content: { 'application/json': { schema: body } } },
    }),
    responses: responses(route, shapes.replies.get(route.id)),
    ...(route.isPaged && { 'x-ms-pageable': { nextLinkName: 'nextLink' } }),
    ...(route.isLongRunning && { 'x-ms-long-running-operation': true }),
  }
}

function access(route: Route): Member {
  if ('action' in route.access) {
    return { 'x-postern-action': route.access.action, 'x-postern-scope': scopeTemplate(route) }
  }
  return route.access.anyone === 'stranger' ? { security: [] } : {}
}

function parameters(route: Route): readonly Member[] {
  const inPath = pathParameters(route).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
    ...(route.path.includes(`{+${name}}`) && { 'x-ms-skip-url-encoding': true }),
  }))
  const inQuery = Object.entries(route.query ?? {}).map(([name, description]) => ({
    name,
    in: 'query',
    description,
    schema: { type: 'string' },
  }))
  return [...inPath, ...apiVersion(route), ...inQuery, ...(route.isPaged ? pageParameters : []), ...conditions(route)]
}

function apiVersion(route: Route): readonly Member[] {
  const versions = routeVersions(route)
  if (versions?.length === 0) return []
  const schema = versions ? { type: 'string', enum: versions } : { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\d' }
  return [{ name: 'api-version', in: 'query', required: true, schema }]
}

const pageParameters = [
  { name: '$top', in: 'query', description: 'Items on a page.', schema: { type: 'integer', minimum: 1 } },
  { name: '$skipToken', in: 'query', description: 'From a nextLink.', schema: { type: 'string' } },
]

const conditionParameters = {
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description: 'Only if the resource still has this ETag; `*`: only if it is there.',
    schema: { type: 'string' },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: '`*`: only if there is no such resource.',
    schema: { type: 'string' },
  },
}

function conditions({ method }: Route): readonly Member[] {
  const names = [
    ...(['PUT', 'PATCH', 'DELETE'].includes(method) ? ['IfMatch'] : []),
    ...(method === 'PUT' ? ['IfNoneMatch'] : []),
  ]
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }))
}

const meanings: Readonly<Record<number, string>> = {
  200: 'Done.',
  201: 'Created.',
  202: 'Accepted: poll the address in Location.',
  204: 'There is nothing to say.',
}

function responses(route: Route, reply: JsonSchema | undefined): Member {
  const content = reply && {
    'application/json': { schema: reply },
    ...(route.isStream && { 'text/event-stream': { schema: { type: 'string' } } }),
  }
  const successes = route.statuses.map((status): [string, Member] => {
    const hasBody = content !== undefined && status !== 202 && status !== 204 && route.method !== 'HEAD'
    return [String(status), { description: meanings[status] ?? 'Done.', ...(hasBody && { content }) }]
  })
  return { ...Object.fromEntries(successes), default: { $ref: '#/components/responses/Error' } }
}

const securityScheme = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: `An access token from \`/${tenantId}/oauth2/v2.0/token\`, or from an issuer that the relay is configured to trust.`,
}

const errorResponse = {
  description: 'Refused or failed; docs/reference/errors.md lists the codes.',
  content: { 'application/json': { schema: { $ref: `${shapePrefix}Error` } } },
}

const errorSchema = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: { code: { type: 'string' }, message: { type: 'string' } },
      required: ['code', 'message'],
    },
  },
  required: ['error'],
}
