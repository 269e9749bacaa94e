// websockets for Python, as PyPI delivers it, sends and receives messages.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { openPythonEnvironment, type PythonEnvironment } from './python-environment.ts'
import { PythonProcess } from './python-process.ts'

const environment = await openPythonEnvironment('websockets-15.0.1')
const skip = typeof environment === 'string' ? environment : false

interface Reply {
  readonly value?: unknown
  readonly error?: { readonly status: number; readonly body: string }
}

describe('websockets 15.0.1', { skip, timeout: 120_000 }, () => {
  let relay: TestRelay
  let python: PythonProcess

  before(async () => {
    const rules = [{ name: 'root', rights: ['Listen', 'Send', 'Manage'] }] as const
    const actions = ['send', 'publish', 'subscribe'] as const
    const hybridConnections = [{ name: 'news', actions }, { name: 'plain' }]
    relay = await startTestRelay({
      resources: { namespaces: [{ name: 'local', default: true, rules, hybridConnections }] },
    })
    const { python: program } = environment as PythonEnvironment
    python = new PythonProcess('websockets_session.py', { python: program, environment: {} })
  })

  after(async () => {
    python?.[Symbol.dispose]()
    await relay?.[Symbol.asyncDispose]()
  })

  async function call(name: string, args: object): Promise<unknown> {
    const { value, error } = await python.ask<Reply>({ call: name, ...args })
    assert.equal(error, undefined)
    return value
  }

  const where = (action: string, name = 'news') => ({
    url: relay.url(name, `sb-hc-action=${action}`),
    ca: relay.relay.caPem,
    token: signToken(relay.access(name).send),
  })

  it('publishes 100 messages that two subscribers get in order, text as str and bytes as bytes', async () => {
    for (const key of ['one', 'two']) await call('open', { key, ...where('subscribe') })
    await call('open', { key: 'publisher', ...where('publish') })
    const bytes = { base64: 'AP8=' }
    const messages = [...Array.from({ length: 99 }, (_, index) => `prix ${index} €`), bytes]
    await call('send', { key: 'publisher', messages: messages.slice(0, 60) })
    await call('send', { key: 'publisher', messages: messages.slice(60) })
    const answers = (await call('receive', { key: 'publisher', count: 100 })) as string[]
    for (const answer of answers) assert.match(answer, /^\{"ack":\{"receivers":2,"id":"[0-9a-f-]{36}"\}\}$/)
    for (const key of ['one', 'two']) {
      assert.deepEqual(await call('receive', { key, count: 100 }), messages)
      await call('close', { key })
    }
    await call('close', { key: 'publisher' })
  })

  it('is told that nobody receives what it sends, and goes on', async () => {
    await call('open', { key: 'sender', ...where('send') })
    await call('send', { key: 'sender', messages: ['anybody?'] })
    const [answer] = (await call('receive', { key: 'sender', count: 1 })) as string[]
    assert.match(String(answer), /^\{"nack":\{"status":502,"code":"NoListenersForRequest",/)
    await call('open', { key: 'subscriber', ...where('subscribe') })
    await call('send', { key: 'sender', messages: ['now?'] })
    assert.deepEqual(await call('receive', { key: 'subscriber', count: 1 }), ['now?'])
  })

  it('is closed with 1003 when it speaks as a subscriber, and with 1009 when a message is too large', async () => {
    await call('open', { key: 'speaker', ...where('subscribe') })
    await call('send', { key: 'speaker', messages: ['hello'] })
    assert.equal(await call('wait_closed', { key: 'speaker' }), 1003)
    await call('open', { key: 'large', ...where('publish') })
    await call('send', { key: 'large', messages: ['x'.repeat(65_537)] })
    assert.equal(await call('wait_closed', { key: 'large' }), 1009)
  })

  it('is refused with 403 where messages are not allowed', async () => {
    const { error } = await python.ask<Reply>({ call: 'open', key: 'no', ...where('publish', 'plain') })
    assert.equal(error?.status, 403)
    assert.match(error?.body ?? '', /does not allow this action/)
  })
})
