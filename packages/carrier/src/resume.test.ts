import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TestBed, type TestEnd, type TestLink } from './carrier-link.contract.ts'
import type { CarrierStream } from './streams/carrier-stream.ts'

// Two ends and up to four carriers between them, of which each end loses any at any time, with bytes on their way: whatever
// happens, the bytes out are a prefix of the bytes in, they are equal at a clean end, and honest ends never accuse each other.

/** More by POSTERN_PROPERTY_RUNS. */
const numRuns = Number(process.env['POSTERN_PROPERTY_RUNS'] ?? 300)

const index = fc.nat(7)
const side = fc.constantFrom('sender', 'listener')
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open') }) },
  {
    weight: 8,
    arbitrary: fc.record({
      ...{ do: fc.constant('write'), stream: index, side },
      bytes: fc.oneof(fc.nat(40), fc.constantFrom(1024, 1025, 5000, 30_000, 70_000)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end'), stream: index, side }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('consume'), stream: index, side }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('fill'), link: index }) },
  {
    weight: 16,
    arbitrary: fc.record({
      ...{ do: fc.constant('deliver'), link: index, direction: fc.constantFrom('there', 'back') },
      bytes: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constantFrom(1000, 20_000, 1_000_000)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cut'), link: index, side }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('move'), stream: index, link: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('goAway'), link: index, side }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reset'), stream: index, side }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tick'), ms: fc.constantFrom(1, 1000, 14_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('run') }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** One end of a stream: what was written to it and what it has heard. */
interface Half {
  readonly stream: CarrierStream
  readonly end: TestEnd
  written: number
  isEnded: boolean
  checked: number
}

class Run {
  readonly bed: TestBed
  readonly pairs: { readonly target: string; readonly sender: Half; listener: Half | undefined }[] = []
  wasReset = false
  #tickedMs = 0

  constructor(maxCarrierStreams: number) {
    this.bed = new TestBed({ maxCarrierStreams, firstWindowBytes: 65_536, maxReplayBytes: 262_144 })
  }

  do(step: Step): void {
    const { bed } = this
    if (step.do === 'open' && 'do' in step) this.#open()
    if (step.do === 'add' && bed.links.length < 4) bed.addLink()
    if (step.do === 'run') bed.run()
    if ('ms' in step) this.#tick(step.ms)
    if ('stream' in step) this.#doToStream(step)
    else if ('link' in step) this.#doToLink(step)
    this.#learn()
  }

  /** Not as long as a stream may wait for a carrier: that ends it, and has a test of its own. */
  #tick(ms: number): void {
    if (this.#tickedMs + ms >= 45_000) return
    this.#tickedMs += ms
    this.bed.tick(ms)
  }

  /** New carriers, time for what takes time, and programs that read: everything comes to its end. */
  heal(): void {
    const { bed } = this
    for (const link of bed.links.splice(0, bed.links.length)) link.cut()
    for (const { sender, listener } of this.pairs) this.#endBoth(sender, listener)
    for (let round = 0; round < 80; round += 1) {
      if (bed.links.length < this.pairs.length + 1) bed.addLink()
      bed.run()
      this.#learn()
      for (const { sender, listener } of this.pairs) this.#endBoth(sender, listener)
      if (round % 4 === 3) bed.tick(1000)
    }
    bed.run()
    // Who waits for a word that was lost with its carrier gives up.
    for (const link of bed.links.splice(0)) link.cut()
    bed.tick(60_000)
    this.#learn()
  }

  #endBoth(...halves: (Half | undefined)[]): void {
    for (const half of halves) {
      if (!half) continue
      this.#consume(half)
      half.isEnded = true
      half.stream.end()
    }
  }

  #open(): void {
    if (this.pairs.length === 6) return
    const target = `target-${this.pairs.length}:1`
    this.pairs.push({ target, sender: halfOf(this.bed.open({ target })), listener: undefined })
  }

  #doToStream(step: Extract<Step, { stream: number }>): void {
    const pair = this.pairs[step.stream % this.pairs.length]
    if (!pair) return
    if ('link' in step) {
      const link = this.bed.links[step.link % this.bed.links.length]
      if (link) this.bed.sender.move(pair.sender.stream, link.sender, this.bed.nowMs)
      return
    }
    const half = step.side === 'sender' ? pair.sender : pair.listener
    if (!half) return
    if ('bytes' in step) this.#write(half, step.bytes, seedOf(pair.target, step.side))
    else if (step.do === 'consume') this.#consume(half)
    else if (step.do === 'reset') this.#reset(half)
    else this.#end(half)
  }

  #reset(half: Half): void {
    this.wasReset ||= !half.stream.isClosed
    half.stream.reset('cancelled')
  }

  #end(half: Half): void {
    half.isEnded = true
    half.stream.end()
  }

  #write(half: Half, bytes: number, seed: number): void {
    if (half.isEnded || half.stream.isClosed) return
    half.stream.write(pattern(seed, half.written, bytes))
    half.written += bytes
  }

  #consume(half: Half): void {
    half.stream.consume(half.end.unconsumed)
    half.end.unconsumed = 0
  }

  #doToLink(step: Extract<Step, { link: number }>): void {
    const link: TestLink | undefined = this.bed.links[step.link % this.bed.links.length]
    if (!link) return
    if ('direction' in step) link.deliver(step.direction, step.bytes)
    else if (step.do === 'fill') link.fill()
    else if ('side' in step) this.#leave(link, step)
    if (link.isLostToSender && link.isLostToListener) this.bed.links = this.bed.links.filter((other) => other !== link)
  }

  #leave(link: TestLink, { do: how, side: end }: { readonly do: string; readonly side: string }): void {
    if (how === 'cut') link.cutFor(end as 'sender' | 'listener')
    else link[end as 'sender' | 'listener'].goAway('draining', 'drill')
  }

  /** Pairs the ends, and compares what came with what was written. */
  #learn(): void {
    for (const { stream, end } of this.bed.accepted.splice(0)) {
      const pair = this.pairs.find(({ target }) => target === stream.target)!
      assert.equal(pair.listener, undefined, 'the target was dialled twice')
      pair.listener = halfOf({ stream, end })
    }
    for (const { target, sender, listener } of this.pairs) {
      check(listener, { from: sender, seed: seedOf(target, 'sender') })
      check(sender, { from: listener, seed: seedOf(target, 'listener') })
    }
  }
}

