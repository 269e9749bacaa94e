import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { Caller } from './caller.ts'
import { readEvents } from './events.ts'
import { collect, openStubEndpoint, type StubReply } from './stub-endpoint.contract.ts'

const stream =
  (text: string, end = true): StubReply =>
  (response: ServerResponse) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(text)
    if (end) response.end()
  }

const request = { method: 'GET', target: '/events' }

test('a stream that breaks goes on after the last event', async () => {
  await using stub = await openStubEndpoint([
    stream('retry: 1\nid: 1\ndata: one\n\n:\n\nid: 2\ndata: half of'),
    { status: 502 },
    stream('id: 2\nevent: changed\ndata: two\n\n', false),
  ])
  const caller = new Caller({ endpoint: stub.endpoint, token: () => 't' })
  const stop = new AbortController()
  const events = []
  for await (const event of readEvents(caller, request, { signal: stop.signal })) {
    events.push(event)
    if (event.data === 'two') stop.abort()
  }
  assert.deepEqual(events, [
    { id: '1', type: 'message', data: 'one' },
    { id: '2', type: 'changed', data: 'two' },
  ])
  assert.deepEqual(
    stub.requests.map(({ headers }) => [headers.accept, headers['last-event-id']]),
    [
      ['text/event-stream', undefined],
      ['text/event-stream', '2'],
      ['text/event-stream', '2'],
    ],
  )
})

test('a refusal that trying again does not heal is thrown, and so is an answer that is no stream', async () => {
  await using refusing = await openStubEndpoint([
    { status: 403, json: { error: { code: 'AuthorizationFailed', message: 'no' } } },
  ])
  const refused = collect(readEvents(new Caller({ endpoint: refusing.endpoint, token: () => 't' }), request, {}))
  await assert.rejects(refused, { code: 'AuthorizationFailed' })
  await using plain = await openStubEndpoint([{ json: {} }])
  const wrong = collect(readEvents(new Caller({ endpoint: plain.endpoint, token: () => 't' }), request, {}))
  await assert.rejects(wrong, { code: 'ReplyInvalid' })
})

test('whoever stops reading leaves no connection behind', async () => {
  const closed = Promise.withResolvers<void>()
  await using stub = await openStubEndpoint([
    (response) => {
      response.on('close', closed.resolve)
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: x\n\n')
    },
  ])
  for await (const _ of readEvents(new Caller({ endpoint: stub.endpoint, token: () => 't' }), request, {})) break
  await closed.promise
})
