import { newestVersion, pathParameters } from '../packages/server/src/management/openapi/route-facts.ts'
import {
  type JsonSchema,
  type RouteShapes,
  routeShapes,
} from '../packages/server/src/management/openapi/route-shapes.ts'
import type { Route } from '../packages/server/src/management/route.ts'
import { typescriptShape } from './typescript-shape.ts'

const head = `// Made by tools/generate-management-client.ts from the route table of the relay. Do not edit.
/* oxlint-disable eslint/max-lines */
import type { Operation } from './operation.ts'
`

/** The source of packages/management/src/operations.ts: a table of operations, and what each takes and answers. */
export function managementOperations(routes: readonly Route[]): string {
  const shapes = routeShapes(routes)
  const rows = routes.map((route) => `  ${route.id}: ${tableRow(route)},\n`)
  const operations = routes.map(
    (route) => `  /** ${route.summary} */\n  readonly ${route.id}: ${types(route, shapes)}\n`,
  )
  const named = [...shapes.named].map(([name, shape]) => namedShape(name, shape))
  return `${head}
/** How each operation is called. */
export const operationTable = {
${rows.join('')}} as const satisfies Readonly<Record<string, Operation>>

/** What each operation takes and answers. */
export interface Operations {
${operations.join('')}}

${named.join('\n')}`
}

function tableRow(route: Route): string {
  const version = newestVersion(route)
  const members = [
    `method: '${route.method}'`,
    `path: '${route.path}'`,
    ...(version === undefined ? [] : [`version: '${version}'`]),
    ...(route.isPaged ? ['isPaged: true'] : []),
    ...(route.isLongRunning ? ['isLongRunning: true'] : []),
    ...(route.isStream ? ['isStream: true'] : []),
  ]
  const line = `{ ${members.join(', ')} }`
  return line.length < 100 ? line : `{\n${members.map((member) => `    ${member},\n`).join('')}  }`
}

const pageQuery = { $top: 'Items on a page.' }

function types(route: Route, { bodies, replies }: RouteShapes): string {
  const params = pathParameters(route).map((name) => `      readonly ${name}: string\n`)
  const query = Object.entries({ ...route.query, ...(route.isPaged && pageQuery) }).map(
    ([name, meaning]) =>
      `      /** ${meaning} */\n      readonly ${/^[\w$]+$/.test(name) ? name : `'${name}'`}?: string\n`,
  )
  const body = bodies.get(route.id)
  const members = [
    ...(params.length > 0 ? [`readonly params: {\n${params.join('')}    }`] : []),
    ...(query.length > 0 ? [`readonly query?: {\n${query.join('')}    }`] : []),
    ...(body ? [`readonly body${route.bodyIsOptional ? '?' : ''}: ${typescriptShape(body, '    ')}`] : []),
  ]
  const input = members.length === 0 ? 'unknown' : `{\n${lines(members)}  }`
  const reply = replies.get(route.id)
  const isMaybeEmpty = route.statuses.some((status) => status === 204 || status === 304)
  const answered = reply ? `${typescriptShape(reply, '    ')}${isMaybeEmpty ? ' | undefined' : ''}` : 'undefined'
  return `{\n    readonly input: ${input.replace(/^ {2}\}$/m, '    }')}\n    readonly reply: ${answered}\n  }`
}

function lines(members: readonly string[]): string {
  return members.map((member) => `      ${member.replaceAll('\n', '\n  ')}\n`).join('')
}

function namedShape(name: string, shape: JsonSchema): string {
  return `export interface ${name} ${typescriptShape(shape)}\n`
}
