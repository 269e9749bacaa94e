// Sign-in before an HTTP host at a real OpenID provider, in browsers as people have them: their rules for cookies decide too.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'puppeteer-core'
import { portOf, serveTargets, startIngressRelay } from '../conformance/ingress-bed.ts'
import { openProvider } from '../interop/certified-provider.ts'
import { missingPrograms } from './run-program.ts'
import { browserPrograms, TrustingBrowser } from './trusting-browser.ts'

const packages = { [browserPrograms.chromium]: 'chromium', [browserPrograms.firefox]: 'firefox-esr' }

/** A site that shows who has come, and echoes what a page of it sends by WebSocket. */
function siteServer(): Server {
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html')
    response.end(
      `<h1>Welcome ${String(request.headers['x-forwarded-user'])}</h1><p>${request.headers.cookie ?? 'none'}</p>`,
    )
  })
  return server.listen(0, '127.0.0.1')
}

for (const kind of ['chromium', 'firefox'] as const) {
  const program = browserPrograms[kind]
  const skip = missingPrograms({ [program]: packages[program] ?? '', certutil: 'libnss3-tools' })
  describe(`sign-in before a site in ${kind}`, { skip }, () => {
    let page: Page
    let site: string
    const cleanUps: (() => unknown)[] = []

    before(async () => {
      const provider = await openProvider({ after: (work) => void cleanUps.push(work as () => unknown) })
      const server = siteServer()
      await once(server, 'listening')
      cleanUps.push(() => server.close())
      const relay = await startIngressRelay([
        {
          name: 'site',
          port: 0,
          hosts: ['site.localhost'],
          tls: 'terminate',
          hybridConnection: 'site',
          oidc: {
            issuer: provider.issuer,
            clientId: 'public',
            scopes: ['email', 'groups'],
            allowed: { domains: ['example.test'], groups: ['staff'] },
            tellTarget: true,
          },
        },
      ])
      cleanUps.push(() => relay[Symbol.asyncDispose]())
      const targets = await serveTargets(relay, { site: (server.address() as AddressInfo).port })
      cleanUps.push(() => targets[Symbol.asyncDispose]())
      site = `https://site.localhost:${portOf(relay, 'site')}`
      provider.serve([`${site}/.postern/callback`])
      const browser = await TrustingBrowser.start(kind, relay.relay.caPem ?? '')
      cleanUps.push(() => browser[Symbol.asyncDispose]())
      page = await browser.browser.newPage()
    })

    after(async () => {
      for (const cleanUp of cleanUps.toReversed()) await cleanUp()
    })

    const heading = () => page.$eval('h1', (element) => element.textContent)

    const siteCookies = async () =>
      (await page.browser().cookies()).filter(({ domain }) => domain.endsWith('site.localhost'))

    const until = (words: RegExp) =>
      page.waitForFunction(`${words}.test(document.querySelector('h1')?.textContent ?? '')`)

    const press = () => Promise.all([page.waitForNavigation(), page.click('button[type=submit]')])

    const signInAs = async (name: string): Promise<void> => {
      await page.type('input[name=login]', name)
      await page.type('input[name=password]', 'any')
      await press()
      // Another account takes the place of the first by a page that goes on by itself; then there is consent.
      await until(/^(?:Authorize|Welcome|You may)/)
      if ((await heading()) === 'Authorize') await press()
      await until(/^(?:Welcome|You may)/)
    }

    test('who may not come reads so, and comes in with another account, to the page that was asked for', async () => {
      await page.goto(`${site}/reports?year=2026`)
      await signInAs('eve')
      assert.equal(await heading(), 'You may not use this site')
      assert.match(await page.$eval('main', (main) => main.textContent ?? ''), /signed in as eve@example\.test, but/)
      await page.goto(`${site}/.postern/sign-in?again&return=/reports%3Fyear=2026`)
      await signInAs('ali')
      assert.equal(page.url(), `${site}/reports?year=2026`)
      assert.equal(await heading(), 'Welcome ali')
      assert.equal(await page.$eval('p', (element) => element.textContent), 'none')
      assert.equal(await page.evaluate('document.cookie'), '')
    })

    test('whoever is signed in stays so until they sign out', async () => {
      await page.goto(`${site}/`)
      assert.equal(await heading(), 'Welcome ali')
      const [cookie, ...others] = await siteCookies()
      assert.deepEqual(others, [])
      const { name, secure, httpOnly, sameSite, domain } = cookie ?? {}
      assert.deepEqual(
        [name, secure, httpOnly, sameSite, domain],
        ['__Host-postern-session', true, true, 'Lax', 'site.localhost'],
      )
      await page.goto(`${site}/.postern/sign-out`)
      assert.equal(await heading(), 'You are signed out')
      assert.deepEqual(await siteCookies(), [])
    })
  })
}
