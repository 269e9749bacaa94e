import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessGroup } from '../candidates/start-processes.ts'
import { findFreePort } from '../processes/free-port.ts'
import { type Conversation, payload } from './conversation.ts'

const topic = Buffer.from('\0\x04news', 'latin1')

/** Mosquitto, MQTT 3.1.1 at most once: packets of section 3 of that specification. */
export async function startMosquitto(group: ProcessGroup): Promise<Conversation> {
  const port = await findFreePort()
  const file = join(group.folder, 'mosquitto.conf')
  // Without a limit to what waits: a message that it drops would end the run.
  writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nset_tcp_nodelay true\n`)
  const command = ['sh', '-c', 'PATH=$PATH:/usr/sbin exec mosquitto -c "$0"', file]
  await group.start({ name: 'mosquitto', command, env: {}, ready: { port }, counted: true })
  // Clean session, no keep-alive; a client without a name gets one.
  const connect = packet(0x10, Buffer.from('\0\x04MQTT\x04\x02\0\0\0\0', 'latin1'))
  const subscribe = packet(0x82, Buffer.concat([Buffer.from([0, 1]), topic, Buffer.from([0])]))
  const message = packet(0x30, Buffer.concat([topic, payload]))
  return {
    port,
    subscribe: Buffer.concat([connect, subscribe]),
    subscribed: Buffer.from([0x90, 3, 0, 1, 0]),
    publish: connect,
    published: Buffer.from([0x20, 2, 0, 0]),
    message,
    deliveryBytes: message.length,
  }
}

/** Section 2.2: type and flags, length in seven bits a byte, the rest. */
function packet(type: number, body: Uint8Array): Buffer {
  const length = body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7]
  return Buffer.concat([Buffer.from([type, ...length]), body])
}
