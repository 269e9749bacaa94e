import {
  type AcceptMessage,
  decodeListenerMessage,
  decodeServiceMessage,
  encodeAccept,
  encodeRequest,
  encodeResponse,
} from '@postern/protocol'
import { bench, do_not_optimize, group, run } from 'mitata'

// What a sender or a request costs in JSON, at the relay and at a listener of ours.

const id = '918ffc54-ff91-44fa-80f0-cbfb90ba4317_G0'
const address = `wss://shop.servicebus.example:443/$hc/db?sb-hc-action=accept&sb-hc-id=${id}`
const headers = {
  Host: 'shop.servicebus.example',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
  'User-Agent': 'postern',
}
const remoteEndpoint = { address: '192.0.2.7', port: 47_346 }
const accept: AcceptMessage = { address, id, connectHeaders: headers, remoteEndpoint }
const request = {
  ...{ address, id, requestTarget: '/db/items/42?colour=blue', method: 'GET', remoteEndpoint, body: false },
  requestHeaders: { ...headers, Accept: '*/*', Via: '1.1 shop.servicebus.example' },
}
const response = {
  ...{ requestId: id, statusCode: 200, statusDescription: 'OK', body: true },
  responseHeaders: { 'content-type': 'application/json', 'cache-control': 'no-store' },
}
const [acceptText, requestText, responseText] = [
  encodeAccept(accept),
  encodeRequest(request),
  encodeResponse(response),
] as const
const kinds = [acceptText, requestText].map((text) => decodeServiceMessage(text).kind)
if (kinds.join() !== 'accept,request' || decodeListenerMessage(responseText).kind !== 'response') {
  throw new Error('a message was not read as what it is')
}

group('accept, for each sender', () => {
  bench('encode accept', () => do_not_optimize(encodeAccept(accept)))
  bench('decode accept', () => do_not_optimize(decodeServiceMessage(acceptText)))
})
group('request and response, for each HTTP request', () => {
  bench('encode request', () => do_not_optimize(encodeRequest(request)))
  bench('decode request', () => do_not_optimize(decodeServiceMessage(requestText)))
  bench('encode response', () => do_not_optimize(encodeResponse(response)))
  bench('decode response', () => do_not_optimize(decodeListenerMessage(responseText)))
})

await run()
