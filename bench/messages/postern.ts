import { parseConnectionString } from '@postern/protocol'
import { startRelay } from '../candidates/postern-relay.ts'
import type { ProcessGroup } from '../candidates/start-processes.ts'
import { upgradeRequest } from '../candidates/upgrade-request.ts'
import { type Conversation, payload } from './conversation.ts'

/** A relay without TLS, as the brokers beside it; its limits are raised out of the way. */
export async function startPostern(group: ProcessGroup, repositoryFolder: string): Promise<Conversation> {
  const relay = await startRelay(group, {
    repositoryFolder,
    usesTls: false,
    actions: ['publish', 'subscribe'],
    flags: ['--max-messages-per-second', '100000000'],
  })
  const headEnd = Buffer.from('\r\n\r\n')
  return {
    port: parseConnectionString(relay.listen).endpoint.port ?? 0,
    subscribe: upgradeRequest(relay.listen, 'subscribe'),
    subscribed: headEnd,
    publish: upgradeRequest(relay.send, 'publish'),
    published: headEnd,
    message: maskedText(payload),
    deliveryBytes: 4 + payload.length,
  }
}

/** RFC 6455 section 5.2: a client's text message of 126 to 65,535 bytes, with one mask for all of them. */
function maskedText(text: Uint8Array): Uint8Array {
  const mask = [0x37, 0xfa, 0x21, 0x3d]
  const head = [0x81, 0x80 | 126, text.length >> 8, text.length & 0xff, ...mask]
  return Buffer.concat([Buffer.from(head), text.map((byte, index) => byte ^ (mask[index % 4] ?? 0))])
}
