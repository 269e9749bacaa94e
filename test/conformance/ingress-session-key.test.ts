// Ingress processes behind a load balancer: people who sign in at one are known at the others.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PosternProcess, startTestRelay } from '@postern/testkit'
import { ScriptedIssuer } from './scripted-issuer.ts'
import { SignInBrowser } from './sign-in-browser.ts'

test('of two ingress processes with one session key, one knows who has signed in at the other', async (t) => {
  await using relay = await startTestRelay()
  await using issuer = await ScriptedIssuer.start()
  const folder = await mkdtemp(join(tmpdir(), 'postern-ingress-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const [file, caFile, key, otherKey] = ['relay.yaml', 'ca.pem', 'key', 'other'].map((name) => join(folder, name))
  const oidc = { issuer: issuer.issuer, clientId: 'site', anyone: true, tlsEndsInFront: true }
  const entry = { name: 'a', port: 0, hybridConnection: 'echo', hosts: ['site.test'], oidc }
  await writeFile(file ?? '', JSON.stringify({ namespaces: [{ name: 'local', ingress: [entry] }] }))
  await writeFile(caFile ?? '', relay.relay.caPem ?? '')
  await writeFile(key ?? '', `${'k'.repeat(32)}\n`)
  await writeFile(otherKey ?? '', 'o'.repeat(32))
  const env = { POSTERN_CONNECTION_STRING: relay.access('echo').send.replace(/;EntityPath=[^;]*/, '') }
  const start = async (keyFile = '') => {
    const args = ['ingress', '-f', file ?? '', '--health', '0', '--tls-ca', caFile ?? '', '--session-key-file', keyFile]
    const running = new PosternProcess(args, { env })
    t.after(() => running[Symbol.asyncDispose]())
    const [, port] = await running.waitFor('stderr', /"a:(\d+)"/)
    return new SignInBrowser({ sitePort: Number(port), siteName: 'site.test' })
  }
  const [one, two, stranger] = [await start(key), await start(key), await start(otherKey)]
  const question = (await one.get('/')).location
  const back = (await one.get(question?.href ?? '')).location
  assert.equal((await one.get(back?.href ?? '')).status, 302)
  const headers = { Cookie: one.siteCookies }
  // Nobody listens, so whoever is let in reads 502.
  assert.deepEqual(
    [(await two.get('/', { headers })).status, (await stranger.get('/', { headers })).status],
    [502, 302],
  )
})
