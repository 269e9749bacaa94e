import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { openArmBed } from '../packages/server/src/management/arm-calls.contract.ts'
import { routeTable } from '../packages/server/src/management/route-table.ts'
import { fuzzRun } from './fuzz-run.ts'

const version = fc.constantFrom(
  '',
  '?api-version=2021-11-01',
  '?api-version=2017-04-01',
  '?API-VERSION=2026-11-01&$top=1',
  '?api-version=',
)
const segment = fc.oneof(
  fc.constantFrom('s', 'g', 'contoso', '%2F', '..', '%2e%2e', '%00', '%', 'a%2Fb', 'subscriptions', 'providers', '{x}'),
  fc.string({ maxLength: 20 }).map((text) => encodeURIComponent(text.toWellFormed())),
)

/** Random paths hardly ever lead anywhere: most of these are routes with broken names. */
const path = fc.oneof(
  fc.array(segment, { maxLength: 50 }).map((parts) => `/${parts.join('/')}`),
  fc
    .tuple(
      fc.constantFrom(...routeTable.map((route) => route.path)),
      fc.array(segment, { minLength: 12, maxLength: 12 }),
    )
    .map(([template, names]) => {
      let at = 0
      return template.replace(/\{\+?\w+\}/g, () => names[at++] ?? 'x').replace(/^\/\//, '/')
    }),
)
const body = fc.oneof(
  fc.constant(''),
  fc.string({ maxLength: 200 }),
  fc.json({ maxDepth: 6 }),
  fc.constantFrom(
    '{"__proto__":{"location":"x"}}',
    '{"properties":{"properties":{}}}',
    '{"properties":null}',
    `${'['.repeat(2000)}${']'.repeat(2000)}`,
    '{"location":"x","LOCATION":5,"tags":{"a":{}}}',
  ),
)
const header = fc.record(
  {
    authorization: fc.oneof(
      fc.constantFrom('Bearer owner', 'Bearer nobody', 'Bearer', ''),
      fc.string({ maxLength: 40 }),
    ),
    'if-match': fc.oneof(fc.constantFrom('*', '"1"', 'W/"1"', ','), fc.string({ maxLength: 20 })),
    'if-none-match': fc.constantFrom('*', '"1"'),
    accept: fc.constantFrom('application/json', 'text/event-stream', '*/*'),
    'last-event-id': fc.string({ maxLength: 20 }),
  },
  { requiredKeys: [] },
)

/** Far more than any answer takes on a busy machine. */
const maxAnswerMs = 5_000

it('every call gets an answer that says what it is, in time, and none is a fault of the server', async () => {
  await using bed = await openArmBed()
  let failures = 0
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'PUT', 'PATCH', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'x'),
      path,
      version,
      body,
      header,
      async (method, where, query, text, headers) => {
        const began = performance.now()
        const reply = await bed.call(method, where + query, { body: text, headers })
        assert.ok(performance.now() - began < maxAnswerMs)
        assert.ok(reply.status >= 200 && reply.status < 500, `${reply.status} ${JSON.stringify(reply.json)}`)
        if (reply.status < 400) return
        failures += 1
        assert.match(reply.json.error.code, /^[A-Za-z]+$/)
        assert.ok(JSON.stringify(reply.json).length < 4_000)
      },
    ),
    fuzzRun(),
  )
  assert.ok(failures > 0)
})

it('a stranger is answered 401 wherever he goes, but for the open routes', async () => {
  await using bed = await openArmBed()
  const open = routeTable.filter(({ access }) => 'anyone' in access && access.anyone === 'stranger').map(({ id }) => id)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('GET', 'PUT', 'POST', 'DELETE'), path, version, async (method, where, query) => {
      const reply = await bed.call(method, where + query, { headers: { authorization: '' } })
      const outcome = bed.outcomes.at(-1)
      const isOpen = outcome?.route !== undefined && open.includes(outcome.route.id)
      assert.ok(isOpen || reply.status === 401, `${method} ${where} ${reply.status}`)
    }),
    fuzzRun(),
  )
})
