// The commands of `postern` name parameters and members that the routes of the relay have.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { managedCommands } from '../packages/cli/src/manage/command-table.ts'
import { type JsonSchema, routeShapes, shapePrefix } from '../packages/server/src/management/openapi/route-shapes.ts'
import { routeTable } from '../packages/server/src/management/route-table.ts'

const { named, bodies } = routeShapes(routeTable)

/** Whether a schema has a member at a path, through references and nullable parts. */
function has(schema: JsonSchema | undefined, [name, ...rest]: readonly string[]): boolean {
  if (schema === undefined) return false
  if (typeof schema['$ref'] === 'string') {
    return has(named.get(schema['$ref'].slice(shapePrefix.length)), name === undefined ? [] : [name, ...rest])
  }
  if (name === undefined) return true
  const choices = schema['anyOf']
  if (Array.isArray(choices)) return choices.some((choice: JsonSchema) => has(choice, [name, ...rest]))
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>
  return has(properties[name], rest)
}

for (const { words, does, flags } of managedCommands) {
  if (typeof does !== 'string') continue
  test(`what postern ${words} sends is what ${does} takes`, () => {
    const route = routeTable.find(({ id }) => id === does)
    for (const { to } of flags) {
      const [place, ...path] = to.split('.')
      if (place === 'body') assert.ok(has(bodies.get(does), path), to)
      if (place === 'query') assert.ok(Object.hasOwn(route?.query ?? {}, path.join('.')), to)
    }
  })
}

test('a member that is not there would be seen', () => {
  assert.equal(has(bodies.get('Namespaces_CreateOrUpdate'), ['properties', 'publicNetworkAccess']), true)
  assert.equal(has(bodies.get('Namespaces_CreateOrUpdate'), ['properties', 'nothing']), false)
})
