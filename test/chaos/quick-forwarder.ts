// `postern bridge --json` with a ping interval that does not take minutes. usage: node quick-forwarder.ts MS -T|-L FORWARD
import { Bridge } from '@postern/bridge'
import { createLogger } from '@postern/program'

const [pingMs, flag, forward = ''] = process.argv.slice(2)
const bridge = new Bridge({
  relay: { connectionString: process.env['POSTERN_CONNECTION_STRING'] ?? '' },
  ...(flag === '-T' ? { remoteForwards: [forward] } : { localForwards: [forward] }),
  keepAliveIntervalMs: Number(pingMs),
  // Which of several listeners a connection reaches is what the probe counts.
  carriers: 'off',
  logger: createLogger({ level: 'info', format: 'json' }),
})
await bridge.start()
process.once('SIGTERM', () => void bridge.stop({ graceMs: 0 }))
