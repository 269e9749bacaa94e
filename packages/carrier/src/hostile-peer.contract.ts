import { type Carrier, minSendBufferBytes } from './carrier.ts'
import type { CarrierLimits } from './carrier-limits.ts'
import { TestEnd } from './carrier-link.contract.ts'
import { ListenerSession } from './listener-session.ts'
import { SenderSession } from './sender-session.ts'
import type { CarrierStream } from './streams/carrier-stream.ts'
import type { CreditBudget } from './streams/credit-budget.ts'

// Frames as a peer writes them by hand: it says what it likes, and reads when it likes.

export const hello = '01000017 00000000 0101 0003 00000400 00010000 0000ea60 000000000000 00'
export const secret = '00112233445566778899aabbccddeeff'
export const number = (value: number): string => value.toString(16).padStart(8, '0')
const u24 = (value: number): string => value.toString(16).padStart(6, '0')
const u48 = (value: number): string => value.toString(16).padStart(12, '0')

/** A secret of its own for each number. */
export const secretOf = (value: number): string => number(value).repeat(4)

/** OPEN for target "a:1" with 64 KiB of credit. */
export const open = (id: number, key = secret, attempt = 0): string =>
  `10000026 ${number(id)} ${number(attempt)} ${key} 000000000000 000000010000 00 0003 613a31`
export const resume = (id: number, attempt: number, key = secret, received = 0): string =>
  `11000020 ${number(id)} ${number(attempt)} ${key} ${u48(received)} 000000010000`
export const attached = (id: number, attempt = 0, received = 0, limit = 65_536): string =>
  `12000011 ${number(id)} ${number(attempt)} 01 ${u48(received)} ${u48(limit)}`
export const data = (id: number, offset: number, bytes: string): string =>
  `13${u24(6 + bytes.length / 2)} ${number(id)} ${u48(offset)} ${bytes}`
export const windowOf = (id: number, received: number, limit: number): string =>
  `1400000c ${number(id)} ${u48(received)} ${u48(limit)}`
export const fin = (id: number, offset: number): string => `15000006 ${number(id)} ${u48(offset)}`
export const reset = (id: number, code: number): string =>
  `16000002 ${number(id)} ${code.toString(16).padStart(4, '0')}`
export const goAway = '04000002 00000000 0001'

export function bytesOf(...frames: string[]): Uint8Array {
  return new Uint8Array(Buffer.from(frames.join('').replaceAll(' ', ''), 'hex'))
}

/** A session with one carrier, and who is at the other end of that. */
export interface Victim<Session> {
  readonly carrier: Carrier
  readonly session: Session
  readonly streams: { readonly stream: CarrierStream; readonly end: TestEnd }[]
  /** The peer says this, at this time. */
  readonly feed: (...frames: string[]) => void
  readonly pass: (ms: number) => void
  /** What it has to say, at most one buffer, as hex. */
  readonly answers: () => string
}

/** A listener's end with a sender that is not one. */
export function openListener(limits: Partial<CarrierLimits> = {}, budget?: CreditBudget): Victim<ListenerSession> {
  const streams: Victim<ListenerSession>['streams'] = []
  const session = new ListenerSession({
    ...{ id: 'l', limits, nowMs: 0, ...(budget && { budget }) },
    onStream: (stream) => {
      const end = new TestEnd()
      stream.setHandler(end)
      streams.push({ stream, end })
    },
  })
  return { session, streams, ...meet(session) }
}

/** A sender's end with streams, and a listener that is not one. */
export function openSender(streamCount: number, limits: Partial<CarrierLimits> = {}): Victim<SenderSession> {
  const session = new SenderSession({ nowMs: 0, limits, onCarrierNeeded: () => {} })
  const streams = Array.from({ length: streamCount }, () => {
    const end = new TestEnd()
    return { end, stream: session.open({ handler: end }, 0)! }
  })
  return { session, streams, ...meet(session) }
}

function meet(session: ListenerSession | SenderSession): Omit<Victim<never>, 'session' | 'streams'> {
  let nowMs = 0
  const carrier = session.addCarrier({ onWork: () => {} }, 0)
  const buffer = new Uint8Array(minSendBufferBytes)
  return {
    carrier,
    feed: (...frames) => carrier.receive(bytesOf(...frames), nowMs),
    pass: (ms) => {
      nowMs += ms
      session.tick(nowMs)
    },
    answers: () => Buffer.from(buffer.subarray(0, carrier.writeTo(buffer, nowMs))).toString('hex'),
  }
}
