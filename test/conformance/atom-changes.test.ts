// Hybrid connections made, changed, deleted and listed at the data door, as NamespaceManager and scripts do it.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { ask, entryOf, refusal, resources, ruleOf, tokenOf } from './atom-client.ts'
import { begin, head, send } from './http-client.ts'
import { RecordingLogger } from './recording-logger.ts'

async function start(
  test: TestContext,
  options: Record<string, string> = {},
): Promise<{ relay: TestRelay; log: RecordingLogger }> {
  const log = new RecordingLogger()
  const relay = await startTestRelay({ log, resources, options })
  test.after(() => relay[Symbol.asyncDispose]())
  return { relay, log }
}

test('an entry makes a hybrid connection with its rules and keys, that clients can use at once', async (t) => {
  const { relay } = await start(t)
  const rules = ruleOf('proxy', ['Send', 'Listen'], '<PrimaryKey>given-key=</PrimaryKey>') + ruleOf('made', ['Send'])
  const body = entryOf(
    `<RequiresClientAuthorization>true</RequiresClientAuthorization><AuthorizationRules>${rules}</AuthorizationRules><UserMetadata>[]</UserMetadata>`,
  )
  const made = await ask(relay, 'PUT', '/sub/Made', { body })
  assert.equal(made.status, 201)
  assert.match(made.headers['content-type'] ?? '', /^application\/atom\+xml;\s*type=entry/)
  assert.equal(made.headers['cache-control'], 'no-store')
  const text = made.body.toString()
  assert.match(text, /<title type="text">sub\/Made<\/title>.*<UserMetadata>\[\]<\/UserMetadata><ListenerCount>0</)
  const keys = [...text.matchAll(/<(?:Primary|Secondary)Key>([^<]+)</g)].map(([, key]) => key)
  assert.equal(keys.length, 4)
  assert.equal(keys[0], 'given-key=')
  const { catalog } = relay.relay.server
  assert.deepEqual(
    catalog.get('local', 'sub/made')?.rules.map(({ name, rights }) => [name, rights]),
    [
      ['proxy', ['Listen', 'Send']],
      ['made', ['Send']],
    ],
  )
  const token = signToken('Endpoint=sb://localhost/;SharedAccessKeyName=proxy;SharedAccessKey=given-key=', {
    path: 'sub/Made',
  })
  const listener = await relay.listen('sub/Made', { token })
  const read = await ask(relay, 'GET', '/sub/made', { token })
  assert.match(read.body.toString(), /<ListenerCount>1</)
  assert.doesNotMatch(read.body.toString(), /Key|Rule/)
  assert.equal(read.headers['etag'], made.headers['etag'])
  listener.control.abort()
})

test('a second entry without If-Match is told that there is one, with it changes what there is and keeps its rules', async (t) => {
  const { relay } = await start(t)
  const { catalog } = relay.relay.server
  const put = (members: string, headers: Record<string, string> = {}) =>
    ask(relay, 'PUT', '/hc1', { body: entryOf(members), headers })
  await put(`<AuthorizationRules>${ruleOf('a', ['Send'])}</AuthorizationRules>`)
  const first = catalog.get('local', 'hc1')!
  assert.equal(refusal(await put('')), '409 The endpoint exists already')
  assert.equal(catalog.get('local', 'hc1'), first)
  const changed = await put(
    '<RequiresClientAuthorization>false</RequiresClientAuthorization><UserMetadata>x</UserMetadata>',
    {
      'If-Match': '*',
    },
  )
  assert.equal(changed.status, 200)
  assert.doesNotMatch(changed.body.toString(), /Key/)
  const second = catalog.get('local', 'hc1')!
  assert.deepEqual([second.requiresClientAuthorization, second.userMetadata], [false, 'x'])
  assert.deepEqual(second.createdAt, first.createdAt)
  assert.equal(second.rules[0]!.primaryKey.reveal(), first.rules[0]!.primaryKey.reveal())
  const rules = `<AuthorizationRules>${ruleOf('A', ['Listen'])}${ruleOf('b', ['Send'])}</AuthorizationRules>`
  const answer = (await put(rules, { 'If-Match': changed.headers['etag'] ?? '' })).body.toString()
  const third = catalog.get('local', 'hc1')!
  assert.equal(
    third.rules[0]!.primaryKey.reveal(),
    first.rules[0]!.primaryKey.reveal(),
    'a key that is not named is kept',
  )
  assert.equal(answer.includes(third.rules[0]!.primaryKey.reveal()), false, 'and not told to who did not set it')
  assert.equal(answer.includes(third.rules[1]!.primaryKey.reveal()), true)
  assert.equal((await put('', { 'If-Match': changed.headers['etag'] ?? '' })).status, 412)
})

