// Messages with curl and with browsers' own WebSocket, fetch and EventSource, from a page of another origin.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { Sender } from '@postern/client'
import { MessageQueue, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import type { Page } from 'puppeteer-core'
import { missingPrograms, type RunningProgram, startProgram } from './run-program.ts'
import { browserPrograms, TrustingBrowser } from './trusting-browser.ts'

function startMessageRelay(): Promise<TestRelay> {
  const rules = [{ name: 'root', rights: ['Listen', 'Send', 'Manage'] }] as const
  const hybridConnections = [{ name: 'news', actions: ['send', 'publish', 'subscribe'] as const }]
  return startTestRelay({
    resources: { namespaces: [{ name: 'local', default: true, rules, hybridConnections }] },
  })
}

const tokenOf = (relay: TestRelay): string => encodeURIComponent(signToken(relay.access('news').send))

describe('curl', { skip: missingPrograms({ curl: 'curl' }), timeout: 60_000 }, () => {
  let relay: TestRelay
  let folder: string

  before(async () => {
    relay = await startMessageRelay()
    folder = mkdtempSync(join(tmpdir(), 'postern-curl-'))
    writeFileSync(join(folder, 'ca.pem'), relay.relay.caPem ?? '')
  })

  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await relay[Symbol.asyncDispose]()
  })

  function curl(...args: string[]): RunningProgram {
    return startProgram('curl', ['--silent', '--show-error', '--cacert', join(folder, 'ca.pem'), ...args])
  }

  async function send(action: 'send' | 'publish', ...args: string[]): Promise<string> {
    const header = `ServiceBusAuthorization: ${signToken(relay.access('news').send)}`
    const program = curl('-H', header, '--dump-header', '-', ...args, `${relay.relay.data}/news?sb-hc-action=${action}`)
    const [stdout, stderr] = await Promise.all([text(program.stdout), text(program.stderr), once(program, 'close')])
    assert.equal(program.exitCode, 0, stderr)
    return stdout
  }

  test('subscribes to events, sends and publishes', async () => {
    const lines = new MessageQueue<string>()
    const url = `${relay.relay.data}/news?sb-hc-action=subscribe&sb-hc-token=${tokenOf(relay)}`
    const subscriber = curl('--no-buffer', '--include', url)
    createInterface({ input: subscriber.stdout }).on('line', (line) => lines.push(line))
    assert.match(await lines.next(10_000), /^HTTP\/1\.1 200 /)
    let head = ''
    for (let line = await lines.next(); line !== ''; line = await lines.next()) head += `${line.toLowerCase()}\n`
    assert.match(head, /^content-type: text\/event-stream/m)

    assert.match(await send('publish', '-d', 'hello\nagain'), /^HTTP\/1\.1 202 Accepted\r\n.*sb-hc-receivers: 1\r\n/is)
    // Without a listener it is the subscriber that gets what is sent to one.
    const sent = await send('send', '--data-binary', '@/dev/null', '-H', 'Content-Type: text/plain')
    assert.match(sent, /sb-hc-receivers: 1\r\n/i)
    await send('publish', '-H', 'Transfer-Encoding: chunked', '-H', 'Content-Type: text/plain', '-d', 'chunked')

    const seen: string[] = []
    while (!seen.includes('data: chunked')) seen.push(await lines.next(10_000))
    const events = seen.filter((line) => line.startsWith('data:') || line.startsWith('event:'))
    // curl says application/x-www-form-urlencoded by itself: not text, so it comes as bytes.
    assert.deepEqual(events.slice(0, 2), ['event: binary', `data: ${Buffer.from('hello\nagain').toString('base64')}`])
    assert.equal(events.at(-1), 'data: chunked')
    assert.match(seen.join('\n'), /^id: [0-9a-f-]{36}$/m)
    subscriber.kill('SIGTERM')
    await once(subscriber, 'close')
  })

  test('reads why it is refused', async () => {
    const answer = await send('publish', '--data-binary', `@${process.execPath}`)
    assert.match(answer, /^HTTP\/1\.1 413 The message is too large/m)
  })
})

