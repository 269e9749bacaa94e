// Browsers as senders, without a library: what RFC 6455 and the browser's own rules let through.
import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { Listener, type RelayedRequest, type RelayedResponse } from '@postern/client'
import { type RawWebSocket, type ScriptedListener, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { decodeClose, Opcode } from '@postern/websocket'
import type { Page } from 'puppeteer-core'
import { missingPrograms } from './run-program.ts'
import { browserPrograms, TrustingBrowser } from './trusting-browser.ts'

const packages = { [browserPrograms.chromium]: 'chromium', [browserPrograms.firefox]: 'firefox-esr' }
const skip = missingPrograms({ ...packages, certutil: 'libnss3-tools' })

/** All that the page knows: WebSocket, fetch, EventSource. Each function answers with what can be written as JSON. */
const pageSource = `<!doctype html><title>Postern</title><script>
const sockets = []
function open(url, protocols = []) {
  const socket = new WebSocket(url, protocols)
  socket.binaryType = 'arraybuffer'
  const seen = { messages: [], close: undefined, wake() {} }
  socket.onmessage = ({ data }) => { seen.messages.push(data); seen.wake() }
  socket.onclose = ({ code, reason, wasClean }) => { seen.close = { code, reason, wasClean }; seen.wake() }
  sockets.push({ socket, seen })
  return new Promise((resolve) => {
    socket.onopen = () => resolve({ protocol: socket.protocol, extensions: socket.extensions })
    socket.onerror = () => resolve('error')
  })
}
const last = () => sockets.at(-1)
const change = () => new Promise((resolve) => { last().seen.wake = resolve })
async function nextMessage() {
  const { messages } = last().seen
  while (messages.length === 0) await change()
  return messages.shift()
}
async function sendText(text) {
  last().socket.send(text)
  return nextMessage()
}
async function sendBytes(length) {
  const bytes = new Uint8Array(length).map((_, i) => i * 7 + (i >> 8))
  last().socket.send(bytes)
  const answer = await nextMessage()
  if (!(answer instanceof ArrayBuffer)) return typeof answer
  const back = new Uint8Array(answer)
  return back.length === length && back.every((byte, i) => byte === bytes[i])
}
function close(code, reason) { last().socket.close(code, reason) }
async function closed() {
  while (!last().seen.close) await change()
  return last().seen.close
}
async function ask(url, options) {
  const response = await fetch(url, options)
  return { status: response.status, header: response.headers.get('x-answer'), text: await response.text() }
}
function events(url, count) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(url)
    const seen = []
    source.onerror = () => reject(new Error('the stream broke'))
    source.onmessage = ({ data }) => {
      seen.push(data)
      if (seen.length < count) return
      source.close()
      resolve(seen)
    }
  })
}
</script>`

async function serve(request: RelayedRequest, response: RelayedResponse): Promise<void> {
  const path = request.url.replace(/\?.*/, '')
  if (path === '/open/page') response.setHeader('Content-Type', 'text/html').end(pageSource)
  else if (path === '/open/events') {
    response.setHeader('Content-Type', 'text/event-stream')
    for (let i = 0; i < 3; i += 1) response.write(`data: ${i}\n\n`)
  } else {
    const body = await buffer(request)
    response.setHeader('X-Answer', 'yes')
    response.end(`${request.method} ${request.headers['origin'] ?? 'no origin'} ${body.length}`)
  }
}

for (const kind of ['chromium', 'firefox'] as const) {
  describe(kind, { skip, timeout: 120_000 }, () => {
    let relay: TestRelay
    let listener: ScriptedListener
    let web: Listener
    let browser: TrustingBrowser
    let page: Page

    before(async () => {
      relay = await startTestRelay()
      listener = await relay.listen('echo')
      web = new Listener({ connectionString: relay.access('open').listen, tls: relay.tls, onRequest: serve })
      await web.open()
      browser = await TrustingBrowser.start(kind, String(relay.tls.ca))
      page = await browser.browser.newPage()
      await page.goto(`https://${relay.host}/open/page`)
    })

    after(async () => {
      await browser?.[Symbol.asyncDispose]()
      await web?.close()
      listener?.close()
      await relay?.[Symbol.asyncDispose]()
    })

    /** Calls a function of the page. */
    function call(name: string, ...args: readonly unknown[]): Promise<unknown> {
      return page.evaluate(`${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`)
    }

    function senderUrl(path = 'echo', token = signToken(relay.access('echo').send)): string {
      const query = `sb-hc-action=connect&sb-hc-token=${encodeURIComponent(token)}`
      return `wss://${relay.host}/$hc/${path}?${query}`
    }

    /** Joins a page's WebSocket with the listener. */
    async function join(
      protocols: readonly string[] = [],
      chosen?: string,
    ): Promise<{ opened: unknown; rendezvous: RawWebSocket }> {
      const opening = call('open', senderUrl(), protocols)
      const { address } = await listener.nextAccept()
      const rendezvous = await listener.rendezvous(address, chosen === undefined ? {} : { protocols: [chosen] })
      return { opened: await opening, rendezvous }
    }

    test('a WebSocket is joined with its token in the query; what the browser offers is seen by the listener', async () => {
      const opening = call('open', senderUrl('echo/sub'))
      const { address, connectHeaders } = await listener.nextAccept()
      assert.match(address, /\/\$hc\/echo\/sub\?sb-hc-action=accept&sb-hc-id=/)
      assert.equal(connectHeaders['Origin'], `https://${relay.host}`)
      assert.match(connectHeaders['Sec-WebSocket-Extensions'] ?? '', /permessage-deflate/)
      const rendezvous = await listener.rendezvous(address)
      assert.deepEqual(await opening, { protocol: '', extensions: '' })
      rendezvous.abort()
    })

    test('text stays text and bytes stay bytes', async () => {
      const { rendezvous } = await join()
      const echoedText = call('sendText', 'Grüße, 世界 🚪')
      const text = await rendezvous.frames.next()
      assert.equal(text.opcode, Opcode.text)
      rendezvous.text(text.payload.toString())
      assert.equal(await echoedText, 'Grüße, 世界 🚪')

      const echoedBytes = call('sendBytes', 300_000)
      const parts: Buffer[] = []
      for (;;) {
        const frame = await rendezvous.frames.next()
        assert.equal(frame.opcode, parts.length === 0 ? Opcode.binary : Opcode.continuation)
        parts.push(frame.payload)
        if (frame.fin) break
      }
      rendezvous.binary(Buffer.concat(parts))
      assert.equal(await echoedBytes, true)
      rendezvous.abort()
    })

    test('the subprotocol that the listener accepts is the one that the page gets', async () => {
      const { opened, rendezvous } = await join(['soap', 'wamp'], 'wamp')
      assert.deepEqual(opened, { protocol: 'wamp', extensions: '' })
      rendezvous.abort()
    })

    test("the page's close code and reason reach the listener, and its answer ends the connection", async () => {
      const { rendezvous } = await join()
      await call('close', 4001, 'that is all')
      const frame = await rendezvous.frames.next()
      assert.equal(frame.opcode, Opcode.close)
      assert.deepEqual(decodeClose(frame.payload), { code: 4001, reason: 'that is all' })
      rendezvous.close(4001, 'that is all')
      assert.deepEqual(await call('closed'), { code: 4001, reason: 'that is all', wasClean: true })
    })

    test("the listener's close code and reason reach the page", async () => {
      const { rendezvous } = await join()
      rendezvous.close(4002, 'enough')
      assert.deepEqual(await call('closed'), { code: 4002, reason: 'enough', wasClean: true })
      assert.deepEqual(decodeClose((await rendezvous.frames.next()).payload).code, 4002)
    })

    test('a listener that breaks off is a closure without a code', async () => {
      const { rendezvous } = await join()
      rendezvous.abort()
      assert.deepEqual(await call('closed'), { code: 1006, reason: '', wasClean: false })
    })

    test('a WebSocket is refused with a wrong token', async () => {
      const token = signToken(relay.access('echo').send, { path: 'other' })
      assert.equal(await call('open', senderUrl('echo', token)), 'error')
      assert.deepEqual(await call('closed'), { code: 1006, reason: '', wasClean: false })
    })

    test('fetch gets what the listener answers, bodies of any size included', async () => {
      const origin = `https://${relay.host}`
      assert.deepEqual(await call('ask', '/open/data'), { status: 200, header: 'yes', text: 'GET no origin 0' })
      for (const size of [10, 200_000]) {
        const answer = await call('ask', '/open/data', { method: 'POST', body: 'x'.repeat(size) })
        assert.deepEqual(answer, { status: 200, header: 'yes', text: `POST ${origin} ${size}` })
      }
    })

    test('an EventSource gets server-sent events', async () => {
      assert.deepEqual(await call('events', '/open/events', 3), ['0', '1', '2'])
    })
  })
}
