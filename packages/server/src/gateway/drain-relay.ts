import { setTimeout } from 'node:timers/promises'
import type { Health } from '../telemetry/health.ts'
import type { DataDoor } from './data-door.ts'
import type { FrontDoor } from './front-door/front-door.ts'
import type { RelayParts } from './relay-parts.ts'

/** Refuses new calls, sends listeners, subscribers and streaming senders away with 1001, waits for relayed connections, then cuts what is left. */
export async function drainRelay(running: {
  readonly parts: RelayParts
  readonly doors: readonly FrontDoor[]
  readonly dataDoors: readonly DataDoor[]
  readonly ingress: { stopAccepting(): void; readonly connections: number }
  readonly health: Health
  readonly graceMs: number
}): Promise<void> {
  const { parts, doors, dataDoors, ingress, health, graceMs } = running
  const reason = 'The relay is stopping.'
  health.become('draining')
  for (const door of dataDoors) door.drain()
  ingress.stopAccepting()
  parts.waitingListeners.close()
  for (const peer of parts.messages.peers()) peer.close(1001, reason)
  for (const channel of parts.listeners.channels()) channel.close(1001, reason)
  const deadline = Date.now() + graceMs
  // A device is no load any more when it has closed; what it has sent may still be on its way.
  const left = (): number => Math.max(parts.load.total, ingress.connections)
  while (Date.now() < deadline && left() > 0) await setTimeout(drainPollMs)
  if (left() > 0) parts.log.info('relay.drained', { cut: left() })
  parts.connections.close(1001, reason, {})
  for (const door of doors) {
    door.stopAccepting()
    door.closeIdle()
  }
}

const drainPollMs = 50
