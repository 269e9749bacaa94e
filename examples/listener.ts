// Accepts connections on a hybrid connection and echoes what they send.
//
//   export RELAY_CONNECTION_STRING='Endpoint=sb://localhost:8443/;SharedAccessKeyName=...;SharedAccessKey=...;EntityPath=demo'
//   export NODE_EXTRA_CA_CERTS=ca.pem        # only for a relay with a private certificate authority
//   node --conditions=@postern/source examples/listener.ts
import { Listener } from '@postern/client'

const listener = new Listener({
  connectionString: process.env['RELAY_CONNECTION_STRING'] ?? '',
  onConnection: async (request) => {
    if (request.headers['x-tenant'] === 'nobody') {
      await request.reject({ status: 403, description: 'We do not know you' })
      return
    }
    const stream = await request.accept()
    console.log(`${request.remoteEndpoint.address} is connected (${request.id})`)
    stream.on('error', (error) => console.log(`${request.id} was cut: ${error.message}`))
    stream.pipe(stream)
  },
})

listener.on('online', () => console.log('online'))
listener.on('offline', (error, retryInMs) =>
  console.log(`offline: ${error.message}; again in ${Math.round(retryInMs)} ms`),
)
listener.on('problem', (error) => console.log(error.message))

await listener.open()
process.once('SIGINT', () => void listener.close())
