// Answers HTTP requests that come through the relay: any HTTP client is the sender.
//
//   export RELAY_CONNECTION_STRING='Endpoint=sb://localhost:8443/;SharedAccessKeyName=...;SharedAccessKey=...;EntityPath=demo'
//   export NODE_EXTRA_CA_CERTS=ca.pem        # only for a relay with a private certificate authority
//   node --conditions=@postern/source examples/http-listener.ts
//
//   curl --cacert ca.pem -H "ServiceBusAuthorization: $TOKEN" https://localhost:8443/demo/time
//   curl --cacert ca.pem -H "ServiceBusAuthorization: $TOKEN" -N https://localhost:8443/demo/events
import { setInterval } from 'node:timers/promises'
import { Listener, type RelayedRequest, type RelayedResponse } from '@postern/client'

async function onRequest(request: RelayedRequest, response: RelayedResponse): Promise<void> {
  const path = request.url.split('?')[0] ?? ''
  if (path.endsWith('/time')) {
    response.end(`${new Date().toISOString()}\n`)
  } else if (path.endsWith('/events')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    // The signal ends the loop when the reader has gone.
    for await (const _ of setInterval(1_000, undefined, { signal: request.signal })) {
      response.write(`data: ${new Date().toISOString()}\n\n`)
    }
  } else if (request.method === 'POST') {
    response.setHeader('content-type', request.headers['content-type'] ?? 'application/octet-stream')
    request.pipe(response)
  } else {
    response.writeHead(404, { 'content-type': 'text/plain' }).end(`nothing at ${path}\n`)
  }
}

const listener = new Listener({
  connectionString: process.env['RELAY_CONNECTION_STRING'] ?? '',
  onRequest: (request, response) =>
    onRequest(request, response).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error
    }),
})

listener.on('offline', (error) => console.log(`offline: ${error.message}`))
listener.on('problem', (error) => console.log(error.message))

await listener.open()
console.log('online')
process.once('SIGINT', () => void listener.close())
