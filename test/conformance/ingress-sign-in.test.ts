// Sign-in by OpenID Connect before HTTP hosts, looked at as an attacker does.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { loadOptions, silentLogger } from '@postern/program'
import { wrapRelay } from '@postern/testkit'
import { type JWTPayload, SignJWT } from 'jose'
import { optionTable } from '../../packages/server/src/config/option-table.ts'
import { relayConfig } from '../../packages/server/src/config/relay-config.ts'
import { runRelay } from '../../packages/server/src/start-relay.ts'
import { auditRecords } from './audit-records.ts'
import { type Entry, portOf, resourcesWith, serveTargets, startIngressRelay } from './ingress-bed.ts'
import { ScriptedIssuer } from './scripted-issuer.ts'
import { SignInBrowser } from './sign-in-browser.ts'

interface Bed {
  readonly issuer: ScriptedIssuer
  readonly relay: Awaited<ReturnType<typeof startIngressRelay>>
  readonly browse: (entry?: keyof typeof addresses, siteName?: string) => SignInBrowser
}

type Oidc = NonNullable<Entry['oidc']>

/** Each has a port of its own. */
const addresses = { site: '127.0.0.1', open: '127.0.0.2', other: '127.0.0.3' } as const

/** Entries `site` (hosts site.test and twin.test), with these settings, and `other`. */
async function openBed(t: TestContext, more: Partial<Oidc> = {}, sessionKey?: string): Promise<Bed> {
  const site = createServer((request, response) => response.end(JSON.stringify(request.headers)))
  site.on('upgrade', (_request, socket) => {
    socket.on('error', () => {})
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.pipe(socket)
  })
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  t.after(() => {
    site.closeAllConnections()
    site.close()
  })
  const issuer = await ScriptedIssuer.start()
  t.after(() => issuer[Symbol.asyncDispose]())
  const allowed = { emails: ['ali@example.test'] }
  const oidc = { issuer: issuer.issuer, clientId: 'site', tlsEndsInFront: true, tellTarget: true, ...more }
  const whole = oidc.anyone ? oidc : { allowed, ...oidc }
  const entry = { port: 0, hybridConnection: 'site' } as const
  const entries: readonly Entry[] = [
    { ...entry, name: 'site', address: '127.0.0.1', hosts: ['site.test', 'twin.test'], oidc: whole },
    { ...entry, name: 'other', address: '127.0.0.3', hosts: ['site.test'], oidc: { ...whole, clientId: 'other' } },
    { ...entry, name: 'open', address: '127.0.0.2', hosts: ['site.test'], access: 'open' },
  ]
  const relay = await (sessionKey === undefined ? startIngressRelay(entries) : startWithKey(entries, sessionKey))
  t.after(() => relay[Symbol.asyncDispose]())
  const targets = await serveTargets(relay, { site: (site.address() as AddressInfo).port })
  t.after(() => targets[Symbol.asyncDispose]())
  const browse = (name: keyof typeof addresses = 'site', siteName = 'site.test') =>
    new SignInBrowser({ siteAddress: addresses[name], sitePort: portOf(relay, name), siteName })
  return { issuer, relay, browse }
}

/** A secret is given by environment or file only. */
async function startWithKey(entries: readonly Entry[], sessionKey: string): Promise<Bed['relay']> {
  const { values } = loadOptions(optionTable, {
    flags: { inMemory: true, dataPort: 0, managementPort: 0, bind: '127.0.0.1' },
    env: { POSTERN_INGRESS_SESSION_KEY: sessionKey },
  })
  return wrapRelay(await runRelay(relayConfig(values), { log: silentLogger, resources: resourcesWith(entries) }))
}

/** From the site to the issuer and back; the way back is not gone yet. */
async function callbackFor(browser: SignInBrowser, start = '/'): Promise<string> {
  const question = (await browser.get(start)).location
  assert.ok(question)
  const back = (await browser.get(question.href)).location
  assert.ok(back)
  return back.href
}

