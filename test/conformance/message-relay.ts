import assert from 'node:assert/strict'
import type { RequestOptions } from 'node:https'
import { RawWebSocket, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { type Answer, send } from './http-client.ts'

type Resources = NonNullable<Parameters<typeof startTestRelay>[0]>['resources']
type Options = NonNullable<Parameters<typeof startTestRelay>[0]>['options']

const resources: NonNullable<Resources> = {
  namespaces: [
    {
      name: 'local',
      default: true,
      rules: [
        { name: 'RootManageSharedAccessKey', rights: ['Listen', 'Send', 'Manage'] },
        { name: 'listener', rights: ['Listen'], primaryKey: 'listen-key' },
        { name: 'sender', rights: ['Send'], primaryKey: 'send-key' },
      ],
      hybridConnections: [
        { name: 'news', actions: ['send', 'publish', 'subscribe', 'request'] },
        { name: 'open', actions: ['send', 'publish', 'subscribe'], requiresClientAuthorization: false },
        { name: 'plain' },
      ],
    },
  ],
}

/** A relay whose `news` allows all that messages have; `open` lets senders in without a token, `plain` says nothing. */
export function startMessageRelay(options: Options = {}): Promise<TestRelay> {
  return startTestRelay({ resources, options: { maxMessagesPerSecond: 1_000_000, ...options } })
}

/** Opens a subscriber by WebSocket. */
export function subscribe(relay: TestRelay, name = 'news', query = ''): Promise<RawWebSocket> {
  return RawWebSocket.dial({
    url: relay.url(name, `sb-hc-action=subscribe${query}`),
    headers: { ServiceBusAuthorization: signToken(relay.access(name).listen) },
    tls: relay.tls,
  })
}

/** Opens a streaming sender. */
export function stream(relay: TestRelay, action: 'send' | 'publish', path = 'news', query = ''): Promise<RawWebSocket> {
  return RawWebSocket.dial({
    url: relay.url(path, `${query}sb-hc-action=${action}`),
    headers: { ServiceBusAuthorization: signToken(relay.access(path.split('/')[0]).send) },
    tls: relay.tls,
  })
}

/** Sends one message by POST. */
export function post(
  relay: TestRelay,
  action: 'send' | 'publish',
  body: string | Uint8Array = '',
  options: Pick<RequestOptions, 'agent'> & {
    readonly path?: string
    readonly headers?: Readonly<Record<string, string>>
  } = {},
): Promise<Answer> {
  const { path = '/news', headers, ...rest } = options
  const token = signToken(relay.access(path.split(/[/?]/)[1]).send)
  const mark = path.includes('?') ? '&' : '?'
  return send(
    relay,
    `${path}${mark}sb-hc-action=${action}`,
    { method: 'POST', headers: { ServiceBusAuthorization: token, ...headers }, ...rest },
    body,
  )
}

/** The number of receivers that an answer names, which must be 202. */
export function receivers(answer: Answer): number {
  assert.equal(answer.status, 202, answer.body.toString())
  return Number(answer.headers['sb-hc-receivers'])
}