test('a hybrid connection is deleted by its whole name, once', async (t) => {
  const { relay } = await start(t)
  for (const name of ['/a', '/a/b']) assert.equal((await ask(relay, 'PUT', name, { body: entryOf('') })).status, 201)
  assert.equal((await ask(relay, 'DELETE', '/A/B/')).status, 200)
  assert.equal(refusal(await ask(relay, 'DELETE', '/a/b')), '404 Endpoint does not exist')
  assert.ok(relay.relay.server.catalog.get('local', 'a'), 'the one whose name the path begins with stays')
  const update = await ask(relay, 'PUT', '/a/b', { body: entryOf(''), headers: { 'If-Match': '*' } })
  assert.equal(refusal(update), '404 Endpoint does not exist')
})

test('changes need Manage: of the namespace, or of the hybrid connection for what is there', async (t) => {
  const { relay } = await start(t)
  const owner = `<AuthorizationRules>${ruleOf('owner', ['Listen', 'Send', 'Manage'])}${ruleOf('user', ['Listen', 'Send'])}</AuthorizationRules>`
  for (const name of ['one', 'two']) await ask(relay, 'PUT', `/${name}`, { body: entryOf(owner) })
  const body = entryOf('')
  const tokens = {
    none: '',
    sender: tokenOf(relay, 'lister'),
    user: tokenOf(relay, 'user', { entity: 'one' }),
    ownerOfTwo: tokenOf(relay, 'owner', { entity: 'two' }),
    foreign: tokenOf(relay, 'Root', { namespace: 'foreign' }),
    otherPath: tokenOf(relay, 'Root', { path: 'two' }),
  }
  for (const [who, token] of Object.entries(tokens)) {
    for (const method of ['PUT', 'DELETE']) {
      for (const path of ['/one', '/new']) {
        const answer = await ask(relay, method, path, { token, body, headers: { 'If-Match': '*' } })
        assert.equal(answer.status, 401, `${who} ${method} ${path}`)
      }
    }
  }
  const ownerOfOne = tokenOf(relay, 'owner', { entity: 'one' })
  assert.equal((await ask(relay, 'PUT', '/new', { token: ownerOfOne, body })).status, 401)
  assert.equal((await ask(relay, 'PUT', '/one/new', { token: ownerOfOne, body })).status, 401)
  assert.equal((await ask(relay, 'PUT', '/one', { token: ownerOfOne, body, headers: { 'If-Match': '*' } })).status, 200)
  assert.equal((await ask(relay, 'DELETE', '/one', { token: ownerOfOne })).status, 200)
  assert.deepEqual(
    relay.relay.server.catalog
      .list('local')
      .map(({ name }) => name)
      .toSorted(),
    ['declared', 'two'],
  )
})

test('what the resources file declares is changed only there', async (t) => {
  const { relay } = await start(t)
  const before = relay.relay.server.catalog.get('local', 'declared')
  for (const headers of [{}, { 'If-Match': '*' }] as Record<string, string>[]) {
    const put = await ask(relay, 'PUT', '/declared', { body: entryOf(''), headers })
    assert.match(refusal(put), /^409 The resources file of this relay declares declared/)
  }
  assert.match(refusal(await ask(relay, 'DELETE', '/declared')), /^409 The resources file/)
  assert.equal(relay.relay.server.catalog.get('local', 'declared'), before)
})

