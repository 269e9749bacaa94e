import { randomUUID } from 'node:crypto'
import type { ErrorCode } from '@postern/protocol'
import type { EntityKey } from '../domain/hybrid-connection.ts'
import type { ControlChannel } from '../listeners/control-channel.ts'
import { chooseListener, type ListenerFilter } from '../listeners/listener-choice.ts'
import type { ListenerRegistry } from '../listeners/listener-registry.ts'
import type { EntityCounters } from '../telemetry/counters.ts'
import type { EventStream } from './event-stream.ts'
import type { Message, MessageSource } from './message.ts'
import { encodeForEventStream, encodeForListener, encodeForSocket } from './message-formats.ts'
import { takesBytes } from './receiver.ts'
import { ReceiverGroup } from './receiver-group.ts'
import type { SubscriberSocket } from './subscriber-socket.ts'

/** What became of a message: how many receivers were written to, or why none could be. */
export type MessageOutcome = { readonly id: string; readonly receivers: number } | { readonly code: ErrorCode }

export interface EntityMessagesOptions {
  readonly entity: EntityKey
  /** Name of the hybrid connection as written. */
  readonly name: string
  readonly rendezvousId: string
  readonly listeners: ListenerRegistry
  readonly counters: EntityCounters
  readonly queueBytes: number
  readonly maxMessagesPerSecond: number
  readonly onFault: (error: unknown) => void
}

/** What was handed in, before it has an id. */
export interface GivenMessage {
  readonly delivery: Message['delivery']
  readonly source: MessageSource
  readonly body: Uint8Array
  /** Which listeners a sent message may go to. */
  readonly filter: ListenerFilter
}

/** Receivers of one form, whatever they are. */
type TurnGroup = Pick<ReceiverGroup<never>, 'add' | 'flush' | 'bytes' | 'missed'>

/** What waits for the end of the turn: it is written earlier when it is more. Receivers begin to read meanwhile. */
const maxTurnBytes = 65_536

/** Messages of one hybrid connection: takes them from senders and writes them to receivers. HOT PATH. */
export class EntityMessages {
  readonly #options: EntityMessagesOptions
  #sockets: readonly SubscriberSocket[] = []
  #streams: readonly EventStream[] = []
  /** Who receives in this turn; nobody joins or leaves within it. */
  #turn: readonly TurnGroup[] | undefined
  #isScheduled = false
  #secondBeganMs = 0
  #takenInSecond = 0

  constructor(options: EntityMessagesOptions) {
    this.#options = options
  }

