import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DatagramDecoder, encodeDatagram } from './datagrams.ts'

test('a datagram is framed as azbridge was recorded to: 00 05 and its bytes', () => {
  assert.deepEqual(Buffer.from(encodeDatagram(Buffer.from('dgram'))), Buffer.from('\0\x05dgram'))
  assert.deepEqual([...encodeDatagram(Buffer.alloc(300)).subarray(0, 2)], [1, 44])
  assert.deepEqual([...encodeDatagram(Buffer.alloc(0))], [0, 0])
})

test('datagrams are found whatever the chunks they come in', () => {
  const sent = ['', 'a', 'dgram', 'x'.repeat(300)]
  const bytes = Buffer.concat(sent.map((text) => encodeDatagram(Buffer.from(text))))
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const decoder = new DatagramDecoder()
    const got: string[] = []
    for (let at = 0; at < bytes.length; at += size) {
      for (const datagram of decoder.push(bytes.subarray(at, at + size))) got.push(Buffer.from(datagram).toString())
    }
    assert.deepEqual(got, sent, `chunks of ${size}`)
  }
})
