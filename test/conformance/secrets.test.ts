// No key, signature, token or rendezvous address leaves the relay by its logs, its answers, its metrics or its process title.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { request } from 'node:https'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { createLogger, type Logger } from '@postern/program'
import { encodeRenewToken, encodeResponse } from '@postern/protocol'
import { signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { auditRecords } from './audit-records.ts'
import { send } from './http-client.ts'
import { metricsPage } from './metrics.ts'
import { RecordingLogger } from './recording-logger.ts'
import { refused } from './refused.ts'
import { dialRaw, exchange, upgradeHead } from './stranger.ts'

/** What must not be seen, by what it is. */
class Secrets {
  readonly #known = new Map<string, string>()

  add(what: string, text: string): string {
    this.#known.set(text, what)
    return text
  }

  /** A token, and its signature as it is and in all its encodings. */
  addToken(what: string, token: string): string {
    const [, encoded = ''] = /[&\s]sig=([^&]+)/.exec(token) ?? []
    const signature = decodeURIComponent(encoded)
    for (const text of [token, encoded, encodeURIComponent(encoded), signature]) this.add(what, text)
    return token
  }

  assertAbsent(from: string, where: string): void {
    for (const [text, what] of this.#known) {
      const at = from.indexOf(text)
      if (at >= 0) assert.fail(`${what} in ${where}: ${from.slice(Math.max(0, at - 200), at + 80)}`)
    }
  }

  get size(): number {
    return this.#known.size
  }
}

interface Watched {
  readonly relay: TestRelay
  readonly secrets: Secrets
  /** Everything that came back to a caller. */
  readonly answers: string[]
}

function secretsOf(relay: TestRelay): Secrets {
  const secrets = new Secrets()
  const { catalog } = relay.relay.server
  const scopes = [...catalog.namespaces(), ...catalog.list()]
  for (const { primaryKey, secondaryKey } of scopes.flatMap(({ rules }) => rules)) {
    secrets.add('a primary key', primaryKey.reveal())
    secrets.add('a secondary key', secondaryKey.reveal())
  }
  return secrets
}

/** One call of each kind, right and wrong, with the credential in each place where it may be. */
async function callEverything({ relay, secrets, answers }: Watched): Promise<void> {
  const { listen, send: sendString } = relay.access()
  const token = (options: Parameters<typeof signToken>[1] = {}): string =>
    secrets.addToken('a good token', signToken(sendString, { expiresInSeconds: 1000 + secrets.size, ...options }))
  const bad = [
    secrets.addToken('a wrong token', signToken(sendString.replace(/SharedAccessKey=[^;]*/, 'SharedAccessKey=wrong'))),
    secrets.addToken('a token of an unknown rule', signToken(sendString.replace(/KeyName=[^;]*/, 'KeyName=nobody'))),
    secrets.addToken(
      'a token with its key as name',
      signToken(sendString.replace(/KeyName=[^;]*;SharedAccessKey=(.*?)(?=;|$)/, 'KeyName=$1;SharedAccessKey=Root')),
    ),
    secrets.addToken('a token for elsewhere', signToken(sendString, { path: 'elsewhere' })),
    secrets.addToken('an expired token', signToken(sendString, { expiresInSeconds: -1000 })),
    `SharedAccessSignature sr=x&sig=${secrets.add('half a token', 'aGFsZiBhIHRva2Vu')}`,
    secrets.add('a JWT', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl'),
  ]
  const keyInUrl = `sb-hc-sas-key-name=Root&sb-hc-sas-key=${secrets.add('a key in a URL', 'a2V5LWluLWEtdXJs')}`

  for (const wrong of bad) {
    const encoded = secrets.add('an encoded token', encodeURIComponent(wrong))
    for (const action of ['listen', 'connect', 'dance']) {
      const target = `/$hc/echo/${action}?sb-hc-action=${action}`
      answers.push((await exchange(relay, upgradeHead(target, [`ServiceBusAuthorization: ${wrong}`]))).text)
      answers.push((await exchange(relay, upgradeHead(`${target}&sb-hc-token=${encoded}`))).text)
      answers.push((await exchange(relay, upgradeHead(target, [`Authorization: ${wrong}`]))).text)
    }
    for (const path of ['/echo', '/nothing']) {
      for (const headers of [
        { Authorization: wrong },
        { ServiceBusAuthorization: wrong },
        { Authorization: wrong, 'X-PROCESS-AT': 'ServiceBus' },
      ] as Record<string, string>[]) {
        const answer = await send(relay, `${path}?sb-hc-token=${encoded}&${keyInUrl}`, { headers })
        answers.push(JSON.stringify(answer.headers) + answer.reason + answer.body.toString())
      }
    }
  }

  const listener = await relay.listen('echo', { token: secrets.addToken("a listener's token", signToken(listen)) })
  listener.control.text(
    encodeRenewToken(secrets.addToken('a renewed token', signToken(listen, { expiresInSeconds: 999 }))),
  )
  listener.control.text(encodeRenewToken(secrets.add('garbage that was a token', 'com.microsoft.Token@secret')))
  listener.control.text(`{"renewToken":{"token":"${secrets.add('a token in broken JSON', 'YnJva2VuLWpzb24')}"`)
  listener.control.text(JSON.stringify({ somethingNew: { token: secrets.add('an unknown message', 'dW5rbm93bg') } }))

  const pending = relay.connect('echo', { headers: { ServiceBusAuthorization: token() } })
  const { address } = await listener.nextAccept()
  secrets.add('a rendezvous address', new URL(address).searchParams.get('sb-hc-id')!)
  const rendezvous = await listener.rendezvous(address)
  const sender = await pending
  sender.text(secrets.add('what passes through', 'cGFzc2VzLXRocm91Z2g'))
  await rendezvous.frames.next()
  answers.push(await refused(listener.rendezvous(address)).then(({ status }) => String(status)))
  sender.abort()

  const rejected = refused(relay.connect('echo', { headers: { Authorization: token() } }))
  const rejection = (await listener.nextAccept()).address
  secrets.add('a rejecting address', new URL(rejection).searchParams.get('sb-hc-id')!)
  await refused(listener.rendezvous(`${rejection}&sb-hc-statusCode=403&sb-hc-statusDescription=no`))
  const rejectedText = await rejected
  answers.push(rejectedText.reason + rejectedText.body)

  const asked = send(relay, '/echo?q=1', {
    headers: { Authorization: token(), Cookie: secrets.add('a cookie', 'session=c29tZS1zZXNzaW9u') },
  })
  const { id } = await listener.nextRequest()
  secrets.add('the id of a request', id)
  listener.control.text(encodeResponse({ requestId: id, statusCode: 200, responseHeaders: {}, body: false }))
  answers.push(JSON.stringify((await asked).headers))

  const lost = refused(relay.connect('echo', { headers: { ServiceBusAuthorization: token() } }))
  secrets.add(
    'an address of a lost listener',
    new URL((await listener.nextAccept()).address).searchParams.get('sb-hc-id')!,
  )
  listener.control.text(encodeRenewToken(bad[0]!))
  answers.push((await lost).reason)

  const half = await dialRaw(relay)
  half.end(`GET /echo?sb-hc-token=${encodeURIComponent(token())} HTTP/1.1\r\nHost: a b\r\n\r\n`)
  await refused(relay.connect('echo', { headers: { ServiceBusAuthorization: token() } }))
}

async function watched(test: TestContext, log: Logger): Promise<Watched> {
  const relay = await startTestRelay({ log, options: { tokenGrace: '0s' } })
  test.after(() => relay[Symbol.asyncDispose]())
  return { relay, secrets: secretsOf(relay), answers: [] }
}

/** Every line as it is given to the logger, and as it is written in each form. */
function recorders(): { readonly logger: Logger; readonly given: RecordingLogger; readonly written: string[] } {
  const given = new RecordingLogger()
  const written: string[] = []
  const destination = { write: (line: string) => void written.push(line) }
  const all = [
    given,
    createLogger({ level: 'debug', format: 'json', destination }),
    createLogger({ level: 'debug', format: 'text', destination }),
  ]
  const each =
    (level: 'error' | 'warn' | 'info' | 'debug') =>
    (event: string, fields?: Record<string, unknown>): void => {
      for (const logger of all) logger[level](event, fields)
    }
  const logger: Logger = {
    error: each('error'),
    warn: each('warn'),
    info: each('info'),
    debug: each('debug'),
    child: () => logger,
  }
  return { logger, given, written }
}

test('no secret is given to the logger or written by it, nor stands in an answer, in the metrics, at the management door or in the audit log', async (t) => {
  const { logger, given, written } = recorders()
  const setup = await watched(t, logger)
  await callEverything(setup)
  const { relay, secrets, answers } = setup
  secrets.assertAbsent(await metricsPage(relay), '/metrics')
  const token = encodeURIComponent(signToken(relay.access().send))
  for (const path of ['/readyz', '/healthz', `/%0d%0a?sb-hc-token=${token}`]) {
    const text = await managementPage(relay, path)
    secrets.assertAbsent(text, path)
    assert.doesNotMatch(text, /SharedAccessSignature/)
  }
  const records = await auditRecords(relay, 60)
  assert.ok(records.length > 60, `${records.length} records`)
  for (const record of records) secrets.assertAbsent(JSON.stringify(record), 'an audit record')
  await relay.relay.stop()
  assert.ok(secrets.size > 60, `${secrets.size} secrets`)
  assert.ok(given.lines.length > 60, `${given.lines.length} lines`)
  assert.equal(written.length, 2 * given.lines.length)
  for (const line of given.lines) secrets.assertAbsent(JSON.stringify(line), `what was to be the line ${line.event}`)
  for (const line of written) {
    secrets.assertAbsent(line, 'a line')
    assert.equal(line.indexOf('\n'), line.length - 1, 'one line')
  }
  for (const answer of answers) secrets.assertAbsent(answer, 'an answer')
})

function managementPage(relay: TestRelay, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { ca } = relay.tls
    const options = { agent: false, ...(ca !== undefined && { ca }) }
    request(`${relay.relay.management}${path}`, options, (response) => {
      response.toArray().then((chunks) => resolve(JSON.stringify(response.headers) + chunks.join('')), reject)
    })
      .on('error', reject)
      .end()
  })
}