  get subscribers(): readonly (SubscriberSocket | EventStream)[] {
    return [...this.#sockets, ...this.#streams]
  }

  get subscriberCount(): number {
    return this.#sockets.length + this.#streams.length
  }

  addSocket(socket: SubscriberSocket): void {
    this.flush()
    this.#sockets = [...this.#sockets, socket]
  }

  addStream(stream: EventStream): void {
    this.flush()
    this.#streams = [...this.#streams, stream]
  }

  remove(subscriber: SubscriberSocket | EventStream): void {
    this.flush()
    this.#sockets = this.#sockets.filter((socket) => socket !== subscriber)
    this.#streams = this.#streams.filter((stream) => stream !== subscriber)
  }

  /** Takes a message for delivery: at most once, and never later than this turn of the event loop. */
  take(given: GivenMessage): MessageOutcome {
    const { counters } = this.#options
    if (!this.#takePlace()) return { code: 'TooManyMessages' }
    const message: Message = { id: randomUUID(), delivery: given.delivery, source: given.source, body: given.body }
    counters.messageBytes += given.body.length
    if (given.delivery === 'publish') counters.messagesPublished += 1
    else counters.messagesSent += 1
    const receivers = given.delivery === 'publish' ? this.#publish(message) : this.#send(message, given.filter)
    if (typeof receivers === 'string') return { code: receivers }
    counters.messagesDelivered += receivers
    return { id: message.id, receivers }
  }

  /** Writes what this turn has brought: before somebody joins, leaves or is closed. */
  flush(): void {
    const turn = this.#turn
    if (turn === undefined) return
    this.#turn = undefined
    for (const group of turn) group.flush()
  }

  #publish(message: Message): number {
    this.#turn ??= this.#open()
    if (!this.#isScheduled) {
      this.#isScheduled = true
      setImmediate(this.#onTurnEnd)
    }
    let receivers = 0
    let bytes = 0
    for (const group of this.#turn) {
      receivers += group.add(message)
      bytes += group.bytes
      this.#options.counters.messagesDropped += group.missed
    }
    if (bytes >= maxTurnBytes) this.flush()
    return receivers
  }

  readonly #onTurnEnd = (): void => {
    this.#isScheduled = false
    this.flush()
  }

  #open(): readonly TurnGroup[] {
    const { queueBytes, onFault } = this.#options
    const onFull = (subscriber: SubscriberSocket | EventStream): void => subscriber.closeForLoss()
    const common = { queueBytes, onFault }
    const groups: TurnGroup[] = []
    if (this.#sockets.length > 0) {
      groups.push(new ReceiverGroup({ ...common, receivers: this.#sockets, encode: encodeForSocket, onFull }))
    }
    if (this.#streams.length > 0) {
      groups.push(new ReceiverGroup({ ...common, receivers: this.#streams, encode: encodeForEventStream, onFull }))
    }
    for (const [origin, receivers] of this.#channelsByOrigin()) {
      const place = { ...this.#options, origin }
      groups.push(new ReceiverGroup({ ...common, receivers, encode: (message) => encodeForListener(message, place) }))
    }
    return groups
  }

  #channelsByOrigin(): ReadonlyMap<string, readonly ControlChannel[]> {
    const channels = this.#options.listeners.channels(this.#options.entity)
    return Map.groupBy(channels, ({ origin }) => origin)
  }

  #send(message: Message, filter: ListenerFilter): number | ErrorCode {
    // What was published before comes before it.
    this.flush()
    const { listeners, entity, queueBytes, counters } = this.#options
    const full = new Set<ControlChannel>()
    for (;;) {
      const channel = listeners.choose(entity, filter, full)
      if (channel === 'none-connected' && full.size === 0) return this.#sendToSubscriber(message)
      if (channel === 'none-matches' && full.size === 0) return 'NoListenerMatches'
      if (typeof channel === 'string') {
        counters.messagesDropped += 1
        return 'ReceiversBusy'
      }
      const frames = encodeForListener(message, { ...this.#options, origin: channel.origin })
      if (takesBytes(channel, frames.length, queueBytes)) {
        channel.deliver(frames)
        return 1
      }
      full.add(channel)
    }
  }

  #sendToSubscriber(message: Message): number | ErrorCode {
    const open = this.subscribers.filter((subscriber) => !subscriber.isEnding)
    if (open.length === 0) return 'NoListenersForRequest'
    const { queueBytes, counters } = this.#options
    const socketFrame = encodeForSocket(message)
    const event = this.#streams.length > 0 ? encodeForEventStream(message) : socketFrame
    const bytesFor = (subscriber: SubscriberSocket | EventStream): Uint8Array =>
      subscriber.kind === 'socket' ? socketFrame : event
    const chosen = chooseListener(open.filter((each) => takesBytes(each, bytesFor(each).length, queueBytes)))
    if (chosen === undefined) {
      counters.messagesDropped += 1
      return 'ReceiversBusy'
    }
    chosen.deliver(bytesFor(chosen), 1)
    return 1
  }

  #takePlace(): boolean {
    const nowMs = performance.now()
    if (nowMs - this.#secondBeganMs >= 1000) {
      this.#secondBeganMs = nowMs
      this.#takenInSecond = 0
    }
    if (this.#takenInSecond >= this.#options.maxMessagesPerSecond) return false
    this.#takenInSecond += 1
    return true
  }
}
