import { type Carrier, minSendBufferBytes } from './carrier.ts'
import type { CarrierLimits } from './carrier-limits.ts'
import { ListenerSession } from './listener-session.ts'
import type { StreamReset } from './reset-code.ts'
import { SenderSession } from './sender-session.ts'
import type { CarrierStream, CarrierStreamHandler } from './streams/carrier-stream.ts'
import { CreditBudget } from './streams/credit-budget.ts'

/** Bytes on their way in one direction. */
class Pipe {
  readonly chunks: Uint8Array[] = []
  bytes = 0

  push(chunk: Uint8Array): void {
    this.chunks.push(chunk)
    this.bytes += chunk.length
  }

  /** At most `max` bytes, cut wherever that is. */
  take(max: number): Uint8Array {
    const [first] = this.chunks
    if (!first) return new Uint8Array(0)
    const taken = first.subarray(0, max)
    if (taken.length === first.length) this.chunks.shift()
    else this.chunks[0] = first.subarray(max)
    this.bytes -= taken.length
    return taken
  }
}

/** A carrier of each end and what is between them. */
export class TestLink {
  readonly sender: Carrier
  readonly listener: Carrier
  readonly toListener = new Pipe()
  readonly toSender = new Pipe()
  isLostToSender = false
  isLostToListener = false
  readonly #bed: TestBed
  readonly #buffer = new Uint8Array(minSendBufferBytes)

  constructor(bed: TestBed) {
    this.#bed = bed
    this.sender = bed.sender.addCarrier({ onWork: () => {} }, bed.nowMs)
    this.listener = bed.listener.addCarrier({ onWork: () => {} }, bed.nowMs)
  }

  /** Each end writes what it has, at most one buffer; when there is nothing, the words that may wait for others. */
  fill(): boolean {
    if (this.#fillBoth()) return true
    if (!this.isLostToSender) this.sender.settle()
    if (!this.isLostToListener) this.listener.settle()
    return this.#fillBoth()
  }

  #fillBoth(): boolean {
    const there = !this.isLostToSender && this.#fillOne(this.sender, this.toListener)
    const back = !this.isLostToListener && this.#fillOne(this.listener, this.toSender)
    return there || back
  }

  /** Some bytes arrive. */
  deliver(direction: 'there' | 'back', max: number): boolean {
    const isThere = direction === 'there'
    if (isThere ? this.isLostToListener : this.isLostToSender) return false
    const bytes = (isThere ? this.toListener : this.toSender).take(max)
    if (bytes.length === 0) return false
    const carrier = isThere ? this.listener : this.sender
    const lent = bytes.slice()
    carrier.receive(lent, this.#bed.nowMs)
    // Sockets are read into the same memory again.
    lent.fill(0xee)
    return true
  }

  cut(): void {
    this.cutFor('sender')
    this.cutFor('listener')
  }

  /** One end notices the loss: what it had sent may still arrive, and the other end may go on for a while. */
  cutFor(end: 'sender' | 'listener'): void {
    if (end === 'sender' && !this.isLostToSender) {
      this.isLostToSender = true
      this.#bed.sender.loseCarrier(this.sender, this.#bed.nowMs)
    } else if (end === 'listener' && !this.isLostToListener) {
      this.isLostToListener = true
      this.#bed.listener.loseCarrier(this.listener, this.#bed.nowMs)
    }
  }

  #fillOne(carrier: Carrier, pipe: Pipe): boolean {
    const bytes = carrier.writeTo(this.#buffer, this.#bed.nowMs)
    if (bytes > 0) pipe.push(this.#buffer.slice(0, bytes))
    return bytes > 0
  }
}

/** What one end of a stream has heard. */
export class TestEnd implements CarrierStreamHandler {
  readonly heard: Uint8Array[] = []
  heardBytes = 0
  unconsumed = 0
  isConnected = false
  isEnded = false
  isClosed = false
  drains = 0
  reset: StreamReset | undefined
  readonly datagrams: string[] = []

  onConnected(): void {
    this.#refuseAfterEnd()
    this.isConnected = true
  }

  onData(bytes: Uint8Array): void {
    this.#refuseAfterEnd()
    if (this.isEnded) throw new Error('Bytes came after the end')
    this.heard.push(bytes.slice())
    this.heardBytes += bytes.length
    this.unconsumed += bytes.length
  }

  onDatagram(datagram: Uint8Array): void {
    this.datagrams.push(Buffer.from(datagram).toString())
  }

  onEnd(): void {
    this.#refuseAfterEnd()
    if (this.isEnded) throw new Error('It ended twice')
    this.isEnded = true
  }

  onDrain(): void {
    this.#refuseAfterEnd()
    this.drains += 1
  }

  onClosed(reset: StreamReset | undefined): void {
    this.#refuseAfterEnd()
    this.isClosed = true
    this.reset = reset
  }

  text(): string {
    return Buffer.concat(this.heard).toString()
  }

  #refuseAfterEnd(): void {
    if (this.isClosed) throw new Error('Something was said after onClosed')
  }
}

/** Both sessions, the links between them, and the clock. */
export class TestBed {
  nowMs = 1000
  carriersNeeded = 0
  /** Targets are there as soon as they are asked for. */
  connectsAtOnce = true
  readonly budget = new CreditBudget()
  readonly sender: SenderSession
  readonly listener: ListenerSession
  readonly accepted: { readonly stream: CarrierStream; readonly end: TestEnd }[] = []
  links: TestLink[] = []

  constructor(limits: Partial<CarrierLimits> = {}) {
    const { budget, nowMs } = this
    this.sender = new SenderSession({ limits, budget, nowMs, onCarrierNeeded: () => (this.carriersNeeded += 1) })
    this.listener = new ListenerSession({
      ...{ id: 'listener-1', limits, budget, nowMs },
      onStream: (stream) => {
        const end = new TestEnd()
        stream.setHandler(end)
        if (this.connectsAtOnce) stream.confirmConnected()
        this.accepted.push({ stream, end })
      },
    })
  }

  addLink(): TestLink {
    const link = new TestLink(this)
    this.links.push(link)
    return link
  }

  open(options: { readonly target?: string; readonly context?: string; readonly kind?: 'tcp' | 'udp' } = {}): {
    readonly stream: CarrierStream
    readonly end: TestEnd
  } {
    const end = new TestEnd()
    const stream = this.sender.open({ ...options, handler: end }, this.nowMs)
    if (!stream) throw new Error('Too many streams')
    return { stream, end }
  }

  /** Everything moves until nothing does. @param oneWayMs what is said arrives so long after it was said */
  run(oneWayMs = 0): void {
    let isMoving = true
    while (isMoving) {
      isMoving = false
      for (const link of this.links) {
        isMoving = link.fill() || isMoving
        this.nowMs += oneWayMs
        while (link.deliver('there', 1 << 20)) isMoving = true
        while (link.deliver('back', 1 << 20)) isMoving = true
      }
    }
  }

  tick(ms: number): void {
    this.nowMs += ms
    this.sender.tick(this.nowMs)
    this.listener.tick(this.nowMs)
  }
}
