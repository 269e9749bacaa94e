import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { findTcpHandles } from './tcp-handles.ts'

type Binding = (name: string) => Record<string, unknown>
const node = process as unknown as { binding: Binding }

test('handles are taken from versions of Node that were tried, and from no other', () => {
  assert.ok(findTcpHandles())
  for (const version of ['20.0.0', '23.1.0', '1000.0.0', '']) assert.equal(findTcpHandles(version), undefined, version)
})

test('a Node that forbids them has none', (t) => {
  t.mock.method(node, 'binding', () => {
    throw new Error('ERR_ACCESS_DENIED')
  })
  assert.equal(findTcpHandles(), undefined)
})

test('a Node where one of them is missing has none', (t) => {
  const { binding } = node
  const changes: readonly Record<string, unknown>[] = [
    { TCP: EventEmitter },
    { TCPConnectWrap: undefined },
    { WriteWrap: undefined },
    { streamBaseState: new Int32Array(0) },
    { kReadBytesOrError: undefined },
  ]
  for (const change of changes) {
    const mocked = t.mock.method(node, 'binding', (name: string) => ({ ...binding.call(process, name), ...change }))
    assert.equal(findTcpHandles(), undefined, Object.keys(change).join())
    mocked.mock.restore()
  }
})
