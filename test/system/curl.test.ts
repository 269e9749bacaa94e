// The HTTP side with a sender that is not ours; the listener is @postern/client's, as its users write it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createInterface } from 'node:readline'
import { buffer, text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import type { RelayedRequest, RelayedResponse } from '@postern/client'
import { CurlSite, expectDownload, expectUpload } from './curl-transfer.ts'
import { RelayProcess } from './relay-process.ts'
import { missingPrograms, type RunningProgram } from './run-program.ts'

const bulkBytes = Number(process.env['POSTERN_CURL_MIB'] ?? 512) * 1_048_576
const skip = missingPrograms({ curl: 'curl' })

// A first start from source compiles it, and the compiler is not the relay.
before(async () => (await RelayProcess.start([]))[Symbol.asyncDispose](), { timeout: 60_000 })

test('512 MiB are uploaded while the relay stays under 200 MB', { skip }, (context) =>
  expectUpload(context, { bytes: bulkBytes, timeoutMs: 120_000 }),
)

test('512 MiB are downloaded while the relay stays under 200 MB', { skip }, (context) =>
  expectDownload(context, { bytes: bulkBytes, timeoutMs: 120_000 }),
)

type Handler = (request: RelayedRequest, response: RelayedResponse) => unknown

interface CurlResult {
  readonly stdout: string
  readonly stderr: string
}

async function finish(curl: RunningProgram): Promise<CurlResult> {
  const closed = once(curl, 'close')
  const [stdout, stderr] = await Promise.all([text(curl.stdout), text(curl.stderr), closed])
  assert.equal(curl.exitCode, 0, stderr)
  return { stdout, stderr }
}

describe('curl', { skip, timeout: 60_000 }, () => {
  let site: CurlSite
  let onRequest: Handler

  before(async () => {
    site = await CurlSite.open((request, response) => onRequest(request, response))
  })

  after(async () => {
    await site.relay.untilMetric('postern_active_connections', 0)
    assert.equal(await site.relay.metric('postern_pending_offers'), 0)
    await site[Symbol.asyncDispose]()
  })

  test('gets status, headers and body of the listener, and the listener sees path, query and method', async () => {
    onRequest = async (request, response) => {
      const body = (await buffer(request)).toString()
      response.writeHead(201, { 'X-Answer': 'yes', 'Content-Type': 'text/plain' })
      response.end(`${request.method} ${request.url} ${request.headers['x-question']} ${body}`)
    }
    const args = ['--include', '--request', 'PATCH', '--header', 'X-Question: why', '--data-binary', 'body']
    const { stdout } = await finish(site.curl('site/a%20b?c=d', args))
    assert.match(stdout, /^HTTP\/1\.1 201 Created\r\n/)
    assert.match(stdout, /\r\nX-Answer: yes\r\n/i)
    assert.match(stdout, /\r\n\r\nPATCH \/site\/a b\?c=d why body$/)
  })

  test('is refused without a token where one is needed', async () => {
    const { stdout } = await finish(site.curl('closed', ['--include']))
    assert.match(stdout, /^HTTP\/1\.1 401 /)
  })

  test('gets each server-sent event when it is sent', async () => {
    const events = Promise.withResolvers<RelayedResponse>()
    onRequest = (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.flushHeaders()
      events.resolve(response)
    }
    const curl = site.curl('site/events', ['--no-buffer', '--header', 'Accept: text/event-stream'])
    const response = await events.promise
    const lines = createInterface({ input: curl.stdout })[Symbol.asyncIterator]()
    for (let i = 0; i < 20; i += 1) {
      // The next one is sent only when this one has come out of curl.
      response.write(`data: ${i}\n\n`)
      assert.deepEqual([(await lines.next()).value, (await lines.next()).value], [`data: ${i}`, ''])
    }
    response.end()
    await once(curl, 'close')
    assert.equal(curl.exitCode, 0)
  })

  test('polls: 20 requests wait at once and are answered in the opposite order', async () => {
    const waiting: [RelayedRequest, RelayedResponse][] = []
    const all = Promise.withResolvers<void>()
    onRequest = (request, response) => {
      waiting.push([request, response])
      if (waiting.length === 20) all.resolve()
    }
    const polls = Array.from({ length: 20 }, (_, i) => finish(site.curl(`site/poll?number=${i}`)))
    await all.promise
    for (const [request, response] of waiting.toReversed()) response.end(request.url)
    const answers = (await Promise.all(polls)).map(({ stdout }) => stdout)
    assert.deepEqual(
      answers,
      answers.map((_, i) => `/site/poll?number=${i}`),
    )
  })

  test('is killed in a download, and the listener sees it within a second', async () => {
    const seen = Promise.withResolvers<number>()
    onRequest = (request, response) => {
      const block = Buffer.alloc(65_536, 'x')
      const more = (): void => {
        while (!response.destroyed && response.write(block)) continue
      }
      request.signal.addEventListener('abort', () => seen.resolve(performance.now()))
      response.on('drain', more)
      more()
    }
    const curl = site.curl('site/endless')
    await once(curl.stdout, 'data')
    curl.stdout.destroy()
    curl.kill('SIGKILL')
    const killedAt = performance.now()
    const tookMs = (await seen.promise) - killedAt
    assert.ok(tookMs < 1000, `it took ${tookMs} ms`)
  })

  test('is killed while the listener has nothing to send, and the listener sees it within a second', async () => {
    const begun = Promise.withResolvers<void>()
    const seen = Promise.withResolvers<number>()
    onRequest = (request, response) => {
      request.signal.addEventListener('abort', () => seen.resolve(performance.now()))
      response.write('first')
      begun.resolve()
    }
    const curl = site.curl('site/quiet', ['--no-buffer'])
    await Promise.all([begun.promise, once(curl.stdout, 'data')])
    curl.kill('SIGKILL')
    const killedAt = performance.now()
    const tookMs = (await seen.promise) - killedAt
    assert.ok(tookMs < 1000, `it took ${tookMs} ms`)
  })

  test('is stopped in a download, and the listener is held back', async () => {
    const held = Promise.withResolvers<number>()
    let written = 0
    onRequest = (request, response) => {
      const block = Buffer.alloc(65_536, 'x')
      let timer: NodeJS.Timeout | undefined
      const more = (): void => {
        clearTimeout(timer)
        do written += block.length
        while (response.write(block))
        // All buffers on the way are full when nothing has moved for a second.
        timer = setTimeout(() => held.resolve(written), 1000)
      }
      request.signal.addEventListener('abort', () => clearTimeout(timer))
      response.on('drain', more)
      more()
    }
    const curl = site.curl('site/slow')
    await once(curl.stdout, 'data')
    curl.stdout.pause()
    curl.kill('SIGSTOP')
    const bytes = await held.promise
    curl.stdout.destroy()
    curl.kill('SIGKILL')
    assert.ok(bytes < 32_000_000, `${bytes} bytes are on the way`)
  })

  test('waits for 100 Continue before it sends a body', async () => {
    onRequest = async (request, response) => void response.end(String((await buffer(request)).length))
    const args = ['--verbose', '--header', 'Expect: 100-continue', '--expect100-timeout', '30', '--data-binary', '@-']
    const curl = site.curl('site/expect', args)
    curl.stdin.end(Buffer.alloc(100_000, 'x'))
    const { stdout, stderr } = await finish(curl)
    assert.match(stderr, /^< HTTP\/1\.1 100 Continue/m)
    assert.equal(stdout, '100000')
  })

  test('is told that nobody listens without having sent its body', async () => {
    const args = ['--verbose', '--header', 'Expect: 100-continue', '--expect100-timeout', '30', '--data-binary', '@-']
    const curl = site.curl('empty', [...args, '--write-out', '%{http_code} %{size_upload}', '--output', '/dev/null'])
    curl.stdin.end(Buffer.alloc(100_000, 'x'))
    const { stdout, stderr } = await finish(curl)
    assert.doesNotMatch(stderr, /^< HTTP\/1\.1 100 Continue/m)
    assert.equal(stdout, '502 0')
  })

  // curl's command line sends no trailers.
  test('trailers of a sender are dropped', async () => {
    const heard = Promise.withResolvers<RelayedRequest['headers']>()
    onRequest = async (request, response) => {
      heard.resolve(request.headers)
      response.end(await buffer(request))
    }
    const request = httpsRequest(`${site.relay.data}/site/trailers`, {
      method: 'POST',
      agent: false,
      ca: site.relay.caPem,
      headers: { Trailer: 'X-Checksum', 'Transfer-Encoding': 'chunked' },
    })
    request.write('body')
    request.addTrailers({ 'X-Checksum': 'abc' })
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    assert.equal((await buffer(response)).toString(), 'body')
    assert.deepEqual(response.trailers, {})
    const headers = await heard.promise
    assert.deepEqual([headers['trailer'], headers['x-checksum']], [undefined, undefined])
  })
})
