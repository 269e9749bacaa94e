import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:https'
import { json } from 'node:stream/consumers'
import { test } from 'node:test'
import { startTestRelay } from '@postern/testkit'
import { serverVersion } from '../../server-version.ts'
import { routeTable } from '../route-table.ts'
import { openApiDocument } from './openapi-document.ts'

test('a relay serves the document of its own routes to everybody', async () => {
  await using test = await startTestRelay()
  const request = get(`${test.relay.management}/openapi.json`, {
    ...test.tls,
    agent: false,
    signal: AbortSignal.timeout(10_000),
  })
  const [response] = await once(request, 'response')
  assert.equal(response.statusCode, 200)
  assert.equal(response.headers['content-type'], 'application/json')
  const expected = openApiDocument(routeTable, { version: serverVersion() })
  assert.deepEqual(await json(response), JSON.parse(JSON.stringify(expected)))
})
