// The page where a person signs in for a program, in browsers as people have them.
import assert from 'node:assert/strict'
import { request } from 'node:https'
import { json } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { Secret } from '@postern/program'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import type { Page } from 'puppeteer-core'
import { missingPrograms } from './run-program.ts'
import { browserPrograms, TrustingBrowser } from './trusting-browser.ts'

const packages = { [browserPrograms.chromium]: 'chromium', [browserPrograms.firefox]: 'firefox-esr' }
const password = 'correct horse battery'

interface TokenAnswer {
  readonly user_code: string
  readonly device_code: string
  readonly verification_uri_complete: string
  readonly error?: string
  readonly access_token?: string
}

/** What the program that waits sends. */
async function post({ relay }: TestRelay, path: string, form: Record<string, string>): Promise<TokenAnswer> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const options = { method: 'POST', headers, ca: relay.caPem ?? '', agent: false }
  return await new Promise((resolve, reject) => {
    const sent = request(`${relay.management}/common/oauth2/v2.0${path}`, options, (response) =>
      resolve(json(response) as Promise<TokenAnswer>),
    )
    sent.once('error', reject).end(new URLSearchParams(form).toString())
  })
}

for (const kind of ['chromium', 'firefox'] as const) {
  const program = browserPrograms[kind]
  const skip = missingPrograms({ [program]: packages[program] ?? '', certutil: 'libnss3-tools' })
  describe(`the device page in ${kind}`, { skip }, () => {
    let relay: TestRelay
    let browser: TrustingBrowser
    let page: Page
    /** What the browser complains about: a style that its policy refuses, a script, a missing file. */
    const complaints: string[] = []

    before(async () => {
      relay = await startTestRelay()
      const { directory } = relay.relay.server.identity
      const { id } = await directory.create({ kind: 'user', displayName: 'Ann', signInName: 'ann' })
      await directory.setPassword(id, new Secret(password))
      browser = await TrustingBrowser.start(kind, relay.relay.caPem ?? '')
      page = await browser.browser.newPage()
      page.on('console', (message) => complaints.push(message.text()))
    })

    after(async () => {
      await browser[Symbol.asyncDispose]()
      await relay[Symbol.asyncDispose]()
    })

    const submit = (action: string) => Promise.all([page.waitForNavigation(), page.click(`button[value="${action}"]`)])

    const heading = () => page.$eval('h1', (element) => element.textContent)

    test('a person is led from the code to consent, and the program gets its token', async () => {
      const begun = await post(relay, '/devicecode', {
        client_id: 'my-program',
        scope: 'https://relay.azure.net/.default',
      })
      await page.goto(`${relay.relay.management}/device`)
      assert.equal(await page.evaluate('document.activeElement.id'), 'code')
      await page.type('#code', begun.user_code.toLowerCase())
      await submit('look')
      assert.equal(await heading(), 'Allow this program?')
      assert.match(await page.$eval('dl', (element) => element.textContent ?? ''), /my-program.*127\.0\.0\.1/s)
      await page.type('#name', 'ann')
      await page.type('#password', 'wrong password')
      await submit('allow')
      assert.match(
        await page.$eval('[role=alert]', (element) => element.textContent ?? ''),
        /Name or password is wrong/,
      )
      assert.equal(await page.evaluate('document.activeElement.id'), 'password', 'the name need not be typed again')
      await page.type('#password', password)
      await submit('allow')
      assert.equal(await heading(), 'You are signed in')
      const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: 'my-program' }
      const { access_token } = await post(relay, '/token', { ...grant, device_code: begun.device_code })
      const caller = await relay.relay.server.identity.tokens.verify(access_token ?? '', 'data')
      assert.ok('name' in caller && caller.name === 'user:ann')
    })

    test('whoever did not start the program denies it, without a password', async () => {
      const begun = await post(relay, '/devicecode', { client_id: 'my-program' })
      await page.goto(begun.verification_uri_complete)
      await submit('look')
      await submit('deny')
      assert.equal(await heading(), 'Denied')
      const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: 'my-program' }
      const { error } = await post(relay, '/token', { ...grant, device_code: begun.device_code })
      assert.equal(error, 'authorization_declined')
    })

    test('its style is let in by its own policy, each field has a name, and nothing is wider than a telephone', async () => {
      await page.setViewport({ width: 320, height: 640 })
      const begun = await post(relay, '/devicecode', { client_id: 'x'.repeat(128) })
      await page.goto(begun.verification_uri_complete)
      await submit('look')
      const facts = await page.evaluate(`({
        display: getComputedStyle(document.body).display,
        unnamed: [...document.querySelectorAll('input:not([type=hidden])')].filter((input) => input.labels.length !== 1).length,
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      })`)
      assert.deepEqual(facts, { display: 'grid', unnamed: 0, overflow: 0 })
      assert.deepEqual(
        complaints.filter((text) => !/favicon|40[01]/.test(text)),
        [],
      )
    })
  })
}
