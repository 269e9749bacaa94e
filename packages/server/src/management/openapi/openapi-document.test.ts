import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { z } from 'zod'
import type { Route } from '../route.ts'
import { routeTable } from '../route-table.ts'
import { openApiDocument } from './openapi-document.ts'

const thing = z.object({ id: z.string(), properties: z.object({ size: z.number().int().optional() }) })

const routes = [
  {
    id: 'Things_List',
    method: 'GET',
    path: '/{+scope}/providers/Microsoft.Things/things',
    versions: 'insights',
    access: { action: 'Microsoft.Things/things/read', scope: '/{+scope}' },
    summary: 'Lists things.',
    query: { $filter: "name eq 'x'" },
    reply: z.object({ value: z.array(thing), nextLink: z.string().optional() }),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Things_CreateOrUpdate',
    method: 'PUT',
    path: '/{+scope}/providers/Microsoft.Things/things/{thingName}',
    versions: 'postern',
    access: { action: 'Microsoft.Things/things/write' },
    summary: 'Makes a thing.',
    body: z.object({ size: z.string().transform(Number) }),
    bodyIsOptional: true,
    reply: thing,
    statuses: [200, 202],
    isLongRunning: true,
  },
  {
    id: 'Things_Hello',
    method: 'GET',
    path: '/hello',
    versions: 'none',
    access: { anyone: 'stranger' },
    summary: 'Greets.',
    reply: z.object({ text: z.string() }),
    statuses: [200],
    isStream: true,
  },
] as const satisfies readonly Route[]

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any

const documentOf = (table: readonly Route[]): Json =>
  JSON.parse(JSON.stringify(openApiDocument(table, { version: '1.2.3' })))

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1, for the route table and for every kind of route', async () => {
    for (const table of [routeTable, routes]) {
      const validator = new Validator()
      const { valid, errors } = await validator.validate(documentOf(table))
      assert.ok(valid, JSON.stringify(errors))
      assert.equal(validator.version, '3.1')
    }
    const { valid } = await new Validator().validate({ ...documentOf(routes), paths: { hello: { get: {} } } })
    assert.equal(valid, false)
  })

  test('has an operation for each route, whose path parameters are those of its path', () => {
    const { paths, components } = documentOf(routeTable)
    const operations = Object.entries<Json>(paths).flatMap(([path, methods]) =>
      Object.entries<Json>(methods).map(([method, operation]) => ({ path, method, ...operation })),
    )
    assert.deepEqual(
      operations.map(({ operationId }) => String(operationId)).toSorted(),
      routeTable.map(({ id }) => id).toSorted(),
    )
    for (const { path, method, operationId, parameters } of operations) {
      const route = routeTable.find(({ id }) => id === operationId)
      assert.equal(method.toUpperCase(), route?.method)
      const named = parameters.filter((each: Json) => each.in === 'path').map(({ name }: Json) => `{${name}}`)
      assert.deepEqual(named, path.match(/\{\w+\}/g) ?? [], operationId)
    }
    // Every reference leads somewhere.
    for (const [, name = ''] of JSON.stringify(paths).matchAll(/#\/components\/schemas\/(\w+)/g)) {
      assert.ok(components.schemas[name], name)
    }
  })

  test('says what is paged, long-running, streamed, ours, for whom, and which versions there are', () => {
    const { paths } = documentOf(routes)
    const list = paths['/{scope}/providers/Microsoft.Things/things'].get
    assert.deepEqual(list['x-ms-pageable'], { nextLinkName: 'nextLink' })
    assert.equal(list['x-postern-action'], 'Microsoft.Things/things/read')
    assert.equal(list['x-postern-extension'], undefined)
    assert.equal(list.parameters[0]['x-ms-skip-url-encoding'], true)
    assert.deepEqual(list.parameters[1].schema.enum, ['2015-04-01', '2017-03-01-preview', '2014-04-01'])
    assert.deepEqual(
      list.parameters.map(({ name }: Json) => name),
      ['scope', 'api-version', '$filter', '$top', '$skipToken'],
    )

    const put = paths['/{scope}/providers/Microsoft.Things/things/{thingName}'].put
    assert.equal(put['x-ms-long-running-operation'], true)
    assert.equal(put['x-postern-extension'], true)
    assert.equal(put.requestBody.required, false)
    assert.deepEqual(Object.keys(put.responses), ['200', '202', 'default'])
    assert.equal(put.responses[202].content, undefined)

    const { get } = paths['/hello']
    assert.deepEqual(get.security, [])
    assert.deepEqual(Object.keys(get.responses[200].content), ['application/json', 'text/event-stream'])
    assert.deepEqual(get.parameters, [])
  })

  test('names a shape once: what a list holds is what reading one gives, and replies may grow', () => {
    const { paths, components } = documentOf(routes)
    const list = paths['/{scope}/providers/Microsoft.Things/things'].get.responses[200].content['application/json']
    assert.deepEqual(list.schema.properties.value.items, { $ref: '#/components/schemas/ThingsCreateOrUpdateReply' })
    assert.deepEqual(components.schemas.ThingsCreateOrUpdateReply, {
      type: 'object',
      properties: {
        id: { type: 'string' },
        properties: {
          type: 'object',
          properties: { size: { type: 'integer' } },
        },
      },
      required: ['id', 'properties'],
    })
    // A body is what a client sends, not what the handler gets.
    assert.deepEqual(components.schemas.ThingsCreateOrUpdateBody.properties.size, { type: 'string' })
  })
})
