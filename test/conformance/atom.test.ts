// What the SDKs ask about a hybrid connection: GET /{path} with X-PROCESS-AT: ServiceBus (observed with .NET).
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { type Answer, send } from './http-client.ts'
import { metrics } from './metrics.ts'
import { RecordingLogger } from './recording-logger.ts'

const userMetadata = '[{"key":"endpoint","value":"db.corp:5432"}] <&>"\''

const resources = {
  namespaces: [
    {
      name: 'local',
      default: true,
      rules: [{ name: 'Root', rights: ['Listen', 'Send', 'Manage'] }],
      hybridConnections: [
        {
          name: 'Db/Main',
          userMetadata,
          rules: [
            { name: 'listener', rights: ['Listen'] },
            { name: 'sender', rights: ['Send'] },
            { name: 'manager', rights: ['Listen', 'Send', 'Manage'] },
          ],
        },
        { name: 'open', requiresClientAuthorization: false },
        { name: 'other', rules: [{ name: 'listener', rights: ['Listen'] }] },
      ],
    },
  ],
} as const

async function start(test: TestContext): Promise<{ relay: TestRelay; log: RecordingLogger }> {
  const log = new RecordingLogger()
  const relay = await startTestRelay({ log, resources })
  test.after(() => relay[Symbol.asyncDispose]())
  return { relay, log }
}

/** A token by a rule of an entity, or of the namespace when the entity has none of this name. */
function tokenOf(
  relay: TestRelay,
  rule: string,
  { entity = 'Db/Main', path }: { entity?: string; path?: string } = {},
): string {
  const { catalog } = relay.relay.server
  const rules = [...catalog.get('local', entity)!.rules, ...catalog.namespaceByName('local')!.rules]
  const key = rules.find(({ name }) => name === rule)!.primaryKey.reveal()
  return signToken(`Endpoint=sb://localhost/;SharedAccessKeyName=${rule};SharedAccessKey=${key}`, {
    path: path ?? entity,
  })
}

function ask(relay: TestRelay, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return send(relay, path, { method, headers: { 'X-PROCESS-AT': 'ServiceBus', ...headers } })
}

for (const rule of ['listener', 'sender', 'manager', 'Root']) {
  test(`the rule ${rule} is enough to read, by Authorization as .NET sends it`, async (t) => {
    const { relay } = await start(t)
    const answer = await ask(relay, '/Db/Main?api-version=2016-07', { Authorization: tokenOf(relay, rule) })
    assert.equal(answer.status, 200)
    assert.match(answer.headers['content-type'] ?? '', /^application\/atom\+xml;\s*type=entry;\s*charset=utf-8$/)
  })
}

test('the other places of a token, letter case of path and header, and a missing version are taken too', async (t) => {
  const { relay } = await start(t)
  const token = tokenOf(relay, 'sender')
  for (const [path, headers] of [
    ['/db/main', { ServiceBusAuthorization: token }],
    [`/DB/MAIN/?sb-hc-token=${encodeURIComponent(token)}`, {}],
    ['/Db%2FMain', { ServiceBusAuthorization: token, 'X-PROCESS-AT': 'servicebus' }],
    ['/Db/Main?x=1&api-version=2016-07', { Authorization: `Bearer ${token}` }],
  ] as const) {
    assert.equal((await ask(relay, path, headers)).status, 200, path)
  }
})

test('the members stand in the order of the data contract, with the values of the entity', async (t) => {
  const { relay } = await start(t)
  const answer = await ask(relay, '/Db/Main', { Authorization: tokenOf(relay, 'sender') })
  const text = answer.body.toString()
  const content = /<content type="application\/xml">(.*)<\/content>/s.exec(text)?.[1] ?? ''
  assert.match(
    content,
    /^<HybridConnectionDescription xmlns="http:\/\/schemas\.microsoft\.com\/netservices\/2010\/10\/servicebus\/connect"/,
  )
  const members = [...content.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, name, value]) => [name, value] as const)
  assert.deepEqual(
    members.map(([name]) => name),
    ['CreatedAt', 'UpdatedAt', 'RequiresClientAuthorization', 'UserMetadata', 'ListenerCount'],
  )
  const values = new Map(members)
  const { createdAt } = relay.relay.server.catalog.get('local', 'Db/Main')!
  assert.equal(values.get('CreatedAt'), createdAt.toISOString())
  assert.equal(values.get('RequiresClientAuthorization'), 'true')
  const entities = { '&quot;': '"', '&apos;': "'", '&lt;': '<', '&gt;': '>', '&amp;': '&' } as Record<string, string>
  assert.equal(
    values.get('UserMetadata')?.replace(/&\w+;/g, (entity) => entities[entity]!),
    userMetadata,
  )
  assert.equal(values.get('ListenerCount'), '0')
  assert.match(text, /<title type="text">Db\/Main<\/title>/)
  assert.doesNotMatch(text, /PrimaryKey|SharedAccess/i)
})

