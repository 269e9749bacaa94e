import { readFileSync } from 'node:fs'

import { Connector } from '@postern/connector'
import { boundYoungGeneration } from '@postern/program'

// The connector as a program of its own, with what its command has no option for: carriers off, and the address of its ports. The last is TLS.
// connector-program.ts ENDPOINT FILE-WITH-CONNECTION-STRING auto|off ADDRESS [on|off]

boundYoungGeneration()
const [endpoint = '', file = '', carriers, address = '', tls] = process.argv.slice(2)
const connector = new Connector({
  endpoints: [{ endpoint, connectionString: readFileSync(file, 'utf8').trim() }],
  carriers: carriers === 'off' ? 'off' : 'auto',
  address,
  ...(tls === 'off' && { tls: false }),
})
await connector.start()
process.once('SIGTERM', () => void connector.stop({ graceMs: 0 }).then(() => process.exit(0)))
console.log('ready')
