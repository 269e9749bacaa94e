import { readFileSync } from 'node:fs'

import { Listener } from '@postern/client'

// Our listener for HTTP requests: answers every request with the body that it came with.
// http-listener-program.ts FILE-WITH-CONNECTION-STRING on|off

const [file = '', tls] = process.argv.slice(2)
const listener = new Listener({
  connectionString: readFileSync(file, 'utf8').trim(),
  ...(tls === 'off' && { tls: false }),
  onRequest: async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    response.end(Buffer.concat(chunks))
  },
})
listener.on('problem', (error) => console.error(error.message))
await listener.open()
process.once('SIGTERM', () => void listener.close().then(() => process.exit(0)))
console.log('listening')
