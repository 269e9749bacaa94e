// Many listeners in one process. usage: node listener-crowd.ts COUNT; the connection string is in the environment.
import { Listener } from '@postern/client'

/** Sent to the test whenever the number of listeners that are online changes. */
export interface CrowdReport {
  readonly kind: 'crowd'
  readonly online: number
  readonly atMs: number
  /** CPU time of this process since its start, ms. */
  readonly cpuMs: number
}

const count = Number(process.argv[2])
const connectionString = process.env['POSTERN_CONNECTION_STRING'] ?? ''
let online = 0

function report(change: number): void {
  online += change
  const { user, system } = process.cpuUsage()
  process.send?.({ kind: 'crowd', online, atMs: Date.now(), cpuMs: (user + system) / 1000 } satisfies CrowdReport)
}

for (let index = 0; index < count; index += 1) {
  let isOnline = false
  const listener = new Listener({ connectionString, onRequest: (_request, response) => void response.end('here') })
  listener.on('online', () => {
    isOnline = true
    report(1)
  })
  listener.on('offline', ({ message }) => {
    console.log(`listener ${index} is offline: ${message}`)
    if (isOnline) report(-1)
    isOnline = false
  })
  listener.start()
}
process.on('message', (message) => {
  if (message === 'report') report(0)
})
console.log('ready')