async function signedIn(browser: SignInBrowser): Promise<SignInBrowser> {
  assert.equal((await browser.get(await callbackFor(browser))).status, 302)
  assert.equal((await browser.get('/')).status, 200)
  return browser
}

test('the question to the issuer has a state, a nonce and PKCE, and the cookies are for this host, https and no script', async (t) => {
  const { issuer, browse } = await openBed(t)
  const answer = await browse().get('/a?b=c')
  assert.equal(answer.status, 302)
  const { searchParams } = answer.location ?? new URL('about:blank')
  assert.match(searchParams.get('state') ?? '', /^0\.[\w-]{43}$/)
  assert.match(searchParams.get('nonce') ?? '', /^[\w-]{43}$/)
  assert.deepEqual(
    ['response_type', 'client_id', 'redirect_uri', 'scope', 'code_challenge_method'].map((name) =>
      searchParams.get(name),
    ),
    ['code', 'site', 'https://site.test/.postern/callback', 'openid email profile', 'S256'],
  )
  const [cookie = ''] = answer.headers['set-cookie'] ?? []
  assert.match(cookie, /^__Host-postern-sign-in-0=[\w.-]+; Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=Lax$/)
  assert.equal(answer.headers['cache-control'], 'no-store')

  const browser = browse()
  const back = await browser.get(await callbackFor(browser, '/a?b=c'))
  assert.equal(back.location?.href, 'https://site.test/a?b=c')
  const session = back.headers['set-cookie']?.find((line) => line.startsWith('__Host-postern-session='))
  assert.match(session ?? '', /; Path=\/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax$/)
  assert.doesNotMatch(session ?? '', /ali/)
  assert.match(issuer.redeemed[0]?.get('code_verifier') ?? '', /^[\w-]{43}$/)
})

