// A public port before which people sign in at a real OpenID provider: oidc-provider, which is certified by the OpenID Foundation.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { auditRecords } from '../conformance/audit-records.ts'
import { type Entry, portOf, serveTargets, startIngressRelay } from '../conformance/ingress-bed.ts'
import { metrics } from '../conformance/metrics.ts'
import { type BrowserAnswer, SignInBrowser } from '../conformance/sign-in-browser.ts'
import { openProvider, siteSecret } from './certified-provider.ts'

async function openSiteProvider(t: TestContext): Promise<string> {
  const provider = await openProvider(t)
  provider.serve(['https://site.test/.postern/callback'])
  return provider.issuer
}

async function openSite(t: TestContext): Promise<number> {
  const server = createServer((request, response) => {
    response.end(JSON.stringify({ url: request.url, headers: request.headers }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

async function secretFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-oidc-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'secret')
  await writeFile(file, `${siteSecret}\n`)
  return file
}

/** Sends the form of a provider's page as a person does; undefined where there is none. */
async function submit(browser: SignInBrowser, page: string, login: string): Promise<BrowserAnswer | undefined> {
  const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1]
  if (action === undefined) return undefined
  const hidden = [...page.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)]
  const fields = { login, password: 'any', ...Object.fromEntries(hidden.map(([, key, value]) => [key, value])) }
  return await browser.get(action, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  })
}

/** Follows a sign-in through the provider's pages until it is back at the site. */
async function signIn(browser: SignInBrowser, start: string, name: string): Promise<BrowserAnswer> {
  let answer = await browser.get(start)
  for (let steps = 0; steps < 12; steps += 1) {
    if (answer.location) {
      if (answer.location.hostname === 'site.test' && !answer.location.pathname.startsWith('/.postern/')) return answer
      answer = await browser.get(answer.location.href)
      continue
    }
    const step = await submit(browser, answer.body, name)
    if (!step) return answer
    answer = step
  }
  throw new Error('the sign-in does not end')
}

const host = { name: 'site', port: 0, hosts: ['site.test'], tls: 'terminate', hybridConnection: 'site' } as const

async function openRelay(t: TestContext, oidc: NonNullable<Entry['oidc']>) {
  const relay = await startIngressRelay([{ ...host, oidc }])
  t.after(() => relay[Symbol.asyncDispose]())
  const targets = await serveTargets(relay, { site: await openSite(t) })
  t.after(() => targets[Symbol.asyncDispose]())
  const { caPem } = relay.relay
  assert.ok(caPem)
  const browse = () => new SignInBrowser({ sitePort: portOf(relay, 'site'), siteName: 'site.test', caPem })
  return { relay, browse }
}

test('a person signs in at the provider, comes back to the page that was asked for, and signs out', async (t) => {
  const issuer = await openSiteProvider(t)
  const oidc = {
    issuer,
    clientId: 'site',
    clientSecretFile: await secretFile(t),
    scopes: ['email', 'groups'],
    allowed: { domains: ['example.TEST'], groups: ['staff'] },
    tellTarget: true,
  }
  const { relay, browse } = await openRelay(t, oidc)
  const browser = browse()
  const back = await signIn(browser, '/reports?year=2026', 'ali')
  assert.equal(back.location?.href, 'https://site.test/reports?year=2026')
  const smuggled = { 'X-Forwarded-User': 'root', X_Forwarded_Email: 'root@example.test' }
  const page = await browser.get('/reports?year=2026', { headers: smuggled })
  assert.equal(page.status, 200)
  const { url, headers } = JSON.parse(page.body) as { url: string; headers: Record<string, string> }
  assert.equal(url, '/reports?year=2026')
  assert.equal(headers['x-forwarded-user'], 'ali')
  assert.equal(headers['x-forwarded-email'], 'ali@example.test')
  assert.equal(headers['x_forwarded_email'], undefined)
  assert.equal(headers['x-forwarded-proto'], 'https')
  assert.equal(headers['cookie'], undefined)

  const own = 'namespace="local",ingress="site"'
  assert.equal(await metrics(relay, 'postern_ingress_sign_ins_total', own), 1)
  const records = await auditRecords(relay, 3)
  const signedIn = records.find(({ kind }) => kind === 'signIn')
  assert.equal(signedIn?.principal, 'ingress:site (ali@example.test)')
  assert.match(signedIn?.scope ?? '', /\/hybridConnections\/site$/i)

  const out = await browser.get('/.postern/sign-out')
  assert.equal(out.status, 200)
  assert.match(out.body, /You are signed out/)
  assert.equal(browser.siteCookies, '')
  assert.equal((await browser.get('/')).location?.origin, issuer)
})

test('a person whom the rules do not name is told so, with the account, and can use another one', async (t) => {
  const issuer = await openSiteProvider(t)
  const oidc = {
    issuer,
    clientId: 'public',
    scopes: ['email', 'groups'],
    allowed: { domains: ['example.test'], groups: ['staff'] },
  }
  const { relay, browse } = await openRelay(t, oidc)
  const browser = browse()
  const refused = await signIn(browser, '/', 'eve')
  assert.equal(refused.status, 403)
  assert.match(refused.body, /You are signed in as eve@example\.test, but/)
  assert.match(refused.body, /href="\/\.postern\/sign-in\?again"/)
  assert.equal(browser.siteCookies, '')
  assert.equal(await metrics(relay, 'postern_ingress_refusals_total', 'ingress="site",code="RightMissing"'), 1)
  const back = await signIn(browser, '/.postern/sign-in?again&return=/here', 'ali')
  assert.equal(back.location?.href, 'https://site.test/here')
  const { headers } = JSON.parse((await browser.get('/here')).body) as { headers: Record<string, string> }
  assert.equal(headers['x-forwarded-user'], undefined)
})

test('a code that has been used is used no second time', async (t) => {
  const issuer = await openSiteProvider(t)
  const { browse } = await openRelay(t, { issuer, clientId: 'public', anyone: true })
  const browser = browse()
  let answer = await browser.get('/')
  const begun = new Map(browser.cookies.get('site.test'))
  while (answer.location?.pathname !== '/.postern/callback') {
    const next = answer.location ? await browser.get(answer.location.href) : await submit(browser, answer.body, 'ali')
    assert.ok(next)
    answer = next
  }
  const callback = answer.location.href
  assert.equal((await browser.get(callback)).status, 302)
  // Whoever has stolen the address and the cookie of the beginning comes too late.
  const thief = browse()
  thief.cookies.set('site.test', begun)
  const replayed = await thief.get(callback)
  assert.equal(replayed.status, 403)
  assert.match(replayed.body, /You were not signed in/)
  assert.equal(thief.siteCookies, '')
})
