import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessGroup } from '../candidates/start-processes.ts'
import { findFreePort } from '../processes/free-port.ts'
import { type Conversation, payload } from './conversation.ts'

/** NATS core, without persistence: `PUB` and `MSG` of its text protocol. */
export async function startNats(group: ProcessGroup): Promise<Conversation> {
  const port = await findFreePort()
  const file = join(group.folder, 'nats.conf')
  // Its pings would stand between the deliveries that are counted by their bytes.
  writeFileSync(file, `listen: "127.0.0.1:${port}"\nping_interval: "1h"\n`)
  const command = ['nats-server', '--config', file]
  await group.start({ name: 'nats', command, env: {}, ready: { port }, counted: true })
  const hello = 'CONNECT {"verbose":false}\r\n'
  return {
    port,
    subscribe: Buffer.from(`${hello}SUB news 1\r\nPING\r\n`),
    subscribed: Buffer.from('PONG\r\n'),
    publish: Buffer.from(`${hello}PING\r\n`),
    published: Buffer.from('PONG\r\n'),
    message: Buffer.concat([Buffer.from(`PUB news ${payload.length}\r\n`), payload, Buffer.from('\r\n')]),
    deliveryBytes: `MSG news 1 ${payload.length}\r\n`.length + payload.length + 2,
  }
}
