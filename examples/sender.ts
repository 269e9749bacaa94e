// Connects to the listener of a hybrid connection and sends it what comes from standard input.
//
//   export RELAY_CONNECTION_STRING='Endpoint=sb://localhost:8443/;SharedAccessKeyName=...;SharedAccessKey=...;EntityPath=demo'
//   export NODE_EXTRA_CA_CERTS=ca.pem        # only for a relay with a private certificate authority
//   echo hello | node --conditions=@postern/source examples/sender.ts
import { pipeline } from 'node:stream/promises'
import { connect } from '@postern/client'
import { isRelayError } from '@postern/protocol'

try {
  const stream = await connect({
    connectionString: process.env['RELAY_CONNECTION_STRING'] ?? '',
    signal: AbortSignal.timeout(10_000),
  })
  // Each direction ends by itself: our end of input does not cut off what the listener still sends.
  await Promise.all([pipeline(process.stdin, stream), pipeline(stream, process.stdout, { end: false })])
} catch (error) {
  if (!isRelayError(error)) throw error
  console.error(`${error.code} (${error.httpStatus}): ${error.message}`)
  process.exitCode = 1
}