test('who has no session is sent to the issuer only as a person who wants a page; everything else is 401', async (t) => {
  const { relay, browse } = await openBed(t)
  const browser = browse()
  for (const [method, headers] of [
    ['POST', {}],
    ['HEAD', {}],
    ['OPTIONS', {}],
    ['GET', { Accept: 'application/json' }],
    ['GET', { 'Sec-Fetch-Mode': 'cors' }],
  ] as const) {
    const { status, headers: got } = await browser.get('/', { method, headers })
    assert.equal(status, 401, method)
    assert.equal(got['www-authenticate'], 'Cookie realm="site", form-action="/.postern/sign-in"')
    assert.equal(got['set-cookie'], undefined)
  }
  const socket = connect({ port: portOf(relay, 'site'), host: '127.0.0.1' })
  socket.write(
    'GET / HTTP/1.1\r\nHost: site.test\r\nAccept: text/html\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  )
  assert.match(await text(socket), /^HTTP\/1\.1 401 /)
  const refused = (await auditRecords(relay, 7)).filter(({ result }) => result === 'refused')
  assert.ok(refused.some(({ reason }) => reason?.startsWith('TokenMissing')))
})

const forged: readonly (readonly [string, (claims: JWTPayload, issuer: ScriptedIssuer) => Promise<string> | string])[] =
  [
    ['with alg none', (claims) => `${part({ alg: 'none' })}.${part(claims)}.`],
    ['with alg none and a signature', (claims) => `${part({ alg: 'none' })}.${part(claims)}.AAAA`],
    [
      'signed with the client id as a symmetric key',
      (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from('site'.padEnd(32, '\0'))),
    ],
    ['that was altered', async (claims, issuer) => swapPayload(await issuer.sign(claims), { ...claims, sub: 'root' })],
    ['with another nonce', (claims, issuer) => issuer.sign({ ...claims, nonce: 'x' })],
    ['without nonce', (claims, issuer) => issuer.sign(without(claims, 'nonce'))],
    ['for another audience', (claims, issuer) => issuer.sign({ ...claims, aud: 'another' })],
    [
      'for two audiences, of which we are not the party',
      (claims, issuer) => issuer.sign({ ...claims, aud: ['site', 'b'], azp: 'b' }),
    ],
    ['of another issuer', (claims, issuer) => issuer.sign({ ...claims, iss: 'https://evil.test' })],
    ['that has run out', (claims, issuer) => issuer.sign({ ...claims, exp: (claims.iat ?? 0) - 3600 })],
    ['without subject', (claims, issuer) => issuer.sign(without(claims, 'sub'))],
    ['whose subject breaks a header', (claims, issuer) => issuer.sign({ ...claims, sub: 'ali\r\nX-Admin: 1' })],
  ]

test('an ID token lets nobody in that is forged, altered, old, or meant for another client or another sign-in', async (t) => {
  const { issuer, browse } = await openBed(t)
  for (const [what, idToken] of forged) {
    issuer.script = { idToken: (claims) => idToken(claims, issuer) }
    const browser = browse()
    const { status, body } = await browser.get(await callbackFor(browser))
    assert.equal(status, 403, `a token ${what}`)
    assert.match(body, /You were not signed in/)
    assert.equal(browser.siteCookies, '', what)
  }
})

test('people whom the rules do not name, or whose address nobody has verified, do not come in', async (t) => {
  const { issuer, browse } = await openBed(t)
  for (const claims of [
    { email: 'eve@example.test' },
    { email: 'ali@example.test.evil.test' },
    { email: 'ali@example.test\n' },
    { email: ['ali@example.test'] },
    { email: undefined },
    { email_verified: false },
    { email_verified: undefined },
  ]) {
    issuer.script = { claims }
    const browser = browse()
    const { status, body } = await browser.get(await callbackFor(browser))
    assert.equal(status, 403, JSON.stringify(claims))
    assert.match(body, /You may not use this site/)
    assert.equal((await browser.get('/')).status, 302)
  }
})

test('an answer of the issuer counts in the browser that has asked, and there once', async (t) => {
  const { issuer, browse } = await openBed(t)
  const [victim, attacker] = [browse(), browse()]
  // Login CSRF: the victim is made to open the way back of the attacker's own sign-in.
  const attackersWay = await callbackFor(attacker)
  assert.equal((await victim.get(attackersWay)).status, 400)
  await victim.get('/')
  const crossed = await victim.get(attackersWay)
  assert.equal(crossed.status, 400)
  assert.match(crossed.body, /This sign-in has no beginning/)
  const wrong = new URL(attackersWay)
  for (const state of ['', '0', '0.', '9.x', `0.${'A'.repeat(43)}`]) {
    wrong.searchParams.set('state', state)
    assert.equal((await attacker.get(wrong.href)).status, 400, state)
  }
  assert.equal(issuer.redeemed.length, 0)
  assert.equal((await attacker.get(attackersWay)).status, 302)
  assert.equal((await attacker.get(attackersWay)).status, 400)
})

test('a session counts at its host and entry only, unaltered', async (t) => {
  const { browse } = await openBed(t)
  const browser = await signedIn(browse())
  const cookie = browser.siteCookies
  const [name = '', value = ''] = cookie.split('=')
  const tries: readonly (readonly [SignInBrowser, string])[] = [
    [browse('site', 'twin.test'), cookie],
    [browse('other'), cookie],
    [browse(), `${name}=${value.slice(0, -5)}AAAAA`],
    [browse(), `${name}=${value.replace(/^[^.]+/, part({ alg: 'none' }))}`],
    [browse(), `${name}=${part({ alg: 'none' })}.${part({ sub: 'ali', aud: 'site.test', exp: 9_999_999_999 })}.`],
    [browse(), `${name}=`],
    [browse(), `${name}=${'A'.repeat(8000)}`],
    [browse(), `__Host-postern-sign-in-0=${value}`],
  ]
  for (const [stranger, given] of tries) {
    assert.equal((await stranger.get('/', { headers: { Cookie: given } })).status, 302, given.slice(0, 60))
  }
  // The cookie of a beginning, which strangers get, is no session.
  const beginner = browse()
  await beginner.get('/')
  const beginning = beginner.siteCookies.split('=')[1] ?? ''
  assert.equal((await browse().get('/', { headers: { Cookie: `${name}=${beginning}` } })).status, 302)
  assert.equal((await browse().get('/', { headers: { Cookie: cookie } })).status, 200)
})

test('relays with the same session key know the sessions of each other, and no others do', async (t) => {
  const issuer = await ScriptedIssuer.start()
  t.after(() => issuer[Symbol.asyncDispose]())
  const more = { issuer: issuer.issuer }
  const key = 'k'.repeat(32)
  const [one, two, stranger] = [await openBed(t, more, key), await openBed(t, more, key), await openBed(t, more)]
  const { siteCookies } = await signedIn(one.browse())
  const asked = async ({ browse }: Bed) => (await browse().get('/', { headers: { Cookie: siteCookies } })).status
  assert.deepEqual([await asked(two), await asked(stranger)], [200, 302])
  // A sign-in that was begun at one of them ends at the other.
  const browser = one.browse()
  const way = await callbackFor(browser)
  const elsewhere = two.browse()
  elsewhere.cookies.set('site.test', new Map(browser.cookies.get('site.test')))
  assert.equal((await elsewhere.get(way)).status, 302)
})

test('targets see what we say of a person, and neither our cookies nor what the device says', async (t) => {
  const { browse } = await openBed(t)
  const browser = await signedIn(browse())
  const lies = {
    'x-forwarded-user': 'root',
    X_FORWARDED_USER: 'root',
    'X-Forwarded_Email': 'root@example.test',
    'X-Forwarded-Groups': 'admins',
    Connection: 'close, X-Forwarded-User, X-Forwarded-Email',
    Cookie: `a=1; ${browser.siteCookies}; __host-postern-x=2; b=3`,
  }
  const seen = JSON.parse((await browser.get('/', { headers: lies })).body) as Record<string, string>
  const said = Object.entries(seen).filter(([name]) => /user|email|groups|cookie/i.test(name))
  assert.deepEqual(Object.fromEntries(said), {
    cookie: 'a=1; b=3',
    'x-forwarded-user': 'ali',
    'x-forwarded-email': 'ali@example.test',
  })
  const { Connection: _, ...others } = lies
  const open = JSON.parse((await browse('open').get('/', { headers: others })).body) as Record<string, string>
  assert.equal(open['cookie'], 'a=1; b=3')
  assert.equal(open['x-forwarded-user'], undefined)
})

test('nobody is led elsewhere after a sign-in', async (t) => {
  const { browse } = await openBed(t)
  for (const path of ['//evil.test', '//evil.test/%2e%2e', '/\\evil.test']) {
    const asked = await browse().get(path)
    assert.equal(asked.status, 400, path)
    assert.match(asked.body, /leads elsewhere/)
  }
  for (const path of [
    '//evil.test',
    '/\\evil.test',
    'https://evil.test/',
    'evil.test',
    '/\t/evil.test',
    '/.//evil.test',
    '/x/..//evil.test',
    'javascript:alert(1)',
  ]) {
    const asked = await browse().get(`/.postern/sign-in?return=${encodeURIComponent(path)}`)
    assert.equal(asked.status, 400, path)
    assert.equal(asked.location, undefined)
  }
})

test('a session ends when its time is over, and a WebSocket that came in by it ends too', async (t) => {
  const { browse, relay } = await openBed(t)
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const browser = await signedIn(browse())
  const cookie = browser.siteCookies
  // One second before the end of eight hours: the relay counts the rest of it by the clock.
  t.mock.timers.setTime(Date.now() + 8 * 3_600_000 - 1500)
  const socket = connect({ port: portOf(relay, 'site'), host: '127.0.0.1' })
  socket.on('error', () => {})
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(10_000) })
  socket.write(
    `GET / HTTP/1.1\r\nHost: site.test\r\nCookie: ${cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  )
  const [head] = (await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer]
  assert.match(String(head), /^HTTP\/1\.1 101 /)
  await closed
  t.mock.timers.setTime(Date.now() + 2000)
  assert.equal((await browse().get('/', { headers: { Cookie: cookie } })).status, 302)
  assert.equal((await browse().get('/', { method: 'POST', headers: { Cookie: cookie } })).status, 401)
})

test('an issuer that is away, lies about itself, sends too much or leads to another scheme opens no door', async (t) => {
  const scripts: readonly (readonly [string, ScriptedIssuer['script']])[] = [
    ['is cut', { answer: (request) => Boolean(request.socket.destroy()) }],
    ['fails', { answer: (_request, response) => Boolean(response.writeHead(500).end()) }],
    ['is another one', { metadata: { issuer: 'https://evil.test' } }],
    [
      'redirects',
      { answer: (_request, response) => Boolean(response.writeHead(302, { Location: '/elsewhere' }).end()) },
    ],
    ['sends too much', { metadata: { much: 'x'.repeat(300_000) } }],
    ['signs in by a script', { metadata: { authorization_endpoint: 'javascript:alert(1)' } }],
    ['has no place to sign in', { metadata: { authorization_endpoint: undefined } }],
  ]
  for (const [what, script] of scripts) {
    const { issuer, browse } = await openBed(t)
    issuer.script = script
    const { status, body, headers } = await browse().get('/')
    assert.equal(status, 503, what)
    assert.match(body, /Sign-in is not possible now/)
    assert.equal(headers['set-cookie'], undefined)
    const asked = issuer.paths.length
    assert.equal((await browse().get('/')).status, 503)
    assert.equal(issuer.paths.length, asked, 'strangers cause no flood')
  }
})

test('an issuer that goes away between question and answer lets nobody in, nor do keys at another scheme', async (t) => {
  const { issuer, relay, browse } = await openBed(t)
  const browser = browse()
  const callback = await callbackFor(browser)
  issuer.script = { answer: (_request, response) => Boolean(response.writeHead(502).end()) }
  const { status } = await browser.get(callback)
  assert.equal(status, 503)
  assert.equal((await browser.get('/')).status, 302)
  assert.match((await auditRecords(relay, 2)).at(-1)?.reason ?? '', /^IssuerUnavailable: .*unexpected HTTP response/)

  const { issuer: other, browse: browseOther } = await openBed(t)
  other.script = { metadata: { jwks_uri: 'file:///etc/passwd' } }
  const person = browseOther()
  assert.notEqual((await person.get(await callbackFor(person))).status, 302)
  assert.equal(person.siteCookies.includes('session'), false)
})

test('one source signs in no faster than a few times a second', async (t) => {
  const { browse } = await openBed(t)
  const statuses: number[] = []
  for (let at = 0; at < 40; at += 1) statuses.push((await browse().get('/')).status)
  assert.ok(statuses.slice(0, 20).every((status) => status === 302))
  assert.ok(statuses.includes(429))
})

test('one browser begins four sign-ins at a time, and each of them comes to its end', async (t) => {
  const { browse } = await openBed(t)
  const browser = browse()
  const ways: string[] = []
  for (const path of ['/1', '/2', '/3', '/4']) ways.push(await callbackFor(browser, path))
  assert.equal(browser.siteCookies.split(';').length, 4)
  await browser.get('/5')
  assert.equal(browser.siteCookies.split(';').length, 4)
  assert.ok((await Promise.all(ways.map((way) => browser.get(way)))).filter(({ status }) => status === 302).length >= 3)
})

test('another site does not sign people out by a link, and paths of ours do not reach the target', async (t) => {
  const { browse } = await openBed(t)
  const browser = await signedIn(browse())
  const asked = await browser.get('/.postern/sign-out', { headers: { 'Sec-Fetch-Site': 'cross-site' } })
  assert.match(asked.body, /Sign out\?/)
  assert.equal((await browser.get('/')).status, 200)
  assert.equal((await browser.get('/.postern/else')).status, 404)
  assert.equal((await browser.get('/.postern/sign-in', { method: 'POST' })).status, 405)
  await browser.get('/.postern/sign-out')
  assert.equal((await browser.get('/')).status, 302)
})

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function swapPayload(token: string, claims: JWTPayload): string {
  const [head, , signature] = token.split('.')
  return [head, part(claims), signature].join('.')
}

function without({ ...claims }: JWTPayload, name: 'nonce' | 'sub'): JWTPayload {
  delete claims[name]
  return claims
}