test('neither the process title nor its arguments and environment get a secret', async (t) => {
  const { relay, secrets } = await watched(t, new RecordingLogger())
  await relay.listen()
  const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(process.pid)])
  secrets.assertAbsent(
    `${process.title} ${stdout} ${JSON.stringify(process.env)} ${process.argv.join(' ')}`,
    'the process',
  )
})

test('an error that a caller of the library gets names no secret', async () => {
  const { parseConnectionString } = await import('@postern/protocol')
  const { startRelay } = await import('@postern/server')
  const key = 'dGhlLXNlY3JldC1rZXk='
  for (const text of [
    `Endpoint=sb://h/;SharedAccessKeyName=Root;SharedAccessKey=${key};Unknown=1`,
    `Endpoint=http://h/;SharedAccessKeyName=Root;SharedAccessKey=${key}`,
    `SharedAccessKey=${key}`,
    `Endpoint=sb://h/;SharedAccessKey=${key};SharedAccessKey=${key}`,
    `${key};Endpoint=sb://h/`,
  ]) {
    assert.throws(
      () => parseConnectionString(text),
      (error: Error) => !`${error.message}${error.stack}${JSON.stringify(error)}`.includes(key),
      text,
    )
  }
  for (const [options, resources] of [
    [{ masterKey: key }, undefined],
    [{}, { namespaces: [{ name: 'local', rules: [{ name: 'Root', rights: ['Fly'], primaryKey: key }] }] }],
    [{}, { namespaces: [{ name: 'local', rules: [{ name: 'Root', rights: [], primaryKey: key, secondaryKey: 7 }] }] }],
  ] as const) {
    await assert.rejects(
      startRelay({ options, ...(resources && { resources: resources as never }) }),
      (error: Error) => {
        assert.ok(!`${error.message}${error.stack}${JSON.stringify(error)}`.includes(key), error.message)
        return true
      },
    )
  }
})
