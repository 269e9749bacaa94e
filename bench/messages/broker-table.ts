import type { ProcessGroup } from '../candidates/start-processes.ts'
import type { Conversation } from './conversation.ts'
import { startMosquitto } from './mosquitto.ts'
import { startNats } from './nats.ts'
import { startPostern } from './postern.ts'

/** Somebody who takes each message once and gives it to all subscribers. */
export interface Broker {
  readonly name: string
  /** One line for the report. */
  readonly about: string
  /** Its program and the flag that makes it say its version; undefined for ours. */
  readonly version: readonly [string, string] | undefined
  readonly start: (group: ProcessGroup, repositoryFolder: string) => Promise<Conversation>
}

/** Ours first: the others are compared with it. */
export const brokers: readonly Broker[] = [
  {
    name: 'postern',
    about: 'publish and subscribe over WebSockets without TLS; every message is acknowledged to the publisher',
    version: undefined,
    start: startPostern,
  },
  {
    name: 'nats',
    about: 'NATS core, a floor: its text protocol over TCP, nothing acknowledged',
    version: ['nats-server', '--version'],
    start: startNats,
  },
  {
    name: 'mosquitto',
    about: 'MQTT 3.1.1 over TCP at QoS 0, a floor: nothing acknowledged',
    version: ['mosquitto', '-h'],
    start: startMosquitto,
  },
]
