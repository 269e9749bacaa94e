import assert from 'node:assert/strict'
import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import type { ResponseMessage } from '@postern/protocol'
import { ResponseWriter } from './response-writer.ts'

/** Each element is what one system call would write. */
function createWriter(method = 'GET'): { readonly writer: ResponseWriter; readonly writes: string[] } {
  const writes: string[] = []
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString('latin1'))
      done()
    },
    writev(chunks: { chunk: Buffer | string }[], done) {
      writes.push(chunks.map(({ chunk }) => chunk.toString('latin1')).join(''))
      done()
    },
  }) as Socket
  const request = new IncomingMessage(socket)
  request.method = method
  request.httpVersionMajor = 1
  request.httpVersionMinor = 1
  const response = new ServerResponse(request)
  response.assignSocket(socket)
  return { writer: new ResponseWriter({ response, via: '1.1 relay.example.test', method }), writes }
}

const found: ResponseMessage = {
  requestId: 'r',
  statusCode: 200,
  statusDescription: 'OK',
  responseHeaders: { 'X-Of': 'listener' },
  body: true,
}

test('a response that is whole leaves in one piece', async () => {
  const { writer, writes } = createWriter()
  assert.equal(writer.writeHead(found, 5), undefined)
  writer.end(Buffer.from('hello'))
  await new Promise(setImmediate)
  assert.equal(writes.length, 1)
  assert.match(
    writes[0] ?? '',
    /^HTTP\/1\.1 200 OK\r\n[^]*X-Of: listener\r\n[^]*Content-Length: 5\r\n[^]*\r\n\r\nhello$/,
  )
  assert.equal(writer.bytes, 5)
})

test('the head of a response whose body is still to come leaves at once', async () => {
  const { writer, writes } = createWriter()
  assert.equal(writer.writeHead(found, undefined), undefined)
  await new Promise(setImmediate)
  assert.match(writes.join(''), /Transfer-Encoding: chunked\r\n\r\n$/)
  writer.write(Buffer.from('hello'))
  writer.end()
  await new Promise(setImmediate)
  assert.match(writes.join(''), /\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/)
})

test('the response to HEAD has no body, whatever the listener sent', async () => {
  const { writer, writes } = createWriter('HEAD')
  assert.equal(writer.writeHead(found, 5), undefined)
  writer.end(Buffer.from('hello'))
  await new Promise(setImmediate)
  assert.match(writes.join(''), /Content-Length: 5\r\n[^]*\r\n\r\n$/)
  assert.equal(writer.bytes, 0)
})