function halfOf(opened: { readonly stream: CarrierStream; readonly end: TestEnd }): Half {
  return { ...opened, written: 0, isEnded: false, checked: 0 }
}

function seedOf(target: string, side: string): number {
  return target.charCodeAt(7) * 31 + (side === 'sender' ? 0 : 101)
}

/** Bytes that differ by stream, direction and place. */
function pattern(seed: number, offset: number, bytes: number): Uint8Array {
  const made = new Uint8Array(bytes)
  for (let i = 0; i < bytes; i += 1) made[i] = (seed + (offset + i) * 7 + ((offset + i) >> 8) * 13) & 255
  return made
}

/** Prefix always; all of it where an end was told; a clean close only with both ends complete. */
function check(half: Half | undefined, peer: { readonly from: Half | undefined; readonly seed: number }): void {
  if (!half) return
  for (const chunk of half.end.heard.splice(0)) {
    assert.ok(Buffer.from(chunk).equals(pattern(peer.seed, half.checked, chunk.length)), 'other bytes came')
    half.checked += chunk.length
  }
  const written = peer.from?.written ?? 0
  assert.ok(half.checked <= written)
  if (half.end.isEnded) {
    assert.equal(peer.from?.isEnded, true)
    assert.equal(half.checked, written)
  }
  if (half.end.isClosed && !half.end.reset) {
    assert.equal(half.end.isEnded, true)
    assert.deepEqual([half.isEnded, peer.from?.end.heardBytes], [true, half.written])
  }
}

const run = fc.record({
  steps: fc.array(step, { maxLength: 120, size: 'max' }),
  maxStreams: fc.constantFrom(1, 2, 100),
})

test('whatever carriers do, bytes come out as they went in, and an end means all of them', () => {
  fc.assert(
    fc.property(run, ({ steps, maxStreams }) => {
      const run = new Run(maxStreams)
      run.bed.addLink()
      run.bed.run()
      for (const step of steps) run.do(step)
      run.heal()
      for (const { sender, listener } of run.pairs) {
        assert.equal(sender.end.isClosed, true, 'the sender end is still open')
        assert.equal(listener?.end.isClosed ?? true, true, 'the listener end is still open')
        if (run.wasReset) continue
        assert.equal(sender.end.reset, undefined)
        // The last confirmation may have been lost: then the listener's end never hears that all went well.
        if (listener?.end.reset) assert.equal(listener.end.reset.code, 'resume-expired')
        assert.equal(listener?.end.isEnded, true)
      }
      assert.equal(run.bed.budget.usedBytes, 0)
    }),
    { numRuns },
  )
})