/** All that the page has. What comes is collected by the name of its way. */
const pageSource = `<!doctype html><title>News</title><script>
const seen = { socket: [], events: [] }
let wake = () => {}
const add = (way, item) => { seen[way].push(item); wake() }
const opened = (target) => new Promise((resolve, reject) => { target.onopen = () => resolve(true); target.onerror = () => reject(new Error('refused')) })
function subscribe(url) {
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  socket.onmessage = ({ data }) => add('socket', typeof data === 'string' ? data : [...new Uint8Array(data)])
  return opened(socket)
}
function follow(url) {
  const source = new EventSource(url)
  source.onmessage = ({ data }) => add('events', data)
  source.addEventListener('binary', ({ data }) => add('events', [...atob(data)].map((one) => one.charCodeAt(0))))
  return opened(source)
}
async function post(url, body, type) {
  const response = await fetch(url, { method: 'POST', body: typeof body === 'string' ? body : new Uint8Array(body), headers: { 'Content-Type': type } })
  return response.status
}
function stream(url, messages) {
  const socket = new WebSocket(url)
  const answers = []
  return new Promise((resolve, reject) => {
    socket.onerror = () => reject(new Error('refused'))
    socket.onopen = () => messages.forEach((message) => socket.send(message))
    socket.onmessage = ({ data }) => { if (answers.push(JSON.parse(data)) === messages.length) { socket.close(); resolve(answers) } }
  })
}
async function received(count) {
  while (seen.socket.length < count || seen.events.length < count) await new Promise((resolve) => { wake = resolve })
  return seen
}
</script>`

const packages = { [browserPrograms.chromium]: 'chromium', [browserPrograms.firefox]: 'firefox-esr' }
const skip = missingPrograms({ ...packages, certutil: 'libnss3-tools' })

for (const kind of ['chromium', 'firefox'] as const) {
  describe(`a page in ${kind}`, { skip, timeout: 120_000 }, () => {
    let relay: TestRelay
    let site: Server
    let browser: TrustingBrowser
    let page: Page

    before(async () => {
      relay = await startMessageRelay()
      site = createServer((_request, response) => response.setHeader('Content-Type', 'text/html').end(pageSource))
      site.listen(0, '127.0.0.1')
      await once(site, 'listening')
      browser = await TrustingBrowser.start(kind, String(relay.tls.ca))
      page = await browser.browser.newPage()
      await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`)
    })

    after(async () => {
      await browser?.[Symbol.asyncDispose]()
      site?.closeAllConnections()
      site?.close()
      await relay?.[Symbol.asyncDispose]()
    })

    const call = (name: string, ...args: readonly unknown[]): Promise<unknown> =>
      page.evaluate(`${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`)

    const url = (scheme: 'https' | 'wss', action: string): string =>
      `${scheme}://${relay.host}/${scheme === 'wss' ? '$hc/' : ''}news?sb-hc-action=${action}&sb-hc-token=${tokenOf(relay)}`

    test('receives by WebSocket and by EventSource what it publishes by fetch and by WebSocket, and what others do', async () => {
      assert.equal(await call('subscribe', url('wss', 'subscribe')), true)
      assert.equal(await call('follow', url('https', 'subscribe')), true)
      // A content type that no form has makes the browser ask before: a preflight that the relay answers.
      assert.equal(await call('post', url('https', 'publish'), '{"a":1}', 'application/json'), 202)
      assert.equal(await call('post', url('https', 'publish'), [0, 255], 'application/octet-stream'), 202)
      const answers = (await call('stream', url('wss', 'publish'), ['line one\nline two', '世界'])) as {
        readonly ack: { readonly receivers: number }
      }[]
      assert.deepEqual(
        answers.map(({ ack }) => ack.receivers),
        [2, 2],
      )
      await new Sender({ connectionString: relay.access('news').send, tls: relay.tls }).publish('from elsewhere')
      const messages = ['{"a":1}', [0, 255], 'line one\nline two', '世界', 'from elsewhere']
      assert.deepEqual(await call('received', messages.length), { socket: messages, events: messages })
    })
  })
}