test('the listener count follows the control channels', async (t) => {
  const { relay } = await start(t)
  const count = async (): Promise<string | undefined> => {
    const answer = await ask(relay, '/open', { Authorization: tokenOf(relay, 'Root', { entity: 'open' }) })
    return /<ListenerCount>(\d+)</.exec(answer.body.toString())?.[1]
  }
  assert.equal(await count(), '0')
  const listeners = [await relay.listen('open'), await relay.listen('open')]
  assert.equal(await count(), '2')
  listeners[0]?.control.abort()
  await metrics.until(relay, 'postern_active_listeners', 1)
  assert.equal(await count(), '1')
})

test('no token, a bad one, one for elsewhere and one of another entity are 401 in the form that the SDKs read', async (t) => {
  const { relay, log } = await start(t)
  const cases: readonly (readonly [path: string, token: string | undefined, detail: RegExp])[] = [
    ['/Db/Main', undefined, /token is missing/],
    ['/open', undefined, /token is missing/],
    ['/nothing', undefined, /token is missing/],
    ['/Db/Main', 'nonsense', /MalformedToken/],
    ['/Db/Main', tokenOf(relay, 'listener', { entity: 'other', path: 'Db/Main' }), /invalid signature/],
    ['/Db/Main', tokenOf(relay, 'Root', { path: 'other' }), /InvalidAudience/],
  ]
  for (const [path, token, detail] of cases) {
    const answer = await ask(relay, path, token === undefined ? {} : { Authorization: token })
    assert.equal(answer.status, 401, path)
    const text = answer.body.toString()
    assert.match(text, /^<Error><Code>401<\/Code><Detail>[^<]*<\/Detail><\/Error>$/)
    assert.match(text, detail)
    const id = /TrackingId:([\w-]+), SystemTracker:sb:\/\/localhost:\d+\//.exec(text)?.[1]
    assert.ok(id && answer.reason.includes(id), 'the reason phrase is what .NET shows when there is no body')
    assert.equal(log.refusals().at(-1)?.fields['trackingId'], id)
  }
  assert.equal(log.refusals().length, cases.length)
  assert.equal(await metrics(relay, 'postern_refusals_total', 'stage="atom"'), cases.length)
})

test('what does not exist is 404 for who may know it, and no other method is answered', async (t) => {
  const { relay } = await start(t)
  const token = tokenOf(relay, 'Root', { path: '' })
  const missing = await ask(relay, '/nothing?api-version=2016-07', { Authorization: token })
  assert.equal(missing.status, 404)
  assert.match(missing.body.toString(), /^<Error><Code>404<\/Code><Detail>Endpoint does not exist\. TrackingId:/)
  for (const method of ['POST', 'PATCH', 'OPTIONS']) {
    assert.equal((await ask(relay, '/Db/Main', { Authorization: token }, method)).status, 405, method)
  }
  assert.ok(relay.relay.server.catalog.get('local', 'Db/Main'), 'it still exists')
})

test('without the header it is a request for the listener, whatever api-version says', async (t) => {
  const { relay } = await start(t)
  const listener = await relay.listen('open')
  for (const headers of [{}, { 'X-PROCESS-AT': 'elsewhere' }] as Record<string, string>[]) {
    const pending = send(relay, '/open?api-version=abc', { headers })
    const request = await listener.nextRequest()
    assert.equal(request.requestTarget, '/open?api-version=abc')
    listener.control.text(JSON.stringify({ response: { requestId: request.id, statusCode: 204 } }))
    assert.equal((await pending).status, 204)
  }
})

test('a path that a stranger made up comes back as text, never as markup', async (t) => {
  const { relay } = await start(t)
  const answer = await ask(relay, '/%3C/Detail%3E%3CEvil%3E%00%0d%0aX:%201/%ED%A0%80')
  assert.equal(answer.status, 401)
  assert.doesNotMatch(answer.body.toString(), /<Evil>/)
  assert.equal(answer.headers['x'], undefined)
  assert.match(answer.body.toString(), /SystemTracker:sb:\/\/localhost:\d+\/&lt;\/Detail&gt;&lt;Evil&gt;/)
})
