// Publishes three prices to everybody who subscribes, and is a subscriber itself. The hybrid connection must allow it:
// `actions: [publish, subscribe]` in the resources file.
//
//   export SEND='Endpoint=sb://localhost:8443/;SharedAccessKeyName=...;SharedAccessKey=...;EntityPath=news'      # right Send
//   export LISTEN='Endpoint=sb://localhost:8443/;SharedAccessKeyName=...;SharedAccessKey=...;EntityPath=news'    # right Listen
//   export NODE_EXTRA_CA_CERTS=ca.pem        # only for a relay with a private certificate authority
//   node --conditions=@postern/source examples/publish-subscribe.ts
import { Sender, subscribe } from '@postern/client'
import { isRelayError } from '@postern/protocol'

try {
  const prices = subscribe({ connectionString: process.env['LISTEN'] ?? '', signal: AbortSignal.timeout(10_000) })
  // From here on nothing that is published passes by.
  await prices.open()

  await using messages = await new Sender({ connectionString: process.env['SEND'] ?? '' }).openMessages('publish')
  for (const price of [12, 13, 14]) {
    await messages.ready
    const { receivers } = await messages.send(JSON.stringify({ price }))
    console.log(`published ${price} to ${receivers}`)
  }

  let count = 0
  for await (const { data, loss } of prices) {
    if (loss) console.log(`messages may have been lost: ${loss.error.message}`)
    // Text and JSON come as strings, anything else as bytes.
    console.log(`received ${typeof data === 'string' ? data : `${data.length} bytes`}`)
    count += 1
    if (count === 3) break
  }
} catch (error) {
  if (!isRelayError(error)) throw error
  console.error(`${error.code} (${error.httpStatus}): ${error.message}\n${error.help}`)
  process.exitCode = 1
}