test('an entry that says what cannot be is refused with the reason, and makes nothing', async (t) => {
  const { relay, log } = await start(t)
  const rules = (text: string): string => entryOf(`<AuthorizationRules>${text}</AuthorizationRules>`)
  const cases: readonly (readonly [path: string, body: string | Uint8Array, wanted: RegExp])[] = [
    ['/x', '', /^400 The body is not well-formed XML at 1:0/],
    ['/x', '<!DOCTYPE entry [<!ENTITY a "b">]><entry/>', /^400 The body may not have a document type/],
    ['/x', '{"properties":{}}', /^400 The body is not well-formed XML/],
    ['/x', Buffer.from([0xc3, 0x28]), /^400 The body is not UTF-8/],
    ['/x', '<entry/>', /^400 The body must be an entry/],
    ['/a%20b', entryOf(''), /^400 The name of a hybrid connection may contain only/],
    ['/a//b', entryOf(''), /^400 The name of a hybrid connection may not contain empty/],
    [`/${'a'.repeat(261)}`, entryOf(''), /^400 The name of a hybrid connection must have 1 to 260/],
    ['/', entryOf(''), /^400 The name of a hybrid connection must have 1 to 260/],
    ['/x', entryOf(`<UserMetadata>${'m'.repeat(1025)}</UserMetadata>`), /^400 userMetadata can have at most 1024/],
    [
      '/x',
      entryOf('<UserMetadata>[{"key":"endpoint","value":"db"}]</UserMetadata>'),
      /^400 The endpoint .* must be host:port/,
    ],
    ['/x', rules(ruleOf('r', ['Manage'])), /^400 Manage comes only together/],
    ['/x', rules(ruleOf('r', [])), /^400 A rule needs at least one right/],
    ['/x', rules(ruleOf('a b', ['Send'])), /^400 The name of a rule may contain only/],
    ['/x', rules(ruleOf('r', ['Send']) + ruleOf('R', ['Send'])), /^400 Each rule can be named once/],
    [
      '/x',
      rules(Array.from({ length: 13 }, (_, at) => ruleOf(`r${at}`, ['Send'])).join('')),
      /^400 There can be at most 12/,
    ],
    ['/x', rules(ruleOf('r', ['Send'], '<PrimaryKey>PRI VATE</PrimaryKey>')), /^400 A key must have 1 to 256/],
    ['/x', 'm'.repeat(64 * 1024 + 1), /^413 /],
  ]
  for (const [path, body, wanted] of cases) {
    const answer = await ask(relay, 'PUT', path, { body })
    assert.match(refusal(answer), wanted, `${path} ${String(body).slice(0, 80)}`)
    assert.doesNotMatch(answer.body.toString() + JSON.stringify(log.refusals()), /PRI VATE/)
  }
  assert.deepEqual(
    relay.relay.server.catalog.list('local').map(({ name }) => name),
    ['declared'],
  )
})

test('the list of a namespace comes in pages, for every right that is of the namespace', async (t) => {
  const { relay } = await start(t)
  for (const name of ['b', 'c/d', 'E']) await ask(relay, 'PUT', `/${name}`, { body: entryOf('') })
  const list = async (
    query: string,
    token = tokenOf(relay),
  ): Promise<{ status: number; titles: string[]; next: string | undefined }> => {
    const headers = { 'X-PROCESS-AT': 'ServiceBus', Authorization: token }
    const answer = await send(relay, `/$Resources/HybridConnections${query}`, { headers })
    const text = answer.body.toString()
    if (answer.status === 200) assert.match(answer.headers['content-type'] ?? '', /type=feed/)
    const next = /<link rel="next" href="https:\/\/[^/]+([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&')
    const titles = [...text.matchAll(/<entry.*?<title type="text">([^<]*)</g)].map(([, title = '']) => title)
    return { status: answer.status, titles, next }
  }
  const all = await list('?api-version=2016-07')
  assert.deepEqual(all, { status: 200, titles: ['b', 'c/d', 'declared', 'E'], next: undefined })
  const first = await list('?api-version=2016-07&$skip=1&$top=2')
  assert.deepEqual(first.titles, ['c/d', 'declared'])
  assert.deepEqual((await list(first.next!.replace('/$Resources/HybridConnections', ''))).titles, ['E'])
  assert.deepEqual((await list('', tokenOf(relay, 'lister'))).titles.length, 4)
  assert.equal((await list('?$top=x')).status, 400)
  assert.equal((await list('', tokenOf(relay, 'owner', { entity: 'declared' }))).status, 401)
  assert.equal((await list('', tokenOf(relay, 'Root', { namespace: 'foreign' }))).status, 401)
  const upper = await ask(relay, 'GET', '/%24RESOURCES/hybridconnections')
  assert.match(upper.body.toString(), /^<feed /)
  for (const method of ['PUT', 'DELETE', 'POST']) {
    assert.equal((await ask(relay, method, '/$Resources/HybridConnections', { body: entryOf('') })).status, 405, method)
  }
})

test('a namespace without hybrid connections has an empty feed', async (t) => {
  const { relay } = await start(t)
  const headers = { Host: 'foreign.localhost', 'X-PROCESS-AT': 'ServiceBus' }
  const key = relay.relay.server.catalog.namespaceByName('foreign')!.rules[0]!.primaryKey.reveal()
  const rule = `Endpoint=sb://foreign.localhost/;SharedAccessKeyName=Root;SharedAccessKey=${key}`
  const Authorization = signToken(rule, { path: '' })
  const answer = await send(relay, '/$Resources/HybridConnections', { headers: { ...headers, Authorization } })
  assert.equal(answer.status, 200)
  assert.doesNotMatch(answer.body.toString(), /<entry/)
})

test('a program that waits for 100 Continue is told to go on, after its token was looked at', async (t) => {
  const { relay } = await start(t)
  const headers = { 'X-PROCESS-AT': 'ServiceBus', Expect: '100-continue', 'Content-Length': '10' }
  const stranger = begin(relay, '/x', { method: 'PUT', headers: { ...headers, Authorization: 'nonsense' } })
  stranger.flushHeaders()
  let continued = false
  stranger.on('continue', () => (continued = true))
  assert.equal((await head(stranger)).statusCode, 401)
  assert.equal(continued, false)
  stranger.destroy()
  const body = entryOf('')
  const manager = begin(relay, '/x', {
    method: 'PUT',
    headers: { ...headers, 'Content-Length': String(body.length), Authorization: tokenOf(relay) },
  })
  manager.flushHeaders()
  manager.on('continue', () => manager.end(body))
  assert.equal((await head(manager)).statusCode, 201)
})

test('a key that is replaced while the body comes opens nothing any more', async (t) => {
  const { relay } = await start(t)
  const owner = `<AuthorizationRules>${ruleOf('owner', ['Listen', 'Send', 'Manage'], '<PrimaryKey>old</PrimaryKey>')}</AuthorizationRules>`
  await ask(relay, 'PUT', '/hc1', { body: entryOf(owner) })
  const token = tokenOf(relay, 'owner', { entity: 'hc1' })
  const body = entryOf('<UserMetadata>stolen</UserMetadata>')
  const slow = begin(relay, '/hc1', {
    method: 'PUT',
    headers: {
      'X-PROCESS-AT': 'ServiceBus',
      Authorization: token,
      'If-Match': '*',
      Expect: '100-continue',
      'Content-Length': String(body.length),
    },
  })
  slow.flushHeaders()
  await new Promise((resolve) => slow.once('continue', resolve))
  await ask(relay, 'PUT', '/hc1', { body: entryOf(owner.replace('>old<', '>new<')), headers: { 'If-Match': '*' } })
  slow.end(body)
  assert.equal((await head(slow)).statusCode, 401)
  assert.equal(relay.relay.server.catalog.get('local', 'hc1')?.userMetadata, undefined)
})

test('a body that does not come ends in 408, one that is announced too long in 413 without being read', async (t) => {
  const { relay } = await start(t, { handshakeTimeout: '300ms' })
  const headers = { 'X-PROCESS-AT': 'ServiceBus', Authorization: tokenOf(relay) }
  const silent = begin(relay, '/x', { method: 'PUT', headers: { ...headers, 'Content-Length': '10' } })
  silent.write('<entry')
  assert.equal((await head(silent)).statusCode, 408)
  silent.destroy()
  const huge = begin(relay, '/x', { method: 'PUT', headers: { ...headers, 'Content-Length': String(2 ** 40) } })
  huge.write('<entry')
  const refused = await head(huge)
  assert.deepEqual([refused.statusCode, refused.headers.connection], [413, 'close'])
  huge.destroy()
})

test('without the header a PUT is a request for the listener, whatever its body and version say', async (t) => {
  const { relay } = await start(t)
  const answer = await send(
    relay,
    '/made?api-version=2016-07',
    { method: 'PUT', headers: { Authorization: tokenOf(relay) } },
    entryOf(''),
  )
  assert.equal(answer.status, 404)
  assert.equal(relay.relay.server.catalog.get('local', 'made'), undefined)
})
